"""Reading PDF résumés."""

from __future__ import annotations

from .base import Code

DOCUMENT: tuple[Code, ...] = (
    Code(
        "ENCRYPTED_PDF", "extract",
        "The PDF needs a password to be opened.",
        "The sender protected the file; a payslip or bank tool adds passwords too.",
        "sender",
        "Ask for a copy without a password and drop it again.",
        "profile.pdf: It is encrypted and needs a password; ask the sender for a copy without one.",
    ),
    Code(
        "TRUNCATED_PDF", "extract",
        "The end of the PDF is missing and it could not be repaired.",
        "A download or upload that broke off.",
        "sender",
        "Ask the sender to send the file again.",
        "profile.pdf: The file is cut off; ask the sender to send it again.",
    ),
    Code(
        "UNREADABLE_PDF", "extract",
        "The PDF is damaged and two independent readers could not open it.",
        "A broken export, a failing disk, or a file that was edited by hand.",
        "sender",
        "Ask the sender to export the document again.",
        "profile.pdf: It is damaged beyond repair; ask the sender to export it again.",
    ),
    Code(
        "NO_PAGES", "extract",
        "The PDF has no pages.",
        "A broken export; some forms and portfolios hold only attachments.",
        "sender",
        "Ask the sender to export the document again.",
        "profile.pdf: The document has no pages; ask the sender to export it again.",
    ),
    Code(
        "NOT_A_RESUME", "extract",
        "The document was read and is no résumé.",
        "An invoice, a letter, an advertisement or another document got into the batch.",
        "recruiter",
        "Check the file; when it is a résumé in an unusual form, add the candidate by hand.",
        "letter.pdf: It looks like a letter, not a résumé.",
    ),
    Code(
        "PAGES_SKIPPED", "extract",
        "The document has more pages than are read.",
        "A scanned folder or a book of applications in one file.",
        "recruiter",
        "Split the file, or have the operator raise GATEWAY_LIMIT_PAGES.",
        "all.pdf: Only the first 60 of 212 pages were read.",
    ),
    Code(
        "PAGE_UNREADABLE", "extract",
        "One page of the document could not be read; the others were.",
        "Damage inside the file.",
        "recruiter",
        "Open the page and compare; ask for the file again when something is missing.",
        "profile.pdf, page 2: The page could not be read.",
    ),
    Code(
        "OCR_LIMIT",
        "extract",
        "Scanned pages at the end of the document were not read.",
        "A scan of many pages; recognition takes seconds a page.",
        "recruiter",
        "Look at the pages named; split the file when they hold other candidates.",
        "scan.pdf, page 5: The page is a scan and was not read.",
    ),
    Code(
        "PDF_REPAIRED", "extract",
        "The PDF was damaged and was repaired before it was read.",
        "A broken export or an interrupted transfer.",
        "nobody",
        "Nothing; compare with the original when something seems missing.",
        "profile.pdf: The file was damaged and was repaired before reading.",
    ),
    Code(
        "HIDDEN_TEXT", "extract",
        "The document holds text that cannot be seen; it was left out of the profile.",
        "White text on white, type under a point or text off the page: keyword stuffing, or instructions meant for machines.",
        "recruiter",
        "Look at the document before relying on it.",
        "profile.pdf, page 1: The page holds text that cannot be seen; it was left out of the profile.",
    ),
)  # fmt: skip
