"""Who may not see people meets none of them: every page, piece, answer and refusal, searched for a whole store's people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from gateway.store.tables import Delivery, Document, Field, Profile, Review
from gateway_airflow.ui.app import build
from support.marked import DIGITS, MARK, OURS, addresses, fill, poison

Client = Callable[..., TestClient]


@pytest.fixture
def marked(home: Path, tmp_path: Path) -> str:
    return fill(tmp_path)


def leaks(client: TestClient) -> dict[str, str]:
    """Where a mark is read: the address and what stands around it."""
    found = {}
    for address in addresses(build()):
        answer = client.get(address, follow_redirects=False)
        assert answer.status_code < 500 or address == "/api/health", address  # 503 there says: not well
        said = f"{answer.headers!r}\n{answer.text}"
        for asked in (address, address.replace('"', "%22").replace(">", "%3E").replace("<", "%3C")):
            said = said.replace(asked, "")
        for mark in (MARK, DIGITS):
            at = said.lower().find(mark)
            if at >= 0 and f"{MARK}\\" not in address and MARK not in address:
                found[address] = said[max(0, at - 120) : at + 60]
    return found


def test_a_viewer_meets_nobody_anywhere(client: Client, marked: str) -> None:
    shown = client("user").get(f"batches/{marked}").text.lower()
    assert "qzanna brook.pdf" in shown, "what is looked for must be there for those who may see it"
    found = leaks(client("viewer"))
    assert not found, "\n\n".join(f"{address}: {around}" for address, around in found.items())


def test_not_even_what_stands_where_nobody_expects_a_person(client: Client, marked: str) -> None:
    """Every text of the tables about people is marked, whatever it is today: a page that shows a new one is found."""
    poison((Document, Profile, Field, Delivery, Review), "Poison-qz", OURS)
    found = leaks(client("viewer"))
    assert not found, "\n\n".join(f"{address}: {around}" for address, around in found.items())


# Made-up addresses, missing keys and signatures are refused as such there; which notices a viewer gets is the viewer's own.
OWN_PROOF = ("/unsubscribe/", "/hooks/", "/answer/", "/api/v1/", "/api/notices/mine")
NO_RIGHT_NEEDED = {401, 404, 422}


def test_a_viewer_changes_nothing(client: Client, marked: str) -> None:
    viewer = client("viewer")
    for method in ("POST", "PUT", "DELETE"):
        for address in addresses(build(), method):
            answer = viewer.request(method, address, json={})
            assert answer.status_code in (NO_RIGHT_NEEDED if address.startswith(OWN_PROOF) else {403}), address
            assert MARK not in answer.text.lower(), address


def test_searching_tells_a_viewer_nothing_about_people(client: Client, marked: str) -> None:
    viewer = client("viewer")
    nothing: Any = None
    for search in ("Qzora", "qzmail", "qzlist", "zzz-nothing"):
        text = viewer.get(f"batches/{marked}", params={"q": search}).text.replace(search, "")
        nothing = nothing or text
        assert text == nothing, search
