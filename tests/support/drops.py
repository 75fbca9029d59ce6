"""Complete drops in the inbox."""

from __future__ import annotations

from pathlib import Path

GOOD = b"Name,Email,Phone\nGreta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"


def drop(home: Path, agent: str, name: str, content: dict[str, bytes]) -> Path:
    """A folder for that agent, marked complete."""
    folder = home / "inbox" / agent / name
    folder.mkdir(parents=True)
    for path, data in content.items():
        (folder / path).write_bytes(data)
    (folder / "_READY").touch()
    return folder
