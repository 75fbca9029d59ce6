"""An erasure that two people want: one starts it, another approves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.errors import Conflict
from gateway.pipeline.erasure.choices import ERASE
from gateway.pipeline.erasure.erase import erase


def erase_approved(person: str, *, started_by: str | None, answer: Mapping[str, Any]) -> str | None:
    """Erases the person when somebody other than who started it said so.

    person    a profile's id, or the keyed hash of an address (`gateway erase --email ... --hash`)
    answer    Airflow's: {"chosen_options": [...], "responded_by_user": {"id", "name"} | None}
    returns   the receipt's id; None where the answer was to keep them, or nobody answered in time
    raises    Conflict(ERASE_NOT_SECOND | ERASE_LATER | LEGAL_HOLD), Misconfigured(UNKNOWN_PROFILE)
    """
    if list(answer.get("chosen_options") or ()) != [ERASE]:
        return None
    user = answer.get("responded_by_user") or {}
    names = {str(one).casefold() for one in (user.get("name"), user.get("id")) if one}
    if not names or not started_by or started_by.casefold() in names:
        what = (
            "The run was started and approved by the same person"
            if names and started_by
            else "Airflow does not say who started or who approved the run"
        )
        raise Conflict(
            "ERASE_NOT_SECOND", f"{what}: nobody was erased. Start it again and let somebody else approve it."
        )
    actor = f"{started_by}, approved by {user.get('name') or user.get('id')}"[:200]
    is_hash = len(person) == 64
    receipt = erase(email_hash=person if is_hash else None, profile_id=None if is_hash else person, actor=actor)
    return str(receipt["receipt"])
