"""A profile as a request: contact, references, and the structured profile; never the résumé's text."""

from __future__ import annotations

import re
from typing import Any

from gateway.deliver.port import Request
from gateway.errors import Refused
from gateway.model import ProfileState
from gateway.store.tables import Profile

E164 = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164: at most 15 digits; none in use has fewer than 7
# Limits of the strictest target: HeyMilo public API v2, "Up to 50 keys, each key max 40 chars, each value max 500".
METADATA_KEYS, KEY_CHARS, VALUE_CHARS = 50, 40, 500


def request_of(profile: Profile, external_id: str, posting: str, *, unseen: bool = False) -> Request:
    """A profile as a request.

    unseen   approved together with others where the agent leaves guessed numbers out: nobody vouched for this number

    raises   Refused(EMAIL_MISSING | NAME_MISSING): no target can take the profile, whoever approved it
    """
    if not profile.email or not profile.email_norm:
        raise Refused("EMAIL_MISSING", "The profile has no email address: add one, then approve it again.")
    if not profile.name or not profile.name.strip():
        raise Refused("NAME_MISSING", "The profile has no name: add one, then approve it again.")
    metadata, trimmed = fitted(
        {
            "external_id": external_id,
            "source_batch": profile.batch_id,
            "document_sha256": profile.document.sha256,
            "profile_id": profile.id,
        }
    )
    # phone_without_country: leave_out, or it would have been held; the number as printed stays in the store
    nobody = unseen or profile.state == ProfileState.PASSED
    guessed = nobody and "PHONE_COUNTRY_GUESSED" in profile.data.get("marks", ())
    shown = None if guessed else profile.phone
    phone = shown if shown and E164.fullmatch(shown) else None
    marks = (["METADATA_TRIMMED"] if trimmed else []) + (["PHONE_LEFT_OUT"] if profile.phone and not phone else [])
    return Request(
        external_id,
        posting,
        profile.batch_id,
        profile.name.strip(),
        profile.email,
        phone,
        metadata,
        json_resume(profile, shown),
        tuple(marks),
    )


def fitted(metadata: dict[str, str]) -> tuple[dict[str, str], bool]:
    """Metadata within the limits, and whether any was dropped. The first entries are kept: put external_id first."""
    kept: dict[str, str] = {}
    trimmed = False
    for key, value in metadata.items():
        if len(kept) == METADATA_KEYS or len(key) > KEY_CHARS:
            trimmed = True
            continue
        kept[key] = value[:VALUE_CHARS]
        trimmed = trimmed or len(value) > VALUE_CHARS
    return kept, trimmed


def json_resume(profile: Profile, phone: str | None) -> dict[str, Any]:
    """The profile in the JSON Resume shape; empty parts are left out.

    phone    the number to show: E.164, or as printed where its country is not known

    source   JSON Resume schema 1.0.0 (jsonresume.org/schema)
    """
    data = profile.data
    basics = {
        "name": profile.name,
        "email": profile.email,
        "phone": phone,
        "label": data.get("headline"),
        "location": {"address": profile.location} if profile.location else None,
        "profiles": [{"url": link} for link in data.get("links", [])],
    }
    resume = {
        "basics": {key: value for key, value in basics.items() if value},
        "work": [
            _kept(
                name=w.get("company"), position=w.get("position"), startDate=w.get("start"), endDate=_end(w.get("end"))
            )
            for w in data.get("work", [])
        ],
        "education": [
            _kept(
                institution=e.get("institution"),
                studyType=e.get("degree"),
                startDate=e.get("start"),
                endDate=_end(e.get("end")),
            )
            for e in data.get("education", [])
        ],
        "skills": [{"name": skill} for skill in data.get("skills", [])],
        "languages": [{"language": language} for language in data.get("languages", [])],
    }
    return {key: value for key, value in resume.items() if value}


def _end(value: str | None) -> str | None:
    return None if value == "present" else value  # JSON Resume: a current position has no endDate


def _kept(**parts: str | None) -> dict[str, str]:
    return {key: value for key, value in parts.items() if value}
