"""The review queue and the desk: held candidates with the reason, next to the document, and every decision about them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from gateway.insight import candidates, evidence, history, queue
from gateway.insight.agents import known_agents
from gateway.insight.queue import AUDIT, HELD, OLDEST, WORTH, Filter
from gateway.outreach.asking import asked, can_ask
from gateway.pipeline.review import claims, correct, versions
from gateway.settings import settings
from gateway.store.looks import listed, looked
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.render import page

router = APIRouter()
AUDITED = ("name", "email", "phone", "location", "headline", "links", "skills", "languages", "work", "education")
UNDOABLE = ("approved", "discarded", "duplicate", "refused")
DOUBTFUL_BELOW = 0.8  # a confidence below it is worth a look even where no gate holds for it


def wanted(
    agent: Annotated[str | None, Query(max_length=64)] = None,
    batch: Annotated[str | None, Query(max_length=40)] = None,
    code: Annotated[str | None, Query(max_length=64)] = None,
    kind: Annotated[str | None, Query(max_length=8)] = None,
    order: Annotated[str | None, Query(max_length=8)] = None,
) -> Filter:
    """The part of the queue of a request; an empty choice of a form is not a filter."""
    first = WORTH if order == WORTH else OLDEST
    return Filter(agent or None, batch or None, code or None, AUDIT if kind == AUDIT else HELD, first)


Part = Annotated[Filter, Depends(wanted)]


def query_of(part: Filter) -> dict[str, str]:
    """The filter as query parameters, the usual kind left out."""
    named = {
        "agent": part.agent,
        "batch": part.batch,
        "code": part.code,
        "kind": None if part.kind == HELD else part.kind,
        "order": None if part.order == OLDEST else part.order,
    }
    return {key: value for key, value in named.items() if value}


@router.get("/review", dependencies=[needs(Right.VIEW)])
def the_queue(
    request: Request,
    visitor: VisitorDep,
    part: Part,
    page_number: Annotated[int, Query(alias="page")] = 1,
    after: Annotated[str, Query(max_length=40)] = "",
    before: Annotated[str, Query(max_length=40)] = "",
) -> Any:
    """Everything that waits, in the order asked for."""
    found = queue.page(part, page_number, reviewer=visitor.name, after=after or None, before=before or None)
    if visitor.sees_personal:
        listed("profile", [line.profile_id for line in found.rows], actor=visitor.name)
    return page(
        request,
        visitor,
        "review.html",
        section="review",
        part=part,
        part_query=query_of(part),
        found=found,
        choices=queue.choices(part),
        HELD=HELD,
        AUDIT=AUDIT,
        OLDEST=OLDEST,
        WORTH=WORTH,
    )


@router.get("/review/{profile_id}", dependencies=[needs(Right.VIEW)])
def the_desk(request: Request, visitor: VisitorDep, part: Part, profile_id: str) -> Any:
    """One candidate: the document left, what to decide right."""
    person = candidates.candidate(profile_id)
    if visitor.sees_personal:
        looked("profile", profile_id, actor=visitor.name)
    document = evidence.document_of(person)
    verdict = candidates.verdict(profile_id)
    rows = evidence.rows_of(document, [person]) if document.kind == "rows" and document.has_file else None
    is_pdf = document.kind == "pages" and document.has_file
    place, total = queue.position(part, profile_id)
    claim = claims.standing(profile_id, visitor.name)
    mode = "read"
    if visitor.may(Right.REVIEW):
        mode = "held" if person.state == "held" else "audit" if queue.is_open_audit(profile_id) else "read"
    return page(
        request,
        visitor,
        "desk.html",
        section="review",
        person=person,
        document=document,
        verdict=verdict,
        mode=mode,
        reasons=candidates.reasons(person, verdict),
        pages=evidence.pages_of(document, [person], all_pages=False) if is_pdf else (),
        row=next(iter(rows.rows), None) if rows else None,
        trouble=rows,
        doubtful=doubtful(person, verdict),
        held_by=set(person.codes),
        history=history.history(profile_id),
        receipts=history.receipts(profile_id),
        proposals=versions.proposals_for(profile_id),
        versions=versions.versions_of(profile_id),
        claimed_by=claim.reviewer if claim and not claim.mine else None,
        claim_min=settings().review_claim_min,
        part=part,
        part_query=query_of(part),
        place=place,
        total=total,
        next_id=queue.neighbour(part, profile_id, reviewer=visitor.name),
        previous_id=queue.neighbour(part, profile_id, reviewer=visitor.name, back=True),
        editable=correct.CORRECTABLE,
        asked=asked(profile_id),
        askable=mode == "held" and (agent := known_agents()[0].get(person.agent_id)) is not None and can_ask(agent),
        audited=AUDITED,
        undoable=person.state in UNDOABLE,
        line=history.as_line,
        AUDIT=AUDIT,
    )


def doubtful(person: candidates.Candidate, verdict: candidates.VerdictShown | None) -> tuple[str, ...]:
    """Editable fields that should be checked, starting with the one a gate holds for."""
    holding = [found.field for found in verdict.findings if found.severity == "critical"] if verdict else []
    unsure = [
        field.name
        for field in person.fields
        if field.state in ("missing", "unproved") or (field.state == "read" and field.confidence < DOUBTFUL_BELOW)
    ]
    ordered = [name for name in [*holding, *unsure] if name in correct.CORRECTABLE]
    return tuple(dict.fromkeys(ordered))
