"""Which fits of e_ij are ranked."""

from typing import Annotated

from pydantic import Field

from strsbp.settings import ArmName, Closed


class FitsSettings(Closed):
    """Which fits of e_ij are ranked."""

    arms: Annotated[list[ArmName], Field(min_length=2)]
    """Arms that differ in the fit of their table alone; the first one's is the published fit."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    """Epochs whose best test error counts."""
