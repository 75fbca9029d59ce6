"""The pool of reading children against readers that hang, crash, flood and eat memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.codes import CODES
from gateway.errors import Transient
from gateway.extract.child import confine
from gateway.extract.child.sandbox import ReaderPool, iter_profiles
from gateway.model import Hints
from gateway.settings import Settings

TESTS = str(Path(__file__).resolve().parents[2])


@pytest.fixture(autouse=True)
def _readers_importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", TESTS)


@pytest.fixture
def documents(tmp_path):
    def make(*commands: str) -> list[tuple[str, Path]]:
        out = []
        for number, command in enumerate(commands):
            path = tmp_path / f"{number}.doc"
            path.write_text(command, "utf-8")
            out.append((f"{number} {command}", path))
        return out

    return make


def pool(jobs: int = 1, **limits) -> ReaderPool:
    limits = {"document_timeout_s": 20.0, "document_memory_mb": 300, "document_output_bytes": 1_000_000} | limits
    return ReaderPool(jobs, config=Settings(**limits), reader="support.bad_readers:read")


def outcomes(results) -> dict[str, str | None]:
    return {result.key.partition(" ")[2]: result.reading.code for result in results}


def test_profiles_and_reading_come_back_as_they_were(documents):
    with pool() as readers:
        (result,) = readers.read(documents("good 3"), Hints())
        profiles = list(iter_profiles(result.spool))
    assert result.key == "0 good 3"
    assert (result.reading.status, result.reading.profiles) == ("success", 3)
    assert result.reading.notes[0].row == 3
    assert result.reading.mapping == {"A": None}
    assert [profile.name for profile in profiles] == ["Ada 0 Ünder", "Ada 1 Ünder", "Ada 2 Ünder"]
    assert profiles[0].fields[0].evidence.box == (1.0, 2.0, 3.0, 4.0)
    assert profiles[0].pages == (1, 2)


@pytest.mark.parametrize(
    ("command", "limits", "code"),
    [
        ("hang", {"document_timeout_s": 0.5}, "TIMED_OUT"),
        ("spin", {"document_timeout_s": 0.5}, "TIMED_OUT"),
        ("memory", {}, "OUT_OF_MEMORY"),
        ("resident", {"document_memory_mb": 60}, "OUT_OF_MEMORY"),
        ("segfault", {}, "READER_CRASHED"),
        ("exit", {}, "READER_CRASHED"),
        ("abort", {}, "READER_CRASHED"),
        ("map", {}, "OUT_OF_MEMORY"),
        ("raise", {}, "READER_FAILED"),
        ("recurse", {}, "READER_FAILED"),
        ("flood", {}, "OUTPUT_TOO_LARGE"),
        ("unreadable", {}, "DAMAGED_OFFICE"),
    ],
)
def test_bad_document_costs_one_code_and_the_pool_goes_on(documents, command, limits, code):
    with pool(**limits) as readers:
        results = list(readers.read(documents("good", command, "good 2"), Hints()))
        by_key = {result.key: result for result in results}
        assert outcomes(results) == {"good": None, command: code, "good 2": None}
        failed = by_key[f"1 {command}"]
        assert failed.reading.status == "failed"
        assert failed.reading.profiles == 0
        assert list(iter_profiles(failed.spool)) == []
        assert len(list(iter_profiles(by_key["2 good 2"].spool))) == 2
    assert code in CODES
    assert failed.reading.error
    assert "ada@example.org" not in failed.reading.error


def test_a_document_that_stands_still_is_stopped_twice_and_told_what_to_do(documents):
    with pool(document_timeout_s=0.3) as readers:
        started = time.monotonic()
        (result,) = readers.read(documents("hang"), Hints())
        took = time.monotonic() - started
    assert result.reading.code == "TIMED_OUT"
    assert 2 * 4 * 0.3 < took < 2 * 20 * 0.3
    assert "Retry" in result.reading.error


def test_what_stops_the_clock_is_processor_time_not_the_wall(documents):
    """Three times the limit on the wall, and next to nothing of processor time."""
    with pool(document_timeout_s=0.5) as readers:
        (result,) = readers.read(documents("slow 1.5"), Hints())
    assert result.reading.status == "success"


def test_a_document_stopped_for_time_is_read_once_more_alone(documents, tmp_path):
    commands = [f"second {tmp_path / 'seen'}", "slow 0.2", "slow 0.2", "good"]
    with pool(jobs=2, document_timeout_s=0.3) as readers:
        results = list(readers.read(documents(*commands), Hints()))
    assert {result.reading.status for result in results} == {"success"}
    assert len(results) == len(commands)
    assert results[-1].key.startswith("0 second"), "after the others that were being read, with the machine to itself"


def test_time_spent_waiting_for_a_processor_does_not_count(documents, monkeypatch):
    monkeypatch.setattr("gateway.extract.child.sandbox.waited_s", waits := _Growing())
    monkeypatch.setattr("gateway.extract.child.sandbox._PATIENCE", 6.0)
    with pool(document_timeout_s=0.3) as readers:
        started = time.monotonic()
        (result,) = readers.read(documents("hang"), Hints())
        took = time.monotonic() - started
    assert result.reading.code == "TIMED_OUT"
    assert took > 2 * 6 * 0.3, "a patience of six limits, twice; standing still would have been told after four"
    assert waits.calls > 1


def test_document_that_keeps_giving_profiles_is_not_stopped(documents, monkeypatch):
    limits = {"document_timeout_s": 0.5, "document_output_bytes": 100_000_000}
    with pool(**limits) as readers:
        (result,) = readers.read(documents("drip 15"), Hints())
    assert (result.reading.status, result.reading.profiles) == ("success", 15)
    monkeypatch.setattr("gateway.extract.child.sandbox._LONGEST", 3)
    with pool(**limits) as readers:
        (result,) = readers.read(documents("drip 60"), Hints())
    assert result.reading.code == "TIMED_OUT"


class _Growing:
    """A worker that always waits: its waiting time grows like the clock."""

    calls = 0

    def __call__(self, pid: int) -> float:
        self.calls += 1
        return time.monotonic()


def test_documents_that_kill_their_worker_cost_milliseconds_not_imports(documents):
    with pool() as readers:
        list(readers.read(documents("good"), Hints()))
        started = time.monotonic()
        results = list(readers.read(documents(*["exit"] * 20), Hints()))
        assert (time.monotonic() - started) / len(results) < 0.25
        assert all(result.reading.code == "READER_CRASHED" for result in results)


def test_output_of_readers_reaches_neither_protocol_nor_terminal(documents, capfd):
    with pool() as readers:
        results = list(readers.read(documents("print", "print"), Hints()))
    assert [result.reading.status for result in results] == ["success", "success"]
    assert capfd.readouterr() == ("", "")


def facts(readers: ReaderPool, documents, count: int, hints: Hints | None = None) -> list[dict[str, str]]:
    out = []
    for result in readers.read(documents(*["facts"] * count), hints or Hints()):
        out += [profile.extra for profile in iter_profiles(result.spool)]
    return out


def test_workers_are_recycled_and_share_one_preload(documents):
    with pool(recycle_after=3) as readers:
        seen = facts(readers, documents, 8)
    assert [fact["nth"] for fact in seen] == ["1", "2", "3", "1", "2", "3", "1", "2"]
    assert len({fact["pid"] for fact in seen}) == 3
    (preloaded,) = {fact["preloaded"] for fact in seen}
    assert {fact["parent"] for fact in seen} == {preloaded}


def test_hints_and_page_limit_reach_the_reader(documents):
    with pool(limit_pages=7) as readers:
        (fact,) = facts(readers, documents, 1, Hints(country="PT"))
    assert (fact["country"], fact["pages"]) == ("PT", "7")


def test_jobs_run_side_by_side_and_results_come_in_order_of_completion(documents):
    with pool(jobs=2) as readers:
        list(readers.read(documents("good", "good"), Hints()))
        started = time.monotonic()
        keys = [result.key for result in readers.read(documents("slow 1.2", "slow 0.3", "slow 0.3"), Hints())]
        assert time.monotonic() - started < 1.7
    assert keys == ["1 slow 0.3", "2 slow 0.3", "0 slow 1.2"]


def test_items_are_taken_only_as_workers_become_free(documents):
    taken = []

    def endless():
        path = documents("good")[0][1]
        while True:
            taken.append(len(taken))
            yield len(taken), path

    with pool(jobs=2) as readers:
        for number, _ in enumerate(readers.read(endless(), Hints()), 1):
            if number == 5:
                break
        assert len(taken) <= 5 + 2 + 1


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(pids: set[int]) -> None:
    until = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not {pid for pid in pids if alive(pid)}


def test_leaving_the_pool_in_the_middle_leaves_no_process(documents):
    with pool(jobs=2) as readers:
        seen = facts(readers, documents, 2)
        results = readers.read(documents("slow 0.1", "hang"), Hints())
        next(results)
    wait_gone({int(fact["pid"]) for fact in seen} | {int(fact["preloaded"]) for fact in seen})


CHILD = """
import sys, pathlib
from gateway.extract.child.sandbox import ReaderPool, iter_profiles
from gateway.settings import Settings
folder = pathlib.Path(sys.argv[1])
with ReaderPool(1, config=Settings(), reader="support.bad_readers:read") as pool:
    (result,) = pool.read([(1, folder / "facts")])
    fact = next(iter_profiles(result.spool)).extra
    print(fact["pid"], fact["preloaded"], flush=True)
    list(pool.read([(2, folder / "hang")]))
"""


def test_children_die_with_a_killed_parent(tmp_path):
    for command in ("facts", "hang"):
        (tmp_path / command).write_text(command)
    root = str(Path(sys.modules["gateway"].__path__[0]).parent)
    env = {**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{root}"}
    parent = subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], env=env, stdout=subprocess.PIPE, text=True)
    children = {int(pid) for pid in parent.stdout.readline().split()}
    time.sleep(0.3)
    assert all(alive(pid) for pid in children)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_gone(children)


def _read_in_daemon(path: Path, answers) -> None:
    with pool() as readers:
        (result,) = readers.read([("a", path)], Hints())
        answers.put(result.reading.status)


def test_pool_starts_in_a_forked_daemonic_process(documents):
    ((_, path),) = documents("good")
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_read_in_daemon, args=(path, answers), daemon=True)
    child.start()
    assert answers.get(timeout=30) == "success"
    child.join(10)
    assert child.exitcode == 0


def test_reader_that_cannot_be_imported_is_told_as_trouble_of_the_installation(documents):
    with (
        ReaderPool(1, config=Settings(), reader="no_such_module:read") as readers,
        pytest.raises(Transient, match="no_such_module") as caught,
    ):
        list(readers.read(documents("good"), Hints()))
    assert caught.value.code == "READER_START"


def test_spools_are_gone_after_the_pool(documents, tmp_path):
    with ReaderPool(1, config=Settings(), spool_dir=tmp_path, reader="support.bad_readers:read") as readers:
        (result,) = readers.read(documents("good"), Hints())
        assert result.spool.exists()
        assert tmp_path in result.spool.parents
    assert not result.spool.exists()


def told(readers: ReaderPool, documents, command: str) -> dict[str, str]:
    (result,) = readers.read(documents(command), Hints())
    (profile,) = iter_profiles(result.spool)
    return profile.extra


def test_a_child_knows_no_secret(documents, monkeypatch):
    secrets = {
        "AIRFLOW__CORE__FERNET_KEY": "k",
        "AIRFLOW__API_AUTH__JWT_SECRET": "j",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://u:p@h/d",
        "AIRFLOW_CONN_HEYMILO": "heymilo://:token@h",
        "GATEWAY_DATABASE_URL": "postgresql://u:p@h/d",
        "AWS_SECRET_ACCESS_KEY": "a",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    with pool() as readers:
        seen = told(readers, documents, "environment")
    needed = {"PATH", "HOME", "TMPDIR", "PYTHONPATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    other = {"LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONHOME", "TESSDATA_PREFIX"}
    limits = {name for name in seen if name.startswith("GATEWAY_")}
    assert seen.keys() - limits - other <= needed
    assert all(float(seen[name]) > 0 for name in limits), "limits are numbers; addresses and paths are not among them"
    assert seen["HOME"] != os.environ.get("HOME")


def test_a_child_reaches_no_network(documents):
    with pool() as readers:
        seen = told(readers, documents, "connect 9")
    assert seen == {"internet": "EPERM", "local": "EPERM"}, "refused by the kernel; without that, by nobody listening"


def test_a_child_holds_no_files_but_its_own(documents, tmp_path):
    with (tmp_path / "secret").open("w") as held, pool() as readers:
        os.set_inheritable(held.fileno(), True)
        seen = told(readers, documents, "descriptors")
    kinds = sorted("socket" if where.startswith("socket:") else Path(where).suffix for where in seen.values())
    assert kinds == [".jsonl", "socket"], "the spool it writes and its socket to us"


def test_what_a_killed_child_left_is_removed(documents, tmp_path):
    with ReaderPool(
        1, config=Settings(document_timeout_s=0.3), spool_dir=tmp_path, reader="support.bad_readers:read"
    ) as readers:
        (result,) = readers.read(documents("litter"), Hints())
        assert result.reading.code == "TIMED_OUT"
        assert list(tmp_path.rglob("*.litter")) == []
        (result,) = readers.read(documents("good"), Hints())
        assert result.reading.status == "success"
    assert list(tmp_path.glob("gateway-read-*")) == []


def test_what_a_killed_owner_left_is_removed_by_the_next_and_no_other(tmp_path):
    for command in ("facts", "litter"):
        (tmp_path / command).write_text(command)
    root = str(Path(sys.modules["gateway"].__path__[0]).parent)
    env = {**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{root}", "TMPDIR": str(tmp_path)}
    script = CHILD.replace('"hang"', '"litter"')
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], env=env, stdout=subprocess.PIPE, text=True)
    children = {int(pid) for pid in parent.stdout.readline().split()}
    until = time.monotonic() + 20
    while not list(tmp_path.rglob("*.litter")) and time.monotonic() < until:
        time.sleep(0.05)
    confine.sweep(tmp_path)
    assert list(tmp_path.rglob("*.litter")), "its owner lives: nothing of it is touched"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_gone(children)
    confine.sweep(tmp_path)
    assert list(tmp_path.glob("gateway-read-*")) == []
