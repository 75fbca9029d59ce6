"""Score extraction on the shared development corpus, through the real command line.

    python benchmarks/score.py [resumes] [wild] [csv] [zip] [hostile] [--large] [--jobs N]
        makes predictions, runs the corpus's own scorers and prints their tables; without a set, all of them.
        --large adds the files that are generated, not stored (100,000 rows, a 1 GB bomb, 5,000 PDFs, 2,000 pages).
        Ends with one JSON line a set: {"name", "value", "unit", "budget", "ok"}. Exit code 1 if a budget is missed.
    python benchmarks/score.py one FILE
        reads one file or archive and prints {"status", "error", "profiles", "documents"}: what check_hostile.py runs.

The corpus is ../shared/corpus beside the repository, or $GATEWAY_CORPUS; the scorers are in ../tools beside it. The wild set are real
people's résumés: $GATEWAY_WILD names the folder of its PDFs (outside every checkout), its gold and scorer are in ../wild beside the corpus;
where one is missing the set is left out, with a sentence. The twenty lines of benchmarks/baseline.py are scored beside ours.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CORPUS = Path(os.environ.get("GATEWAY_CORPUS") or ROOT.parent / "shared" / "corpus")
TOOLS = CORPUS.parent / "tools"
WILD = CORPUS.parent / "wild"
SETS = ("resumes", "wild", "csv", "zip", "hostile")


def main(argv: list[str]) -> int:
    if argv[:1] == ["one"]:
        return one(Path(argv[1]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", choices=[*SETS, []], default=[], metavar="SET")
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args(argv)
    if not CORPUS.is_dir():
        print(f"No corpus at {CORPUS}: set GATEWAY_CORPUS to its folder.", file=sys.stderr)
        return 1
    figures: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="gateway-score-") as work:
        for name in options.sets or SETS:
            print(f"\n== {name} ==", flush=True)
            figures += globals()[f"score_{name}"](Path(work), options)
    print()
    for figure in figures:
        print(json.dumps(figure))
    return 0 if all(figure["ok"] for figure in figures) else 1


def score_resumes(work: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    folder = CORPUS / "resumes"
    predictions = work / "resumes.jsonl"
    extract(folder / "pdf", predictions, options.jobs)
    tool = [sys.executable, TOOLS / "score_resumes.py", folder / "gold.jsonl", predictions]
    subprocess.run([*tool, "--by", "stratum", "--errors", "10"], check=False)
    total = last_json(run([*tool, "--json"]))
    exact = total["total"]["contact_exact"]["share"]
    anchor = last_json(run([*tool[:-1], baseline(folder / "pdf", work), "--json"]))["total"]["contact_exact"]["share"]
    print(f"contact exact of the twenty-line baseline: {anchor:.1%}")
    return [
        figure("contact exact, all strata", exact, "share", 0.97, at_least=True),
        figure("contact exact above the twenty-line baseline", round(exact - anchor, 4), "share", 0.0, at_least=True),
    ]


def score_wild(work: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    folder = Path(os.environ.get("GATEWAY_WILD") or "")
    gold, tool = WILD / "dev-gold.jsonl", WILD / "score_wild.py"
    if not os.environ.get("GATEWAY_WILD") or not folder.is_dir() or not gold.is_file() or not tool.is_file():
        print(f"Left out: set GATEWAY_WILD to the folder of its PDFs; {gold.name} and {tool.name} belong in {WILD}.")
        return []
    predictions = work / "wild.jsonl"
    extract(folder, predictions, options.jobs)
    text = run([sys.executable, tool, gold, predictions])
    print("\n".join(line for line in text.splitlines() if re.match(r"group|lang|TOTAL|refused|not ", line)))
    total = last_json(text)
    anchor = last_json(run([sys.executable, tool, gold, baseline(folder, work)]))
    shown = ("contact", "name", "name_precision", "email", "phone", "phone_precision")
    print("twenty-line baseline: " + ", ".join(f"{name} {anchor[name]:.1%}" for name in shown))
    bars = zip(shown, (0.85, 0.91, 0.97, 0.93, 0.91, 0.99), strict=True)
    return [
        *(figure(f"wild: {name}", total[name], "share", bar, at_least=True) for name, bar in bars),
        figure(
            "wild: contact above the baseline",
            round(total["contact"] - anchor["contact"], 4),
            "share",
            0.0,
            at_least=True,
        ),
        figure("wild: other documents accepted", total["not_resumes_accepted"], "documents", 0),
    ]


def baseline(folder: Path, work: Path) -> Path:
    """What benchmarks/baseline.py says of a folder."""
    out = work / f"baseline-{folder.parent.name}.jsonl"
    out.write_text(run([sys.executable, ROOT / "benchmarks" / "baseline.py", folder]), "utf-8")
    return out


def score_csv(work: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    figures = _one_csv(CORPUS / "csv", work / "csv.jsonl", options, "csv")
    if options.large:
        large = work / "csv-large"
        run([sys.executable, CORPUS / "csv" / "make_large.py", large])
        figures += _one_csv(large, work / "csv-large.jsonl", options, "large csv")
    return figures


def _one_csv(folder: Path, predictions: Path, options: argparse.Namespace, name: str) -> list[dict[str, Any]]:
    seconds, peak_mb = extract(folder, predictions, options.jobs, with_csv_details=True)
    text = run([sys.executable, TOOLS / "score_csv.py", folder / "gold.jsonl", predictions, "--verbose"])
    print(text, end="")
    total = last_json(text)
    return [
        figure(f"{name}: documents exact", total["documents_exact"], "documents", total["documents"], at_least=True),
        figure(f"{name}: F1 name", total["name"]["f1"], "F1", 0.99, at_least=True),
        figure(f"{name}: F1 e-mail", total["email"]["f1"], "F1", 0.99, at_least=True),
        figure(f"{name}: F1 phone", total["phone"]["f1"], "F1", 0.98, at_least=True),
        figure(f"{name}: wall time", seconds, "s", 120),
        figure(f"{name}: peak memory of one process", peak_mb, "MB", 700),
    ]


def score_zip(work: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    figures = [_hostile(CORPUS / "zip", "zip")]
    if options.large:
        large = work / "zip-large"
        run([sys.executable, CORPUS / "zip" / "make_large.py", large])
        figures.append(_hostile(large, "large zip"))
    return figures


def score_hostile(work: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    figures = [_hostile(CORPUS / "hostile", "hostile"), _hostile(CORPUS / "hostile" / "public", "public hostile")]
    if options.large:
        large = work / "hostile-large"
        run([sys.executable, CORPUS / "hostile" / "make_large.py", large])
        figures.append(_hostile(large, "large hostile"))
    return figures


def _hostile(folder: Path, name: str) -> dict[str, Any]:
    command = [sys.executable, TOOLS / "check_hostile.py", folder / "expect.jsonl", folder, "--"]
    text = run([*command, sys.executable, Path(__file__).resolve(), "one", "{file}"])
    print(text, end="", flush=True)
    total = last_json(text)
    return figure(f"{name}: files right, within limits", total["clean"], "files", total["files"], at_least=True)


def extract(folder: Path, predictions: Path, jobs: int, *, with_csv_details: bool = False) -> tuple[float, float]:
    """Run the command line on a folder; (wall seconds, MB of the largest of its processes)."""
    import resource
    import time

    command = [sys.executable, "-m", "gateway", "extract", folder, "--jobs", str(jobs)]
    started = time.monotonic()
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as raw:
        subprocess.run([*map(str, command), "--details"], stdout=raw, env=environment(), check=True)
        seconds = time.monotonic() - started
        raw.seek(0)
        with predictions.open("w", encoding="utf-8") as out:
            for line in raw:
                if with_csv_details:
                    line = json.dumps(_for_csv(json.loads(line)), ensure_ascii=False) + "\n"
                out.write(line)
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return round(seconds, 2), round(peak_mb, 1)


def _for_csv(document: dict[str, Any]) -> dict[str, Any]:
    """The CSV scorer also looks at kept cells, raw phones of unknown country, and the rows remarked upon."""
    for profile in document["profiles"]:
        fields = profile["fields"]
        profile["phone"] = profile["phone"] or fields.get("phone", {}).get("raw")
        profile["extra"] = {**profile.get("extra", {}), **{name: entry["raw"] for name, entry in fields.items()}}
    notes = document.get("details", {}).get("notes", [])
    document["row_errors"] = [{"row": note["row"], "reason": note["code"]} for note in notes if note["row"]]
    return document


def one(path: Path) -> int:
    """Read one file in the sandbox and print what became of it, for check_hostile.py."""
    sys.path.insert(0, str(ROOT / "include"))
    from gateway.cli.extract import find, profile_json
    from gateway.extract.child.sandbox import ReaderPool, iter_profiles
    from gateway.intake.archive import SEPARATOR

    documents: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="gateway-one-") as work, ReaderPool(1) as pool:

        def readable() -> Any:
            for source in find([path], Path(work)):
                shown = source.shown.removeprefix(path.name + SEPARATOR)
                if source.file is None:
                    failed = {"path": shown, "status": "failed", "error": source.sentence, "profiles": []}
                    documents.append(failed)
                else:
                    yield shown, source.file

        for result in pool.read(readable()):
            people = [profile_json(profile) for profile in iter_profiles(result.spool)]
            short = [{key: person[key] for key in ("name", "email", "phone")} for person in people]
            reading = result.reading
            entry = {"path": result.key, "status": reading.status, "error": reading.error, "profiles": short}
            documents.append(entry)
    good = [document for document in documents if document["status"] == "success"]
    error = None if good else next((document["error"] for document in documents), "There is nothing in it.")
    profiles = [profile for document in documents for profile in document["profiles"]]
    status = "success" if good else "failed"
    print(json.dumps({"status": status, "error": error, "profiles": profiles[:1000], "documents": documents}))
    return 0


def environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT / "include"), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def run(command: list[Any]) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment()).stdout


def last_json(text: str) -> dict[str, Any]:
    return json.loads([line for line in text.splitlines() if line.startswith("{")][-1])


def figure(name: str, value: float, unit: str, budget: float, *, at_least: bool = False) -> dict[str, Any]:
    ok = value >= budget if at_least else value <= budget
    return {"name": name, "value": value, "unit": unit, "budget": budget, "ok": ok}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
