"""Names of uploads over HTTP: every one is answered, and what is kept lies below the upload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from fastapi.testclient import TestClient

from gateway.pipeline.arrival import upload
from gateway.pipeline.arrival.receive import register_batch
from gateway.pipeline.lines import document_lines
from support.mutate import names

Client = Callable[..., TestClient]


def test_names_of_uploads(client: Client, store: str, home: Path) -> None:
    user = client()
    upload_id = user.post("api/uploads", json={"agent_id": "backend-engineer"}).json()["upload_id"]
    said: Counter[int] = Counter()
    for at, name in enumerate(names(150, "http")):
        sent = quote(name.encode("utf-8", "surrogatepass"))
        if at % 7 == 0:
            sent = sent[:-1] + "%"  # cut in the middle of a byte
        answer = user.put(f"api/uploads/{upload_id}/files", headers={"X-File-Name": sent}, content=b"a,b\n%d,x\n" % at)
        said[answer.status_code] += 1
        assert answer.status_code < 500, (name, answer.text)
    assert said[200] > 100, said
    kept = user.get(f"api/uploads/{upload_id}").json()["files"]
    assert len(kept) == said[200]
    root = (home / "inbox" / upload.STAGING / upload_id / "files").resolve()
    for file in kept:
        assert (root / file["path"]).resolve().is_relative_to(root)
        assert (root / file["path"]).is_file()
    user.post(f"api/uploads/{upload_id}/submit", json={"mode": "review"})
    register_batch(upload_id)
    assert len(document_lines(upload_id)) == said[200], "each of them is a document"
