"""The page inside Airflow: refused changes and unexpected failures."""

from __future__ import annotations

from .base import Code

PAGE: tuple[Code, ...] = (
    Code(
        "CROSS_SITE",
        "page",
        "The change did not come from the gateway's own page and was not made.",
        "A page left open during an upgrade, a proxy that changes the Origin, or an attempt by another site.",
        "nobody",
        "Reload the page and try again; programs send the header `X-Gateway: 1` with their token.",
        "This change did not come from the gateway's own page: reload it.",
    ),
    Code(
        "STORE_AWAY",
        "page",
        "The gateway's store did not answer, so the page could not be shown or the change could not be saved.",
        "A database that is restarting, full, or locked for a long time.",
        "operator",
        "Try again in a moment. If the problem persists, check whether the database is running and its disk is full.",
        "The gateway's store did not answer in time. Nothing was changed: try again in a moment.",
    ),
    Code(
        "PAGE_FAILED",
        "page",
        "The page failed unexpectedly.",
        "An error in the gateway itself.",
        "operator",
        "Reload the page. Report the line in the API server's log at this time; it names the place in the code and contains no personal data.",
        "Something went wrong on our side. The server's log says where.",
    ),
)
