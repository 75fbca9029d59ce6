"""Names that a form labels as such: the value next to, below or behind a label, with surname and given-name rows joined.

Also names that a form gives to others: a parent, a spouse, an emergency contact; and the reading aid above a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from gateway.extract.page.layout import Cell, Line
from gateway.extract.resume.contact import FOREIGN, Person
from gateway.values.east_asian import solid
from gateway.values.lexicon import bare, phrases
from gateway.values.text import is_cjk, tidy
from gateway.values.values import is_plausible_name, join_name


def _set(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(";"))


FULL = _set(
    "name;full name;name and surname;nome;nombre;nom;nom et prenom;nom prenom;prenom nom;nom prenoms;prenom et nom;naam;volledige naam;namn;navn;"
    "nimi;imie i nazwisko;jmeno;jmeno a prijmeni;nume;nume si prenume;nev;adi soyadi;ad soyad;ho ten;ho va ten;nama;nama lengkap;фио;имя;"
    "имя и фамилия;фамилия имя;фамилия имя отчество;фамилия, имя;фамилия, имя, отчество;ονομα;ονοματεπωνυμο;الاسم;الاسم الكامل;שם;שם מלא;"
    "氏名;名前;姓名;성명;이름;नाम;nombre completo;nome completo;vor und nachname;vor- und nachname;name vorname;name, vorname;nombre y apellidos;"
    "apellidos y nombres;nombres y apellidos;nome e cognome;cognome e nome;cognome/nome;nome/cognome;surname(s) first name(s);"
    "first name(s) surname(s);surname/first name;first name / surname;surname / first name;candidate;applicant;candidate name;applicant name;"
    "candidate's name;applicant's name;お名前;nom complet;fullt namn;пiб;піб;піп;име;nama penuh;ชื่อ;ชื่อ-นามสกุล;nama anda"
)
GIVEN = _set(
    "first name;first names;first name(s);given name;given names;forename;forenames;vorname;vornamen;prenom;prenoms;prenom(s);nombres;nombre;"
    "nome;voornaam;voornamen;fornamn;fornavn;etunimi;imie;imiona;jmeno;keresztnev;utonev;prenume;ad;adi;ten;имя;ім'я;име;όνομα;الاسم الأول;"
    "שם פרטי;name;nom propre;nama depan"
)
FAMILY = _set(
    "surname;surnames;surname(s);last name;last names;family name;family names;nachname;familienname;zuname;nom;nom de famille;apellido;apellidos;"
    "sobrenome;apelido;apelidos;cognome;achternaam;familienaam;efternamn;etternavn;efternavn;sukunimi;nazwisko;prijmeni;vezeteknev;csaladnev;nume;"
    "nume de familie;soyad;soyadi;ho;фамилия;прізвище;фамилија;презиме;επωνυμο;επώνυμο;اسم العائلة;اللقب;שם משפחה;last name(s);nama belakang"
)
MIDDLE = _set("middle name;middle names;отчество;по батькові;ten dem;second name")
PHONETIC = _set("ふりがな;フリガナ;ふり仮名;よみがな;カナ;かな")
OTHERS = _set(
    "father's name;fathers name;father name;father;father's name/occupation;name of father;mother's name;mothers name;mother name;mother;"
    "husband's name;husband name;wife's name;spouse;spouse name;spouse's name;guardian;guardian's name;guardian name;parent's name;parents;"
    "next of kin;emergency contact;contact person;nombre del padre;nombre de la madre;nome do pai;nome da mae;vater;mutter;"
    "supervisor;manager;reference;references;referee;company name;employer name;school name;project name;university name;exam name;name of company"
)
_INLINE_CJK = re.compile(r"^\s*(氏\s*名|姓\s*名|名\s*前|이\s*름|성\s*명)\s*[:：]?\s*(\S.*)$")
_SIGNS = re.compile(r"[:：*＊]+\s*$")


_KINDS = ("phone", "email", "address", "web", "notphone", "cvtitle", "fax")


@dataclass(slots=True)
class Labelled:
    """A name behind a label."""

    text: str
    line: int
    cells: tuple[Cell, ...]


@dataclass(slots=True)
class FormNames:
    own: list[Labelled] = field(default_factory=list)
    others: set[str] = field(default_factory=set)  # values the form gives to somebody or something else, as printed


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """A label in the spelling of the sets here."""
    text = unicodedata.normalize("NFKC", tidy(text))
    return solid(text).strip(":：*()（）") if is_cjk(text) else bare(_SIGNS.sub("", text))


_JOINTS = re.compile(r"\s*[/,&]\s*|\s+(?:and|und|et|y|e|en|och|og|i|ja|a|и|і)\s+")
_PLURAL = re.compile(r"\([a-zа-я-]{1,6}\)?")


@lru_cache(maxsize=4096)
def is_full(word: str) -> bool:
    """True for the label of a whole name, in the spelling of `key`: "name", or both of its parts in any order ("surname(s) / first name(s)")."""
    if word in FULL:
        return True
    parts = [part.strip() for part in _JOINTS.split(_PLURAL.sub("", word))]
    return len(parts) == 2 and all(part in GIVEN or part in FAMILY or part in FULL for part in parts)


_OTHER_LABELS = _set(
    "性別;性别;年齢;年龄;生年月日;国籍;婚姻状况;政治面貌;民族;籍贯;学历;専攻;专业;学校;写真;照片;男;女;나이;성별;생년월일;학력;경력;사진;국적;gender;sex;marital status;"
    "nationality;age;religion;languages;hobbies;personal details;personal information;personal data;personal profile;bio data;objective;"
    "estado civil;nacionalidad;edad;sexo;nacionalidade;idade;etat civil;nationalite;familienstand;staatsangehorigkeit;geschlecht;geburtsort;"
    "пол;возраст;гражданство;семейное положение;female;male;single;married;unmarried;ledig;verheiratet;soltero;soltera;casado;casada;celibataire;"
    "연락처;희망연봉;포트폴리오;求职意向;期望薪资;个人信息;基本信息;個人資料;本人希望記入欄;志望動機;免許・資格;学歴・職歴;連絡先;signature;place;date;photo;foto;"
    "bewerbung;anlagen;anschreiben;stammdaten;personalien;kontakt;meu portfolio;mi perfil;mi portafolio;my portfolio;my profile"
)


_TITLES_AND_LABELS = FULL | GIVEN | FAMILY | MIDDLE | PHONETIC | OTHERS | _OTHER_LABELS


@lru_cache(maxsize=4096)
def is_label(text: str) -> bool:
    """True if the text is the label of a form or a document's title, not a value."""
    if len(text) > 60:
        return False
    word = key(text)
    return word in _TITLES_AND_LABELS or is_full(word) or any(word in phrases(kind) for kind in _KINDS)


def form_names(person: Person) -> FormNames:
    """Evidence about names from the labels of a person's pages."""
    out = FormNames()
    parts: dict[str, tuple[int, Labelled]] = {}
    for index, line in enumerate(person.lines):
        if line.section in FOREIGN:
            continue
        found = _INLINE_CJK.match(" ".join(cell.text for cell in line.cells))
        if found:
            name = _first_name_of(re.split(r"[・/|（(]|\s{2,}", unicodedata.normalize("NFKC", found.group(2)))[0])
            if name:
                out.own.append(Labelled(name, index, tuple(line.cells)))
                continue
        for number, cell in enumerate(line.cells):
            if len(cell.text) > 90:
                continue
            label, _, rest = _divided(cell.text)
            word = key(label)
            if word in OTHERS:
                out.others.update(v.text for v in _values(person, index, line, number, cell, rest))
                continue
            if word in PHONETIC:
                out.others.update(v.text for v in _values(person, index, line, number, cell, rest))
                continue
            kinds = [
                kind for kind, words in (("given", GIVEN), ("family", FAMILY), ("middle", MIDDLE)) if word in words
            ]
            if not is_full(word) and not kinds:
                continue
            value = next(_values(person, index, line, number, cell, rest), None)
            if value is None:
                continue
            if kinds:
                parts.setdefault(kinds[-1] if not is_full(word) or kinds == ["family"] else kinds[0], (index, value))
            if is_full(word):
                value.text = _turned(word, value.text)
                out.own.append(value)
    _join(parts, out)
    return out


def _turned(word: str, name: str) -> str:
    """A value with a comma in the order its label of two parts gives: given name first."""
    parts = [part.strip() for part in _JOINTS.split(_PLURAL.sub("", word))]
    first, _, second = (half.strip() for half in name.partition(","))
    if not second or len(parts) != 2:
        return name
    if parts[1] in GIVEN and parts[1] not in FAMILY:
        return f"{second} {first}"
    return f"{first} {second}" if parts[1] in FAMILY else name


def _join(parts: dict[str, tuple[int, Labelled]], out: FormNames) -> None:
    """Joins surname and given-name rows of one form into a name; a single row ("Nom: Dupont") stays unchanged."""
    if "given" not in parts or "family" not in parts:
        return
    (first_at, given), (last_at, family) = parts["given"], parts["family"]
    if abs(first_at - last_at) > 4 or given.text == family.text:
        return
    middle = parts.get("middle")
    name = join_name(given.text, family.text, middle[1].text if middle else None)
    if name and is_plausible_name(name):
        out.own = [x for x in out.own if x.text not in (given.text, family.text)]
        cells = (*given.cells, *family.cells)
        out.own.insert(0, Labelled(name, min(first_at, last_at), cells))


def _divided(text: str) -> tuple[str, str, str]:
    match = re.match(r"^([^:：]{1,40})([:：])\s*(.*)$", text)
    return (match.group(1), match.group(2), match.group(3)) if match else (text, "", "")


def _values(person: Person, index: int, line: Line, number: int, cell: Cell, rest: str) -> Iterator[Labelled]:
    """The name behind a label in its cell, in the next cell of its row, or below it: the first of these that is a name."""
    if rest:
        name = _first_name_of(rest)
        if name:
            yield Labelled(name, index, (cell,))
        return
    for at, other in _beside(person, index, line, number, cell):
        name = _first_name_of(other.text.lstrip(" :：-"))
        if name:
            yield Labelled(name, at, (other,))
            return


def _beside(person: Person, index: int, line: Line, number: int, cell: Cell) -> Iterator[tuple[int, Cell]]:
    """Cells that a label may refer to: those at its height, nearest first, in any column; then the one below it."""
    rows: list[tuple[float, int, Cell]] = []
    under: list[tuple[float, int, Cell]] = []
    for at, other_line in enumerate(person.lines):
        if other_line.page != line.page:
            continue
        for other in other_line.cells:
            if other is cell or is_label(other.text.split(":")[0]) or not any(c.isalpha() for c in other.text):
                continue
            height = min(cell.box[3] - cell.box[1], other.box[3] - other.box[1])
            level = min(cell.box[3], other.box[3]) - max(cell.box[1], other.box[1]) > 0.4 * height
            gap = max(other.box[0] - cell.box[2], cell.box[0] - other.box[2])
            if level and 0 <= gap < 260:
                rows.append((gap, at, other))
            below = other.box[1] - cell.box[3]
            if -0.2 * height < below < 1.6 * height and min(cell.box[2], other.box[2]) > max(cell.box[0], other.box[0]):
                under.append((below, at, other))
    for group in (rows, under):
        if group:
            _, at, other = min(group, key=lambda item: item[0])
            yield at, other


def _first_name_of(text: str) -> str | None:
    """The name at the beginning of a value: "Jane Roe (*1990)" -> "Jane Roe"."""
    text = trimmed(tidy(text)).strip(" ,;:-–|")
    if is_cjk(text):
        text = " ".join(text.split()[:2]) if len(text.split()) > 2 else text
    if is_plausible_name(text) or is_plausible_name(text.title()):
        return text if not is_label(text) else None
    return None


_AFTER = re.compile(
    r"\s*(?:[(\[（][^()（）]*(?:\d|\b(?:she|he|they|her|him|sie|er)\b)[^()（）]*[)\]）]?|[*＊†]\s?\d.*|[,;]?\s*(?:born|geb\.?|geboren|née?|nat[oa]|nacid[oa]|"
    r"ur\.|age[d:]?|dob|d\.o\.b\.?|tel\.?|phone|mobile|e-?mail|address)\b[\s:.]*.*\d.*|[,;–-]?\s*\d{1,2}\s?(?:years?|yrs?|ans|años|anos|anni|jahre|jaar|lat|лет|岁|歳|세)\b.*)$",
    re.I,
)
_BEFORE = re.compile(
    r"^\s*(?:curriculum\s+vit(?:ae|æ)|c\.?v\.?|r[eé]sum[eé]|lebenslauf|curr[ií]culo|hoja\s+de\s+vida|резюме)\s*(?:of|for|von|de|do|da|di|del|van|för|:|[-–—|])\s+",
    re.I,
)
_POSSESSIVE = re.compile(r"[’']s\s+(?:curriculum\s+vitae|cv|r[eé]sum[eé])\s*$", re.I)


def trimmed(text: str) -> str:
    """A line without additions to a name: "Curriculum Vitae of", a birth date, an age, pronouns in brackets."""
    return _POSSESSIVE.sub("", _AFTER.sub("", _BEFORE.sub("", text))).strip()
