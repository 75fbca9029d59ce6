"""Recommendations from the statistics. Each one is given only if enough was counted, and states its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.codes import CODES
from gateway.insight.analytics import Analytics, Group
from gateway.insight.prices import ENOUGH
from gateway.quality.sampling import error_rate
from gateway.store.tables import now

OLD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence with the next step. tone: info | warn | good; code: the reason code concerned, if any."""

    sentence: str
    step: str
    tone: str = "info"
    code: str | None = None


def advice(numbers: Analytics, at: datetime | None = None) -> list[Advice]:
    """The recommendations from the numbers, most pressing first."""
    order = {"warn": 0, "info": 1, "good": 2}
    said = [
        *_waiting(numbers, at or now()),
        *_prices(numbers),
        *_failures(numbers),
        *_scans(numbers),
        *_groups(numbers),
        *_audit(numbers),
        *_known(numbers),
    ]
    return sorted(said, key=lambda one: order[one.tone])


def _waiting(numbers: Analytics, at: datetime) -> Iterator[Advice]:
    held = numbers.funnel.left["held"]
    if numbers.oldest_held is not None and at - numbers.oldest_held > OLD:
        days = (at - numbers.oldest_held).days
        yield Advice(
            f"{held:,} candidates of this period are held; the oldest in the queue has been waiting for {days} days.",
            "Review the oldest candidates first, before they lose interest.",
            "warn",
        )
    unknown = numbers.funnel.left["unknown"]
    if unknown:
        yield Advice(
            f"It is unclear whether the target has {unknown:,} candidates.",
            "They are looked up automatically; check the target for those that stay unclear.",
            "warn",
            "DELIVERY_UNKNOWN",
        )


def _prices(numbers: Analytics) -> Iterator[Advice]:
    for price in numbers.prices:
        if price.verdict == "dear":
            low, high = (round((share or 0) * 100) for share in (price.accepted.low, price.accepted.high))
            yield Advice(
                f"{price.unchanged:,} of {price.decided:,} held by {price.code} were accepted unchanged ({low} to {high} % "
                "are, with 95 % certainty).",
                "Consider a warning instead of a hold in the agent's file, or a lower threshold.",
                "warn",
                price.code,
            )
    worth = [price for price in numbers.prices if price.verdict == "worth it"]
    if worth:
        needed, decided = sum(p.decided - p.unchanged for p in worth), sum(p.decided for p in worth)
        yield Advice(
            f"{needed:,} of {decided:,} holds by {', '.join(price.code for price in worth)} needed a person.",
            "They are worth their cost: keep them.",
            "good",
        )


def _failures(numbers: Analytics) -> Iterator[Advice]:
    for code, number in list(numbers.failed.items())[:2]:
        if numbers.documents >= ENOUGH and number >= max(3, numbers.documents // 50):
            step = CODES[code].fix if code in CODES else "Check the documents."
            yield Advice(f"{number:,} of {numbers.documents:,} documents failed with {code}.", step, "info", code)


def _scans(numbers: Analytics) -> Iterator[Advice]:
    by_name = {group.name: group for group in numbers.kinds}
    scans, texts = by_name.get("scan"), by_name.get("pdf")
    if not scans or numbers.documents < ENOUGH or scans.documents < max(3, numbers.documents // 20):
        return
    sentence = f"{scans.documents:,} of {numbers.documents:,} documents are scans"
    if texts and scans.quality is not None and texts.quality is not None and scans.judged >= ENOUGH:
        sentence += f": they were read with a quality of {scans.quality:.0%} instead of {texts.quality:.0%}".replace(
            "%", " %"
        )
    yield Advice(f"{sentence}.", "Ask senders for the original file instead of a print or photo.", "info")


def _groups(numbers: Analytics) -> Iterator[Advice]:
    """A layout or source whose candidates are held clearly more often than all others."""
    for what, groups in (("layout", numbers.layouts), ("source", numbers.sources)):
        for group in groups:
            rest_judged = sum(other.judged for other in groups) - group.judged
            rest_held = sum(other.held for other in groups) - group.held
            if min(group.judged, rest_judged) < ENOUGH:
                continue
            here, there = error_rate(group.judged, group.held), error_rate(rest_judged, rest_held)
            if (here.low or 0) > (there.high or 1) and (here.rate or 0) > 1.5 * (there.rate or 0):
                yield Advice(
                    f"Gates hold {here.rate:.0%} of candidates from {what} “{_said(group)}”, {there.rate:.0%} of all "
                    "others.".replace("%", " %"),
                    "Compare some of them to find out whether the documents or our reading cause it.",
                    "info",
                )


def _said(group: Group) -> str:
    return group.name.replace("_", " ")


def _audit(numbers: Analytics) -> Iterator[Advice]:
    audits = numbers.audits
    if audits.automatic >= ENOUGH and not audits.drawn:
        yield Advice(
            f"None of the {audits.automatic:,} automatic passes has been audited.",
            "Set audit_share in the agent's file: a small random sample shows how often they are wrong.",
            "info",
        )
    waiting = audits.drawn - audits.rate.looked_at
    if waiting >= ENOUGH:
        yield Advice(
            f"{waiting:,} of {audits.drawn:,} passes drawn for an audit have not been checked yet.",
            "Check them on the review page: until then the error rate is less certain.",
            "info",
        )


def _known(numbers: Analytics) -> Iterator[Advice]:
    again, found = numbers.funnel.left["duplicate"], numbers.funnel.found
    if found >= ENOUGH and again >= max(3, found // 10):
        yield Advice(
            f"{again:,} of {found:,} candidates were already known.",
            "Nobody was sent twice; ask the source whether it could send only new candidates.",
            "info",
        )
