"""One rate for all workers."""

from __future__ import annotations

import threading

import pytest

from gateway.deliver.limiter import Limiter


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_calls_are_spaced_evenly_and_idle_time_is_not_saved_up(store: str) -> None:
    clock = Clock()
    limiter = Limiter("key", 300, clock=clock, sleep=clock.sleep)
    at = []
    for number in range(600):
        if number == 300:
            clock.now += 600
        limiter.take()
        at.append(clock.now)
    gaps = [b - a for a, b in zip(at, at[1:], strict=False)]
    assert min(gaps) == pytest.approx(0.2, abs=1e-6)
    window = max(sum(1 for t in at if start <= t < start + 60) for start in at)
    assert window <= 301


def test_a_pause_holds_everybody_the_waiting_included(store: str) -> None:
    clock = Clock()
    first, second = (Limiter("key", 60, clock=clock, sleep=clock.sleep) for _ in range(2))
    first.take()
    waiting_slot_sleep = second.sleep

    def asked_meanwhile(seconds: float) -> None:
        second.sleep = waiting_slot_sleep
        first.hold(30)  # while second sleeps towards its slot
        waiting_slot_sleep(seconds)

    second.sleep = asked_meanwhile
    start = clock.now
    second.take()
    assert clock.now - start >= 30
    first.take()
    assert clock.now - start >= 31


def test_a_shorter_pause_does_not_cut_a_longer_one(store: str) -> None:
    clock = Clock()
    limiter = Limiter("key", 60, clock=clock, sleep=clock.sleep)
    start = clock.now
    limiter.hold(40)
    limiter.hold(2)
    limiter.take()
    assert clock.now - start >= 40


def test_workers_share_the_slots(store: str) -> None:
    """Four workers at once, real time: no two calls in one slot."""
    import time

    at: list[float] = []
    lock = threading.Lock()

    def work() -> None:
        limiter = Limiter("key", 3000)
        for _ in range(10):
            limiter.take()
            with lock:
                at.append(time.monotonic())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(at) == 40
    assert max(at) - min(at) >= 39 * 0.02 * 0.95


def test_keys_do_not_hold_each_other(store: str) -> None:
    clock = Clock()
    Limiter("one", 60, clock=clock, sleep=clock.sleep).hold(100)
    start = clock.now
    Limiter("two", 60, clock=clock, sleep=clock.sleep).take()
    assert clock.now == start
