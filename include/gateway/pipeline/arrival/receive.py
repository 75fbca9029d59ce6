"""Batches come to be: claimed from the inbox, or named by a person; then their documents are registered."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import InterfaceError, OperationalError

from gateway.agents import Agent, load_agents_lenient
from gateway.errors import Misconfigured, Refused, Transient
from gateway.intake import arrivals, inbox
from gateway.intake.inbox import InboxProblem
from gateway.intake.manifest import MOST, Manifest, read_manifest
from gateway.intake.register import register
from gateway.model import AgentState, BatchState, Mode
from gateway.pipeline.arrival.runs import forget_failure, run_to_start
from gateway.settings import PROJECT, settings
from gateway.store import change, ids, outbox
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent as AgentRow
from gateway.store.tables import Batch, Document, Event, now

log = logging.getLogger(__name__)
SENSOR = "sense_inbox"


@dataclass(frozen=True, slots=True)
class Sensed:
    """The result of one check of the inbox: batches waiting for their run, and problems that need a person.

    runs   batch id -> the id of the run it waits for
    """

    runs: dict[str, str]
    problems: tuple[InboxProblem, ...]

    @property
    def batch_ids(self) -> tuple[str, ...]:
        return tuple(self.runs)


def agent_of(agent_id: str) -> Agent:
    """The agent with that id; raises Misconfigured(UNKNOWN_AGENT | AGENT_FILE_INVALID)."""
    agents, wrong = load_agents_lenient(settings().agents_dir)
    if agent_id in agents:
        return agents[agent_id]
    for error in wrong:
        if error.subject == agent_id:
            raise error
    known = ", ".join(sorted(agents)) or "none"
    raise Misconfigured("UNKNOWN_AGENT", f"There is no agent {agent_id!r}; known: {known}.")


def sync_agent(agent: Agent) -> None:
    """Keeps the store's copy of an agent file current, so that history shows the version in force."""
    config = agent.model_dump(mode="json")
    with writing() as session:
        row = session.get(AgentRow, agent.id)
        if row is None:
            row = AgentRow(
                id=agent.id,
                title=agent.title,
                state=agent.state,
                target_kind=agent.target.kind,
                posting=agent.target.posting,
                config=config,
            )
            change.create(session, row, actor="agent file")
        elif row.config != config:
            row.title, row.target_kind, row.posting = agent.title, agent.target.kind, agent.target.posting
            row.config, row.updated_at = config, now()
            outbox.forget_channels(session, agent.id)
            change.record(session, "agent_changed", row, actor="agent file")
        change.move(session, row, agent.state, actor="agent file")


def sense(*, actor: str = SENSOR) -> Sensed:
    """Claims every complete drop and returns all batches that have no run yet, including those of a killed claimer.

    One drop that cannot be claimed or opened does not stop the next; problems are returned, and each
    problem is an event once a day.
    """
    config = settings()
    root = config.inbox
    agents, wrong = load_agents_lenient(config.agents_dir)
    broken = {error.subject for error in wrong}
    problems = [InboxProblem(error.code, error.sentence, "include/agents") for error in wrong]
    with inbox.locked(root):
        for agent_id in agents:
            try:
                (root / agent_id).mkdir(exist_ok=True)
            except OSError as refused:
                problem = inbox.disk_problem(refused, f"The inbox folder of {agent_id} could not be made")
                problems.append(InboxProblem(problem.code, problem.sentence, agent_id))
        for agent_id, batch_id, folder in inbox.claimed(root):
            if batch_exists(batch_id):
                problems += _hand_over(agent_id, batch_id, folder)
            elif agent_id in agents:
                problems += _open(agents[agent_id], batch_id, folder, actor)
            elif agent_id not in broken:
                problems.append(
                    InboxProblem(
                        "UNKNOWN_AGENT",
                        f"A claimed drop waits for agent {inbox.shown(agent_id)}, whose file is gone: put "
                        f"include/agents/{inbox.shown(agent_id)}.yaml back, or move {inbox.CLAIMED}/"
                        f"{inbox.shown(agent_id)}/{batch_id} into another agent's folder.",
                        inbox.shown(agent_id),
                    )
                )
        view = inbox.look(root, set(agents), quiet_s=config.quiet_period_s, alarm_s=config.claim_alarm_s)
        problems += [t for t in view.problems if not (t.code == "UNKNOWN_AGENT" and t.where in broken)]
        for drop in view.drops:
            agent = agents[drop.agent_id]
            if not drop.complete or agent.state == AgentState.CLOSED:
                if drop.complete:
                    problems.append(
                        InboxProblem(
                            "AGENT_CLOSED", f"Agent {agent.id} is closed; its drop waits in the inbox.", agent.id
                        )
                    )
                continue
            batch_id = ids.batch_id()
            try:
                folder = inbox.claim(root, drop, batch_id)
            except Transient as later:
                problems.append(InboxProblem(later.code, later.sentence, agent.id))
            else:
                problems += _open(agent, batch_id, folder, actor)
    _report(problems, actor)
    with reading() as session:
        waiting = session.scalars(select(Batch).where(Batch.state == BatchState.RECEIVING).order_by(Batch.id))
        here = {batch_id for _, batch_id, _ in inbox.claimed(root)}  # not handed over yet: their turn comes
        runs = {b.id: run for b in waiting if b.id not in here and (run := run_to_start(b)) is not None}
    return Sensed(runs, tuple(problems))


def unclaimed(*, actor: str = "watch_gateway") -> tuple[InboxProblem, ...]:
    """Complete drops that have waited for too long (INBOX_STALE): the DAG that claims them is paused or failing.

    Only reads, so it takes no lock and may run at the same time as `sense`. Each problem is an event once a day.
    """
    config = settings()
    if not config.inbox.is_dir():
        return ()
    agents, _ = load_agents_lenient(config.agents_dir)
    view = inbox.look(config.inbox, set(agents), quiet_s=config.quiet_period_s, alarm_s=config.claim_alarm_s)
    stale = [problem for problem in view.problems if problem.code == "INBOX_STALE"]
    _report(stale, actor)
    return tuple({problem.where: problem for problem in stale}.values())


def _open(agent: Agent, batch_id: str, folder: Path, actor: str) -> list[InboxProblem]:
    """Turns a claimed folder into a batch. A folder that cannot become one is set aside, and the next one continues.

    An unavailable store or disk is not the drop's fault: it raises or stays claimed, and the next check tries again.
    """
    try:
        open_claimed(agent, batch_id, folder, actor=actor, run_id=batch_id)
    except (OperationalError, InterfaceError, TimeoutError, Transient):
        raise
    except OSError as wrong:
        later = inbox.disk_problem(wrong, f"A claimed drop of {agent.id} could not be opened")
        return [InboxProblem(later.code, later.sentence, agent.id)]
    except Exception as wrong:
        log.error("drop %s set aside: %s", batch_id, type(wrong).__name__)
        inbox.set_aside(settings().inbox, folder)
        sentence = (
            f"A drop of {agent.id} could not be made a batch ({type(wrong).__name__}). It lies unread in "
            f"{inbox.SET_ASIDE}/{agent.id}/{batch_id} of the inbox: correct its batch.yaml and move it back."
        )
        return [InboxProblem("DROP_SET_ASIDE", sentence, f"{agent.id}/{batch_id}")]
    return _hand_over(agent.id, batch_id, folder)


def _hand_over(agent_id: str, batch_id: str, folder: Path) -> list[InboxProblem]:
    """Moves a batch's claimed files to the files store; files that cannot be moved now stay claimed for the next check."""
    try:
        arrivals.hand_over(folder, agent_id, batch_id)
    except Transient as later:
        return [InboxProblem(later.code, later.sentence, agent_id)]
    return []


def batch_exists(batch_id: str, *, uploaded_by: str | None = None) -> bool:
    """Whether the store has that batch; with `uploaded_by`, whether it belongs to that person."""
    with reading() as session:
        batch = session.get(Batch, batch_id)
        return batch is not None and uploaded_by in (None, batch.uploaded_by)


def _report(problems: list[InboxProblem], actor: str) -> None:
    today = f"{now():%Y-%m-%d}"
    for problem in problems:
        log.warning("%s: %s", problem.code, problem.sentence)
        with writing() as session:
            once = f"trouble:{today}:{problem.code}:{problem.where}"[:200]
            if session.scalar(select(Event.id).where(Event.once == once)) is None:
                session.add(
                    Event(
                        kind="trouble",
                        subject="inbox",
                        subject_id=problem.where[:64],
                        code=problem.code,
                        actor=actor,
                        once=once,
                    )
                )


def open_claimed(
    agent: Agent,
    batch_id: str,
    folder: Path,
    *,
    actor: str,
    run_id: str | None,
    given: Manifest | None = None,
    source: str | None = None,
    wrong: Misconfigured | None = None,
) -> None:
    """The Batch row of a claimed folder. A manifest that cannot be read makes the batch a review: nothing is sent.

    given    what the manifest says, if the caller has read it; wrong: why it could not be read
    source   where the batch comes from, whatever the manifest says
    """
    sync_agent(agent)
    code = error = None
    manifest = given
    try:
        manifest = manifest or read_manifest(folder) or Manifest()
    except Misconfigured as found:
        manifest, wrong = Manifest(), found
    if wrong is not None:
        code, error = wrong.code, f"{wrong.sentence} Until then every profile of this batch is held for review."
        manifest = manifest.model_copy(update={"mode": Mode.REVIEW})
    batch = Batch(
        id=batch_id,
        agent_id=agent.id,
        mode=manifest.mode or agent.default_mode,
        state=BatchState.RECEIVING,
        code=code,
        error=error,
        source=source or manifest.source or "inbox",
        consent=manifest.consent,
        uploaded_by=manifest.uploaded_by,
        canary=manifest.canary,
        run_id=run_id,
        manifest=manifest.model_dump(mode="json", exclude_none=True),
        statistics={},
    )
    with writing() as session:
        change.create(session, batch, actor=actor, code=code)


def open_batch(
    agent_id: str,
    paths: list[Path],
    *,
    actor: str,
    mode: Mode | None = None,
    canary: int | None = None,
    batch_id: str | None = None,
    run_id: str | None = None,
    source: str = "manual trigger",
) -> str:
    """A batch from files or folders that a person named: they are copied, and the originals stay where they are.

    batch_id   names a batch that may exist already (a cleared run); then nothing is copied again
    run_id     the Airflow run that will process it, None outside Airflow
    raises     Misconfigured(UNKNOWN_AGENT | AGENT_FILE_INVALID | AGENT_CLOSED), Refused(PATH_REFUSED | NOTHING_THERE)
    """
    agent = agent_of(agent_id)
    if agent.state == AgentState.CLOSED:
        raise Misconfigured("AGENT_CLOSED", f"Agent {agent_id} is closed: open it in its file, or name another.")
    batch_id = batch_id or ids.batch_id()
    if batch_exists(batch_id):
        return batch_id
    for path in paths:
        if not path.exists():
            raise Refused("NOTHING_THERE", "The given path does not exist on this machine: correct it.")
    folder = settings().inbox / inbox.CLAIMED / agent_id / batch_id
    with inbox.locked(settings().inbox):
        shutil.rmtree(folder, ignore_errors=True)  # a copy that a killed worker left half done
        folder.mkdir(parents=True)
        try:
            for path in paths:
                _copy(path, folder)
        except OSError as wrong:
            shutil.rmtree(folder, ignore_errors=True)
            raise inbox.disk_problem(wrong, f"The files named for {agent_id} could not be copied") from wrong
        given = None
        if mode or canary:
            try:
                base = read_manifest(folder) or Manifest()
            except Misconfigured:
                base = Manifest()
            given = base.model_copy(update={k: v for k, v in (("mode", mode), ("canary", canary)) if v})
        open_claimed(agent, batch_id, folder, actor=actor, run_id=run_id, given=given)
        with writing() as session:
            batch = session.get_one(Batch, batch_id)
            batch.source = batch.manifest.get("source") or source
            batch.uploaded_by = batch.uploaded_by or actor
    arrivals.hand_over(folder, agent_id, batch_id)
    return batch_id


def open_from_form(form: Mapping[str, Any], *, run_id: str, at: datetime) -> str:
    """The batch of a run: the claimed one it names, or a new one from the trigger form's agent and path.

    form   empty fields may be None or ""
    at     when the run was to start; with run_id it fixes the id, so that a cleared run finds its batch again
    raises   Misconfigured(FORM_INCOMPLETE | FORM_INVALID), and as `open_batch`
    """
    if form.get("batch_id"):
        return batch_of_form(form, run_id=run_id, at=at)
    if not form.get("agent") or not form.get("path"):
        raise Misconfigured("FORM_INCOMPLETE", "Name an agent and a folder or file, or drop files into the inbox.")
    canary = form.get("canary") or None
    if canary is not None and (isinstance(canary, bool) or not isinstance(canary, int) or not 1 <= canary <= MOST):
        raise Misconfigured("FORM_INVALID", f"Canary: give a whole number from 1 to {MOST:,}, or leave it empty.")
    if form.get("mode") and form["mode"] not in set(Mode):
        raise Misconfigured("FORM_INVALID", f"Mode: choose one of {', '.join(Mode)}, or leave it empty.")
    return open_batch(
        str(form["agent"]),
        [allowed(str(form["path"]))],
        actor="manual trigger",
        mode=Mode(form["mode"]) if form.get("mode") else None,
        canary=canary,
        batch_id=batch_of_form(form, run_id=run_id, at=at),
        run_id=run_id,
    )


def batch_of_form(form: Mapping[str, Any], *, run_id: str, at: datetime) -> str:
    """The id of a run's batch, whether or not the batch exists."""
    return str(form["batch_id"]) if form.get("batch_id") else ids.batch_id_of_run(run_id, at)


def _copy(path: Path, into: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, into, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copyfile(path, into / path.name, follow_symlinks=True)


def allowed(path: str) -> Path:
    """The path, if a trigger form may name it: below the inbox, the samples or a folder of GATEWAY_ALLOWED_PATHS.

    raises   Refused(PATH_REFUSED): a form must not become a way to read any file of the worker
    """
    try:  # a relative path means the project's folder, wherever we run
        resolved = (PROJECT / Path(path.strip()).expanduser()).resolve()
    except (
        OSError,
        RuntimeError,
        ValueError,
    ):  # a loop of links, an unknown user's home, a NUL: not one of our folders
        resolved = Path("/")
    config = settings()
    for root in (config.inbox, PROJECT / "include" / "samples", *config.allowed_paths):
        if resolved == root.resolve() or root.resolve() in resolved.parents:
            return resolved
    raise Refused(
        "PATH_REFUSED",
        "The given path is outside the folders that a trigger may read: put the files into the inbox, or add their folder "
        "to GATEWAY_ALLOWED_PATHS.",
    )


def register_batch(batch_id: str, *, actor: str = "ingest_batch") -> dict[str, Any]:
    """Registers the documents of a claimed batch, moves it to running, and then removes the claimed files.

    returns   {"batch_id", "agent_id", "mode", "documents"}
    raises    Misconfigured(UNKNOWN_BATCH), Transient(DISK_FULL | CLAIM_FAILED), Transient(FILES_MISSING) where the files
              are not in the files store and were not registered before
    """
    with writing() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}: trigger with an agent and a path.")
        forget_failure(batch)
        change.move(session, batch, BatchState.RUNNING, actor=actor)
        if batch.code == "RUN_NOT_STARTED":
            batch.code = batch.error = None
        agent_id, mode, registered = batch.agent_id, batch.mode, batch.registered_at is not None
    claimed = settings().inbox / inbox.CLAIMED / agent_id / batch_id
    if claimed.is_dir():  # whoever claimed it, on this machine, died before it was handed over
        arrivals.hand_over(claimed, agent_id, batch_id)
    if not registered:
        with arrivals.fetched(agent_id, batch_id) as folder:
            register(batch_id, folder, actor=actor)
        with writing() as session:
            session.get_one(Batch, batch_id).registered_at = now()
    arrivals.clear(agent_id, batch_id)
    with reading() as session:
        total = session.scalar(select(func.count(Document.id)).where(Document.batch_id == batch_id)) or 0
    return {"batch_id": batch_id, "agent_id": agent_id, "mode": mode, "documents": total}
