"""The page inside Airflow: what it refuses before anything else looks at it."""

from __future__ import annotations

from .base import Code

PAGE: tuple[Code, ...] = (
    Code(
        "CROSS_SITE",
        "page",
        "The change did not come from the gateway's own page and was not made.",
        "A page left open across an upgrade, a proxy that changes the Origin, or another site trying.",
        "nobody",
        "Reload the page and try again; programs send the header `X-Gateway: 1` with their token.",
        "This change did not come from the gateway's own page: reload it.",
    ),
    Code(
        "STORE_AWAY",
        "page",
        "The gateway's store did not answer, so the page could not be made or the change not be kept.",
        "A database that is restarted, full, or locked by something long.",
        "operator",
        "Try again in a moment; when it stays, look whether the database runs and whether its disk is full.",
        "The gateway's store did not answer in time. Nothing was changed: try again in a moment.",
    ),
    Code(
        "PAGE_FAILED",
        "page",
        "The page met something nobody foresaw.",
        "An error of the gateway itself.",
        "operator",
        "Reload the page. Report the line that the API server's log has at this time; it names the place, and nobody's data.",
        "Something went wrong on our side, and the server's log says where.",
    ),
)
