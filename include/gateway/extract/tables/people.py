"""One row of a table as one candidate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.extract.tables import cells as cell_values
from gateway.extract.tables.cells import Value
from gateway.extract.tables.columns import Column, Plan
from gateway.extract.tables.headers import country_of_headers
from gateway.model import Education, Evidence, ExtractedProfile, Field, Hints, Note, Work
from gateway.values.places import country_from_text
from gateway.values.text import fold, is_cjk, tidy
from gateway.values.values import join_name, phone_country

_EXTRA_CHARS = 20_000
_TOTALS = {
    fold(word)
    for word in (
        "total",
        "totals",
        "grand total",
        "subtotal",
        "sub total",
        "sum",
        "count",
        "average",
        "summe",
        "gesamt",
        "gesamtsumme",
        "anzahl",
        "zwischensumme",
        "insgesamt",
        "totaux",
        "total général",
        "somme",
        "sous-total",
        "nombre total",
        "totales",
        "suma",
        "total general",
        "subtotales",
        "totale",
        "somma",
        "totaal",
        "som",
        "razem",
        "suma całkowita",
        "łącznie",
        "celkem",
        "součet",
        "spolu",
        "összesen",
        "summa",
        "totalt",
        "i alt",
        "yhteensä",
        "toplam",
        "genel toplam",
        "итого",
        "всего",
        "сумма",
        "разом",
        "всього",
        "σύνολο",
        "المجموع",
        "الإجمالي",
        "סהכ",
        'סה"כ',
        "合計",
        "総計",
        "小計",
        "合计",
        "总计",
        "小计",
        "總計",
        "합계",
        "총계",
    )
}


@dataclass
class RowReader:
    """Reads rows by a plan. `country` is the country that the list as a whole suggests for national numbers."""

    plan: Plan
    hints: Hints
    sheet: str | None = None
    country: str | None = None
    notes: list[Note] = field(default_factory=list)

    def learn_country(self, rows: Sequence[Sequence[str]]) -> None:
        """Take the country nearly all international numbers share, else the one of the headers' language."""
        self.country = country_of_headers(column.title for column in self.plan.columns)
        seen: Counter[str] = Counter()
        for row in rows:
            for column in self.plan.by_field["phone"]:
                for value, is_e164 in cell_values.phones(_cell(row, column.index), None, 0.0).values:
                    country = phone_country(value.value) if is_e164 else None
                    if country:
                        seen[country] += 1
        if seen:
            country, count = seen.most_common(1)[0]
            if count >= 3 and count >= 0.9 * sum(seen.values()):
                self.country = country

    def read(self, row: int, record: Sequence[str]) -> ExtractedProfile | None:
        """The candidate of a row, or None with a note that says why there is none."""
        self._row, self._record = row, record
        self._fields: list[Field] = []
        self._marks: list[str] = []
        self._taken: set[int] = set()
        name = self._name()
        email = self._email()
        if name is None:
            name = self._name_beside_address()
        links = self._links()
        if self._is_footer(name, email, links):
            self._note("ROW_FOOTER", f"Row {row} looks like a total, a footer or a repeated header, not a person.")
            return None
        location, country, sure = self._location()
        phone = self._phone(country, sure)
        if name is None and email is None and phone is None:
            self._note("ROW_NO_CONTACT", f"Row {row} has no name, e-mail or phone. Add one if the row is a person.")
            return None
        return ExtractedProfile(
            name=name,
            email=email,
            phone=phone,
            location=location,
            headline=self._plain("headline"),
            links=links,
            skills=self._list("skills"),
            languages=self._list("languages"),
            work=self._work(),
            education=self._education(),
            fields=tuple(self._fields),
            row=row,
            extra=self._extra(),
            marks=tuple(dict.fromkeys(self._marks)),
        )

    # Fields

    def _name(self) -> str | None:
        for column in self.plan.by_field["name"]:
            value = cell_values.name(_cell(self._record, column.index))
            if value is not None:
                return self._keep("name", value, column)
        parts: dict[str, tuple[Value, Column]] = {}
        for which in ("given_name", "middle_name", "family_name", "second_family_name"):
            for column in self.plan.by_field[which]:
                text = tidy(cell_values.clean(_cell(self._record, column.index)))
                if text and not cell_values.is_blank(text) and any(c.isalpha() for c in text) and text[0] not in "=+@":
                    parts[which] = Value(text, text, 0.98, which), column
                    break
        if not parts.keys() & {"given_name", "family_name"}:
            return None
        given, middle, family, second = (
            parts[key][0].value if key in parts else None
            for key in ("given_name", "middle_name", "family_name", "second_family_name")
        )
        if given and family and given != family and fold(given).endswith(" " + fold(family)):
            family = None  # the whole name stands in the first-name column
        full = join_name(given, " ".join(filter(None, (family, second))) or None, middle)
        if full is None:
            return None
        whole = "given_name" in parts and "family_name" in parts
        judged = cell_values.name(full) if not is_cjk(full) else None
        confidence = min(0.98, judged.confidence if judged else 0.98) if whole else 0.7
        columns = [column for _, column in parts.values()]
        raw = " | ".join(value.raw for value, _ in parts.values())
        value = Value(full, raw, confidence, "joined")
        return self._keep("name", value, *columns)

    def _name_beside_address(self) -> str | None:
        """The "Ann Poe" of an e-mail cell "Ann Poe <ann@example.com>"."""
        for column in self.plan.by_field["email"]:
            cell = _cell(self._record, column.index)
            if "@" in cell and ("<" in cell or " " in cell.strip()):
                value = cell_values.name(cell)
                if value is not None and value.confidence > 0.9:
                    return self._keep("name", value, column)
        return None

    def _email(self) -> str | None:
        broken = False
        for column in (*self.plan.by_field["email"], *self.plan.by_field["name"]):
            cell = _cell(self._record, column.index)
            found = cell_values.emails(cell) if column.field == "email" or "@" in cell else []
            if found:
                return self._keep("email", found[0], column)
            broken = broken or (column.field == "email" and not cell_values.is_blank(cell_values.clean(cell)))
        if broken:
            self._note("INVALID_EMAIL", f"Row {self._row}: the e-mail cell holds no valid address; it was left empty.")
            self._marks.append("INVALID_EMAIL")
        return None

    def _phone(self, country: str | None, sure: float) -> str | None:
        damaged = invalid = False
        fallback: tuple[Value, Column] | None = None
        for column in self.plan.by_field["phone"]:
            cell = _cell(self._record, column.index)
            if not cell.strip():
                continue
            read = cell_values.phones(cell, country, sure)
            damaged, invalid = damaged or read.damaged, invalid or read.invalid
            for value, is_e164 in read.values:
                if is_e164:
                    if self._by_default and not value.raw.startswith(("+", "00", "(+")):
                        self._marks.append("PHONE_COUNTRY_GUESSED")
                    return self._keep("phone", value, column)
                fallback = fallback or (value, column)
        if fallback is not None:
            return self._keep("phone", *fallback)
        if damaged:
            self._note("EXCEL_DAMAGE", f"Row {self._row}: a spreadsheet shortened the phone number; it was left empty.")
            self._marks.append("EXCEL_DAMAGE")
        elif invalid:
            self._note("INVALID_PHONE", f"Row {self._row}: the phone cell holds no possible number; it was left empty.")
            self._marks.append("INVALID_PHONE")
        return None

    def _location(self) -> tuple[str | None, str | None, float]:
        """(location, country for phone numbers, confidence in that country)."""
        parts: list[tuple[str, Column]] = []
        whole = self._first("location")
        if whole is not None:
            parts = [whole]
        else:
            parts = [found for name in ("city", "region") if (found := self._first(name)) is not None]
        country_cell = self._first("country")
        if not parts and (street := self._first("address")) is not None:
            parts = [street]
        shown = [text for text, _ in parts]
        if country_cell is not None and not any(fold(country_cell[0]) in fold(text) for text in shown):
            parts.append(country_cell)
        texts = list(dict.fromkeys(tidy(text) for text, _ in parts))
        location = ", ".join(texts) or None
        if location:
            rule = Value(location, " | ".join(text for text, _ in parts), 0.95, "joined" if len(parts) > 1 else "cell")
            self._keep("location", rule, *(column for _, column in parts))
        country, sure = (country_from_text(country_cell[0]), 1.0) if country_cell else (None, 0.0)
        if country is None and location:
            country, sure = country_from_text(location), 0.95
        if country is None and (street := self._first("address")) is not None:
            country, sure = country_from_text(street[0]), 0.9
        self._by_default = country is None and self.hints.country not in (None, self.country)
        if country is None and self.hints.country:
            country, sure = self.hints.country, 0.93
        if country is None and self.country:
            country, sure = self.country, 0.88
        return location, country, sure

    def _links(self) -> tuple[str, ...]:
        out: dict[str, tuple[Value, Column]] = {}
        for column in self.plan.by_field["links"]:
            for value in cell_values.links(_cell(self._record, column.index)):
                out.setdefault(value.value, (value, column))
        for number, (value, column) in enumerate(out.values()):
            self._keep(f"links[{number}]", value, column)
        return tuple(out)

    def _plain(self, name: str) -> str | None:
        found = self._first(name)
        if found is None:
            return None
        text, column = found
        return self._keep(name, Value(tidy(text)[:300], text[:300], 0.9, "cell"), column)

    def _list(self, name: str) -> tuple[str, ...]:
        out: dict[str, tuple[Value, Column]] = {}
        for column in self.plan.by_field[name]:
            cell = _cell(self._record, column.index)
            if not cell_values.is_blank(cell_values.clean(cell)):
                for item in cell_values.items(cell):
                    out.setdefault(item, (Value(item, item, 0.93, "list"), column))
        for number, (value, column) in enumerate(out.values()):
            self._keep(f"{name}[{number}]", value, column)
        return tuple(out)

    def _work(self) -> tuple[Work, ...]:
        company = self._first("company")
        if company is None:
            return ()
        value = self._keep("work[0].company", Value(tidy(company[0]), company[0], 0.9, "cell"), company[1])
        position = self._first("headline")
        if position is not None:
            shown = Value(tidy(position[0])[:300], position[0][:300], 0.85, "cell")
            return (Work(company=value, position=self._keep("work[0].position", shown, position[1])),)
        return (Work(company=value),)

    def _education(self) -> tuple[Education, ...]:
        school, degree = self._first("institution"), self._first("degree")
        if school is None and degree is None:
            return ()
        return (
            Education(
                institution=self._keep(
                    "education[0].institution", Value(tidy(school[0]), school[0], 0.9, "cell"), school[1]
                )
                if school
                else None,
                degree=self._keep("education[0].degree", Value(tidy(degree[0]), degree[0], 0.9, "cell"), degree[1])
                if degree
                else None,
            ),
        )

    # Helpers

    def _extra(self) -> dict[str, str]:
        """Every cell that gave no value, unchanged; long ones are cut, with a note."""
        out: dict[str, str] = {}
        for index, cell in enumerate(self._record):
            text = cell.strip()
            if not text or index in self._taken:
                continue
            title = self.plan.columns[index].title if index < len(self.plan.columns) else f"Column {index + 1}"
            if len(text) > _EXTRA_CHARS:
                self._note(
                    "CELL_CUT", f"Row {self._row}: a cell of {len(text):,} characters was cut to {_EXTRA_CHARS:,}."
                )
                text = text[:_EXTRA_CHARS]
            out[title] = text
        return out

    def _is_footer(self, name: str | None, email: str | None, links: tuple[str, ...]) -> bool:
        if email or links:
            return False
        filled = [tidy(cell) for cell in self._record if cell.strip()]
        if any(fold(text).strip(" :.") in _TOTALS for text in filled[:3]):
            return True
        if name is None or len(self.plan.columns) < 3 or len(filled) != 1:
            return False
        # One cell in a table of several: a remark ("Exported on 3 May"), unless it is just somebody's name.
        return any(char.isdigit() for char in filled[0]) or len(filled[0].split()) > 5

    def _first(self, name: str) -> tuple[str, Column] | None:
        for column in self.plan.by_field[name]:
            text = cell_values.clean(_cell(self._record, column.index))
            if not cell_values.is_blank(text):
                return text, column
        return None

    def _keep(self, path: str, value: Value, *columns: Column) -> str:
        """Note a value as a field with its evidence; several columns are those it was joined from."""
        first = columns[0]
        self._taken.update(column.index for column in columns)
        confidence = round(value.confidence * (0.9 + 0.1 * first.strength), 4)
        title = " + ".join(column.title for column in columns)
        shown = f"{self.sheet}!{title}" if self.sheet else title
        evidence = Evidence("cell", f"{first.rule}, {value.rule}", row=self._row, column=shown)
        self._fields.append(Field(path, value.value, value.raw, confidence, evidence))
        return value.value

    def _note(self, code: str, sentence: str) -> None:
        self.notes.append(Note(code, sentence, row=self._row))


def _cell(record: Sequence[str], index: int) -> str:
    return record[index] if index < len(record) else ""
