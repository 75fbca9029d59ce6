"""Calls of the desk and the queue: decisions, checks while typing, claims, the next candidate, bulk."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from gateway.codes import CODES
from gateway.errors import Misconfigured
from gateway.insight import candidates, evidence, queue
from gateway.insight.queue import Filter
from gateway.pipeline.review import audit, bulk, claims, correct, persons, review
from gateway.values.doubt import doubts_of
from gateway.values.doubt.emails import domain_of, typo_proposal
from gateway_airflow.ui.access import Right, Visitor, VisitorDep, needs
from gateway_airflow.ui.pages.review import Part, query_of
from gateway_airflow.ui.wake import wake_delivery

router = APIRouter(prefix="/api/review", dependencies=[needs(Right.REVIEW)])
Identity = Annotated[str, Field(max_length=40)]
Note = Annotated[str | None, Field(max_length=2000)]
Name = Annotated[str, Field(max_length=40)]
Text = Annotated[str, Field(max_length=1000)]
SAID = {
    "approve": "Approved.",
    "correct": "Saved and approved.",
    "discard": "Discarded.",
    "undo": "Undone: the candidate is held again.",
    "duplicate": "Marked as a duplicate.",
    "merge": "Merged.",
}


class Decision(BaseModel):
    """version and state: those the reviewer saw; different ones now are a conflict."""

    decision: Literal["approve", "correct", "discard", "undo"]
    corrections: dict[Name, Text | None] = {}
    version: int | None = None
    state: str | None = Field(None, max_length=16)
    note: Note = None


class Same(BaseModel):
    """The profile is the same person as another one; `take`: fields to copy into the kept profile."""

    of: Identity
    take: list[Name] = []
    version: int | None = None
    state: str | None = Field(None, max_length=16)
    note: Note = None


class Audited(BaseModel):
    right: bool
    wrong_fields: list[Name] = []


class Check(BaseModel):
    profile_id: Identity
    field: Literal["name", "email", "phone", "location"]
    value: Text


class Bulk(BaseModel):
    """profile_ids: those ticked; None = all that match the filter. expected: the number that was confirmed."""

    decision: Literal["approve", "discard"]
    profile_ids: list[Identity] | None = Field(None, max_length=bulk.MOST)
    agent: str | None = Field(None, max_length=64)
    batch: str | None = Field(None, max_length=40)
    code: str | None = Field(None, max_length=64)
    expected: int | None = None


@router.get("/next")
def next_one(request: Request, visitor: VisitorDep, part: Part, after: str | None = None) -> dict[str, Any]:
    """Who comes next, with the address of its first picture, so that the browser can fetch both ahead."""
    found = queue.neighbour(part, after, reviewer=visitor.name)
    return {"profile_id": found, "href": desk(request, part, found), "picture": _picture(request, found)}


@router.post("/check")
def check(visitor: VisitorDep, asked: Check) -> dict[str, Any]:
    """Checks one value while it is typed: whether it would be accepted, its normal form, and a suggestion."""
    given = asked.value.strip()
    if not given:
        empty = "No target accepts a candidate without it." if asked.field in ("name", "email") else "It will be empty."
        return {"ok": True, "value": None, "says": empty, "suggestion": None}
    try:
        value = correct.check_value(candidates.candidate(asked.profile_id).agent_id, asked.field, given)
    except Misconfigured as wrong:
        if wrong.code != "CORRECTION_INVALID":
            raise
        return {"ok": False, "value": None, "says": wrong.sentence, "suggestion": None}
    says, suggestion = "", None
    if asked.field == "email" and (meant := typo_proposal(domain_of(value))):
        suggestion = f"{value.rpartition('@')[0]}@{meant}"
        says = f"Probably {meant} was meant."
    elif doubts := doubts_of(asked.field, value):
        found = " ".join(CODES[code].example.partition(": ")[2].capitalize() for code in doubts)
        says = f"{found} The value is saved as you typed it."
    elif value != given:
        says = f"Kept as {value}"
    return {"ok": True, "value": value, "says": says, "suggestion": suggestion}


@router.post("/bulk/preview")
def preview(visitor: VisitorDep, asked: Bulk) -> dict[str, Any]:
    """How many a bulk decision would be for, exactly, and what would happen."""
    ids, waiting = _bulk_ids(asked)
    whole = sum(1 for _, is_whole in ids if is_whole)
    count = len(ids)
    verb = "approved and delivered" if asked.decision == "approve" else "discarded and never delivered"
    says = [f"{count:,} held candidate{'' if count == 1 else 's'} will be {verb}."]
    if asked.decision == "approve" and whole < count:
        says.append(
            f"{count - whole:,} of them have no name or no e-mail address. No target accepts them, so they are held again."
        )
    if waiting > count:
        says.append(f"These are the oldest {count:,} of {waiting:,}; decide the rest afterwards.")
    return {"count": count, "whole": whole, "says": " ".join(says)}


@router.post("/bulk/apply")
def apply(request: Request, visitor: VisitorDep, asked: Bulk) -> dict[str, Any]:
    """Makes the decision for exactly the number confirmed; 409 BULK_CHANGED when it is another one now."""
    ids, _ = _bulk_ids(asked)
    done = bulk.decide_many(
        [identity for identity, _ in ids], asked.decision, reviewer=visitor.name, expected=asked.expected or 0
    )
    said = f"{done.decided:,} {'approved' if asked.decision == 'approve' else 'discarded'}."
    if done.passed_over:
        said += f" {done.passed_over:,} skipped: somebody decided them in the meantime."
    return {"decided": done.decided, "passed_over": done.passed_over, "sentence": said + _delivery(request)}


@router.post("/{profile_id}/decide")
def decide(request: Request, visitor: VisitorDep, part: Part, profile_id: str, asked: Decision) -> dict[str, Any]:
    changed = review.decide(
        profile_id,
        asked.decision,
        reviewer=visitor.name,
        corrections=asked.corrections or None,
        expected_version=asked.version,
        expected_state=asked.state,
        note=asked.note,
    )
    return _decided(request, visitor, part, profile_id, asked.decision, changed)


@router.post("/{profile_id}/same")
def same(request: Request, visitor: VisitorDep, part: Part, profile_id: str, asked: Same) -> dict[str, Any]:
    """Marks a duplicate, or merges where fields are to be taken."""
    looked_at: dict[str, Any] = {
        "reviewer": visitor.name,
        "expected_version": asked.version,
        "expected_state": asked.state,
        "note": asked.note,
    }
    if asked.take:
        changed = persons.merge(profile_id, asked.of, take=asked.take, **looked_at)
    else:
        changed = persons.mark_duplicate(profile_id, asked.of, **looked_at)
    return _decided(request, visitor, part, profile_id, "merge" if asked.take else "duplicate", changed)


@router.post("/{profile_id}/audit")
def audited(request: Request, visitor: VisitorDep, part: Part, profile_id: str, asked: Audited) -> dict[str, Any]:
    audit.decide_audit(profile_id, asked.right, reviewer=visitor.name, wrong_fields=asked.wrong_fields)
    part = replace(part, kind=queue.AUDIT)
    following = queue.neighbour(part, profile_id, reviewer=visitor.name)
    said = "Saved: everything was correct." if asked.right else "Saved: something was wrong."
    return {"sentence": said, "undo": False, "next": desk(request, part, following)}


@router.post("/{profile_id}/claim")
def claim(visitor: VisitorDep, profile_id: str) -> dict[str, Any]:
    """Says that the visitor is looking at it; answers who does, when somebody else was first."""
    found = claims.claim(profile_id, visitor.name)
    return {"mine": found.mine, "reviewer": found.reviewer, "until": found.until.isoformat()}


@router.delete("/{profile_id}/claim")
def release(visitor: VisitorDep, profile_id: str) -> dict[str, bool]:
    return {"released": claims.release(profile_id, visitor.name)}


def desk(request: Request, part: Filter, profile_id: str | None) -> str | None:
    """The address of a candidate's desk that keeps the filter."""
    if profile_id is None:
        return None
    query = urlencode(query_of(part))
    return f"{request.scope.get('root_path', '')}/review/{profile_id}" + (f"?{query}" if query else "")


def _picture(request: Request, profile_id: str | None) -> str | None:
    """The first page with the candidate's values; None if the document is not a PDF."""
    if profile_id is None:
        return None
    person = candidates.candidate(profile_id)
    first = next((field.page for field in person.fields if field.page and field.box), None)
    if first is None or evidence.document_of(person).kind != "pages":
        return None
    return f"{request.scope.get('root_path', '')}/documents/{person.document_id}/pages/{first}.png"


def _decided(
    request: Request, visitor: Visitor, part: Filter, profile_id: str, decision: str, changed: bool
) -> dict[str, Any]:
    claims.release(profile_id, visitor.name)
    following = profile_id if decision == "undo" else queue.neighbour(part, profile_id, reviewer=visitor.name)
    said = SAID[decision] if changed else "This was already decided."
    if decision != "undo":
        said += _delivery(request)
    return {"sentence": said, "undo": decision != "undo", "next": desk(request, part, following)}


def _delivery(request: Request) -> str:
    return (
        ""
        if wake_delivery(request)
        else " Delivery could not be started now; it runs automatically within ten minutes."
    )


def _bulk_ids(asked: Bulk) -> tuple[list[tuple[str, bool]], int]:
    """((id, has name and address) of the held profiles meant, how many there are before the limit)."""
    if asked.profile_ids is not None:
        found = queue.held_of(asked.profile_ids)
        return found, len(found)
    part = Filter(asked.agent, asked.batch, asked.code)
    return queue.held_of(queue.matching(part, bulk.MOST)), queue.total(part)
