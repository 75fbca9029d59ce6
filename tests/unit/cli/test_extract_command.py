"""`python -m gateway extract`: its output is a promise to other programs."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from gateway.cli import main

CSV = "Name,Email,Phone,City,Dept\nAda Archer,ada@example.org,+1 202-555-0101,Leeds,Sales\nBela,,020 7946 0958,,\n"
KEYS = {
    "name",
    "email",
    "phone",
    "location",
    "links",
    "skills",
    "work",
    "education",
    "quality",
    "completeness",
    "fields",
}


@pytest.fixture
def extract(capsys):
    def run(*arguments: str):
        code = main(["extract", *map(str, arguments)])
        out = capsys.readouterr().out
        return code, [json.loads(line) for line in out.splitlines()]

    return run


def archive(**files: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/").replace("_csv", ".csv").replace("_zip", ".zip"), content)
    return buffer.getvalue()


def test_one_line_a_document_with_the_promised_keys(extract, tmp_path):
    (tmp_path / "list.csv").write_text(CSV)
    code, (line,) = extract(tmp_path / "list.csv")
    assert code == 0
    assert {key: line[key] for key in ("file", "status", "code", "error")} == {
        "file": "list.csv",
        "status": "success",
        "code": None,
        "error": None,
    }
    ada, bela = line["profiles"]
    assert ada.keys() >= KEYS
    assert (ada["name"], ada["email"], ada["phone"]) == ("Ada Archer", "ada@example.org", "+12025550101")
    assert 0 < ada["quality"] <= 1
    assert ada["fields"]["email"]["row"] == 2
    assert ada["fields"]["email"].keys() >= {"value", "raw", "confidence", "page", "row"}
    assert ada["extra"] == {"Dept": "Sales"}
    assert bela["phone"] is None
    assert bela["fields"]["phone"]["raw"] == "020 7946 0958"


def test_folders_are_walked_and_archives_opened(extract, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.csv").write_text(CSV)
    (tmp_path / ".DS_Store").write_text("x")
    inner = archive(folder__x_csv=CSV)
    (tmp_path / "batch.zip").write_bytes(archive(in_zip=inner, empty_csv=b"", up__y_csv=CSV))
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 broken")
    code, lines = extract(tmp_path, "--jobs", "2")
    assert code == 0
    assert {(line["file"], line["code"]) for line in lines} == {
        ("sub/a.csv", None),
        ("batch.zip!/in.zip!/folder/x.csv", None),
        ("batch.zip!/empty.csv", "EMPTY_FILE"),
        ("batch.zip!/up/y.csv", None),
        ("bad.zip", "ZIP_BROKEN"),
    }
    assert all(line["error"] for line in lines if line["status"] == "failed")
    assert all(line["profiles"] == [] for line in lines if line["status"] == "failed")


def test_country_helps_national_numbers_and_details_are_optional(extract, tmp_path):
    (tmp_path / "list.csv").write_text(CSV)
    _, (line,) = extract(tmp_path / "list.csv", "--country", "gb", "--details")
    assert line["profiles"][1]["phone"] == "+442079460958"
    assert line["details"]["mapping"]["Email"] == "email"
    _, (line,) = extract(tmp_path / "list.csv")
    assert "details" not in line


def test_path_that_is_not_there_is_an_error_of_the_caller(capsys, tmp_path):
    assert main(["extract", str(tmp_path / "gone")]) == 1
    assert "PATH_NOT_FOUND" in capsys.readouterr().err
