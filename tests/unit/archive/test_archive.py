"""ZIP uploads of every unpleasant kind."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.codes import CODES
from gateway.errors import Unreadable
from gateway.intake.archive import Limits, expand

PDF = b"%PDF-1.4\nsomething\n%%EOF\n"


@pytest.fixture
def into(tmp_path) -> Path:
    folder = tmp_path / "deep" / "work"
    folder.mkdir(parents=True)
    return folder


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def opened(tmp_path, into):
    def run(data: bytes, limits: Limits | None = None):
        path = tmp_path / "upload.zip"
        path.write_bytes(data)
        return expand(path, into, limits or Limits())

    return run


def outcome(members) -> dict[str, str | None]:
    return {m.path_in_zip: "ignored" if m.ignored else m.code for m in members}


def test_files_come_out_under_generated_names_with_their_bytes(opened, into):
    members = opened(packed(("cv.pdf", PDF), ("a/b/Ada Archer.PDF", PDF + b"2"), ("no suffix", b"text")))
    assert [m.path_in_zip for m in members] == ["cv.pdf", "a/b/Ada Archer.PDF", "no suffix"]
    assert [m.file.read_bytes() for m in members] == [PDF, PDF + b"2", b"text"]
    assert [m.size_bytes for m in members] == [len(PDF), len(PDF) + 1, 4]
    assert all(m.file.parent == into and "Ada" not in m.file.name for m in members)
    assert [m.file.suffix for m in members] == [".pdf", ".pdf", ""]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_path_are_two_members(opened):
    members = opened(packed(("cv.pdf", b"%PDF one"), ("cv.pdf", b"%PDF two")))
    assert [m.path_in_zip for m in members] == ["cv.pdf", "cv.pdf"]
    assert [m.file.read_bytes() for m in members] == [b"%PDF one", b"%PDF two"]


def test_system_junk_and_folders_are_ignored(opened):
    junk = ["__MACOSX/._cv.pdf", "CVs/.DS_Store", "Thumbs.db", "x/desktop.ini", "~$cv.docx", "empty/"]
    members = opened(packed(("cv.pdf", PDF), *[(name, b"") for name in junk]))
    assert outcome(members) == {"cv.pdf": None, **dict.fromkeys(junk, "ignored")}


def test_nested_archives_are_flattened_in_place(opened):
    inner = packed(("x.pdf", PDF), ("deep/y.pdf", PDF))
    members = opened(packed(("a.pdf", PDF), ("in.zip", packed(("mid.zip", inner))), ("z.pdf", PDF)))
    assert [m.path_in_zip for m in members] == [
        "a.pdf",
        "in.zip!/mid.zip!/x.pdf",
        "in.zip!/mid.zip!/deep/y.pdf",
        "z.pdf",
    ]
    assert all(m.file.read_bytes() == PDF for m in members)


def test_office_documents_are_not_opened_as_archives(opened):
    docx = packed(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))
    (member,) = opened(packed(("cv.docx", docx)))
    assert member.file.read_bytes() == docx


def nested(levels: int) -> bytes:
    data = packed(("x.pdf", PDF))
    for level in range(levels):
        data = packed((f"l{level}.zip", data))
    return data


def test_archives_too_deep_are_reported_and_not_opened(opened):
    assert outcome(opened(nested(2))) == {"l1.zip!/l0.zip!/x.pdf": None}
    members = opened(nested(3))
    assert outcome(members) == {"l2.zip!/l1.zip!/l0.zip": "ZIP_TOO_DEEP"}
    assert members[0].file is None


def link_entry() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("link.pdf")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (("../../evil.pdf", PDF), "ZIP_UNSAFE_PATH"),
        (("ok/../../evil.pdf", PDF), "ZIP_UNSAFE_PATH"),
        (("/etc/evil.pdf", PDF), "ZIP_UNSAFE_PATH"),
        (("C:\\evil.pdf", PDF), "ZIP_UNSAFE_PATH"),
        (("..\\..\\evil.pdf", PDF), "ZIP_UNSAFE_PATH"),
        ((link_entry(), b"/etc/passwd"), "ZIP_LINK"),
        (("bomb.pdf", bytes(30_000_000)), "ZIP_BOMB"),
        (("large.pdf", b"%PDF" + bytes(2_000_000)), "ZIP_MEMBER_TOO_LARGE"),
        (("broken.zip", b"PK\x03\x04" + bytes(100)), "ZIP_BROKEN"),
        (("empty.zip", packed()), "ZIP_EMPTY"),
        (("junk.zip", packed(("Thumbs.db", b""))), "ZIP_EMPTY"),
    ],
)
def test_bad_member_has_its_code_and_the_others_come_out(opened, tmp_path, into, entry, code):
    limits = Limits(max_file_bytes=40_000_000 if code == "ZIP_BOMB" else 1_000_000)
    members = opened(packed(("first.pdf", PDF), entry, ("last.pdf", PDF)), limits)
    assert [m.code for m in members if not m.ignored] == [None, code, None]
    bad = next(m for m in members if m.code)
    assert bad.file is None
    assert len(bad.sentence) > 20
    assert code in CODES
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} == {"upload.zip", "000001.pdf", "000003.pdf"}


def encrypted(data: bytes) -> bytes:
    """Set the encryption flag of every entry (its content does not matter: it is never read)."""
    out = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = out.find(mark)
        while at >= 0:
            out[at + offset] |= 1
            at = out.find(mark, at + 4)
    return bytes(out)


def test_encrypted_members_and_archives(opened):
    half = packed(("open.pdf", PDF), ("in.zip", encrypted(packed(("x.pdf", PDF)))))
    assert outcome(opened(half)) == {"open.pdf": None, "in.zip!/x.pdf": "ZIP_ENCRYPTED"}
    with pytest.raises(Unreadable) as caught:
        opened(encrypted(packed(("x.pdf", PDF))))
    assert caught.value.code == "ZIP_ENCRYPTED"
    assert "password" in caught.value.sentence


def test_damaged_member_fails_alone(opened):
    data = bytearray(packed(("good.pdf", PDF), ("bad.pdf", bytes(range(256)) * 40)))
    at = data.find(b"bad.pdf") + len("bad.pdf")
    data[at + 5 : at + 25] = b"\xff" * 20
    assert outcome(opened(bytes(data))) == {"good.pdf": None, "bad.pdf": "ZIP_MEMBER_BROKEN"}


def test_sizes_claimed_are_not_believed(opened):
    data = bytearray(packed(("liar.pdf", b"%PDF" + bytes(3_000_000))))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(mark)
        data[at + offset : at + offset + 4] = struct.pack("<I", 10)
    (member,) = opened(bytes(data), Limits(max_file_bytes=1_000_000))
    assert member.code in ("ZIP_MEMBER_TOO_LARGE", "ZIP_MEMBER_BROKEN")
    assert member.file is None


def test_upload_limits_count_over_nested_archives(opened):
    inner = packed(*[(f"{i}.pdf", bytes(100_000)) for i in range(5)])
    members = opened(packed(("a.zip", inner), ("b.zip", inner)), Limits(max_total_bytes=700_000))
    codes = [m.code for m in members]
    assert codes.count(None) == 6
    assert set(codes[6:]) == {"ZIP_BATCH_TOO_LARGE"}
    with pytest.raises(Unreadable) as caught:
        opened(packed(("a.zip", inner), ("b.zip", inner)), Limits(max_files=8))
    assert caught.value.code == "ZIP_TOO_MANY_FILES"


def test_list_of_very_many_entries_is_refused_before_it_is_loaded(opened):
    entry = b"PK\x01\x02" + bytes(42)
    count = 60_000
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFE, 0xFFFE, len(entry) * count, 0, 0)
    with pytest.raises(Unreadable) as caught:
        opened(entry * count + end, Limits(max_files=10))
    assert caught.value.code == "ZIP_TOO_MANY_FILES"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (packed(("cv.pdf", PDF * 100))[:80], "ZIP_BROKEN"),
        (b"no archive at all", "ZIP_BROKEN"),
        (packed(), "ZIP_EMPTY"),
        (packed(("__MACOSX/._x", b"")), "ZIP_EMPTY"),
    ],
    ids=["cut off", "no archive", "nothing in it", "nothing but a system file"],
)
def test_archive_that_is_no_use_is_refused_as_a_whole(opened, data, code):
    with pytest.raises(Unreadable) as caught:
        opened(data)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("履歴書_山田.pdf", "cp932"),
        ("Lebenslauf Jörg Müßig.pdf", "cp437"),
        ("Lebenslauf Jörg Müßig.pdf", "cp850"),
        ("резюме Пётр Иванов.pdf", "cp866"),
        ("简历_张伟.pdf", "gb18030"),
        ("résumé é.pdf", "utf-8"),
        ("plain.pdf", "ascii"),
    ],
)
def test_names_in_code_pages_are_shown_as_their_maker_saw_them(opened, name, codec):
    raw = name.encode(codec)
    placeholder = "x" * len(raw)
    data = packed((placeholder, PDF)).replace(placeholder.encode(), raw)
    assert [m.path_in_zip for m in opened(data)] == [name]


def test_backslashes_of_old_windows_packers_are_folders(opened):
    assert outcome(opened(packed((zipfile.ZipInfo("CVs\\x.pdf"), PDF)))) == {"CVs/x.pdf": None}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_bytes_turned_at_random_never_escape_or_crash(tmp_path_factory, data):
    good = bytearray(packed(("a/cv.pdf", PDF * 20), ("in.zip", packed(("x.pdf", PDF)))))
    for at in data.draw(st.lists(st.integers(0, len(good) - 1), max_size=12)):
        good[at] = data.draw(st.integers(0, 255))
    root = tmp_path_factory.mktemp("turned")
    (root / "in" / "work").mkdir(parents=True)
    path = root / "in" / "upload.zip"
    path.write_bytes(good)
    try:
        members = expand(path, root / "in" / "work", Limits())
        codes = {member.code for member in members} - {None}
    except Unreadable as wrong:
        codes = {wrong.code}
    assert codes <= CODES.keys()
    assert {p.parent for p in root.rglob("*") if p.is_file()} <= {root / "in", root / "in" / "work"}
