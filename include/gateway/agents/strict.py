"""What every model of an agent file is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ConnectionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,60}$", description="Id of an Airflow connection")]


class Strict(BaseModel):
    """Frozen, and refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
