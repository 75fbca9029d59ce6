"""One decision for many held profiles: counted first, then made for exactly that number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import Conflict
from gateway.model import ProfileState as P
from gateway.pipeline.review.review import decide

MOST = 2_000  # of one bulk decision: some ten seconds


@dataclass(frozen=True, slots=True)
class Done:
    """decided by this call; passed_over: already decided by somebody else, or being sent."""

    decided: int
    passed_over: int


def decide_many(profile_ids: Sequence[str], decision: str, *, reviewer: str, expected: int) -> Done:
    """Approves or discards held profiles, each in its own transaction, so that an interruption loses nothing.

    expected   the number the reviewer confirmed
    raises     Conflict(BULK_CHANGED) before anything is decided when there are more or fewer
    """
    if len(profile_ids) != expected:
        raise Conflict(
            "BULK_CHANGED", f"There are {len(profile_ids):,} candidates now, not {expected:,}: check and confirm again."
        )
    decided = 0
    for identity in profile_ids:
        try:
            decided += decide(identity, decision, reviewer=reviewer, expected_state=P.HELD, bulk_of=expected)
        except Conflict:
            continue
    return Done(decided, len(profile_ids) - decided)
