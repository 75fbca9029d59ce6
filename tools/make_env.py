""".env from .env.example with new secrets, unless there is one: `python3 tools/make_env.py`. Nothing but the standard library."""

from __future__ import annotations

import base64
import os
import re
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECRETS = (
    "AIRFLOW_DB_PASSWORD",
    "GATEWAY_DB_PASSWORD",
    "REDIS_PASSWORD",
    "API_SECRET_KEY",
    "JWT_SECRET",
    "FIRST_PASSWORD",
)


def filled(example: str) -> str:
    """The example with a new value for each secret. Passwords go into URLs, so they hold letters, digits, - and _ only."""
    made = {name: secrets.token_urlsafe(24) for name in SECRETS}
    for name in ("FERNET_KEY", "MASTER_KEY"):
        made[name] = base64.urlsafe_b64encode(os.urandom(32)).decode()
    text = re.sub(r"(?m)^(\w+)=$", lambda found: f"{found[1]}={made.get(found[1], '')}", example)
    return text.replace("AIRFLOW_UID=50000", f"AIRFLOW_UID={os.getuid() or 50000}")


def main() -> None:
    target = ROOT / ".env"
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(filled((ROOT / ".env.example").read_text("utf-8")))
    print(
        f"Wrote {target} with new secrets: keep it, and keep it to yourself. Sign in with FIRST_USER and FIRST_PASSWORD."
    )


if __name__ == "__main__":
    main()
