"""The chain over all events: whoever changes, deletes or moves one is found, and so is who rewrites the chain."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from gateway.cli import main
from gateway.errors import Misconfigured
from gateway.pipeline.trail import Broken, anchors, seal_and_anchor, verify
from gateway.settings import settings
from gateway.store import chain, keys
from gateway.store.engine import engine, reading, writing
from gateway.store.tables import Event, EventSeal, now


def add(number: int, actor: str = "rita") -> None:
    with writing() as session:
        for index in range(number):
            session.add(
                Event(kind="state", subject="profile", subject_id=f"p{index}", before="held", after="x", actor=actor)
            )


def broken() -> Broken:
    found = verify().broken
    assert found is not None, "nobody noticed"
    return found


@pytest.fixture
def trail(store: str) -> str:
    """Twenty events, sealed and anchored; ten more, sealed."""
    add(20)
    assert seal_and_anchor() == {"sealed": 20, "anchored": 1}
    add(10)
    assert seal_and_anchor() == {"sealed": 10, "anchored": 0}, "one anchor a day"
    return store


def test_what_nobody_touched_is_unbroken(trail: str) -> None:
    add(3)
    found = verify()
    assert (found.links, found.unsealed, found.anchors, found.broken) == (30, 3, 1, None)


@pytest.mark.parametrize("column", ["actor", "kind", "subject_id", "before", "after", "code", "rule", "at"])
def test_a_changed_event_is_named(trail: str, column: str) -> None:
    value = now() - timedelta(days=1) if column == "at" else "mallory"
    with writing() as session:
        session.execute(update(Event).where(Event.id == 7).values({column: value}))
    found = broken()
    assert (found.sequence, found.event_id) == (7, 7)
    assert "Event 7 was changed or moved" in found.says


def test_a_deleted_event_is_named(trail: str) -> None:
    with writing() as session:
        session.execute(delete(Event).where(Event.id == 12))
    assert broken() == Broken("Event 12 is gone.", 12, 12)


def test_events_that_changed_places_are_found(trail: str) -> None:
    with writing() as session:
        session.execute(update(Event).where(Event.id == 5).values(subject_id="p8"))
        session.execute(update(Event).where(Event.id == 9).values(subject_id="p4"))
    assert broken().event_id == 5


def test_links_that_changed_places_are_found(trail: str) -> None:
    with writing() as session:
        for sequence, event_id in ((5, 1_000), (9, 5), (5, 9)):
            session.execute(update(EventSeal).where(EventSeal.sequence == sequence).values(event_id=event_id))
    assert broken().sequence == 5


def test_a_deleted_link_is_found(trail: str) -> None:
    with writing() as session:
        session.execute(delete(Event).where(Event.id == 6))
        session.execute(delete(EventSeal).where(EventSeal.sequence == 6))
    assert broken() == Broken("Link 6 is gone: the next there is 7.", 6)


def test_an_end_that_was_cut_off_does_not_reach_its_anchor(trail: str) -> None:
    with writing() as session:
        session.execute(delete(Event).where(Event.id > 15))
        session.execute(delete(EventSeal).where(EventSeal.sequence > 15))
    assert "The last 5 events are missing: anchor 1" in broken().says


def test_a_chain_written_anew_does_not_meet_its_anchor(trail: str) -> None:
    with writing() as session:
        session.execute(update(Event).where(Event.id == 3).values(actor="mallory"))
        session.execute(delete(EventSeal))
    chain.seal(everything=True)
    found = broken()
    assert found.sequence == 20, "where the anchor is"
    assert "rewritten" in found.says


@pytest.mark.parametrize("harm", ["changed", "signed by another", "gone", "no JSON"])
def test_an_anchor_that_is_not_ours_or_is_gone(trail: str, harm: str, tmp_path: Path) -> None:
    seal_and_anchor(now_=now() + timedelta(days=2))
    first, second = sorted((Path(settings().files_root) / "audit").iterdir())
    said = json.loads(first.read_text())
    if harm == "changed":
        first.write_text(json.dumps(said | {"hash": "00" * 32}))
    elif harm == "signed by another":
        (settings().keys / "signing.pem").unlink()
    elif harm == "gone":
        first.unlink()
    else:
        first.write_text("{")
    assert "Anchor 1" in broken().says
    assert second.exists()


def test_anchors_follow_each_other_and_carry_our_key(trail: str) -> None:
    add(1)
    assert seal_and_anchor(now_=now() + timedelta(days=2))["anchored"] == 1
    assert seal_and_anchor(now_=now() + timedelta(days=4))["anchored"] == 0, "nothing came since"
    first, second = anchors()
    assert (first.sequence, second.sequence) == (20, 31)
    assert second.previous == first.digest
    assert verify(keys.public_key()).broken is None
    assert verify("A" * 43 + "=").broken is not None


def test_writers_and_sealers_at_once_leave_one_chain(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "SLICE", 7)
    writers = [threading.Thread(target=lambda: [add(3) for _ in range(10)]) for _ in range(4)]
    sealers = [threading.Thread(target=lambda: [chain.seal() for _ in range(10)]) for _ in range(3)]
    for thread in [*writers, *sealers]:
        thread.start()
    for thread in [*writers, *sealers]:
        thread.join()
    chain.seal()
    found = verify()
    assert (found.links, found.unsealed, found.broken) == (120, 0, None)


def test_an_event_that_committed_late_is_sealed_later(store: str) -> None:
    if store == "sqlite":
        add(2)  # one writer at a time: nothing commits late there
        assert chain.seal() == 2
        return
    with engine().connect() as slow, slow.begin():
        slow.execute(
            text("INSERT INTO event (at, kind, subject, subject_id, actor) VALUES (now(), 'k', 'profile', 'p', 'slow')")
        )
        add(2)
        assert chain.seal() == 2
    assert chain.seal() == 1
    with reading() as session:
        order = session.scalars(select(EventSeal.event_id).order_by(EventSeal.sequence)).all()
    assert order == [2, 3, 1]
    assert verify().broken is None


def test_even_what_committed_very_late_is_found(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    add(5)
    with writing() as session:
        session.execute(delete(Event).where(Event.id == 1))
    chain.seal()
    with writing() as session:
        session.add(Event(id=1, kind="k", subject="profile", subject_id="p", actor="late"))
    monkeypatch.setattr(chain, "LATE", 1)
    assert chain.seal() == 0
    assert chain.unsealed() == 1
    assert chain.seal(everything=True) == 1
    assert verify().broken is None


def test_a_key_that_is_none_is_said(store: str) -> None:
    settings().keys.mkdir()
    (settings().keys / "signing.pem").write_text("no key")
    add(1)
    with pytest.raises(Misconfigured, match="KEY_INVALID"):
        seal_and_anchor()


def test_keys_are_made_once_and_for_the_owner_alone(home: Path) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(keys.public_key() + keys.keyed_hash("x"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert {oct(path.stat().st_mode & 0o777) for path in settings().keys.iterdir()} == {"0o600"}
    assert keys.keyed_hash("x") != keys.keyed_hash("y")


@pytest.mark.parametrize("harm", [False, True])
def test_the_command_names_the_break_and_says_so_by_its_exit_code(
    store: str, harm: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    run: Callable[..., int] = main
    add(4)
    assert run(["audit", "seal"]) == 0
    assert "4 events sealed, 1 anchor written" in capsys.readouterr().out
    if harm:
        with writing() as session:
            session.execute(delete(Event).where(Event.id == 2))
    assert run(["audit", "verify", "--json"]) == int(harm)
    said = json.loads(capsys.readouterr().out)
    assert said["broken"] == ({"sequence": 2, "event_id": 2, "says": "Event 2 is gone."} if harm else None)
    assert run(["audit", "verify"]) == int(harm)
    assert ("BROKEN: Event 2 is gone." if harm else "Unbroken.") in capsys.readouterr().out
    assert run(["audit", "key"]) == 0
    assert capsys.readouterr().out.strip() == keys.public_key()
