"""A store of two years' work, all of it invented: what the page is measured against.

    python benchmarks/big_store.py HOME [--profiles 100000] [--batches 2000] [--database-url URL] [--seed 7]

HOME becomes a gateway home: twelve agent files, a few real documents in its files, and a store (SQLite in the home, or
the database named) with batches, documents, profiles with fields, verdicts, reviews, deliveries, audits, gate results
and events in the proportions an agency sees. The same seed and day give the same store. Rows are written in bulk, past
store.change: nothing here is a way to change a real store.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import shutil
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "include"))

import yaml
from sqlalchemy import select, text

from gateway.pipeline.arrival.receive import agent_of, sync_agent
from gateway.pipeline.judging import shared
from gateway.pipeline.statistics import KEY, batch_statistics
from gateway.quality.duplicates import Person, match_keys
from gateway.settings import settings
from gateway.store import ids
from gateway.store.engine import engine, migrate, reading, writing
from gateway.store.tables import Base, Batch, Bookmark

DAYS = 730
FIRST = [
    "Ada",
    "Bo",
    "Cleo",
    "Dario",
    "Elin",
    "Femi",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaya",
    "Lior",
    "Mira",
    "Nuno",
    "Odile",
    "Pavel",
    "Quinn",
    "Rosa",
    "Sami",
    "Tove",
    "Uma",
    "Vito",
    "Wanda",
    "Xenia",
    "Yaro",
    "Zita",
]
ENDINGS = ("", "la", "mi", "n", "ra", "sa", "ta", "vo")
SYLLABLES = [
    "bar",
    "den",
    "fel",
    "gor",
    "hal",
    "kin",
    "lor",
    "men",
    "nor",
    "pel",
    "quist",
    "ros",
    "sten",
    "tal",
    "ver",
    "wick",
]
PLACES = ("Bremen", "Lyon", "Porto", "Austin", "Leeds", "Graz", "Ghent", "Turku", "Malmö", "Gdynia")
SKILLS = ("Planning", "Python", "Triage", "Forklift", "SQL", "Cash handling", "Wound care", "Kubernetes", "French")
HELD = {  # what holds profiles, and how reviewers tend to decide: accepted unchanged, corrected, discarded
    "EMAIL_MISSING": (22, (0, 60, 40)),
    "CONFIDENCE_LOW": (18, (45, 45, 10)),
    "PHONE_INVALID": (12, (10, 75, 15)),
    "NAME_IS_HEADING": (8, (2, 88, 10)),
    "REQUIRED_MISSING": (8, (20, 60, 20)),
    "READ_BY_OCR": (8, (70, 25, 5)),
    "SHARED_PHONE": (5, (40, 20, 40)),
    "LIKELY_DUPLICATE": (5, (30, 5, 65)),
    "EMAIL_ROLE": (4, (35, 45, 20)),
    "NAME_SINGLE_WORD": (4, (90, 8, 2)),
    "PHONE_NO_COUNTRY": (3, (15, 80, 5)),
    "CONTACT_DISAGREES": (3, (30, 40, 30)),
}
FAILED = {"ENCRYPTED_PDF": 30, "NO_TEXT": 25, "NOT_A_RESUME": 20, "UNSUPPORTED_TYPE": 15, "TRUNCATED_PDF": 10}
FIELDS = ("name", "email", "phone", "location", "headline", "skills[0]", "skills[1]", "work[0].company")
PDF, CSV = "application/pdf", "text/csv"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Row = dict[str, Any]


def write_agents(folder: Path) -> list[str]:
    """The project's agent files and nine more; returns all ids, the busiest first."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for path in sorted((ROOT / "include" / "agents").glob("*.yaml")):
        shutil.copyfile(path, folder / path.name)
        found.append(path.stem)
    for number in range(1, 10):
        agent_id = f"role-{number:02d}"
        config = {
            "id": agent_id,
            "title": f"Role number {number}",
            "default_mode": "ingest",
            "audit_share": 0.05,
            "target": {"kind": "own_pool", "posting": f"ROLE-{number:04d}"},
        }
        (folder / f"{agent_id}.yaml").write_text(yaml.safe_dump(config))
        found.append(agent_id)
    return found


def keep_samples(files: Path) -> dict[str, str]:
    """A few real files, which every document's bytes are taken from; returns media type -> key."""
    keys = {}
    for kind, name in ((PDF, "resume-oakfield.pdf"), (CSV, "candidates-export.csv")):
        keys[kind] = f"sample/{name}"
        (files / "sample").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "include" / "samples" / "backend-engineer" / name, files / "sample" / name)
    return keys | {DOCX: keys[PDF]}


class Invention:
    """Rows of one table each, handed over batch by batch. `rows` is emptied by whoever writes them."""

    def __init__(self, agents: Sequence[str], keys: dict[str, str], seed: int, today: datetime) -> None:
        self.dice = random.Random(seed)
        self.agents, self.keys, self.today = agents, keys, today
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.people = 0
        self.looked_after = 1.0
        self.delivered: dict[str, list[str]] = defaultdict(list)  # agent -> profiles that a duplicate may point at

    def pick(self, weights: dict[str, Any]) -> str:
        values = [value if isinstance(value, int) else value[0] for value in weights.values()]
        return self.dice.choices(list(weights), values)[0]

    def batch(self, number: int, at: datetime, people: int) -> None:
        """One batch of that many profiles: a folder of résumés, or a list with some résumés beside it."""
        dice = self.dice
        weights = [1 / (rank + 1) ** 0.7 for rank in range(len(self.agents))]
        agent = dice.choices(self.agents, weights)[0]
        batch_id = f"b{at:%Y%m%d-%H%M%S}-{_letters(number)}"
        mode = dice.choices(("ingest", "review", "dry_run"), (82, 14, 4))[0]
        aged = (self.today - at).days
        before = {key: len(rows) for key, rows in self.rows.items()}
        listed = people if dice.random() < 0.25 else 0
        if listed:
            self._document(batch_id, agent, at, CSV, listed, mode, aged, number, 0)
        self.looked_after = 1.0 if dice.random() < 0.85 else dice.uniform(0.2, 0.9)  # some queues are neglected
        count = 0
        left = people - listed
        while left > 0:
            count += 1
            failed = dice.random() < 0.06
            several = 2 if dice.random() < 0.02 and left > 1 else 1
            kind = DOCX if dice.random() < 0.18 else PDF
            self._document(batch_id, agent, at, kind, 0 if failed else several, mode, aged, number, count)
            left -= 0 if failed else several
        new = self.rows["profile"][before.get("profile", 0) :]
        states = Counter(row["state"] for row in new)
        finished = at + timedelta(seconds=20 + people * dice.uniform(0.1, 0.6))
        if states["held"]:
            state, finished_at = "waiting_review", None
        else:
            reviewed = [row["created_at"] for row in self.rows["review"][before.get("review", 0) :]]
            state, finished_at = "done", max([finished, *reviewed])
        codes = Counter(code for row in new if row["state"] == "held" for code in row["codes"])
        self.rows["batch"].append(
            {
                "id": batch_id,
                "agent_id": agent,
                "mode": mode,
                "state": state,
                "source": dice.choices(("inbox", "page", "manual trigger", "Agency export"), (60, 25, 10, 5))[0],
                "run_id": batch_id,
                "manifest": {},
                "created_at": at,
                "finished_at": finished_at,
                "statistics": {
                    "suite_version": "2026.11-bench",
                    "settled_s": round((finished - at).total_seconds(), 1),
                    "judged": {
                        "passed": len(new) - states["held"] - states["duplicate"],
                        "held": states["held"],
                        "duplicate": states["duplicate"],
                        "codes": dict(codes),
                    },
                },
            }
        )
        self._event("batch", batch_id, batch_id, at, None, "receiving", "sense_inbox")
        self._event("batch", batch_id, batch_id, at, "receiving", "running", "ingest_batch")
        self._event("batch", batch_id, batch_id, finished, "running", state, "report")
        for gate, (code, (weight, _)) in enumerate(HELD.items()):
            self.rows["gate_result"].append(
                {
                    "batch_id": batch_id,
                    "gate": f"gate_{gate:02d}_{code.lower()}",
                    "agent_id": agent,
                    "suite_version": "2026.11-bench",
                    "code": code,
                    "field": None,
                    "severity": "critical",
                    "evaluated": len(new),
                    "unexpected": len(new) * weight // 600,
                    "created_at": finished,
                }
            )

    def _document(
        self,
        batch_id: str,
        agent: str,
        at: datetime,
        kind: str,
        people: int,
        mode: str,
        aged: int,
        number: int,
        nth: int,
    ) -> None:
        dice = self.dice
        path = (
            f"list-{number}.csv"
            if kind == CSV
            else f"folder/resume-{number:05d}-{nth:05d}.{'pdf' if kind == PDF else 'docx'}"
        )
        document_id = ids.document_id(batch_id, path)
        scan = kind == PDF and dice.random() < 0.12
        layout = (
            "table (comma, utf-8)"
            if kind == CSV
            else dice.choices(("one_column", "two_columns", "many_regions"), (60, 32, 8))[0]
        )
        code = None if people else self.pick(FAILED)
        facts = {
            "pages": 1 if kind == CSV else dice.randint(1, 4),
            "language": "en",
            "layout": layout,
            "text_quality": round(dice.uniform(0.5 if scan else 0.85, 1), 3),
            "ocr_pages": 2 if scan else 0,
            "notes": [],
            "mapping": {},
            "profiles": people,
            "cpu_s": {"read": 0.02},
        }
        self.rows["document"].append(
            {
                "id": document_id,
                "batch_id": batch_id,
                "agent_id": agent,
                "path": path,
                "file_key": self.keys[kind],
                "sha256": hashlib.sha256(document_id.encode()).hexdigest(),
                "size_bytes": dice.randint(20_000, 900_000),
                "media_type": kind,
                "state": "success" if people else "failed",
                "code": code,
                "error": None if people else f"This document could not be read ({code}); see its code's page.",
                "facts": facts,
                "created_at": at,
                "updated_at": at + timedelta(seconds=5),
            }
        )
        self._event("document", document_id, batch_id, at, None, "processing", "register")
        self._event(
            "document", document_id, batch_id, at, "processing", "success" if people else "failed", "extract", code
        )
        worse = 0.05 + 0.12 * scan + {"two_columns": 0.03, "many_regions": 0.12}.get(layout, 0.0)
        for ordinal in range(people):
            self._profile(document_id, ordinal, batch_id, agent, at, mode, aged, kind, worse, scan)

    def _profile(
        self,
        document_id: str,
        ordinal: int,
        batch_id: str,
        agent: str,
        at: datetime,
        mode: str,
        aged: int,
        kind: str,
        worse: float,
        scan: bool,
    ) -> None:
        dice = self.dice
        self.people += 1
        identity = ids.profile_id(document_id, ordinal)
        first, last = named(dice)
        email: str | None = f"{first}.{last}.{self.people}@example.org".lower()
        phone = f"+1415555{dice.randrange(10_000):04d}"
        gate = self.pick(HELD) if dice.random() < worse * 1.6 else None
        if gate == "EMAIL_MISSING":
            email = None
        codes = [gate] if gate else ["REVIEW_MODE"] if mode == "review" else []
        if gate and dice.random() < 0.2:
            codes = sorted({gate, self.pick(HELD)})
        version, state, decision = 1, "delivered", None
        if codes:
            state = "held"
            if dice.random() < (self.looked_after if aged > 7 else 0.4):
                odds = HELD[gate][1] if gate else (88, 6, 6)
                decision = dice.choices(("approve", "correct", "discard"), odds)[0]
                state = "discarded" if decision == "discard" else "delivered"
                version += decision == "correct"
        elif dice.random() < 0.07 and self.delivered[agent]:
            state, codes = "duplicate", ["DUPLICATE_DELIVERED"]
        elif mode == "dry_run":
            state = "passed"
        elif (roll := dice.random()) < 0.015:
            state = "unknown" if roll >= 0.01 and aged <= 3 else "refused"  # what had no answer is settled within hours
        if email is None and state == "delivered":
            email = f"{first}.{last}.{self.people}@example.org".lower()
        quality = round(min(1.0, max(0.2, dice.gauss(0.9 - worse, 0.06))), 3)
        shown = [] if state in ("delivered", "discarded") else codes
        self.rows["profile"].append(
            {
                "id": identity,
                "document_id": document_id,
                "batch_id": batch_id,
                "agent_id": agent,
                "ordinal": ordinal,
                "state": state,
                "name": f"{first} {last}",
                "email": email,
                "email_norm": email,
                "phone": phone,
                "location": dice.choice(PLACES),
                "codes": shown,
                "quality": quality,
                "completeness": round(quality - 0.05, 3),
                "data": {
                    "headline": "Specialist",
                    "skills": dice.sample(SKILLS, 2),
                    "work": [
                        {"company": f"{last} & Sons", "position": "Specialist", "start": "2019-04", "end": "present"}
                    ],
                },
                "duplicate_of": dice.choice(self.delivered[agent]) if state == "duplicate" else None,
                "version": version,
                "created_at": at + timedelta(seconds=6, milliseconds=ordinal),
                "updated_at": at + timedelta(minutes=2),
            }
        )
        person = Person(f"{first} {last}", email, phone, employers=(f"{last} & Sons",))
        self.rows["profile_key"] += [
            {"key": shared.hashed(agent, key), "profile_id": identity} for key in match_keys(person)
        ]
        if state == "delivered":
            self.delivered[agent].append(identity)
        where = {"source": "ocr" if scan else "cell" if kind == CSV else "text", "rule": "scorer"}
        values = (f"{first} {last}", email, phone, "Bremen", "Specialist", "Planning", "French", f"{last} & Sons")
        for place, (name, value) in enumerate(zip(FIELDS, values, strict=True)):
            if value is None:
                continue
            spot: Row = (
                {"row": ordinal + 2, "column": name}
                if kind == CSV
                else {"page": 1, "box": [72.0, 72.0 + 20 * place, 260.0, 86.0 + 20 * place]}
            )
            self.rows["field"].append(
                {
                    "profile_id": identity,
                    "name": name,
                    "value": value,
                    "raw": value,
                    "confidence": round(dice.uniform(0.7, 1), 3),
                    **where,
                    **spot,
                }
            )
        self._judged(identity, batch_id, at, codes, gate, quality)
        self._decided(identity, at, decision, codes, batch_id, aged)
        self._sent(identity, batch_id, agent, at, state, email, decision)

    def _judged(
        self, identity: str, batch_id: str, at: datetime, codes: list[str], gate: str | None, quality: float
    ) -> None:
        findings = [
            {
                "code": code,
                "severity": "critical",
                "field": None,
                "expectation": "invented",
                "measured": "0.41",
                "threshold": "0.60",
                "remedy": "A clearer file would have passed.",
            }
            for code in codes
            if code in HELD
        ]
        self.rows["verdict"].append(
            {
                "id": ids.verdict_id(identity, 1, "2026.11-bench"),
                "profile_id": identity,
                "profile_version": 1,
                "suite_version": "2026.11-bench",
                "outcome": "hold" if gate else "pass",
                "quality": quality,
                "completeness": round(quality - 0.05, 3),
                "findings": findings,
                "parts": {"text": 0.4, "evidence": 0.5},
                "created_at": at + timedelta(seconds=15),
            }
        )
        self._event("profile", identity, batch_id, at, None, "extracted", "extract")
        self._event(
            "profile",
            identity,
            batch_id,
            at,
            "extracted",
            "held" if codes else "passed",
            "judge",
            codes[0] if codes else None,
        )

    def _decided(
        self, identity: str, at: datetime, decision: str | None, codes: list[str], batch_id: str, aged: int
    ) -> None:
        if decision is None:
            return
        when = min(at + timedelta(hours=self.dice.expovariate(1 / 30)), self.today)
        self.rows["review"].append(
            {
                "id": "r" + hashlib.sha256(identity.encode()).hexdigest()[:24],
                "profile_id": identity,
                "sequence": 1,
                "decision": decision,
                "codes": codes,
                "before": {"phone": "030 123"} if decision == "correct" else {},
                "after": {"phone": "+14155550100"} if decision == "correct" else {},
                "reviewer": self.dice.choice(("rita", "sam", "noor")),
                "note": None,
                "created_at": when,
            }
        )
        self._event(
            "profile", identity, batch_id, when, "held", "discarded" if decision == "discard" else "approved", "rita"
        )

    def _sent(
        self,
        identity: str,
        batch_id: str,
        agent: str,
        at: datetime,
        state: str,
        email: str | None,
        decision: str | None,
    ) -> None:
        if state not in ("delivered", "refused", "unknown"):
            return
        confirmed = {"delivered": "confirmed"}.get(state, state)
        self.rows["delivery"].append(
            {
                "id": "x" + hashlib.sha256(identity.encode()).hexdigest()[:24],
                "target": "own_pool",
                "posting": agent.upper(),
                "email_norm": email,
                "profile_id": identity,
                "batch_id": batch_id,
                "state": confirmed,
                "attempts": 1,
                "code": {"refused": "TARGET_REFUSED", "unknown": "DELIVERY_UNKNOWN"}.get(state),
                "error": None,
                "receipt": {"target_id": identity[1:13]} if state == "delivered" else {},
                "created_at": at + timedelta(seconds=20),
                "updated_at": at + timedelta(seconds=22),
                "finished_at": at + timedelta(seconds=25) if state == "delivered" else None,
            }
        )
        self._event("profile", identity, batch_id, at, "passed", state, "deliver")
        if state == "delivered" and decision is None and self.dice.random() < 0.05:
            looked = self.dice.random() < 0.9
            wrong = looked and self.dice.random() < 0.03
            self.rows["audit"].append(
                {
                    "profile_id": identity,
                    "batch_id": batch_id,
                    "agent_id": agent,
                    "outcome": ("wrong" if wrong else "right") if looked else None,
                    "wrong_fields": [self.dice.choice(("name", "phone", "location"))] if wrong else [],
                    "reviewer": "rita" if looked else None,
                    "sampled_at": at + timedelta(minutes=1),
                    "decided_at": at + timedelta(days=1) if looked else None,
                }
            )

    def _event(
        self,
        subject: str,
        identity: str,
        batch_id: str,
        at: datetime,
        before: str | None,
        after: str,
        actor: str,
        code: str | None = None,
    ) -> None:
        self.rows["event"].append(
            {
                "at": at,
                "kind": "state",
                "subject": subject,
                "subject_id": identity,
                "batch_id": batch_id,
                "before": before,
                "after": after,
                "code": code,
                "actor": actor,
            }
        )


def named(dice: random.Random) -> tuple[str, str]:
    """A given name of 208 and a family name of 4,096: how often two people share one is what comparing them costs."""
    return dice.choice(FIRST) + dice.choice(ENDINGS), "".join(dice.choices(SYLLABLES, k=3)).title()


def _letters(number: int) -> str:
    digest = hashlib.sha256(f"bench{number}".encode()).digest()
    return "".join("abcdefghjkmnpqrstuvwxyz23456789"[byte % 31] for byte in digest[:6])


def plan(dice: random.Random, batches: int, profiles: int, today: datetime) -> Iterator[tuple[datetime, int]]:
    """(when, how many profiles) of each batch, oldest first: more every month, weekdays, working hours, one giant."""
    giant = profiles // 20
    weights = [math.exp(dice.gauss(0, 1.1)) for _ in range(batches)]
    total = sum(weights)
    sizes = [max(1, round(weight / total * (profiles - giant))) for weight in weights]
    sizes[batches * 9 // 10] = giant
    sizes[-1] = max(1, sizes[-1] + profiles - sum(sizes))
    times = []
    for _ in sizes:
        at = today - timedelta(days=DAYS * (1 - math.sqrt(dice.random())), seconds=60)
        at -= timedelta(days=max(0, at.weekday() - 4))
        times.append(min(at.replace(hour=dice.randint(7, 17)), today - timedelta(minutes=5)))
    yield from zip(sorted(times), sizes, strict=True)


def write(rows: dict[str, list[Row]]) -> None:
    """Inserts and empties the rows, by the fastest way each database has."""
    postgres = engine().dialect.name == "postgresql"
    connection = engine().raw_connection()
    try:
        cursor = connection.cursor()
        if postgres:
            cursor.execute("SET session_replication_role = replica")  # references are right as they are made
            cursor.execute("SET synchronous_commit = off")
        else:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.execute("PRAGMA cache_size=-400000")
            cursor.execute("BEGIN")
        for table in Base.metadata.sorted_tables:
            given = rows.pop(table.name, [])
            if not given:
                continue
            names = sorted(
                {name for row in given[:200] for name in row} | {name for row in given[-200:] for name in row}
            )
            columns = [table.c[_COLUMN.get(name, name)].name for name in names]
            values = ([_plain(row.get(name), postgres) for name in names] for row in given)
            if postgres:
                with cursor.copy(f'COPY "{table.name}" ({_quoted(columns)}) FROM STDIN') as copy:
                    for value in values:
                        copy.write_row(value)
            else:
                marks = ", ".join("?" * len(names))
                cursor.executemany(f'INSERT INTO "{table.name}" ({_quoted(columns)}) VALUES ({marks})', values)
        if postgres:
            connection.commit()
        else:
            cursor.execute("COMMIT")
    finally:
        connection.invalidate()  # its pragmas are for this alone


_COLUMN = {"row": "row_number", "column": "column_name"}


def _quoted(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _plain(value: Any, postgres: bool) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, datetime):
        return value if postgres else f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return value


def fill(
    home: Path, *, profiles: int = 100_000, batches: int = 2_000, seed: int = 7, today: datetime | None = None
) -> Row:
    """Fills the home and the store that the settings name; returns how many rows of each kind."""
    today = today or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    agents = write_agents(home / "agents")
    migrate()
    for agent_id in agents:
        sync_agent(agent_of(agent_id))
    invented = Invention(agents, keep_samples(Path(settings().files_root)), seed, today)
    made: Counter[str] = Counter()
    for number, (at, people) in enumerate(plan(random.Random(seed), batches, profiles, today)):
        invented.batch(number, at, people)
        if len(invented.rows["profile"]) > 10_000:
            made.update({name: len(rows) for name, rows in invented.rows.items()})
            write(invented.rows)
    made.update({name: len(rows) for name, rows in invented.rows.items()})
    write(invented.rows)
    with writing() as session:
        session.merge(Bookmark(name=shared.MARK, value=shared.VERSION))
    _analyse()
    _aggregate()
    _analyse()
    return dict(made)


def _analyse() -> None:
    """What a database learns about its tables by and by, at once."""
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine().dialect.name == "postgresql" else "ANALYZE"))


def _aggregate() -> None:
    """What the end of each batch writes into its statistics."""
    with reading() as session:
        batch_ids = session.scalars(select(Batch.id)).all()
    for start in range(0, len(batch_ids), 200):
        with writing() as session:
            for batch in session.scalars(select(Batch).where(Batch.id.in_(batch_ids[start : start + 200]))):
                kept = dict(batch.statistics)
                sums = {**batch_statistics(session, batch.id), "settled_s": kept.pop("settled_s")}
                batch.statistics = {**kept, KEY: sums}


def prepare(home: Path, database_url: str | None = None) -> None:
    """Points this process's settings at the home."""
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(GATEWAY_HOME=str(home), GATEWAY_AGENTS_DIR=str(home / "agents"))
    if database_url:
        os.environ["GATEWAY_DATABASE_URL"] = database_url
    settings.cache_clear()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--profiles", type=int, default=100_000)
    parser.add_argument("--batches", type=int, default=2_000)
    parser.add_argument("--database-url")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    prepare(options.home, options.database_url)
    started = time.monotonic()
    made = fill(options.home, profiles=options.profiles, batches=options.batches, seed=options.seed)
    print(json.dumps({"rows": made, "seconds": round(time.monotonic() - started, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
