"""How the settings follow the machines: what `gateway plan` prints, and what docs/scale.md is computed from. Pure arithmetic.

A worker is one machine (or pod) that runs tasks. The slots of all pools together never exceed what the workers can run, so
that what is queued waits in the pool it belongs to and not in front of a worker.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CHILD_MB = 350  # a reading child at rest, with the models for scans
TASK_MB = 250  # Airflow's process around a task
OTHERS = 2  # tasks of a worker that read nothing: they wait for the store or a target
ROUNDS = 4  # chunks of a large batch that each slot gets: the last round's idle slots then cost little
CONNECTIONS_A_TASK = 2  # one of Airflow's api-server for it, one of ours to the store


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the plan: the variable, its value, and why it is that."""

    name: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Settings for a number of equal workers.

    memory_mb     what one worker needs at most, with every reader at its limit
    connections   to PostgreSQL at most, from all parts
    """

    settings: tuple[Setting, ...]
    memory_mb: int
    connections: int


# What compose calls a setting in .env.
COMPOSE = {
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "WORKER_CONCURRENCY",
    "AIRFLOW__CORE__PARALLELISM": "PARALLELISM",
    "GATEWAY_READ_SLOTS": "READ_SLOTS",
    "GATEWAY_EXTRACT_JOBS": "EXTRACT_JOBS",
    "GATEWAY_STORE_SLOTS": "STORE_SLOTS",
    "GATEWAY_DELIVER_SLOTS": "DELIVER_SLOTS",
    "GATEWAY_TARGET_SLOTS": "TARGET_SLOTS",
    "GATEWAY_RUNS_AT_ONCE": "RUNS_AT_ONCE",
    "GATEWAY_MAX_CHUNKS": "MAX_CHUNKS",
}


def plan(
    workers: int, cores: int, *, lanes: Sequence[str] = (), target_slots: int = 1, document_memory_mb: int = 900
) -> Plan:
    """The settings for `workers` machines of `cores` cores each.

    lanes   the targets of all agents (lane_of), once each: every one can be delivered to at the same time
    """
    jobs = 2 if cores >= 2 else 1
    reading = max(1, cores // jobs)  # chunks of one worker: each core reads one document at a time
    concurrency = reading + OTHERS
    read_slots = workers * reading
    parallelism = workers * concurrency
    deliver = max(2, min(len(set(lanes)) * target_slots, workers * OTHERS))
    settings = (
        Setting("AIRFLOW__CELERY__WORKER_CONCURRENCY", str(concurrency), f"{reading} chunks and {OTHERS} other tasks"),
        Setting("AIRFLOW__CORE__PARALLELISM", str(parallelism), f"{workers} workers x {concurrency} tasks"),
        Setting("GATEWAY_EXTRACT_JOBS", str(jobs), "documents read at once by a chunk"),
        Setting("GATEWAY_READ_SLOTS", str(read_slots), f"one core a document: {workers} workers x {reading} chunks"),
        Setting("GATEWAY_STORE_SLOTS", str(max(4, workers * OTHERS)), "short tasks, which mostly wait for the store"),
        Setting("GATEWAY_DELIVER_SLOTS", str(deliver), f"{len(set(lanes))} targets x {target_slots}"),
        Setting(
            "GATEWAY_TARGET_SLOTS", str(target_slots), "deliveries to one target at once; they share its rate limit"
        ),
        Setting("GATEWAY_RUNS_AT_ONCE", str(max(16, 2 * parallelism)), "twice the tasks: a run mostly waits for slots"),
        Setting("GATEWAY_MAX_CHUNKS", str(min(1000, max(64, ROUNDS * read_slots))), f"{ROUNDS} rounds of every slot"),
    )
    memory = reading * jobs * (CHILD_MB + document_memory_mb) + concurrency * TASK_MB
    return Plan(settings, memory, CONNECTIONS_A_TASK * parallelism + 20)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured (benchmarks/bench_scale.py), in processor seconds of all processes together, and in bytes.

    read_s      reading one document
    steps_s     judging, delivering and reporting it, in a large batch
    run_s       one run of ingest_batch, whatever its size: the scheduler, the api-server and the tasks that read nothing
    task_s      one more mapped task
    store_bytes, file_bytes   what a document leaves in the database (with its indexes), and in the files store
    """

    read_s: float
    steps_s: float
    run_s: float
    task_s: float
    store_bytes: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Need:
    """What a daily volume needs.

    cores_busy   at work on average, of all machines together; cores: with room for peaks
    """

    cores_busy: float
    cores: int
    documents_a_second: float
    store_gb_a_day: float
    files_gb_a_day: float
    calls_a_minute: float


def need(
    documents_a_day: int,
    figures: Figures,
    *,
    batch: int = 200,
    hours: float = 24.0,
    busy_share: float = 0.7,
    chunk_s: float = 15.0,
    chunk_of_call: int = 100,
) -> Need:
    """What so many documents a day need.

    batch           documents of a batch, on average
    hours           of the day in which they come
    busy_share      of the cores' time: above it, queues grow with every peak
    chunk_of_call   candidates that one call to a target takes
    """
    rate = documents_a_day / (hours * 3600)
    each = figures.read_s + figures.steps_s + figures.run_s / batch + figures.task_s * figures.read_s / chunk_s
    busy = rate * each
    return Need(
        cores_busy=busy,
        cores=math.ceil(busy / busy_share),
        documents_a_second=rate,
        store_gb_a_day=documents_a_day * figures.store_bytes / 1e9,
        files_gb_a_day=documents_a_day * figures.file_bytes / 1e9,
        calls_a_minute=rate * 60 / min(chunk_of_call, batch),
    )
