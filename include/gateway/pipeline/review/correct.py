"""Values that a person typed instead of those that were read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from gateway.errors import Misconfigured
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.review.decided import snapshot, write_values
from gateway.store.tables import Profile
from gateway.values.doubt.phones import phone_doubts
from gateway.values.values import normalise_email, normalise_phone

CORRECTABLE = ("name", "email", "phone", "location")


def correct(
    session: Session, profile: Profile, corrections: Mapping[str, str | None], *, rule: str = "review"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Replaces values; the values read stay in the first answer, for undo.

    corrections   new values of CORRECTABLE fields, as typed; None or "" empties one
    rule          whose word it is: review (a reviewer's) | candidate (their own)
    returns       the content of the review row: the values before (with "kept", which restores them), and after
    raises        Misconfigured(CORRECTION_INVALID)
    """
    wrong = sorted(set(corrections) - set(CORRECTABLE))
    if wrong or not corrections:
        raise Misconfigured(
            "CORRECTION_INVALID",
            f"A correction names one or more of {', '.join(CORRECTABLE)}; got {wrong or 'nothing'}.",
        )
    before = {name: getattr(profile, name) for name in corrections}
    before["kept"] = snapshot(session, profile, corrections)
    after = {
        name: check_value(profile.agent_id, name, given.strip()) if given and given.strip() else None
        for name, given in corrections.items()
    }
    write_values(
        session, profile, after, [_typed(name, value, corrections[name], rule) for name, value in after.items()]
    )
    profile.version += 1
    return before, after


def _typed(name: str, value: str | None, given: str | None, rule: str) -> dict[str, Any]:
    """The field row of a typed value: its evidence is the person, not a place on a page."""
    nowhere = dict.fromkeys(("page", "box", "row", "column"))
    person = {"confidence": 1.0, "source": "person", "rule": rule}
    return {"name": name, "value": value or "", "raw": given or "", **person, **nowhere}


def check_value(agent_id: str, name: str, value: str) -> str:
    """A value typed by a person, normalised as it would be stored; raises Misconfigured(CORRECTION_INVALID)."""
    if name == "email":
        email = normalise_email(value)
        if email is None:
            raise Misconfigured("CORRECTION_INVALID", "This is not an e-mail address: write it like maria@example.com.")
        return email
    if name == "phone":
        phone, _ = normalise_phone(value, agent_of(agent_id).country)
        # An unassigned number range is accepted here; the gate marks it.
        if phone is None or "PHONE_INVALID" in phone_doubts(phone):
            raise Misconfigured("CORRECTION_INVALID", "This is not a phone number: write it like +1 202 555 0143.")
        return phone
    return value
