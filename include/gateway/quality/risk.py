"""The risk of a profile: how likely it is that its name, e-mail and phone are not all right, or not one person's.

A logistic model over signals that each grow with the risk and carry a weight of at least 0: no signal can ever excuse another.
The weights are data/risk.json, made by training/calibrate.py from generated documents of structures that the reader was not
trained on, and a handful of numbers fitted to real documents. Only profiles that come with the reader's signals have a risk: a
row of a table is not searched for on a page, and is judged by the confidence gates alone.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.values.agreement import folded, name_tokens
from gateway.values.doubt.emails import RESERVED_TLDS
from gateway.values.doubt.words import SOFT_ROLES
from gateway.values.lexicon import given_names
from gateway.values.places import is_tld

if TYPE_CHECKING:
    from gateway.quality.case import Case

MODEL = Path(__file__).parent / "data" / "risk.json"
PARTS = ("name", "email", "phone", "whole")
# The name of a group of signals in messages, and the change that would have lowered the risk.
WORDS: dict[str, tuple[str, str]] = {
    "name_unsure": (
        "the name was hard to tell",
        "A clear line with the name in large type at the top would have passed.",
    ),
    "name_form": ("the name does not look like most names", "Approve it if the document shows it this way."),
    "name_place": ("the name is not in the usual place", "A name at the top of the first page would have passed."),
    "name_disagrees": (
        "neither e-mail address nor links repeat the name",
        "An address or a profile link that repeats the name would have passed.",
    ),
    "email_unsure": ("the e-mail address was hard to tell", "One address, in the contact block, would have passed."),
    "email_place": (
        "the e-mail address is outside the contact block",
        "An address in the contact block would have passed.",
    ),
    "email_others": ("the document shows other e-mail addresses", "A document with one address would have passed."),
    "phone_unsure": ("the phone number was hard to tell", "One number, in the contact block, would have passed."),
    "phone_place": (
        "the phone number is outside the contact block",
        "A number in the contact block would have passed.",
    ),
    "phone_others": ("the document shows numbers that were not read", "A document with one number would have passed."),
    "phone_country": ("the phone number's country is a guess", "A number with its country code would have passed."),
    "second_reader": (
        "a second, simple reading found something else",
        "Compare name, e-mail and phone with the document; the two readings must agree to pass.",
    ),
    "document": ("the document is not a usual résumé", "A plain résumé of one person would have passed."),
    "scan": ("the text was read from a picture or is damaged", "The original file would have passed."),
    "script": ("names in this script are read less reliably", "Approve it if the document shows it this way."),
}
# signal -> (the part of the contact concerned, the group of WORDS it is reported as)
SIGNALS: dict[str, tuple[str, str]] = {
    "name_unsure": ("name", "name_unsure"),
    "name_rival": ("name", "name_unsure"),
    "name_weak": ("name", "name_unsure"),
    "name_unknown": ("name", "name_form"),
    "name_title_words": ("name", "name_form"),
    "name_organisation": ("name", "name_form"),
    "name_is_place": ("name", "name_form"),
    "name_heading": ("name", "name_form"),
    "name_one_word": ("name", "name_form"),
    "name_many_words": ("name", "name_form"),
    "name_lower_word": ("name", "name_form"),
    "name_digits_near": ("name", "name_form"),
    "name_part": ("name", "name_form"),
    "name_continued": ("name", "name_form"),
    "name_not_largest": ("name", "name_place"),
    "name_small": ("name", "name_place"),
    "name_late": ("name", "name_place"),
    "name_not_first_page": ("name", "name_place"),
    "name_disagrees": ("name", "name_disagrees"),
    "email_unsure": ("email", "email_unsure"),
    "email_rival": ("email", "email_unsure"),
    "email_weak": ("email", "email_unsure"),
    "email_not_own": ("email", "email_place"),
    "email_in_text": ("email", "email_place"),
    "email_late_page": ("email", "email_place"),
    "email_glued": ("email", "email_unsure"),
    "email_other_name": ("email", "name_disagrees"),
    "email_unknown_ending": ("email", "email_unsure"),
    "email_far": ("email", "email_place"),
    "other_addresses": ("email", "email_others"),
    "other_own_addresses": ("email", "email_others"),
    "broken_address": ("email", "email_others"),
    "phone_unsure": ("phone", "phone_unsure"),
    "phone_rival": ("phone", "phone_unsure"),
    "phone_weak": ("phone", "phone_unsure"),
    "phone_unused_range": ("phone", "phone_unsure"),
    "phone_not_own": ("phone", "phone_place"),
    "phone_in_text": ("phone", "phone_place"),
    "phone_far": ("phone", "phone_place"),
    "phone_national": ("phone", "phone_country"),
    "phone_guess": ("phone", "phone_country"),
    "unread_numbers": ("phone", "phone_others"),
    "unread_without_phone": ("phone", "phone_others"),
    "numbers_but_no_phone": ("phone", "phone_others"),
    "other_own_phones": ("phone", "phone_others"),
    "plain_name_differs": ("name", "second_reader"),
    "plain_email_differs": ("email", "second_reader"),
    "plain_phone_differs": ("phone", "second_reader"),
    "put_aside": ("whole", "email_others"),
    "resume_doubt": ("whole", "document"),
    "several_people": ("whole", "document"),
    "no_work": ("whole", "document"),
    "read_by_ocr": ("whole", "scan"),
    "poor_text": ("whole", "scan"),
    "other_script": ("name", "script"),
    "novel": ("whole", "document"),
}


@dataclass(frozen=True, slots=True)
class Risk:
    """value 0..1; deciding: the group of WORDS that added most to it; shares: what each group added, in log-odds."""

    value: float
    deciding: str
    shares: dict[str, float]

    def needed(self, limit: float) -> tuple[str, ...]:
        """The fewest groups without which the risk would stay under this limit, the heaviest first; all if none would do."""
        odds, found = _log_odds(self.value), []
        for group in sorted(self.shares, key=lambda one: (-self.shares[one], one)):
            if odds <= _log_odds(limit):
                break
            odds -= self.shares[group]
            found.append(group)
        return tuple(found)


def _log_odds(share: float) -> float:
    kept = min(max(share, 1e-9), 1 - 1e-9)
    return math.log(kept / (1 - kept))


@lru_cache(maxsize=1)
def model() -> dict[str, Any]:
    """{"bias", "weights", "usual", "shift", "levels": [...], "made"}"""
    loaded: dict[str, Any] = json.loads(MODEL.read_text("utf-8"))
    return loaded


def limit_for(max_error: float) -> float:
    """The highest risk that may pass at this error: the shipped limit of the largest proved level not above it; 0.0 below all."""
    return max((level["limit"] for level in model()["levels"] if level["max_error"] <= max_error + 1e-12), default=0.0)


def ladder() -> list[float]:
    """Limits that an agent falls back to, step by step, when its own evidence refutes the stated error."""
    return sorted(
        {step for level in model()["levels"] for step in (level["limit"], level["limit"] / 2, level["limit"] / 4)}
    )


def reach_for(max_error: float) -> dict[str, float]:
    """Share of profiles that pass at this error: {"generated": ..., "real": ...} of résumés, 0..1."""
    levels = [level for level in model()["levels"] if level["max_error"] <= max_error + 1e-12]
    return dict(levels[-1]["reach"]) if levels else {"generated": 0.0, "real": 0.0}


def risk_of(case: Case) -> Risk | None:
    """The risk of a case; None if the reader left no signals (rows of tables, profiles from before there were any)."""
    if not case.signals:
        return None
    fitted = model()
    return weighed(signals(case, fitted["usual"]), fitted, case.risk_shift)


def weighed(found: Mapping[str, float], fitted: Mapping[str, Any], shift: float = 0.0) -> Risk:
    """The risk that these signals make, by a fitted model; shift: an agent's own calibration, in log-odds."""
    weights = fitted["weights"]
    groups: dict[str, float] = {}
    odds = fitted["bias"] + fitted["shift"] + shift
    for name, value in found.items():
        weight = weights.get(name, 0.0)
        if value and weight:
            _, group = SIGNALS[name]
            added = weight * value
            odds += added
            groups[group] = groups.get(group, 0.0) + added
    deciding = max(groups, key=lambda group: (groups[group], group)) if groups else "document"
    return Risk(1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))), deciding, groups)


def signals(case: Case, usual: Mapping[str, float]) -> dict[str, float]:
    """Signals of a case, each 0 or more and larger where the risk is; all of SIGNALS that are not 0.

    usual   what 98 of 100 training documents stay under, by signal: how many are above it is the novelty
    """
    seen: dict[str, float] = defaultdict(float, case.signals)
    found = {**_of_name(case, seen), **_of_email(case, seen), **_of_phone(case, seen), **_of_page(case, seen)}
    out = {name: round(value, 4) for name, value in found.items() if value > 0}
    novel = sum(value > usual[name] + 1e-6 for name, value in out.items() if name in usual)
    if novel:
        out["novel"] = min(1.0, novel / 4)
    return out


def _of_name(case: Case, seen: Mapping[str, float]) -> dict[str, float]:
    if not case.name:
        return {}
    latin = any(c < "\u0250" for c in case.name if c.isalpha())
    return {
        "name_unsure": _unsure(case.confidences.get("name", 0.0)),
        "name_rival": 1 - seen["name_margin"],
        "name_weak": 1 - seen["name_score"],
        "name_unknown": seen["name_no_given"] + 0.5 * (1 - seen["name_known_names"]),
        "name_title_words": seen["name_title_words"] + seen["name_title"],
        "name_organisation": seen["name_company"] + seen["name_institution"],
        "name_is_place": seen["name_place"],
        "name_heading": seen["name_heading"],
        "name_one_word": seen["name_one_word"] or float(_HALF_KOREAN.fullmatch(case.name) is not None),
        "name_many_words": seen["name_many_words"],
        "name_lower_word": seen["name_lower_word"],
        "name_digits_near": seen["name_digits_near"],
        "name_part": max(seen["name_part"] * (1 - seen["name_labelled"]), float(_CUT.search(case.name) is not None)),
        "name_continued": max(seen["name_continued"], _longer_name(case.email, case.name)),
        "name_not_largest": 1 - seen["name_largest"],
        "name_small": 1 - seen["name_relative_size"],
        "name_late": 2 * max(0.0, 0.5 - seen["name_early"]),
        "name_not_first_page": 1 - seen["name_first_page"],
        "name_disagrees": 1 - max(seen["name_agrees_email"], seen["name_agrees_link"]),
        "other_script": seen["name_cjk"] or float(not latin),
        "plain_name_differs": seen["plain_name_differs"],
    }


def _of_email(case: Case, seen: Mapping[str, float]) -> dict[str, float]:
    if not case.email:
        return {}
    return {
        "email_unsure": _unsure(case.confidences.get("email", 0.0)),
        "email_rival": 1 - seen["email_margin"],
        "email_weak": 1 - seen["email_score"],
        "email_not_own": 1 - seen["email_own"],
        "email_in_text": seen["email_work"] + seen["email_references"] + seen["email_prose"] + seen["email_other"],
        "email_late_page": 1 - seen["email_first_page"],
        "email_far": seen["email_far_from_name"],
        "email_glued": _glued(case.email, case.name),
        "email_other_name": _other_name(case.email, case.name),
        "email_unknown_ending": float(not _known_ending(case.email)),
        "plain_email_differs": seen["plain_email_differs"],
    }


def _of_phone(case: Case, seen: Mapping[str, float]) -> dict[str, float]:
    """A number that only the default country made whole is not sent: then none of it counts."""
    if not case.phone:
        return {
            "unread_without_phone": seen["unread_numbers"] + seen["plain_phone_differs"] + 2 * seen["other_own_phones"],
            "numbers_but_no_phone": seen["numbers_but_no_phone"],
        }
    if "PHONE_COUNTRY_GUESSED" in case.marks:
        return {}
    return {
        "phone_unsure": _unsure(case.confidences.get("phone", 0.0)),
        "phone_rival": 1 - seen["phone_margin"],
        "phone_weak": 1 - seen["phone_score"],
        "phone_unused_range": seen["phone_unused_range"],
        "phone_not_own": 1 - seen["phone_own"],
        "phone_in_text": seen["phone_work"] + seen["phone_references"] + seen["phone_prose"] + seen["phone_other"],
        "phone_far": seen["phone_far_from_email"],
        "phone_national": 1 - seen["phone_plus"],
        "phone_guess": seen["phone_guess"],
        "plain_phone_differs": seen["plain_phone_differs"],
    }


def _of_page(case: Case, seen: Mapping[str, float]) -> dict[str, float]:
    return {
        "other_addresses": seen["other_addresses"],
        "other_own_addresses": seen["other_own_addresses"],
        "broken_address": seen["broken_address"],
        "put_aside": seen["put_aside"],
        "unread_numbers": seen["unread_numbers"],
        "other_own_phones": seen["other_own_phones"],
        "resume_doubt": 1 - seen["resume"],
        "several_people": float(case.people_in_document > 1),
        "no_work": float(not case.counts.get("work")) + 0.5 * float(not case.counts.get("education")),
        "read_by_ocr": case.ocr_share,
        "poor_text": 0.0 if case.text_quality is None else 4 * (1 - case.text_quality),
    }


_HALF_KOREAN = re.compile(r"[가-힣]{2}")  # most Korean names have three syllables: this is often the given name alone
_CUT = re.compile(r"[a-zà-ÿ] [A-ZÀ-Þ]$")  # "Andrea Ballesteros G": the rest of a word stands in another cell or line
_LABEL = re.compile(r"(?:e?-?mail|phone|tel|mobile|contact|address)(?=[a-z]{2})")


def _glued(email: str, name: str | None) -> float:
    """The address may have swallowed what stood before it, a label or the letter an icon font leaves ("ejane.doe@"), or may have
    lost its beginning to the line above ("tta@" of Lauretta)."""
    local = folded(email.partition("@")[0])
    everything = name_tokens(name or "")
    tokens = [token for token in everything if len(token) >= 3]
    for token in tokens:
        before = local.partition(token)[0] if token in local else ""
        if before.isalpha() and not any(before[0] == other[0] for other in everything):
            return 1.0
        # An initial goes before a family name; before the first name it is the letter of a label ("eelias.schwaiger@").
        if before in ("e", "m") and token == everything[0]:
            return 1.0
        if 2 <= len(local) < len(token) and token.endswith(local) and local not in {*everything, *given_names()}:
            return 1.0
    if local[1:] in SOFT_ROLES or not any(c.isalpha() for c in local):
        return 1.0
    return 0.7 if _LABEL.match(local) and not any(local.startswith(token) for token in tokens) else 0.0


def _longer_name(email: str | None, name: str) -> float:
    """The address joins a word of the name with one that the name lacks ("contact@tanpinar-bilgin" of Tanpınar Züfer)."""
    local, _, domain = folded(email or "").partition("@")
    own, known = set(name_tokens(name)), given_names()
    for part in (local.partition("+")[0], domain.rpartition(".")[0]):
        words = [word for word in re.split(r"[^a-z]+", part) if len(word) >= 4]
        if len(words) == 2 and any(w in own for w in words) and any(w not in own and w in known for w in words):
            return 1.0
    return 0.0


def _other_name(email: str, name: str | None) -> float:
    """The address carries a given name, and no word of the name: it may be somebody else's."""
    local, _, domain = folded(email).partition("@")
    own = domain.partition(".")[0]
    if not name or any(token in local or token in own for token in name_tokens(name) if len(token) >= 3):
        return 0.0
    known = given_names()
    return float(any(len(part) >= 4 and part in known for part in re.split(r"[^a-z]+", f"{local} {own}")))


def _known_ending(email: str) -> bool:
    ending = email.rpartition(".")[2].casefold()
    return is_tld(ending) or ending in RESERVED_TLDS


def _unsure(confidence: float) -> float:
    """0 from 99 % on, about 0.5 at 90 %, 0.9 at 50 %, at most 1.5."""
    doubt = min(max(1 - confidence, 1e-4), 1 - 1e-4)
    return min(1.5, max(0.0, (math.log(doubt / (1 - doubt)) + 4.6) / 5))
