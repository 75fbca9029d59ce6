"""What was shown lately is kept: private, bounded, forgotten on demand."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gateway.intake import cache

DIGEST = "ab" + "0" * 62


def test_made_once_and_readable_by_the_owner_only(home: Path) -> None:
    made = []
    for _ in range(2):
        assert cache.cached(DIGEST, "1.png", lambda: made.append(1) or b"picture") == b"picture"  # type: ignore[func-returns-value]
    assert made == [1]
    path = home / "cache" / "ab" / DIGEST / "1.png"
    assert path.stat().st_mode & 0o077 == 0


def test_what_fails_is_not_kept(home: Path) -> None:
    def fail() -> bytes:
        raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"):
        cache.cached(DIGEST, "1.png", fail)
    assert cache.cached(DIGEST, "1.png", lambda: b"now") == b"now"


def test_the_longest_unseen_goes_first(home: Path) -> None:
    for number in range(10):
        cache.cached(DIGEST, f"{number}.png", lambda: b"x" * 1000)
        os.utime(home / "cache" / "ab" / DIGEST / f"{number}.png", (time.time() - 100 + number,) * 2)
    cache.trim(8000)
    left = sorted(path.name for path in (home / "cache" / "ab" / DIGEST).iterdir())
    assert left == [f"{number}.png" for number in range(4, 10)]


def test_what_nobody_looked_at_for_weeks_goes(home: Path) -> None:
    cache.cached(DIGEST, "1.png", lambda: b"old")
    path = home / "cache" / "ab" / DIGEST / "1.png"
    os.utime(path, (time.time() - 86_400 * (cache.MOST_DAYS + 1),) * 2)
    cache.cached(DIGEST, "2.png", lambda: b"new")
    cache.trim()
    assert not path.exists()


def test_a_file_is_forgotten_whole(home: Path) -> None:
    cache.cached(DIGEST, "1.png", lambda: b"x")
    cache.forget(DIGEST)
    cache.forget(DIGEST)
    assert not (home / "cache" / "ab" / DIGEST).exists()
