"""Looking at documents and candidates on the page."""

from __future__ import annotations

from .base import Code

SHOWING: tuple[Code, ...] = (
    Code(
        "PAGE_NOT_SHOWN",
        "review",
        "A page or row of a document cannot be shown.",
        "The file is damaged so that it cannot be rendered, or it has no such page.",
        "recruiter",
        "Download the file to view it, or ask the sender for a clean copy.",
        "This part of the document cannot be shown: it took more than 15 seconds.",
    ),
    Code(
        "SHOW_BUSY",
        "review",
        "Too many pictures of documents were requested at the same time.",
        "Several people open long documents at once.",
        "nobody",
        "Wait a moment and reload.",
        "Too many pictures of documents are being rendered at once: try again in a moment.",
    ),
    Code(
        "FILE_GONE",
        "review",
        "The document's file is no longer kept.",
        "It was deleted by the retention rule or an erasure, or was refused and never kept.",
        "nobody",
        "Nothing; the values read from it are still shown.",
        "The file of document d1 is no longer kept.",
    ),
    Code(
        "UNKNOWN_DOCUMENT",
        "review",
        "There is no such document.",
        "A typo, or the document was erased.",
        "recruiter",
        "Open the document from its batch.",
        "There is no document 'd0'.",
    ),
    Code(
        "BULK_CHANGED",
        "review",
        "The number of profiles in a bulk decision has changed.",
        "Somebody else decided some of them, or new ones came in, after the count was shown.",
        "recruiter",
        "Check the new number and confirm again.",
        "There are 12 profiles now, not 14: check and confirm again.",
    ),
)
