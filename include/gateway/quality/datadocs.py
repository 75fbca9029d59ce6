"""Data Docs of one judged batch: Great Expectations' own pages, without anybody's data and without the internet.

Where Great Expectations would list unexpected values, these pages list profile ids. Its scripts, fonts, images and
styles come from other sites; they are left out and a small style stands in, so that the pages open anywhere, sandboxed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from gateway.quality.judge import BatchJudgement

INDEX, SUITE = "index.html", "suite.html"
LISTED = 20  # profile ids shown a gate; the page of the batch lists all

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#1f2933;background:#fff}
.container-fluid,.card-body{padding:0 1.2rem}.row{display:flex;flex-wrap:wrap}.col-12,.col-lg-10,.col-md-10{flex:1 1 100%}
table{border-collapse:collapse;width:100%;margin:.3rem 0 1rem}td,th{border-bottom:1px solid #d9e2ec;padding:.35rem .6rem;
text-align:left;vertical-align:top}.alert,.card-header{background:#f0f4f8;padding:.4rem .8rem;border-radius:4px}
.text-success{color:#1b7f4d}.text-danger{color:#b42318}.fa-check-circle::before{content:"\\2713"}
.fa-times::before{content:"\\2717"}.fa-exclamation-triangle::before{content:"!"}.fas{font-style:normal;font-weight:700}
h1,h2,h3,h4,h5{margin:.8rem 0 .3rem}a{color:#0b5cad}
"""
_NOTE = (
    "<p>Values are not shown; where a gate was not met, the profiles' ids stand instead. "
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
    """A copy of GX's result that holds profile ids where it held values, and keeps only its counts beside them."""
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult

    counts = ("element_count", "missing_count", "missing_percent", "unexpected_count", "unexpected_percent",
              "unexpected_percent_total", "unexpected_percent_nonmissing")  # fmt: skip
    results = []
    for one in result.results:
        rows = one.result.get("unexpected_index_list") or []
        kept = {key: one.result[key] for key in counts if key in one.result}
        kept["partial_unexpected_list"] = [f"profile {profile_ids[row]}" for row in rows[:LISTED]]
        results.append(
            ExpectationValidationResult(
                success=not rows, expectation_config=one.expectation_config, result=kept, meta={}, exception_info={}
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
    """The page's body, cleaned of everything that runs or is fetched from elsewhere, under our own head."""
    body = html[html.index(">", html.index("<body")) + 1 : html.rindex("</body>")] if "<body" in html else html
    body = re.sub(r"<(script|style|noscript|nav)\b.*?</\1>", "", body, flags=re.S | re.I)
    body = re.sub(r"<(?:link|img|meta)\b[^>]*>", "", body, flags=re.I)
    body = re.sub(r"""\s(?:on\w+|style)=(?:"[^"]*"|'[^']*')""", "", body)
    body = re.sub(r"""(href|src)=(["'])(?:https?:)?//.*?\2""", "", body, flags=re.I)
    link = f' &middot; <a href="{escape(back[0])}">{escape(back[1])}</a>' if back else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Quality gates</title><style>{_STYLE}</style></head><body>{_NOTE}{link}</p>{body}</body></html>\n"
    )
