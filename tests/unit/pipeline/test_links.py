"""Links in notices lead to the page inside Airflow, also below a path of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.notify.wording import words_of
from gateway.pipeline.run import run_batch
from gateway.settings import settings
from support.telling import rows


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("", ""),
        ("http://localhost:8080", "http://localhost:8080/plugin/candidates/gateway/batches/b1"),
        ("https://example.com/airflow/", "https://example.com/airflow/plugin/candidates/airflow/gateway/batches/b1"),
    ],
)
def test_a_page_inside_airflow(home: Path, monkeypatch: pytest.MonkeyPatch, base: str, link: str) -> None:
    monkeypatch.setenv("GATEWAY_PAGE_URL", base)
    settings.cache_clear()
    assert settings().page("/batches/b1") == link


def test_a_notice_links_to_its_batch(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PAGE_URL", "http://localhost:8080")
    settings.cache_clear()
    (tmp_path / "a.csv").write_text("name,email\nAda Quill,ada.quill@example.org\n")
    batch_id = run_batch("store-associate", [tmp_path / "a.csv"], actor="test")
    (told,) = [row for row in rows() if row.type == "batch.done"]
    assert told.data["url"] == f"http://localhost:8080/plugin/candidates/gateway/batches/{batch_id}"
    assert told.data["url"] in words_of(told.type, told.data, told.id).text
