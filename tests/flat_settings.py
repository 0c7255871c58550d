"""The settings of an arm in one flat dictionary, for comparisons."""


def flat_settings(arm):
    """Settings that shape a run's numbers, with those of the table beside the others."""
    settings = arm.model_dump(exclude={"title", "epochs", "seeds"})
    table = settings.pop("table")
    return settings | {f"table.{key}": value for key, value in table.items()}
