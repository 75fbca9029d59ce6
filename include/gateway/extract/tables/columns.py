"""Which row is the header and which column is what: decided by the headers' words and the values below together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.extract.tables import cells as cell_values
from gateway.extract.tables.headers import Meaning, is_header_word, meaning
from gateway.values.text import fold, is_cjk, tidy
from gateway.values.values import find_emails, is_plausible_name, normalise_link

HEADER_SEARCH_ROWS = 40
SAMPLE_ROWS = 300

PERSON_FIELDS = ("name", "given_name", "family_name", "email", "phone")
FIELDS = (
    "name",
    "given_name",
    "middle_name",
    "family_name",
    "second_family_name",
    "email",
    "phone",
    "location",
    "city",
    "region",
    "country",
    "address",
    "links",
    "skills",
    "languages",
    "headline",
    "company",
    "institution",
    "degree",
)

_SELF_EVIDENT = {"email", "phone"}  # headers one would not write as a title above a table

_PHONE_SHAPE = re.compile(r"^['(+]?[\d(][\d\s().\-–/]{5,}\d$")
_TYPED_LIKE_NUMBER = re.compile(r"^[-+]?[\d.,' %€$£]+$")
_DATE = re.compile(r"^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table and the field taken from it.

    field       one of FIELDS, or None = kept as extra data
    strength    0..1, how sure the field is
    rule        for the evidence: "header:email", "values:email", "mapping:email"
    """

    index: int
    title: str
    field: str | None
    strength: float
    preference: int
    rule: str


@dataclass(frozen=True)
class Plan:
    """How to read the rows below `header` (its index in the rows given; -1 = the table has none)."""

    columns: tuple[Column, ...]
    header: int
    by_field: dict[str, tuple[Column, ...]] = field(default_factory=dict)

    @property
    def mapping(self) -> dict[str, str | None]:
        return {column.title: column.field for column in self.columns}


@dataclass(slots=True)
class _Stats:
    """Kinds of values in a column: shares of the cells that are not blank, 0..1."""

    filled: int = 0
    email: float = 0.0
    at_sign: float = 0.0
    phone: float = 0.0
    plus: float = 0.0
    digits: float = 0.0
    link: float = 0.0
    name: float = 0.0
    number: float = 0.0
    date: float = 0.0
    letters: float = 0.0
    distinct: float = 0.0


def make_plan(rows: Sequence[Sequence[str]], override: dict[str, str | None]) -> Plan | None:
    """Find the header and assign the columns.

    rows      the table's first records, blank ones included
    override  header -> field, from the agent; decides over everything found here
    returns   None when no column holds names, addresses or phone numbers of people
    """
    header = _find_header(rows, override)
    below = [row for row in rows[header + 1 :] if any(cell.strip() for cell in row)][:SAMPLE_ROWS]
    titles = titles_of(rows[header] if header >= 0 else [], below)
    return assign(titles, below, header, override)


def assign(
    titles: list[str], below: Sequence[Sequence[str]], header: int, override: dict[str, str | None]
) -> Plan | None:
    """The plan for known titles ("" = no header) and sample rows; None if no column describes a person."""
    stats = [_stats([row[index] for row in below if index < len(row)]) for index in range(len(titles))]
    wanted = {fold(title): target for title, target in override.items()}
    columns = []
    for index, title in enumerate(titles):
        plain = re.sub(r" \(\d+\)$", "", title)
        if fold(plain) in wanted or fold(title) in wanted:
            target = wanted.get(fold(title), wanted.get(fold(plain)))
            known = target if target in FIELDS else None
            columns.append(Column(index, title, known, 1.0, 0, f"mapping:{known}"))
            continue
        columns.append(_judge(index, title, meaning(plain) if header >= 0 else Meaning(), stats[index], header >= 0))
    columns = _settle_names(columns, below, stats, header)
    grouped: dict[str, tuple[Column, ...]] = {}
    for name in FIELDS:
        of_field = [column for column in columns if column.field == name]
        grouped[name] = tuple(sorted(of_field, key=lambda column: (column.preference, column.index)))
    if not any(grouped[name] for name in PERSON_FIELDS):
        return None
    return Plan(tuple(columns), header, grouped)


def is_header_row(row: Sequence[str]) -> bool:
    """True for a row that can only be a header: two fields of a person by name, nothing that is a value."""
    filled = [cell for cell in row if cell.strip()]
    # Asked of every row of a list, so the cheap questions come first: nearly every row has an address in it.
    if any("@" in cell for cell in filled) or sum(map(is_header_word, filled)) < 2 or _has_values(row):
        return False
    known = [meaning(cell) for cell in filled]
    fields = {m.field for m in known if m.strength >= 0.95} & {*PERSON_FIELDS, "any_name", "country", "city"}
    return len(fields) >= 2 and sum(m.strength > 0 or m.blocked for m in known) >= 0.6 * len(filled)


def is_form(rows: Sequence[Sequence[str]]) -> bool:
    """True for a transposed table: the first column names the fields, every further column is a person."""
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not 3 <= len(filled) <= 100 or is_header_row(filled[0]):
        return False
    labels = [meaning(row[0]) for row in filled if row[0].strip()]
    known = {m.field for m in labels if m.strength >= 0.95} & {*PERSON_FIELDS, "any_name"}
    if len(known) < 2 or sum(m.strength > 0 or m.blocked for m in labels) < 0.5 * len(filled):
        return False
    return any(_has_values(row[1:]) for row in filled)


def _has_values(row: Sequence[str]) -> bool:
    return any(("@" in cell and find_emails(cell)) or _PHONE_SHAPE.match(cell.strip()) for cell in row)


def _find_header(rows: Sequence[Sequence[str]], override: dict[str, str | None]) -> int:
    """The index of the header row, or -1."""
    wanted = {fold(title) for title in override}
    best, best_score = -1, 0.0
    for index, row in enumerate(rows[:HEADER_SEARCH_ROWS]):
        filled = [cell for cell in row if cell.strip()]
        if not filled:
            continue
        if _has_values(row):
            if best_score >= 1.5:
                break  # the table has begun; a header further down is another table's
            continue
        fields = {m.field: m.strength for m in map(meaning, filled) if m.field}
        score = sum(fields.values()) + 2.0 * sum(fold(cell) in wanted for cell in filled)
        person = any(name in fields for name in (*PERSON_FIELDS, "any_name"))
        if not person and score < 2:
            score = 0.0
        if len(filled) == 1 and len(rows) > index + 1 and _is_lonely(rows, index) and not fields.keys() & _SELF_EVIDENT:
            score = 0.0  # a title above the table
        if score > best_score + 0.5:
            best, best_score = index, score
    if best_score >= 0.75:
        return best
    return _unknown_header(rows)


def _is_lonely(rows: Sequence[Sequence[str]], index: int) -> bool:
    """True for a row of one cell above rows of several."""
    below = [sum(bool(cell.strip()) for cell in row) for row in rows[index + 1 : index + 10] if any(row)]
    return bool(below) and sum(count > 1 for count in below) > 0.5 * len(below)


def _unknown_header(rows: Sequence[Sequence[str]]) -> int:
    """A first row of words over columns of values, in a language headers.yaml lacks; -1 if there is none."""
    filled = [(index, row) for index, row in enumerate(rows[:HEADER_SEARCH_ROWS]) if any(cell.strip() for cell in row)]
    if len(filled) < 3:
        return -1
    first_index, first = filled[0]
    if _has_values(first) or any(_TYPED_LIKE_NUMBER.match(cell.strip()) for cell in first if cell.strip()):
        return -1
    below = [row for _, row in filled[1:]]
    if sum(bool(cell.strip()) for cell in first) < max(1, 0.5 * max(len(row) for row in below)):
        return -1
    with_values = sum(_has_values(row) for row in below)
    return first_index if with_values >= 0.7 * len(below) else -1


def titles_of(header: Sequence[str], below: Sequence[Sequence[str]]) -> list[str]:
    """A distinct title for every column, including spare ones of longer rows."""
    width = max([len(header), *(len(row) for row in below)], default=0)
    out: list[str] = []
    seen: dict[str, int] = {}
    for index in range(width):
        title = tidy(header[index]) if index < len(header) else ""
        title = title or f"Column {index + 1}"
        seen[title] = seen.get(title, 0) + 1
        out.append(title if seen[title] == 1 else f"{title} ({seen[title]})")
    return out


def _stats(values: Sequence[str]) -> _Stats:
    shown = [text for text in (cell_values.clean(value) for value in values) if not cell_values.is_blank(text)]
    if not shown:
        return _Stats()
    short = [text[:500] for text in shown]
    count = len(short)
    return _Stats(
        filled=count,
        email=sum("@" in text and bool(find_emails(text)) for text in short) / count,
        at_sign=sum("@" in text for text in short) / count,
        phone=sum(_is_phone_like(text) for text in short) / count,
        plus=sum(_is_phone_like(text) and text.lstrip("('").startswith(("+", "00")) for text in short) / count,
        digits=sum(sum(char.isdigit() for char in text) > 1 for text in short) / count,
        link=sum(normalise_link(text.split()[0].strip(",;"), bare_hosts=False) is not None for text in short) / count,
        name=sum(is_plausible_name(text) and len(text.split()) >= (1 if is_cjk(text) else 2) for text in short) / count,
        number=sum(bool(_TYPED_LIKE_NUMBER.match(text)) for text in short) / count,
        date=sum(bool(_DATE.match(text)) for text in short) / count,
        letters=sum(any(char.isalpha() for char in text) for text in short) / count,
        distinct=len(set(short)) / count,
    )


def _is_phone_like(text: str) -> bool:
    digits = sum(char.isdigit() for char in text)
    if not 6 <= digits <= 40 or _DATE.match(text):
        return "E+" in text.upper() and digits >= 4
    return digits >= 0.4 * sum(not char.isalpha() for char in text)


def _judge(index: int, title: str, said: Meaning, stats: _Stats, has_header: bool) -> Column:
    """One column by its header and its values; the values can overrule the header."""

    def column(field_name: str | None, strength: float, rule: str) -> Column:
        return Column(index, title, field_name, strength, said.preference, rule)

    if said.field is not None:
        field_name = said.field
        if field_name not in ("email", "phone") and stats.email > 0.5 and field_name not in ("name", "any_name"):
            return column("email", 0.9, "values:email")
        if _agrees(field_name, stats):
            return column(field_name, said.strength, f"header:{field_name}")
        if stats.filled and stats.email > 0.5:
            return column("email", 0.9, "values:email")
        return column(None, 0.0, "values contradict the header")
    if said.blocked or not stats.filled:
        return column(None, 0.0, "")
    if stats.email >= 0.6:
        return column("email", 0.95 if not has_header else 0.9, "values:email")
    if stats.link >= 0.7:
        return column("links", 0.85, "values:links")
    if stats.phone >= 0.8 and stats.distinct > 0.5 and (stats.plus >= 0.6 or not has_header):
        return column("phone", 0.85, "values:phone")
    return column(None, 0.0, "")


def _agrees(field_name: str, stats: _Stats) -> bool:
    """Whether the values fit the header; an empty column fits any."""
    if not stats.filled:
        return True
    if field_name == "email":
        return stats.at_sign > 0 or stats.distinct > 0.5
    if field_name == "phone":
        return stats.digits >= 0.25 and stats.email < 0.5 and stats.date < 0.5
    if field_name == "links":
        return stats.link >= 0.25
    if field_name in ("name", "any_name", "given_name", "family_name", "middle_name", "second_family_name"):
        return stats.letters >= 0.5 and stats.date < 0.3
    if field_name in ("city", "country", "location", "region", "address"):
        return stats.letters >= 0.5 and stats.at_sign < 0.3
    return True


def _settle_names(
    columns: list[Column], below: Sequence[Sequence[str]], stats: list[_Stats], header: int
) -> list[Column]:
    """Decide the meaning of "Nom" or "Name" by its neighbours, and find a name column without a header."""
    fields = {column.field for column in columns}
    given, family = "given_name" in fields, "family_name" in fields
    meant = "family_name" if given and not family else "given_name" if family and not given else "name"
    out = []
    for column in columns:
        if column.field == "any_name":
            rule = column.rule.replace("any_name", meant)
            column = Column(column.index, column.title, meant, column.strength, column.preference, rule)
        out.append(column)
    fields = {column.field for column in out}
    if not fields & {"name", "given_name", "family_name"}:
        found = _unannounced_parts(out, below, stats, header) or _unannounced_name(out, below, stats, header)
        out = [found.get(column.index, column) for column in out]
    return out


def _is_free(column: Column, header: int) -> bool:
    """True if no header claims the column, for a person or for somebody else."""
    if column.field is not None:
        return not column.rule.startswith(("header", "mapping"))
    return header < 0 or not meaning(column.title).blocked


def _unannounced_parts(
    columns: list[Column], below: Sequence[Sequence[str]], stats: list[_Stats], header: int
) -> dict[int, Column]:
    """Two columns of single words that recur in the addresses, one at least as an initial: given and family name."""
    mails = [column for column in columns if column.field == "email"]
    free = [c for c in columns if c.field is None and _is_free(c, header) and stats[c.index].letters > 0.9]
    if not mails:
        return {}
    whole = {c.index: _agreement([c, mails[0]], below) for c in free if stats[c.index].name < 0.4}
    initial = {index: _agreement([columns[index], mails[0]], below, initials=True) for index in whole}
    best: tuple[float, tuple[int, int]] | None = None
    for given in whole:
        for family in whole:
            if abs(given - family) != 1 or max(whole[given], whole[family]) < 0.6 or initial[given] < 0.6:
                continue
            # Given name first, unless the addresses say otherwise ("aarcher": an initial, then the whole family name).
            score = whole[family] + initial[given] + (0.1 if given < family else 0.0)
            if best is None or score > best[0]:
                best = (score, (given, family))
    if best is None:
        return {}
    parts = zip(best[1], ("given_name", "family_name"), strict=True)
    return {i: Column(i, columns[i].title, part, 0.8, 1, f"values:{part}") for i, part in parts}


def _unannounced_name(
    columns: list[Column], below: Sequence[Sequence[str]], stats: list[_Stats], header: int
) -> dict[int, Column]:
    """The column whose words recur in the addresses' local parts, or the one of names in a table without header."""
    mails = [column for column in columns if column.field == "email"]
    best: Column | None = None
    best_score = 0.5
    for column in columns:
        if not _is_free(column, header):
            continue
        own = stats[column.index]
        if not own.filled or own.name < 0.5:
            continue
        agreeing = _agreement([column, *mails[:1]], below) if mails else 0.0
        score = own.name * 0.6 + agreeing + (0.1 * own.distinct)
        needed = best_score if mails or header < 0 else 0.9
        if score > max(needed, best_score):
            best, best_score = column, score
    if best is None:
        return {}
    return {best.index: Column(best.index, best.title, "name", 0.9, 1, "values:name")}


def _agreement(pair: list[Column], below: Sequence[Sequence[str]], *, initials: bool = False) -> float:
    """Share of rows in which a word of the first column is in the local part of the second one's address.

    initials  it is enough that the local part begins with the word's first letter
    """
    seen = hits = 0
    for row in below:
        if max(column.index for column in pair) >= len(row):
            continue
        text, mail = fold(row[pair[0].index]), fold(row[pair[1].index])
        local = mail.partition("@")[0]
        words = re.findall(r"[^\W\d_]{2,}", text)
        if local and words:
            seen += 1
            inside = any(len(word) > 2 and word in local for word in words)
            hits += inside or (initials and local.startswith(words[0][0]))
    return hits / seen if seen else 0.0
