"""Which separator, quote and escape a text table uses, found by trying each on a sample.

The measure follows CleverCSV (van den Burg et al. 2019, "Wrangling messy CSV files by detecting row and type
patterns"): a right dialect gives rows of one width whose cells are whole values. Ours knows the values of candidate
lists (addresses, phone numbers, headers), which settles cases a general measure leaves open.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass

from gateway.extract.tables.headers import meaning

_SEPARATORS = (",", ";", "\t", "|", "\x1f", "^", "~", "¦")
_SEP_LINE = re.compile(r'^\ufeff?"?sep=(.|\\t)"?\s*$', re.I)
_WHOLE = re.compile(
    r"^(?:"
    r"[^\s@,;|]+@[^\s@,;|]+\.[^\s@,;|]+"  # an address
    r"|[+'(]?[\d(][\d\s()./-]{5,}"  # a phone number
    r"|[-+]?\d{1,3}(?:[.,' ]?\d{3})*(?:[.,]\d+)?\s?[€$£%]?"  # a number
    r"|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T][\d:.]+Z?)?"  # a date
    r"|https?://\S+|www\.\S+"
    r"|true|false|yes|no|n/?a|-"
    r")$",
    re.I,
)
_WORDS = re.compile(r"^[^\W\d_][\w .'’&()/-]{0,60}$")
_SAMPLE_RECORDS = 120


@dataclass(frozen=True, slots=True)
class Dialect:
    """separator "" = one column. wrapped = every line is quoted as a whole once more, with the row inside."""

    separator: str
    quote: str | None = '"'
    escape: str | None = None
    wrapped: bool = False

    def options(self) -> dict[str, object]:
        """Arguments for csv.reader."""
        return {
            "delimiter": self.separator or "\x1e",
            "quotechar": self.quote,
            "quoting": csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            "escapechar": self.escape,
            "doublequote": self.escape is None,
            "skipinitialspace": self.separator != "\t",
            "strict": False,
        }


def find_dialect(sample: str) -> Dialect:
    """The dialect of a table's first lines; one column when no separator gives columns."""
    lines = sample.splitlines()
    named = _SEP_LINE.match(lines[0]) if lines else None
    quote, escape = _quoting(sample)
    if named:
        separator = "\t" if named.group(1) == "\\t" else named.group(1)
        return Dialect(separator, quote, escape)
    best, best_score = Dialect("", quote, escape), 0.0
    for separator in _SEPARATORS:
        if separator not in sample:
            continue
        dialect = Dialect(separator, quote, escape)
        score = _score(parse(lines, dialect))
        if score > best_score:
            best, best_score = dialect, score
    if best_score < 0.15:
        wrapped = _unwrapped(lines)
        return wrapped or Dialect("", quote, escape)
    return best


def parse(lines: list[str], dialect: Dialect) -> list[list[str]]:
    """The first records of a sample; what csv cannot parse ends them."""
    out: list[list[str]] = []
    try:
        for record in csv.reader((line + "\n" for line in lines), **dialect.options()):  # type: ignore[arg-type]
            out.append(record)
            if len(out) >= _SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    return out


def _score(records: list[list[str]]) -> float:
    """Pattern times type, as in CleverCSV, 0..about 1: rows of equal width, cells that are whole values."""
    rows = [row for row in records if any(cell.strip() for cell in row)]
    if not rows:
        return 0.0
    widths = Counter(len(row) for row in rows)
    width, same = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
    if width < 2:
        return 0.0
    cells = [cell.strip() for row in rows if len(row) == width for cell in row]
    typed = sum(_typed(cell) for cell in cells) / len(cells)
    headers = max((sum(meaning(cell).strength > 0.8 for cell in row) for row in rows[:15]), default=0)
    pattern = same / len(rows) * (width - 1) / width
    return pattern * typed * (1.0 + 0.25 * min(headers, 4))


def _typed(cell: str) -> float:
    if not cell:
        return 0.5
    if _WHOLE.match(cell):
        return 1.0
    return 0.9 if _WORDS.match(cell) else 0.3


def _quoting(sample: str) -> tuple[str | None, str | None]:
    """Quote and escape characters. An apostrophe quotes only where it opens and closes most cells of most lines."""
    double = sample.count('"')
    single = len(re.findall(r"(?:^|[,;|\t])'[^'\n]*'(?=[,;|\t]|$)", sample, re.M))
    lines = sum(1 for line in sample.splitlines() if line.strip())
    if double < lines and single > 1.5 * lines:
        return "'", "\\" if "\\'" in sample else None
    escaped = sample.count('\\"')
    return '"', "\\" if escaped and escaped > sample.count('""') and _escapes(sample) else None


def _escapes(sample: str) -> bool:
    """A backslash before a quote escapes it if the quote could not close the cell: something goes on behind it."""
    return re.search(r'\\"[^,;|\t\r\n]', sample) is not None


def _unwrapped(lines: list[str]) -> Dialect | None:
    """Rows written into one quoted cell each, as by a CSV opened and saved by a program that did not know it."""
    whole = [line.strip() for line in lines[:50] if line.strip()]
    if len(whole) < 2 or not all(line.startswith('"') and line.endswith('"') for line in whole):
        return None
    inner = find_dialect("\n".join(line[1:-1].replace('""', '"') for line in whole))
    return Dialect(inner.separator, '"', wrapped=True) if inner.separator else None


def looks_tabular(text: str) -> bool:
    """Text that is a candidate table although no name says so: equal columns under a header of at least two fields."""
    lines = text.splitlines()[:40]
    if len(lines) < 2:
        return False
    if _SEP_LINE.match(lines[0]):
        return True
    dialect = find_dialect("\n".join(lines))
    if not dialect.separator or dialect.wrapped:
        return dialect.wrapped
    rows = [row for row in parse(lines, dialect) if any(row)]
    for index, row in enumerate(rows[:5]):
        fields = {meaning(cell).field for cell in row} - {None}
        below = rows[index + 1 :]
        if len(fields) >= 2 and below and sum(abs(len(r) - len(row)) <= 1 for r in below) >= 0.8 * len(below):
            return True
    return False
