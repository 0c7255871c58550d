"""Which runs of a study are trained on a GPU."""

import json
from contextlib import suppress
from pathlib import Path

from strsbp.cuda.device import obstacle, resolve_device
from strsbp.errors import StrsbpError
from strsbp.settings import ArmSettings
from strsbp.study.loading import load_profile, profiles
from strsbp.study.settings import StudySettings

_WITHOUT_EFFECT = {"title", "seeds"}


def gpu_runs(
    configured: StudySettings,
    config_dir: str | Path,
    *,
    jobs_elsewhere: bool = False,
    results: str | Path = "results",
) -> list[str]:
    """Runs trained on a GPU, such as `paper/train/hm2bp/seed3`.

    Besides the configured study, they cover all profiles in `config_dir`, because targets of any
    profile can be requested. `jobs_elsewhere`: whether jobs run on other machines; `results`: the
    folder that holds all profiles.
    """
    if obstacle() is not None and not jobs_elsewhere:
        return []
    studies = [configured]
    for name in sorted(set(profiles(config_dir)) - {configured.profile}):
        with suppress(StrsbpError):  # reported when this profile is requested
            studies.append(load_profile(config_dir, name))
    return [
        f"{study.profile}/train/{arm}/seed{seed}"
        for study in studies
        if resolve_device(study.device, jobs_elsewhere=jobs_elsewhere) == "cuda"
        for arm in study.all_arms
        for seed in gpu_seeds(study, arm, Path(results) / study.profile)
    ]


def gpu_seeds(study: StudySettings, name: str, results: str | Path) -> list[int]:
    """Seeds of the arm `name` that train in its batch on a GPU; `results` is the study's folder.

    With `device: cuda`, all of them. With `auto`, runs already trained on a CPU with the current
    settings are kept, whether they were computed here or came with the repository.
    """
    arm = study.arm(name)
    if study.device == "cuda":
        return list(arm.seeds)
    wanted = arm.model_dump(exclude=_WITHOUT_EFFECT)
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
                # Settings added after the run take their defaults.
                and ArmSettings.model_validate(run["settings"]).model_dump(exclude=_WITHOUT_EFFECT)
                == wanted
            )
        except (OSError, ValueError, KeyError, TypeError):
            return False

    return [seed for seed in arm.seeds if not kept(seed)]
