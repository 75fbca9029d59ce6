"""Tables as bytes or text, read as the product reads them."""

from __future__ import annotations

import pytest

from gateway.extract.dispatch import read_document
from gateway.model import Hints


@pytest.fixture
def table(tmp_path):
    """read(content, name="list.csv", hints) -> (Reading, profiles)."""

    def read(content: str | bytes, name: str = "list.csv", hints: Hints | None = None):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        profiles = []
        reading = read_document(path, profiles.append, hints or Hints(), limit_pages=10)
        assert reading.profiles == len(profiles)
        return reading, profiles

    return read


@pytest.fixture
def people(table):
    """The (name, email, phone) of every profile of a table that must be readable."""

    def read(content: str | bytes, name: str = "list.csv", hints: Hints | None = None):
        reading, profiles = table(content, name, hints)
        assert reading.status == "success", reading.error
        return [(p.name, p.email, p.phone) for p in profiles]

    return read
