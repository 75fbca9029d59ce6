"""The page inside Airflow: what it refuses before anything else looks at it."""

from __future__ import annotations

from .base import Code

PAGE: tuple[Code, ...] = (
    Code(
        "CROSS_SITE", "page", "The change did not come from the gateway's own page and was not made.",
        "A page left open across an upgrade, a proxy that changes the Origin, or another site trying.", "nobody",
        "Reload the page and try again; programs send the header `X-Gateway: 1` with their token.",
        "This change did not come from the gateway's own page: reload it.",
    ),
)  # fmt: skip
