"""What an agent's file says about how long people are kept. What it does not say is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gateway.agents.strict import Strict

Days = Annotated[int, Field(ge=1, le=36_500)]


class Retention(Strict):
    """Days until what we keep is erased, counted from the last change of a candidate's state; not given = kept.

    The target keeps its candidates by its own rules, our own candidate pool included.
    """

    held_days: Days | None = Field(default=None, description="Candidates who wait: read, passed, held or approved")
    ingested_days: Days | None = Field(default=None, description="Our copy of candidates who were ingested")
    refused_days: Days | None = Field(default=None, description="Candidates whom the target refused")
    discarded_days: Days | None = Field(
        default=None, description="Candidates whom a person discarded, and duplicates of others"
    )
    files_days: Days | None = Field(
        default=None, description="The documents themselves, from their arrival; what was read of them stays"
    )

    @property
    def any(self) -> bool:
        return any(value is not None for value in self.model_dump().values())
