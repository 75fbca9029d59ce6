"""Names as forms, designs and scripts print them; all people are made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.extract.page.words import Word
from gateway.extract.resume.name_features import agreement
from gateway.extract.resume.name_labels import is_full, key, trimmed
from gateway.values.east_asian import name_form
from support.page_maker import page, profiles_of, words
from support.pdf_maker import Run, make, read, resume, run

GREY = (120, 120, 120)


def body(*head: Run) -> list[Run]:
    """A résumé with another head."""
    return [*head, *resume("", "", "")[3:]]


def name_in(tmp_path: Path, *head: Run) -> str | None:
    _, profiles = read(make(tmp_path / "a.pdf", body(*head)))
    return profiles[0].name


def cjk(*head: list[Word], heading: str, entries: tuple[str, ...]) -> str | None:
    """The name in a page of the head given, then a section."""
    rest = [words(60, 300, heading, 14, True), *(words(60, 322 + 16 * n, text) for n, text in enumerate(entries))]
    profiles, facts = profiles_of(page(*head, *rest))
    assert profiles, facts.reason
    return profiles[0].name


JAPANESE = ("2019年4月 - 2023年3月 株式会社青葉製作所", "2015年4月 - 2019年3月 青葉大学", "趣味 読書")
CHINESE = ("2019.04 - 2023.03 青叶科技有限公司 工程师", "2015.09 - 2019.06 青叶大学 本科", "熟悉数据分析")
KOREAN = ("2019.04 ~ 2023.03 주식회사 푸른숲 개발자", "2015.03 ~ 2019.02 푸른숲대학교 졸업", "데이터 분석")


def test_a_japanese_form_gives_the_value_beside_its_label_not_the_title_nor_the_reading_aid() -> None:
    head = [
        words(60, 60, "履 歴 書", 18),
        words(60, 90, "ふりがな", 8),
        words(140, 90, "あおやま みどり", 10),
        words(60, 110, "氏 名", 10),
        words(140, 110, "青山 緑", 16),
        words(60, 140, "電話 090-1234-5678 midori@example.org"),
    ]
    assert cjk(*head, heading="職歴", entries=JAPANESE) == "青山 緑"


def test_a_label_beside_its_value_in_one_line_of_compatibility_signs() -> None:
    head = [words(60, 60, "職務経歴書", 20), words(60, 100, "⽒名 : 青山 緑"), words(60, 116, "midori@example.org")]
    assert cjk(*head, heading="職務経歴", entries=JAPANESE) == "青山 緑"


def test_two_signs_set_wide_apart_are_one_chinese_name() -> None:
    head = [words(200, 60, "林", 18), words(260, 60, "青", 18), words(60, 90, "13812345678 | linqing@example.org")]
    assert cjk(*head, heading="工作经历", entries=CHINESE) == "林青"


def test_a_chinese_title_and_a_form_label_are_no_names() -> None:
    head = [words(60, 60, "个人简历", 22, True), words(60, 96, "姓名：林青叶"), words(60, 112, "电话：13812345678")]
    assert cjk(*head, heading="工作经历", entries=CHINESE) == "林青叶"


def test_a_korean_name_beside_a_word_of_the_page() -> None:
    head = [words(60, 60, "한푸름", 14, True), words(300, 60, "경력", 14, True), words(60, 90, "purum@example.org")]
    assert cjk(*head, heading="경력", entries=KOREAN) == "한푸름"


def test_a_hebrew_name_before_a_bar_and_a_place() -> None:
    head = [words(60, 60, "נועה ברקת │ תל אביב │ 050-1234567", 16, True), words(60, 84, "noa@example.org")]
    rest = [
        words(60, 120, "ניסיון תעסוקתי", 13, True),
        words(60, 140, "2019 - 2023 מנהלת פרויקטים, חברת אלון"),
        words(60, 156, "2015 - 2019 מזכירה, חברת אורן"),
        words(60, 190, "השכלה", 13, True),
        words(60, 210, "2012 - 2015 תואר ראשון, אוניברסיטת חיפה"),
    ]
    # right-to-left words come in reading order, the first one rightmost
    lines = [sorted_rtl(line) for line in (*head, *rest)]
    profiles, _ = profiles_of(page(*lines))
    assert profiles[0].name == "נועה ברקת"


def sorted_rtl(line: list[Word]) -> list[Word]:
    right = 560.0
    out = []
    for word in line:
        wide = word.box[2] - word.box[0]
        out.append(Word(word.text, (right - wide, word.box[1], right, word.box[3]), word.size, word.bold))
        right -= wide + 0.3 * word.size
    return out


@pytest.mark.parametrize(
    ("text", "language", "form"),
    [
        ("한푸름", "ko", 1.0),
        ("나의 역할", "ko", 0.0),
        ("林青叶", "zh", 1.0),
        ("教育经历", "zh", 0.0),
        ("欧阳青叶", "zh", 1.0),
        ("青山 緑", "ja", 1.0),
        ("ミドリ・アオヤマ", "ja", 0.8),
        ("株式会社青葉製作所", "ja", 0.0),
    ],
)
def test_the_form_of_east_asian_names(text: str, language: str, form: float) -> None:
    assert name_form(text, language) == form


def test_surname_and_given_name_rows_are_one_name(tmp_path: Path) -> None:
    head = [run(60, 60, "Surname: Oyelaran"), run(60, 76, "First name: Casimir"), run(60, 92, "casimir@example.org")]
    assert name_in(tmp_path, *head) == "Casimir Oyelaran"


def test_a_parents_name_in_a_form_is_not_the_candidates(tmp_path: Path) -> None:
    head = [
        run(60, 60, "Curriculum Vitae", 18, "B"),
        run(60, 84, "Greta hollingsworth", 11, "B"),
        run(60, 100, "Father's Name: Boleslav Tanaka"),
        run(60, 116, "greta@example.org"),
    ]
    assert name_in(tmp_path, *head) == "Greta hollingsworth"


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("Greta Hollingsworth (*28.10.1987)", "Greta Hollingsworth"),
        ("Curriculum Vitae of Greta Hollingsworth", "Greta Hollingsworth"),
        ("CV - Greta Hollingsworth", "Greta Hollingsworth"),
        ("Greta Hollingsworth, born 12 May 1987", "Greta Hollingsworth"),
        ("Greta Hollingsworth (she/her)", "Greta Hollingsworth"),
        ("Greta Hollingsworth's CV", "Greta Hollingsworth"),
        ("Greta Hollingsworth, 35 years", "Greta Hollingsworth"),
        ("Greta Hollingsworth", "Greta Hollingsworth"),
    ],
)
def test_what_is_set_around_a_name_is_cut_off(printed: str, name: str) -> None:
    assert trimmed(printed) == name


def test_a_labelled_name_with_its_birth_date(tmp_path: Path) -> None:
    head = [
        run(60, 60, "Lebenslauf", 20, "B"),
        run(60, 84, "Name: Greta Hollingsworth (*28.10.1987)"),
        run(60, 100, "E-Mail: g.hollingsworth@example.org"),
    ]
    assert name_in(tmp_path, *head) == "Greta Hollingsworth"


def test_a_name_in_capitals_beside_the_documents_title_in_one_row(tmp_path: Path) -> None:
    head = [run(60, 60, "Greta HOLLINGSWORTH", 24), run(480, 60, "CV", 24), run(60, 84, "g.hollingsworth@example.org")]
    assert name_in(tmp_path, *head) == "Greta HOLLINGSWORTH"


def test_two_words_of_two_sizes_are_a_name_when_the_address_has_both(tmp_path: Path) -> None:
    head = [run(60, 60, "CASIMIR", 20, "B"), run(60, 92, "OYELARAN", 34, "B"), run(60, 120, "c.oyelaran@example.org")]
    assert name_in(tmp_path, *head) == "CASIMIR OYELARAN"


def test_a_job_title_beneath_the_name_stays_out_of_it(tmp_path: Path) -> None:
    head = [
        run(60, 60, "Greta Hollingsworth", 24, "B"),
        run(60, 88, "Software Engineer", 24, "B", GREY),
        run(60, 120, "greta.hollingsworth@example.org"),
    ]
    assert name_in(tmp_path, *head) == "Greta Hollingsworth"


def test_a_name_that_lost_its_space_is_parted_as_the_address_parts_it(tmp_path: Path) -> None:
    head = [run(60, 60, "GRETAHOLLINGSWORTH MOREAU", 24, "B"), run(60, 88, "greta.hollingsworth.moreau@example.org")]
    assert name_in(tmp_path, *head) == "GRETA HOLLINGSWORTH MOREAU"


def test_a_name_without_capitals_at_the_head_of_the_page(tmp_path: Path) -> None:
    head = [run(60, 60, "greta hollingsworth", 18, "B"), run(60, 88, "gretahollingsworth@example.org")]
    assert name_in(tmp_path, *head) == "greta hollingsworth"


def test_a_name_said_in_a_sentence(tmp_path: Path) -> None:
    head = [run(60, 60, "Hello! My name is Casimir Oyelaran", 16), run(60, 88, "casimir.o@example.org")]
    assert name_in(tmp_path, *head) == "Casimir Oyelaran"


def test_a_given_name_alone_in_the_largest_type_is_better_than_none(tmp_path: Path) -> None:
    head = [run(60, 60, "Rosalind", 30), run(60, 84, "Baker"), run(60, 100, "bakes@example.org")]
    _, profiles = read(make(tmp_path / "a.pdf", body(*head)))
    name = profiles[0].best("name")
    assert name is not None
    assert name.value == "Rosalind"
    assert name.confidence < 0.9, "a guess is told by its confidence"


def test_a_particle_at_the_end_is_a_family_name(tmp_path: Path) -> None:
    head = [run(60, 60, "Rosalind Das", 30), run(60, 84, "rosalinddas.example"), run(60, 100, "rosie@example.org")]
    assert name_in(tmp_path, *head) == "Rosalind Das"


def test_a_link_of_many_letters_agrees_with_nobody_by_chance() -> None:
    assert agreement("Prague Castle", ["acceleratedroboticsprogrampraguecz"]) < 0.5
    assert agreement("Greta Hollingsworth", ["g.hollingsworth"]) > 0.65


def test_a_last_word_in_a_line_of_its_own_belongs_to_the_name_the_header_repeats(tmp_path: Path) -> None:
    first = [
        run(300, 20, "Greta Margaret Anna Hollingsworth", 8),
        run(60, 60, "GRETA MARGARET ANNA", 18, "B"),
        run(60, 82, "HOLLINGSWORTH", 18, "B"),
        run(60, 104, "ghm@example.org"),
        *resume("", "", "")[3:],
    ]
    _, profiles = read(make(tmp_path / "a.pdf", first, [run(300, 20, "Greta Margaret Anna Hollingsworth", 8)]))
    assert profiles[0].name == "GRETA MARGARET ANNA HOLLINGSWORTH"


@pytest.mark.parametrize(
    "text", ["Surname(s) / First name(s)", "Nom / Prénom", "Achternaam en voornaam", "Name, Surname"]
)
def test_a_label_of_both_parts_of_a_name(text: str) -> None:
    assert is_full(key(text))


@pytest.mark.parametrize("text", ["Name of school", "Name / Address", "Company, name", "Position / Employer"])
def test_other_labels_with_two_parts_name_nobody(text: str) -> None:
    assert not is_full(key(text))


@pytest.mark.parametrize(
    ("label", "printed"),
    [("Surname(s) / First name(s)", "Hollingsworth, Greta"), ("First name / Surname", "Greta, Hollingsworth")],
)
def test_a_form_gives_a_name_in_the_order_of_its_label(tmp_path: Path, label: str, printed: str) -> None:
    head = (run(60, 60, "Curriculum Vitae", 16, "B"), run(60, 100, label), run(220, 100, printed))
    mail = (run(60, 114, "E-mail"), run(220, 114, "gh77@example.org"))
    assert name_in(tmp_path, *head, *mail) == "Greta Hollingsworth"


def test_a_name_of_one_paragraph_a_word_is_whole(tmp_path: Path) -> None:
    """Paragraphs in a table's cell stand further apart than lines."""
    lines = [run(60, 70 + 33 * n, word, 18, "B") for n, word in enumerate(("Beatrix", "Robbins", "Hollingsworth"))]
    assert name_in(tmp_path, *lines, run(60, 170, "gh77@example.org")) == "Beatrix Robbins Hollingsworth"


def test_a_double_name_broken_at_its_hyphen_is_whole(tmp_path: Path) -> None:
    head = (run(60, 70, "Greta Hollings-", 20, "B"), run(60, 94, "Kovacs", 20, "B"))
    assert name_in(tmp_path, *head, run(60, 120, "ghollings@example.org")) == "Greta Hollings-Kovacs"


def test_a_job_title_beneath_two_given_names_stays_out_of_the_name(tmp_path: Path) -> None:
    """The second name is a given name as well, and nothing is known of the word below it."""
    head = (run(60, 70, "Vittorio Martin", 26, "B"), run(60, 96, "Elettricista", 16, "", GREY))
    assert name_in(tmp_path, *head, run(60, 120, "vittorio_martin73@example.org")) == "Vittorio Martin"


def test_an_own_site_does_not_draw_the_job_title_into_the_name(tmp_path: Path) -> None:
    """The letters of its ending ("example") are none of the name's."""
    head = (run(60, 70, "Porcellato", 26, "B"), run(60, 98, "Elettricista", 18, "", GREY))
    rest = (run(60, 120, "pv77@example.org"), run(60, 134, "https://porcellato.example"))
    assert name_in(tmp_path, *head, *rest) != "Porcellato Elettricista"


def test_an_occupation_is_a_family_name_behind_a_given_name(tmp_path: Path) -> None:
    head = (run(60, 70, "Paris Baker", 24, "B"), run(60, 96, "Project Manager"))
    assert name_in(tmp_path, *head, run(60, 112, "hello@mail.example")) == "Paris Baker"


def test_a_web_page_that_greets_gives_the_name(tmp_path: Path) -> None:
    head = (run(60, 70, "Hi, I'm Greta Hollingsworth.", 30, "B"), run(60, 110, "Project Manager"))
    assert name_in(tmp_path, *head, run(60, 130, "gh77@example.org")) == "Greta Hollingsworth"


def test_a_japanese_name_behind_an_english_title() -> None:
    profiles, _ = profiles_of(
        page(
            words(60, 60, "Résumé of 中川 充", 22),
            words(60, 90, "yui.s77@example.org"),
            words(60, 140, "EMPLOYMENT HISTORY", 12, True),
            words(60, 160, "プロジェクトマネージャー, 青波システム株式会社 2019 - 2023"),
            words(60, 200, "EDUCATION", 12, True),
            words(60, 220, "札幌工業大学 2011 - 2015"),
        )
    )
    assert profiles[0].name == "中川 充"


def test_the_words_of_a_title_are_no_cells_of_a_table(tmp_path: Path) -> None:
    """The second word stands by chance where other lines have their second cell."""
    head = [
        run(60, 70, "Brian", 24, "B"),
        run(137, 70, "Hollis | Programmer", 24, "B"),
        run(60, 100, "bh77@example.org"),
    ]
    rows = [run(60, 114 + 14 * n, label) for n, label in enumerate(("Place", "Born", "Status"))]
    values = [run(137, 114 + 14 * n, text) for n, text in enumerate(("Portland", "Leeds", "married"))]
    assert name_in(tmp_path, *head, *rows, *values) == "Brian Hollis"
