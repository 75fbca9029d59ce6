"""Claims: one reviewer at a time sees a profile as theirs, until the time is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.pipeline.review import claims
from gateway.store.engine import writing
from gateway.store.tables import Agent, Batch, Claim, Document, Profile, now


@pytest.fixture
def held(store: str) -> str:
    with writing() as session:
        session.add(Agent(id="a", title="A", state="open", target_kind="own_pool", posting="x", config={}))
        session.flush()
        session.add(Batch(id="b", agent_id="a", mode="ingest", state="waiting_review"))
        session.flush()
        session.add(
            Document(
                id="d",
                batch_id="b",
                agent_id="a",
                path="a.pdf",
                sha256="0" * 64,
                size_bytes=1,
                media_type="application/pdf",
                state="success",
            )
        )
        session.flush()
        session.add(Profile(id="p", document_id="d", batch_id="b", agent_id="a", ordinal=0, state="held"))
    return "p"


def test_the_first_has_it_and_the_second_is_told(held: str) -> None:
    assert claims.claim(held, "rita").mine
    seen = claims.claim(held, "sam")
    assert (seen.mine, seen.reviewer) == (False, "rita")
    standing = claims.standing(held, "sam")
    assert standing is not None
    assert (standing.mine, standing.reviewer) == (False, "rita")


def test_ones_own_claim_is_renewed(held: str) -> None:
    first = claims.claim(held, "rita")
    assert claims.claim(held, "rita").until >= first.until


def test_an_old_claim_binds_nobody(held: str) -> None:
    claims.claim(held, "rita")
    with writing() as session:
        session.get_one(Claim, held).until = now() - timedelta(seconds=1)
    assert claims.standing(held, "sam") is None
    assert claims.claim(held, "sam").mine


def test_only_ones_own_claim_can_be_given_up(held: str) -> None:
    claims.claim(held, "rita")
    assert not claims.release(held, "sam")
    assert claims.release(held, "rita")
    assert not claims.release(held, "rita")
    assert claims.claim(held, "sam").mine


def test_nobody_claims_what_is_not_there(home: Path) -> None:
    with pytest.raises(Misconfigured) as raised:
        claims.claim("p0", "rita")
    assert raised.value.code == "UNKNOWN_PROFILE"
