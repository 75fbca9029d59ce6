"""Alarms over what the gateway reads and lets pass, and its calibration."""

from __future__ import annotations

from .base import Code

LEARNING: tuple[Code, ...] = (
    Code(
        "ERROR_ABOVE_STATED",
        "quality",
        "People found more automatic passes wrong than the agent's stated error allows.",
        "Documents unlike those of the calibration, or a reader that reads a new template badly.",
        "operator",
        "Look at what was wrong on the agent's reliability page; apply the proposed calibration, or state a larger error.",
        "People checked 240 automatic passes of Nurse and found 12 wrong; stated were at most 1.00%.",
    ),
    Code(
        "TEMPLATE_CHANGED",
        "quality",
        "A sender's documents have a new layout, and are harder to read since.",
        "The sender changed its template or the program it exports with.",
        "operator",
        "Open some of the newest documents of that sender. Ask it for the earlier form, or report the layout.",
        "Since 14 documents, documents of source agency are harder to read, in layouts it did not use before.",
    ),
    Code(
        "READER_WORSE",
        "quality",
        "Documents of a kind that was read well are harder to read now, although their layout is the same.",
        "A new version of the reader or of a library, a changed setting, or other contents in an old layout.",
        "operator",
        "Check what was updated last; read one of these documents with the earlier version and compare.",
        "Since 18 documents, documents in English are harder to read, in layouts that were read well before.",
    ),
    Code(
        "FORMAT_DECIDES",
        "quality",
        "Candidates with the same content are held more often in one format than in others.",
        "The reader knows that format less well; the gate then holds people for how their document looks.",
        "operator",
        "Compare some of the held with their documents; a criterion that only holds this format can be made a warning.",
        "With the same content, 41 % are held in documents of 3 pages and more, and 18 % in others.",
    ),
    Code(
        "UNKNOWN_ALARM",
        "page",
        "There is no such alarm.",
        "An old link.",
        "nobody",
        "Open the agent's reliability page, which lists its alarms.",
        "Agent nurse has no alarm 'l20261125'; its page lists them.",
    ),
    Code(
        "PROPOSAL_CHANGED",
        "page",
        "The calibration shown is no longer the one proposed, or no longer the one in force.",
        "People checked more candidates, or somebody applied or undid a calibration, since the page was loaded.",
        "operator",
        "Reload the page, look at the present proposal, and decide again.",
        "The proposal for nurse has changed since it was shown: reload the page and look at the new one.",
    ),
)
