"""A candidate as the page shows it: fields with their evidence, the findings of the gates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.codes import CODES
from gateway.errors import Misconfigured
from gateway.insight import labels
from gateway.model import Severity
from gateway.store.engine import reading
from gateway.store.tables import Batch, Field, Profile, Verdict

CONTACT = ("name", "email", "phone", "location")
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class FieldShown:
    """One value. value and raw are personal.

    raw      as printed, None where it says the same as value
    kind     name | email | phone | text: how the value is masked
    where    where it was read, in words; "" = no evidence
    column   heading of the column it was read from, personal like the rest of the list
    state    read | person (somebody set it) | unproved (no evidence) | missing
    """

    name: str
    label: str
    kind: str
    value: str
    raw: str | None
    confidence: float
    state: str
    where: str
    page: int | None = None
    box: Box | None = None
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Fields of one kind. entries: one tuple per job or school; links, skills and languages are a single entry."""

    name: str
    title: str
    entries: tuple[tuple[FieldShown, ...], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One profile with its fields. extra: unmapped columns of a list, as text."""

    id: str
    document_id: str
    batch_id: str
    agent_id: str
    ordinal: int
    state: str
    version: int
    name: str | None
    codes: tuple[str, ...]
    quality: float | None
    completeness: float | None
    duplicate_of: str | None
    created_at: datetime
    pages: tuple[int, int] | None
    row: int | None
    groups: tuple[Group, ...]
    extra: tuple[tuple[str, str], ...]

    @property
    def fields(self) -> tuple[FieldShown, ...]:
        return tuple(field for group in self.groups for entry in group.entries for field in entry)

    def field(self, name: str) -> FieldShown | None:
        return next((field for field in self.fields if field.name == name), None)


@dataclass(frozen=True, slots=True)
class FindingShown:
    """Why a gate holds, marks or counts a profile. means: the code's own sentence; nothing here is personal."""

    code: str
    severity: str
    field: str | None
    label: str | None
    means: str
    measured: str | None
    threshold: str | None
    remedy: str | None


@dataclass(frozen=True, slots=True)
class PartShown:
    """One part of a score, 0..1."""

    score: str
    title: str
    means: str
    value: float


@dataclass(frozen=True, slots=True)
class VerdictShown:
    """The latest verdict, holding findings first."""

    outcome: str
    findings: tuple[FindingShown, ...]
    parts: tuple[PartShown, ...]
    suite_version: str


def candidate(profile_id: str) -> Candidate:
    """One candidate; raises Misconfigured(UNKNOWN_PROFILE)."""
    with reading() as session:
        row = session.get(Profile, profile_id)
        if row is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r}.")
        return shown(session, [row])[0]


def shown(session: Session, rows: Sequence[Profile]) -> list[Candidate]:
    """Profile rows with their fields, in the order given; one further query."""
    fields: dict[str, list[Field]] = {row.id: [] for row in rows}
    for field in session.scalars(select(Field).where(Field.profile_id.in_(fields)).order_by(Field.id)):
        fields[field.profile_id].append(field)
    return [_candidate(row, fields[row.id]) for row in rows]


def verdict(profile_id: str) -> VerdictShown | None:
    """The newest verdict on a profile; None if it has none."""
    order = {"critical": 0, "warning": 1, "info": 2}
    with reading() as session:
        row = session.scalar(
            select(Verdict)
            .where(Verdict.profile_id == profile_id)
            .order_by(Verdict.profile_version.desc(), Verdict.created_at.desc())
            .limit(1)
        )
    if row is None:
        return None
    findings = sorted((_finding(item) for item in row.findings), key=lambda one: (order.get(one.severity, 9), one.code))
    return VerdictShown(row.outcome, tuple(findings), tuple(_parts(row.parts)), row.suite_version)


def reasons(person: Candidate, verdict: VerdictShown | None) -> tuple[FindingShown, ...]:
    """Everything that holds or marks a candidate: the findings of the gates, and other reasons to hold.

    A stopped batch shows its measurement; a mode or the canary only the next step.
    """
    found = verdict.findings if verdict else ()
    told = {one.code for one in found if one.severity == Severity.CRITICAL}
    others = [code for code in person.codes if code not in told]
    with reading() as session:
        batch = session.get_one(Batch, person.batch_id)
    of_batch = {item["code"]: item for item in batch.statistics.get("findings", ())}
    return (*(_finding(of_batch.get(code) or _without_measure(code)) for code in others), *found)


def _without_measure(code: str) -> dict[str, Any]:
    return {"code": code, "severity": str(Severity.CRITICAL), "remedy": CODES[code].fix if code in CODES else None}


def _finding(item: dict[str, Any]) -> FindingShown:
    code = str(item["code"])
    field = item.get("field")
    return FindingShown(
        code,
        str(item["severity"]),
        field,
        labels.label_of(field) if field else None,
        CODES[code].means if code in CODES else code,
        item.get("measured"),
        item.get("threshold"),
        item.get("remedy"),
    )


def _parts(parts: dict[str, float]) -> Iterable[PartShown]:
    for key, value in parts.items():
        said = labels.part_of(key)
        if said is not None:
            yield PartShown(key.partition(".")[0], said[0], said[1], value)


def _candidate(row: Profile, fields: Sequence[Field]) -> Candidate:
    data = row.data
    pages = data.get("pages")
    return Candidate(
        id=row.id,
        document_id=row.document_id,
        batch_id=row.batch_id,
        agent_id=row.agent_id,
        ordinal=row.ordinal,
        state=row.state,
        version=row.version,
        name=row.name,
        codes=tuple(row.codes),
        quality=row.quality,
        completeness=row.completeness,
        duplicate_of=row.duplicate_of,
        created_at=row.created_at,
        pages=(pages[0], pages[1]) if pages else None,
        row=data.get("row"),
        groups=_groups([_field(field) for field in fields]),
        extra=tuple((str(key), str(value)) for key, value in data.get("extra", {}).items()),
    )


def _groups(fields: Sequence[FieldShown]) -> tuple[Group, ...]:
    """Fields by group; all contact fields are included, missing ones marked as such, in their usual order."""
    by_name = {field.name: field for field in fields}
    contact = [by_name.get(name) or missing(name) for name in CONTACT]
    contact += [field for field in fields if labels.group_of(field.name) == "contact" and field.name not in CONTACT]
    groups = [Group("contact", labels.GROUPS["contact"], (tuple(contact),))]
    for name, title in labels.GROUPS.items():
        mine = [field for field in fields if labels.group_of(field.name) == name]
        if name == "contact" or not mine:
            continue
        if name not in ("work", "education"):
            groups.append(Group(name, title, (tuple(mine),)))
            continue
        entries: dict[int, list[FieldShown]] = {}
        for field in mine:
            entries.setdefault(labels.entry_of(field.name), []).append(field)
        groups.append(Group(name, title, tuple(tuple(entries[index]) for index in sorted(entries))))
    return tuple(groups)


def missing(name: str) -> FieldShown:
    """A contact field that was not found."""
    return FieldShown(name, labels.label_of(name), labels.kind_of(name), "", None, 0.0, "missing", "")


def _field(row: Field) -> FieldShown:
    state = "read"
    if not row.value:
        state = "missing"
    elif row.source == "person":
        state = "person"
    elif row.source is None:
        state = "unproved"
    box = (float(row.box[0]), float(row.box[1]), float(row.box[2]), float(row.box[3])) if row.box else None
    raw = row.raw.strip() if row.raw and row.raw.strip() != row.value else None
    return FieldShown(
        row.name,
        labels.label_of(row.name),
        labels.kind_of(row.name),
        row.value,
        raw,
        row.confidence,
        state,
        labels.where_of(row.source, row.rule, row.page, row.row, row.column),
        row.page,
        box,
        row.row,
        row.column,
    )
