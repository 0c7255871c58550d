"""The settings of an arm in one flat dictionary, for comparisons."""


def flat_settings(arm):
    """Settings that affect a run's numbers; those of the table have keys `table.<key>`."""
    settings = arm.model_dump(exclude={"title", "epochs", "seeds"})
    table = settings.pop("table")
    return settings | {f"table.{key}": value for key, value in table.items()}
