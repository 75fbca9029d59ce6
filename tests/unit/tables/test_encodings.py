"""Lists in the character sets people's programs write."""

from __future__ import annotations

import pytest

GERMAN = "Vorname;Nachname;E-Mail\nJörg;Müßig;jm@example.org\nSönke;Weiß;sw@example.com\n"
FRENCH = "Prénom;Nom;Courriel\nHélène;Lefèvre;helene@example.org\nZoé;Garçon;zoe@example.com\n"
POLISH = "Imię;Nazwisko;Adres e-mail\nŁucja;Żółkiewska;lucja@example.org\nGrażyna;Święcka;gs@example.org\n"
RUSSIAN = "Имя;Фамилия;Почта\nПётр;Иванов;petr@example.org\nАнна;Смирнова;anna@example.com\n"
TURKISH = "Ad;Soyad;E-posta\nGülşen;Çağlar;gulsen@example.org\nIşıl;Yıldız;isil@example.com\n"
GREEK = "Όνομα;Επώνυμο;Email\nΓιώργος;Παπαδόπουλος;gp@example.org\nΕλένη;Νικολάου;en@example.org\n"
HEBREW = "שם פרטי,שם משפחה,דואר אלקטרוני\nדנה,כהן,dana@example.org\nיוסי,לוי,yossi@example.org\n"
JAPANESE = "氏名,メールアドレス,住所\n山田 太郎,taro@example.org,東京都\n鈴木 花子,hanako@example.com,大阪府\n"
CHINESE = "姓名,邮箱,城市\n张伟,zhangwei@example.org,上海\n王芳,wangfang@example.com,北京\n"
TAIWANESE = "姓名,電子郵件,城市\n陳怡君,yichun@example.org,台北\n林志明,chihming@example.com,高雄\n"
KOREAN = "이름,이메일,거주지\n김민수,minsu@example.org,서울\n이영희,younghee@example.com,부산\n"


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (GERMAN, "cp1252"),
        (GERMAN, "cp850"),
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (FRENCH, "latin-1"),
        (FRENCH, "mac_roman"),
        (FRENCH, "cp437"),
        (POLISH, "cp1250"),
        (POLISH, "cp852"),
        (POLISH, "iso8859_2"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "cp866"),
        (TURKISH, "cp1254"),
        (GREEK, "cp1253"),
        (HEBREW, "cp1255"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (CHINESE, "gb18030"),
        (TAIWANESE, "big5"),
        (KOREAN, "cp949"),
    ],
)
def test_names_come_out_of_every_character_set_unharmed(people, text, codec):
    expected = people(text, "utf8.csv")
    assert all(name and email for name, email, _ in expected)
    assert people(text.encode(codec)) == expected


def test_few_accents_below_an_ascii_header_are_western(people):
    text = "First,Last,Mail\nJosé,Núñez,jn@example.org\nZoë,O’Brien,zb@example.com\n"
    assert [name for name, _, _ in people(text.encode("cp1252"))] == ["José Núñez", "Zoë O’Brien"]


def test_lines_of_another_character_set_in_a_utf8_list(table):
    good = "Name,Email\nJörg Müller,jm@example.org\nZoë Weiß,zw@example.org\nGrün Öl,go@example.org\n"
    reading, profiles = table(good.encode() + "Käthe Groß,kg@example.org\n".encode("cp1252"))
    assert [p.name for p in profiles][-1] == "Käthe Groß"
    assert "BROKEN_CHARACTERS" in {note.code for note in reading.notes}


def test_mojibake_is_turned_back_cell_by_cell(people):
    text = "Name,Email\nJosÃ© NuÃ±ez,jn@example.org\nMÃ¼ller Jörg,jm@example.org\n"
    assert [name for name, _, _ in people(text)] == ["José Nuñez", "Müller Jörg"]


def test_nul_characters_are_dropped(people):
    assert people(b"Name,Email\nAda\0 Archer,ada@exam\0ple.org\n") == [("Ada Archer", "ada@example.org", None)]


def test_random_bytes_are_no_table(table):
    reading, profiles = table(bytes(range(1, 256)) * 40)
    assert (reading.status, profiles) == ("failed", [])


def test_bytes_that_make_no_words_in_any_character_set_are_refused(table):
    reading, _ = table(b"Name,Email\n" + bytes(range(128, 256)) * 40)
    assert (reading.status, reading.code) == ("failed", "UNKNOWN_ENCODING")
