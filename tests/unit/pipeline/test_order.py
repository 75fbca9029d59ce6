"""Whoever is listed first, or twice: the same people are delivered, once; through the whole pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.pipeline.run import run_batch
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Delivery, Profile, Verdict

FILE = """id: {id}
title: Pilots
default_mode: ingest
target: {{kind: own_pool, posting: "{id}"}}
preset: lenient
fictional_contacts: mark
audit_share: 0
limits: {{max_duplicate_share: null, max_hold_share: null}}
"""
PEOPLE = [
    "Mira Okonjo,mira.okonjo@example.org,+1 415 555 0134",
    "Mira Okonjo,MIRA.OKONJO@example.org,+1 415 555 0199",  # a newer version of her
    "Ida Fenwick,ida.fenwick@example.org,",
    "Ana Beltrao,,+1 415 555 0136",  # nobody can write to her
    "Tomas Lindqvist,shared@example.org,+1 415 555 0137",  # one address, two people
    "Grace Umarova,shared@example.org,+1 415 555 0138",
]
ORDERS = {
    "given": PEOPLE,
    "reversed": PEOPLE[::-1],
    "twice": [*PEOPLE, *PEOPLE[::-1]],
    "doubled": [p for p in PEOPLE for _ in "12"],
}


def test_neither_order_nor_repeats_change_who_is_delivered(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for agent in ORDERS:
        (tmp_path / f"{agent}.yaml").write_text(FILE.format(id=agent), "utf-8")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(tmp_path))
    settings.cache_clear()
    delivered, judged = {}, {}
    for agent, lines in ORDERS.items():
        path = tmp_path / f"{agent}.csv"
        path.write_text("\n".join(["Name,Email,Phone", *lines, ""]), "utf-8")
        run_batch(agent, [path], actor="test")
        with reading() as session:
            sent = select(Delivery.email_norm).where(Delivery.posting == agent, Delivery.state == "confirmed")
            delivered[agent] = sorted(session.scalars(sent))
            rows = session.execute(
                select(Profile.email, Profile.phone, Verdict.outcome, Verdict.quality, Verdict.completeness)
                .join(Verdict, Verdict.profile_id == Profile.id)
                .where(Profile.agent_id == agent)
            )
            judged[agent] = {tuple(row) for row in rows}
    assert delivered["given"] == ["ida.fenwick@example.org", "mira.okonjo@example.org"]
    assert set(map(tuple, delivered.values())) == {tuple(delivered["given"])}
    assert all(found == judged["given"] for found in judged.values()), "nor does either change a verdict"
