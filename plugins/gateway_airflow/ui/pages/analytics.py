"""The gateway's statistics, as pictures with their tables: for every visitor, because they contain no personal data."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup

from gateway.errors import Misconfigured
from gateway.insight import analytics as numbers
from gateway.insight.advice import advice
from gateway.insight.agents import agent_titles
from gateway.insight.analytics import DAYS, Analytics, Bucket, Funnel, Group
from gateway.insight.prices import Price
from gateway.pipeline.review.choices import WAITS
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.charts import Column, columns, interval, parts_bar, swatch, unknown_bar
from gateway_airflow.ui.render import page

router = APIRouter()

NAMED = 6  # codes with a colour of their own over time
OTHER, BY_MODE = "other reasons", "asked for by the mode"
OUTCOMES = {
    "unchanged": "accepted unchanged",
    "corrected": "corrected",
    "discarded": "discarded",
    "same_person": "same person",
    "in_bulk": "decided in bulk",
    "open": "still held",
}
KINDS = {
    "pdf": "PDF",
    "scan": "Scan (PDF)",
    "word": "Word and the like",
    "csv": "CSV",
    "sheet": "Spreadsheet",
    "text": "Text and HTML",
    "other": "Other files",
}
LAYOUTS = {
    "one_column": "One column",
    "two_columns": "Two columns",
    "many_regions": "Many regions",
    "table": "Table",
    "unknown": "Not known",
}


@router.get("/analytics", dependencies=[needs(Right.VIEW)])
def show(request: Request, visitor: VisitorDep, agent: str = "", days: int = 30) -> Any:
    agents = agent_titles()
    if agent and agent not in dict(agents):
        raise Misconfigured("UNKNOWN_AGENT", f"There is no agent {agent!r}: choose one from the list.")
    found = numbers.analytics(agent or None, days if days in DAYS else DAYS[0])
    return page(
        request,
        visitor,
        "analytics.html",
        section="analytics",
        found=found,
        agents=agents,
        choices=DAYS,
        advice=advice(found),
        funnel=funnel_steps(found.funnel),
        volumes=volumes(found),
        holds=holds(found),
        prices=[(price, *price_bars(price, found.prices)) for price in found.prices if price.criterion],
        modes=[price for price in found.prices if not price.criterion],
        outcomes=OUTCOMES,
        groups=[
            ("By kind of file", "kind", groups(found.kinds, KINDS)),
            ("By layout", "layout", groups(found.layouts, LAYOUTS)),
            ("By source", "source", groups(found.sources, {})),
        ],
        engaged=[
            ("By agent", found.progress.agents),
            ("By source", found.progress.sources),
            ("By batch, the newest", found.progress.batches),
        ]
        if found.progress.asked and found.progress.total.ingested
        else [],
        audit=audit_bar(found),
        swatch=swatch,
        took=took,
    )


def funnel_steps(funnel: Funnel) -> list[tuple[str, int | None, str, Markup, str]]:
    """(step, number or None, share of the step's beginning, bar, what left before it) from received to completed."""
    left = funnel.left

    def parts(*names: tuple[str, str]) -> str:
        return ", ".join(f"{left[key]:,} {said}" for key, said in names if left[key])

    def step(name: str, number: int, whole: int, note: str = "") -> tuple[str, int | None, str, Markup, str]:
        share = f"{100 * number / whole:.0f} %" if whole else ""
        bar = parts_bar([("step", number, "")], whole, title=f"{name}: {number:,} of {whole:,}", height=18)
        return name, number, share, bar, note

    processing = f", {funnel.processing:,} still being read" if funnel.processing else ""
    steps = [
        step("Documents received", funnel.received, funnel.received),
        step(
            "Documents read",
            funnel.read,
            funnel.received,
            f"{funnel.failed:,} failed{processing}" if funnel.failed or processing else "",
        ),
        step("Candidates found", funnel.found, funnel.found),
        step(
            "Passed or approved",
            funnel.passed,
            funnel.found,
            parts(
                ("held", "held"),
                ("duplicate", "known already"),
                ("discarded", "discarded"),
                ("extracted", "not judged yet"),
            ),
        ),
        step(
            "Ingested into the target",
            funnel.delivered,
            funnel.found,
            parts(
                ("refused", "refused"),
                ("unknown", "unclear"),
                ("to_send", "about to be sent"),
                ("dry_run", "in dry runs"),
            ),
        ),
    ]
    if funnel.linked is None:
        steps.append(_not_known("Invited to the interview", "the target gives no interview link"))
    else:
        rest = "" if funnel.asked == funnel.delivered else f"known for {funnel.asked:,} of {funnel.delivered:,}"
        steps.append(step("Given an interview link", funnel.linked, funnel.found, rest))
    if funnel.written_to:
        steps.append(step("Invited by us", funnel.written_to, funnel.found))
    if funnel.started is None or funnel.completed is None or funnel.scored is None:
        why = "the target was not queried" if funnel.linked is not None else "the target does not report it"
        steps.append(_not_known("Interview completed", why))
        return steps
    steps.append(step("Interview begun", funnel.started, funnel.found))
    out = f"{funnel.knocked_out:,} knocked out by a question of the target" if funnel.knocked_out else ""
    steps.append(step("Interview completed", funnel.completed, funnel.found, out))
    steps.append(step("Interview scored", funnel.scored, funnel.found))
    return steps


def _not_known(name: str, why: str) -> tuple[str, int | None, str, Markup, str]:
    return name, None, "", unknown_bar(title=f"{name}: not known, {why}", height=18), f"not known: {why}"


def holds(found: Analytics) -> dict[str, Any] | None:
    """The picture of holds by code over time, its legend and its table; None when nothing was held."""
    total: Counter[str] = Counter()
    for bucket in found.buckets:
        total.update(bucket.held)
    if not total:
        return None
    gates = [(code, number) for code, number in total.most_common() if code not in WAITS]
    named = [code for code, _ in gates[:NAMED]]
    groups = {
        **{code: [code] for code in named},
        OTHER: [code for code, _ in gates[NAMED:]],
        BY_MODE: [code for code in total if code in WAITS],
    }
    series = {name: codes for name, codes in groups.items() if codes}

    def parts(bucket: Bucket) -> dict[str, int]:
        return {name: sum(bucket.held.get(code, 0) for code in codes) for name, codes in series.items()}

    given = []
    for bucket in found.buckets:
        shown = parts(bucket)
        said = ", ".join(f"{code} {number:,}" for code, number in shown.items() if number) or "nothing held"
        given.append(Column(_date(bucket), f"{_when(bucket, found.weekly)}: {said}", shown))
    desc = ", ".join(f"{code} {number:,}" for code, number in total.most_common(NAMED))
    picture = columns(
        given,
        list(series),
        classes=[_series_class(name, n) for n, name in enumerate(series)],
        title="Holds by reason code over time",
        desc=f"Most often: {desc}.",
        height=220,
    )
    rows = [(_when(bucket, found.weekly), parts(bucket)) for bucket in reversed(found.buckets) if bucket.held]
    legend = [
        (name, _series_class(name, n), codes, sum(total[code] for code in codes))
        for n, (name, codes) in enumerate(series.items())
    ]
    return {"picture": picture, "legend": legend, "rows": rows}


def _series_class(name: str, place: int) -> str:
    return {OTHER: "other", BY_MODE: "by-mode"}.get(name, f"s{place}")


def volumes(found: Analytics) -> list[tuple[str, int, Markup]]:
    """(what, how many, picture) of documents and of candidates over time."""
    made = []
    for name, key in (("Documents", "documents"), ("Candidates", "profiles")):
        given = [
            Column(_date(b), f"{_when(b, found.weekly)}: {getattr(b, key):,} {name.lower()}", {key: getattr(b, key)})
            for b in found.buckets
        ]
        total = sum(getattr(bucket, key) for bucket in found.buckets)
        busiest = max(found.buckets, key=lambda bucket: getattr(bucket, key))
        desc = f"{total:,} in all; the most, {getattr(busiest, key):,}: {_when(busiest, found.weekly)}."
        made.append(
            (name, total, columns(given, [key], classes=["s0"], title=f"{name} over time", desc=desc, height=120))
        )
    return made


def price_bars(price: Price, prices: list[Price]) -> tuple[Markup, Markup | None]:
    """The bar of what became of the held, to one scale for all codes, and the share accepted unchanged."""
    parts = [(name, getattr(price, name), f"{getattr(price, name):,} {said}") for name, said in OUTCOMES.items()]
    title = f"{price.code}: {price.held:,} held, " + ", ".join(said for _, number, said in parts if number)
    bar = parts_bar(parts, max(one.held for one in prices if one.criterion), title=title)
    share = price.accepted
    if share.rate is None or share.low is None or share.high is None:
        return bar, None
    said = f"{share.rate:.0%} of the decided were accepted unchanged, between {share.low:.0%} and {share.high:.0%}"
    return bar, interval(share.low, share.rate, share.high, title=said)


def groups(given: list[Group], words: dict[str, str]) -> list[tuple[str, Group, Markup, Markup, Markup]]:
    """(name, numbers, bars of quality, held and failed) of each group."""
    made = []
    for group in given:
        name = words.get(group.name, group.name)
        bars = []
        for what, css, share in (
            ("mean quality", "good", group.quality),
            ("held by a gate", "warn", group.held_share),
            ("failed", "bad", group.failed_share),
        ):
            if share is None:
                bars.append(unknown_bar(title=f"{name}: {what} not known", height=8))
                continue
            per_mille = round(share * 1000)
            bars.append(
                parts_bar([("rest", 0, ""), (css, per_mille, "")], 1000, title=f"{name}: {what} {share:.0%}", height=8)
            )
        made.append((name, group, bars[0], bars[1], bars[2]))
    return made


def audit_bar(found: Analytics) -> tuple[Markup, float] | None:
    """The rate of error with its interval, and where its scale ends."""
    rate = found.audits.rate
    if rate.rate is None or rate.low is None or rate.high is None:
        return None
    most = next(edge for edge in (0.05, 0.1, 0.25, 0.5, 1.0) if rate.high <= edge)
    said = f"{rate.rate:.1%} of the audited passes were wrong; the true share lies between {rate.low:.1%} and {rate.high:.1%}"
    return interval(rate.low, rate.rate, rate.high, title=said, most=most, height=24), most


def took(seconds: float | None) -> str:
    """Seconds in words: "12 s", "4 min", "3.5 h", "2.1 days"."""
    if seconds is None:
        return "not known"
    for unit, size, until in (("s", 1, 90), ("min", 60, 5400), ("h", 3600, 172_800)):
        if seconds < until:
            value = seconds / size
            return f"{value:.1f} {unit}" if value < 10 and unit != "s" else f"{value:.0f} {unit}"
    return f"{seconds / 86_400:.1f} days"


def _date(bucket: Bucket) -> str:
    return f"{bucket.start.day} {bucket.start:%b}"


def _when(bucket: Bucket, weekly: bool) -> str:
    day = f"{bucket.start.day} {bucket.start:%b %Y}"
    return f"Week of {day}" if weekly else day
