"""Is this address likely to reach the person? Syntax by email-validator, without asking DNS."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.distance import OSA

from gateway.values.agreement import folded, name_tokens
from gateway.values.lists import find

from .words import EMAIL_PLACEHOLDER_DOMAINS, EMAIL_PLACEHOLDERS, PROVIDERS, ROLES, SOFT_ROLES

# RFC 2606 and RFC 6761: reserved, nobody receives mail there.
RESERVED_TLDS = frozenset({"example", "test", "invalid", "localhost"})


def domain_of(email: str) -> str:
    """The part after the last @, lower case; "" without one."""
    return email.rpartition("@")[2].strip().lower() if "@" in email else ""


def is_fictional(domain: str) -> bool:
    """Reserved for examples: example.com and its like under any ending, .example, .test, .invalid, .localhost."""
    labels = domain.rstrip(".").split(".")
    if labels[-1] in RESERVED_TLDS:
        return True
    return "example" in labels[-3:-1] and (labels[-2] == "example" or len(labels[-2]) <= 3)


@lru_cache(maxsize=50_000)
def email_doubts(email: str) -> frozenset[str]:
    """Reason codes against this address; empty for a plausible one. Roles are judged with the name: is_role."""
    domain = domain_of(email)
    local = email.rpartition("@")[0].strip().lower()
    if is_fictional(domain):
        # The validator refuses some reserved endings; its opinion of the rest of the address still counts.
        doubts = {"EMAIL_FICTIONAL"} if _valid(f"{local}@example.com") else {"EMAIL_INVALID"}
    else:
        doubts = set() if _valid(email) else {"EMAIL_INVALID"}
    if local.split("+", 1)[0] in EMAIL_PLACEHOLDERS or domain in EMAIL_PLACEHOLDER_DOMAINS:
        doubts.add("EMAIL_PLACEHOLDER")
    if typo_proposal(domain):
        doubts.add("EMAIL_TYPO_DOMAIN")  # lists of disposable domains name such misspellings too; people mean the other
    elif find("disposable", domain) is not None:
        doubts.add("EMAIL_DISPOSABLE")
    return frozenset(doubts)


def _valid(email: str) -> bool:
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(email, check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError:
        return False
    return True


@lru_cache(maxsize=10_000)
def typo_proposal(domain: str) -> str | None:
    """The well-known provider this domain misspells ("gmial.com" -> "gmail.com"), or None.

    One slip (a letter too many, missing, wrong, or two swapped) in the name or in ".com". A wrong first letter is
    not a slip: mail.com, ymail.com and email.com are providers of their own.
    """
    label, _, suffix = domain.partition(".")
    if not label or not suffix:
        return None
    if label in PROVIDERS:
        genuine = PROVIDERS[label]
        if suffix in genuine or "com" not in genuine:
            return None
        # ".co" and ".cm" are countries, but these providers are not found there.
        return f"{label}.com" if OSA.distance(suffix, "com") == 1 else None
    for provider, genuine in PROVIDERS.items():
        if len(provider) < 5 or label[0] != provider[0]:
            continue
        if OSA.distance(label, provider) == 1 and (suffix in genuine or OSA.distance(suffix, "com") == 1):
            return f"{provider}.{suffix}" if suffix in genuine else f"{provider}.com"
    return None


def is_role(email: str, name: str | None) -> bool:
    """An office's address (info@, jobs@) rather than a person's.

    hello@, contact@, mail@ and the like count only where the domain does not carry the person's own name.
    """
    local, _, domain = email.lower().rpartition("@")
    plain = folded(local).replace("-", "").replace("_", "").replace(".", "")
    if plain in ROLES:
        return not _carries_name(domain, name)
    return plain in SOFT_ROLES and not _carries_name(domain, name)


def _carries_name(domain: str, name: str | None) -> bool:
    if not name:
        return False
    label = folded(domain).replace("-", "")
    return any(len(word) >= 3 and word in label for word in name_tokens(name))
