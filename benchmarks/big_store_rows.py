"""The rows of a store that is all invented (big_store.py): agents' batches, documents, profiles and what became of them."""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.extract.media_types import CSV, DOCX, PDF
from gateway.pipeline.judging import shared
from gateway.quality.duplicates import Person, match_keys
from gateway.store import ids


def words(text: str) -> list[str]:
    return text.split()


FIRST = words(
    "Ada Bo Cleo Dario Elin Femi Greta Hugo Ines Jonas Kaya Lior Mira Nuno Odile Pavel Quinn Rosa Sami "
    "Tove Uma Vito Wanda Xenia Yaro Zita"
)
ENDINGS = ("", "la", "mi", "n", "ra", "sa", "ta", "vo")
SYLLABLES = words("bar den fel gor hal kin lor men nor pel quist ros sten tal ver wick")
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
Row = dict[str, Any]


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
