"""Which runs of a study a GPU trains."""

import json
from pathlib import Path

from strsbp.study.settings import StudySettings

_WITHOUT_EFFECT = {"title", "seeds"}


def gpu_seeds(study: StudySettings, name: str, results: str | Path) -> list[int]:
    """Seeds of the arm `name` that train in its batch on a GPU; `results` is the study's folder.

    With `device: cuda` all of them. With `auto`, runs that a CPU has trained with the present
    settings stay as they are: what was computed once, or came with the repository, is kept.
    """
    arm = study.arm(name)
    if study.device == "cuda":
        return list(arm.seeds)
    settings = arm.model_dump(mode="json", exclude=_WITHOUT_EFFECT)
    layers = [
        layer.model_dump(mode="json", exclude_none=True)
        for layer in study.architectures[arm.architecture]
    ]

    def kept(seed: int) -> bool:
        metrics = Path(results) / "train" / name / f"seed{seed}.csv"
        try:
            run = json.loads(metrics.with_suffix(".json").read_text(encoding="utf-8"))
            return (
                metrics.is_file()
                and run["device"] == "cpu"
                and run["architecture"] == layers
                and {k: v for k, v in run["settings"].items() if k not in _WITHOUT_EFFECT}
                == settings
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False

    return [seed for seed in arm.seeds if not kept(seed)]
