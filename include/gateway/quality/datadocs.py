"""Data Docs of one judged batch: Great Expectations' own pages, without anybody's data and without the internet.

Where Great Expectations would list unexpected values, these pages list profile ids. Its scripts, fonts, images and
styles come from other sites; a small style sheet replaces them, so that the pages open anywhere, sandboxed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from html import escape
from pathlib import Path
from typing import Any

from gateway.quality.judge import BatchJudgement

INDEX, SUITE = "index.html", "suite.html"
EFFECTS = {"critical": "holds", "warning": "marks", "info": "counts"}
LISTED = 20  # profile ids shown a gate; the page of the batch lists all

_STYLE = """
:root{color-scheme:light dark;--bg:#fff;--text:#1f2933;--muted:#52606d;--line:#d9e2ec;--soft:#f0f4f8;--good:#1b7f4d;--bad:#b42318;
--link:#0b5cad}
@media(prefers-color-scheme:dark){:root{--bg:#171b21;--text:#e4e7eb;--muted:#a5b0bd;--line:#323b47;--soft:#212833;--good:#5fd39b;
--bad:#ff9b90;--link:#7cb8f5}}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:70rem;padding:1rem;color:var(--text);background:var(--bg)}
.row{display:flex;flex-wrap:wrap}.row>*{flex:1 1 100%;min-width:0}
table{border-collapse:collapse;width:100%;margin:.2rem 0 .8rem}td,th{border-bottom:1px solid var(--line);padding:.35rem .6rem;
text-align:left;vertical-align:top}td:first-child,th:first-child{width:1%;white-space:nowrap}td td,td th{border:0;padding:.1rem .6rem}
.table-responsive{overflow-x:auto}.alert{background:var(--soft);padding:.4rem .8rem;border-radius:4px}
.sticky,.lead,h4,hr,li:has(hr){display:none}h5,h6{font-size:1rem;margin:.2rem 0}p{color:var(--muted)}
.text-success{color:var(--good)}.text-danger{color:var(--bad)}.fas{font-style:normal;font-weight:600}
td .fa-check-circle::before{content:"\\2713  met"}td .fa-times::before{content:"\\2717  not met"}
.fa-check-circle::before{content:"\\2713"}.fa-times::before{content:"\\2717"}.fa-exclamation-triangle::before{content:"!"}
a{color:var(--link)}a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
"""
_NOTE = (
    "<p>Values are not shown; where a gate was not met, the profiles' ids stand instead. In brackets: what a gate "
    "does when it is not met (holds the profile, marks it, or only counts). "
    f'<a href="{INDEX}">Results</a> &middot; <a href="{SUITE}">The gates</a>'
)


def write_data_docs(
    judged: BatchJudgement, profile_ids: Sequence[str], folder: Path, back: tuple[str, str] | None = None
) -> Path:
    """Writes index.html (the results) and suite.html (the gates) into the folder; returns the path of index.html.

    judged        what judge() gave; an empty batch gets a page that says so
    profile_ids   ids of the judged cases in their order
    back          (address, words) of a link to where the reader came from
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / INDEX
    if judged.result is None:
        index.write_text(_page("<h1>No profile was judged</h1>", back), "utf-8")
        (folder / SUITE).write_text(_page("<h1>No profile was judged</h1>", back), "utf-8")
        return index
    from great_expectations.core import ExpectationSuite
    from great_expectations.render.renderer.page_renderer import (
        ExpectationSuitePageRenderer,
        ValidationResultsPageRenderer,
    )

    masked = mask(judged.result, profile_ids)
    index.write_text(_page(_html(ValidationResultsPageRenderer(), masked), back), "utf-8")
    gates = [one.expectation_config.to_domain_obj().copy(update={"id": None}) for one in masked.results]
    suite = ExpectationSuite(name=masked.suite_name, expectations=gates)
    (folder / SUITE).write_text(_page(_html(ExpectationSuitePageRenderer(), suite), back), "utf-8")
    return index


def mask(result: Any, profile_ids: Sequence[str]) -> Any:
    """A copy of GX's result with profile ids in place of values, and otherwise only its counts."""
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult

    counts = (
        "element_count",
        "missing_count",
        "missing_percent",
        "unexpected_count",
        "unexpected_percent",
        "unexpected_percent_total",
        "unexpected_percent_nonmissing",
    )
    results = []
    for one in result.results:
        rows = one.result.get("unexpected_index_list") or []
        kept = {key: one.result[key] for key in counts if key in one.result}
        config = deepcopy(one.expectation_config)
        config.description = f"{config.description} ({EFFECTS[config.severity.value]})"
        kept["partial_unexpected_list"] = [f"profile {profile_ids[row]}" for row in rows[:LISTED]]
        results.append(
            ExpectationValidationResult(
                success=not rows, expectation_config=config, result=kept, meta={}, exception_info={}
            )
        )
    met = sum(bool(one.success) for one in results)
    return ExpectationSuiteValidationResult(
        success=met == len(results),
        results=results,
        suite_name=result.suite_name,
        suite_parameters={},
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": met,
            "unsuccessful_expectations": len(results) - met,
            "success_percent": 100.0 * met / len(results) if results else None,
        },
        meta={key: result.meta[key] for key in ("great_expectations_version", "run_id") if key in result.meta},
    )


def _html(renderer: Any, shown: Any) -> str:
    from great_expectations.render.view.view import DefaultJinjaPageView

    view: Any = DefaultJinjaPageView()
    return str(view.render(renderer.render(shown)))


def _page(html: str, back: tuple[str, str] | None) -> str:
    """The page's body, without anything that runs or is fetched from elsewhere, under our own head."""
    body = html[html.index(">", html.index("<body")) + 1 : html.rindex("</body>")] if "<body" in html else html
    body = re.sub(r"<(script|style|noscript|nav)\b.*?</\1>", "", body, flags=re.S | re.I)
    body = re.sub(r"<(?:link|img|meta)\b[^>]*>", "", body, flags=re.I)
    body = re.sub(r"""\s(?:on\w+|style)=(?:"[^"]*"|'[^']*')""", "", body)
    body = re.sub(r"<a data-toggle=.*?</a>", "", body, flags=re.S)  # opens something by script; here it is open
    body = re.sub(r"(?:Data asset: None<br>|</div>\s*</nav>|</nav>)", "", body)
    body = re.sub(r"""href=(["'])[./]*expectations/.*?\1""", f'href="{SUITE}"', body)
    body = re.sub(r"""(href|src)=(["'])(?:https?:)?//.*?\2""", "", body, flags=re.I)
    link = f' &middot; <a href="{escape(back[0])}">{escape(back[1])}</a>' if back else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Quality gates</title><style>{_STYLE}</style></head><body>{_NOTE}{link}</p><main>{body}</main></body></html>\n"
    )
