"""A store in which everything that came from outside carries a mark, and a walk over every page that can be read.

What is personal gets MARK (nobody without the right may meet it); what is anybody's text gets HOSTILE (no page may run it).
"""

from __future__ import annotations

import itertools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select

from gateway.model import Mode
from gateway.pipeline.review.review import decide
from gateway.pipeline.run import run_batch
from gateway.store.engine import reading, writing
from gateway.store.tables import Audit, Batch, Claim, Delivery, Document, Event, Field, Profile, Review, Verdict
from support.pdf_maker import make, resume

MARK = "qz"  # in no word of ours; looked for in any case
DIGITS = "77001"  # in every telephone number here
HOSTILE = "\"'><xqz onload=alert(1)></script><img src=x onerror=alert(2)>{{7*7}}javascript:alert(3)"
LIST = """Qzname,name,email,phone,location,skills,links,languages,company,Qzremark
x,Qzora Vexbury,qzora.vexbury@qzmail.example.org,+49 30 7700101,Qzheim,Qzython; Qzql,linkedin.com/in/qzora,Qzish,Qzompany,Qznote
x,Qzeno Harrow,,+49 30 7700102,Qzburg,Qzgo,,,,Qzother
x,Qzora Vexbury,qzora.v@qzpost.example.org,+49 30 7700103,Qzheim,Qzython,linkedin.com/in/qzora,Qzish,Qzompany,
x,Qzleo Marsh,qzleo@qzmail.example.org,+49 30 7700104,Qzstadt,Qzrust,,,,
"""
# No page says these of a person: keys, states and codes are ours.
OURS = {
    Document: (
        "id",
        "batch_id",
        "agent_id",
        "state",
        "code",
        "duplicate_of",
        "file_key",
        "sha256",
        "media_type",
        "error",
        "facts",
    ),
    Profile: ("id", "document_id", "batch_id", "agent_id", "state", "codes", "duplicate_of"),
    Field: ("profile_id", "name", "source", "rule"),
    Delivery: ("id", "target", "posting", "profile_id", "batch_id", "state", "code"),
    Review: ("id", "profile_id", "decision", "codes", "other_id", "reviewer"),
}


def drop(folder: Path) -> Path:
    """Résumés, a list, a workbook, an archive and a broken file: names of files, folders, columns and sheets are marked."""
    inner = folder / "Qzfolder"
    inner.mkdir(parents=True)
    make(
        inner / "Qzanna Brook.pdf", resume("Qzanna Brook", "qzanna@qzmail.example.org", "+49 30 7700111", city="Qzdorf")
    )
    make(folder / "qzotto.pdf", resume("Qzotto Lind", "qzotto.lind@gmial.com", "+49 30 7700112", city="Qzdorf"))
    make(folder / "qzotto-again.pdf", resume("Qzotto Lind", "qzotto.lind@qzmail.example.org", "+49 30 7700112"))
    (folder / "qzlist.csv").write_text(LIST, encoding="utf-8")
    (folder / "qzbroken.pdf").write_bytes(b"%PDF-1.7 not really")
    book = openpyxl.Workbook()
    for number, name in enumerate(("Qzsheet", "Qztab")):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = name
        sheet.append(["Name", "Email", "Phone", "Qzextra"])
        sheet.append([f"Qzisa {name}", f"qzisa{number}@qzmail.example.org", f"+49 30 770015{number}", "Qzcell"])
    book.save(folder / "qzbook.xlsx")
    with zipfile.ZipFile(folder / "qzip.zip", "w") as archive:
        archive.writestr("qzinner/qzmember.txt", "Qzina Moor\nqzina@qzmail.example.org\n+49 30 7700166\n")
        archive.writestr("../qzescape.pdf", b"%PDF-1.7")
    return folder


def fill(folder: Path) -> str:
    """Two batches, one of them a dry run, with decisions, notes, a claim, an audit and a target's link; the first's id."""
    batch_id = run_batch("backend-engineer", [drop(folder / "drop")], actor="tester")
    run_batch("backend-engineer", [folder / "drop" / "qzlist.csv"], actor="tester", mode=Mode.DRY_RUN)
    with reading() as session:
        held = session.scalars(
            select(Profile).where(Profile.batch_id == batch_id, Profile.state == "held").order_by(Profile.id)
        ).all()
    assert len(held) >= 3
    decide(held[0].id, "correct", reviewer="rita", corrections={"name": "Qznew Name"}, note="Qztold me by telephone")
    decide(held[1].id, "discard", reviewer="rita", note="Qznobody")
    decide(held[1].id, "undo", reviewer="rita")
    with writing() as session:
        for row in session.scalars(select(Delivery)):
            row.receipt = {"target_id": "c1", "url": "https://interviews.example/qzsecret"}
        one = session.scalars(select(Profile).where(Profile.state == "delivered")).first()
        if one is not None and session.get(Audit, one.id) is None:  # it may be drawn already
            session.add(Audit(profile_id=one.id, batch_id=batch_id, agent_id=one.agent_id, wrong_fields=[]))
    return batch_id


def poison(models: tuple[type[Any], ...], text: str, kept: dict[type[Any], tuple[str, ...]]) -> None:
    """Puts `text` into every text of these tables, inside JSON too, but for the columns kept."""
    with writing() as session:
        for model in models:
            for number, row in enumerate(session.scalars(select(model)).all()):
                for column in model.__mapper__.column_attrs:
                    value = getattr(row, column.key)
                    if column.key not in kept.get(model, ()):
                        # Some are unique; a number more or less makes nothing safe.
                        setattr(row, column.key, _poisoned(value, f"{text}{number}"))


def _poisoned(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return text
    if isinstance(value, list):
        return [_poisoned(item, text) for item in value]
    if isinstance(value, dict):
        return {key: _poisoned(item, text) for key, item in value.items()}
    return value


EVERYTHING = (Batch, Document, Profile, Field, Verdict, Delivery, Claim, Review, Event)
KEYS = {
    Batch: ("id", "agent_id", "mode", "state", "statistics"),
    Document: ("id", "batch_id", "agent_id", "state", "duplicate_of", "file_key", "sha256", "media_type", "facts"),
    Profile: ("id", "document_id", "batch_id", "agent_id", "state", "codes", "duplicate_of"),
    Field: ("profile_id", "name", "source"),
    Verdict: ("id", "profile_id", "outcome"),
    Delivery: ("id", "target", "posting", "profile_id", "batch_id", "state"),
    Claim: ("profile_id",),
    Review: ("id", "profile_id", "decision", "codes", "other_id", "before"),
    Event: ("kind", "subject", "subject_id", "batch_id", "after", "once", "rule"),
}


def addresses(app: FastAPI, method: str = "GET") -> Iterator[str]:
    """Every route of a method with everything the store has in its place, and what is not there."""
    with reading() as session:
        ids = {
            "batch_id": [*session.scalars(select(Batch.id)), f"{MARK}{HOSTILE[:20]}"],
            "document_id": [*session.scalars(select(Document.id)), "d0"],
            "profile_id": [*session.scalars(select(Profile.id)), "p0"],
            "agent_id": ["backend-engineer", "store-associate", "nobody"],
            "run_id": ["run-1"],
            "code": ["EMAIL_MISSING", "NOTHING"],
            "number": [1, 2, 99],
            "upload_id": ["b0"],
            "file_id": ["0"],
            "token": ["x.y.z"],
            "alarm_id": ["al0"],
            "key_id": ["k0"],
            "kind": ["interviews", "nothing"],
            "file": ["index.html", "suite.html", "..%2fgateway.db"],
        }
        opened = list(session.scalars(select(Document.id)))
    for route in app.routes:
        if not isinstance(route, APIRoute) or method not in route.methods:
            continue
        names = re.findall(r"\{(\w+)", route.path)
        for values in itertools.product(*(ids[name] for name in names)):
            path = route.path
            for name, value in zip(names, values, strict=True):
                path = path.replace(f"{{{name}}}", str(value))
            yield path
            if route.path == "/batches/{batch_id}":
                yield from (f"{path}?open={one}" for one in opened)
                yield from (f"{path}?sort={sort}&down=1" for sort in ("path", "size", "state"))
            if route.path == "/review":
                yield from (f"{path}?kind=audit", f"{path}?agent=backend-engineer&code=EMAIL_MISSING")
            if route.path == "/analytics":
                yield from (f"{path}?days=365", f"{path}?agent=backend-engineer", f"{path}?agent=nobody")


@dataclass
class Page(HTMLParser):
    """What a browser would make of a page: its elements, and those of its attributes that act."""

    tags: set[str] = field(default_factory=set)
    acting: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            address = name in ("href", "src", "action", "formaction", "xlink:href", "data", "poster", "srcset")
            foreign = address and re.match(r"\s*(?!https?:)[a-z]+\s*:", value or "", re.I)
            if name.startswith("on") or name in ("style", "srcdoc") or foreign:
                self.acting.append((tag, name, value or ""))


def read_page(text: str) -> Page:
    found = Page()
    found.feed(text)
    found.close()
    return found
