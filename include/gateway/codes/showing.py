"""Looking at documents and candidates on the page."""

from __future__ import annotations

from .base import Code

SHOWING: tuple[Code, ...] = (
    Code(
        "PAGE_NOT_SHOWN",
        "review",
        "A page or row of a document cannot be shown.",
        "The file is damaged in a way that stops the program that draws it, or it has no such page.",
        "recruiter",
        "Download the file to look at it, or ask the sender for a clean copy.",
        "This part of the document cannot be shown: it took more than 15 seconds.",
    ),
    Code(
        "SHOW_BUSY",
        "review",
        "Too many pictures of documents are asked for at the same moment.",
        "Several people open long documents at once.",
        "nobody",
        "Wait a moment and reload.",
        "Too many pictures of documents are being made at once: try again in a moment.",
    ),
    Code(
        "FILE_GONE",
        "review",
        "The document's file is no longer kept.",
        "It was deleted by the retention rule or an erasure, or was never kept because it was refused.",
        "nobody",
        "Nothing; what was read from it is still shown.",
        "The file of document d1 is no longer kept.",
    ),
    Code(
        "UNKNOWN_DOCUMENT",
        "review",
        "There is no such document.",
        "A typing error, or it was erased.",
        "recruiter",
        "Open the document from its batch.",
        "There is no document 'd0'.",
    ),
    Code(
        "BULK_CHANGED",
        "review",
        "The number of profiles a bulk decision is for has changed.",
        "Somebody else decided some of them, or new ones came in, after the count was shown.",
        "recruiter",
        "Look at the new number and confirm again.",
        "It is 12 profiles now, not 14: look again and confirm.",
    ),
)
