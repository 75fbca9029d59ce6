"""Airflow's FAB auth manager, as compose has it: the first user is made once, and its roles give the rights that docs/page.md says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

SCRIPT = """
import json
from airflow.api_fastapi.app import init_auth_manager
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from werkzeug.security import check_password_hash

from gateway_airflow.prepare import first_user, prepare
from gateway_airflow.ui.access import rights_of

prepare()
again = first_user()
init_auth_manager()
rights = {}
with get_application_builder() as builder:
    users = builder.sm
    first = [(user.username, [role.name for role in user.roles]) for user in users.get_all_users()]
    kept = users.find_user("ada").password
    works = check_password_hash(kept, "a long word"), check_password_hash(kept, "another"), "a long word" in kept
    for role in ("Viewer", "User", "Op", "Admin"):
        user = users.add_user(role, role, role, f"{role}@example.org", users.find_role(role), password="word")
        rights[role] = sorted(rights_of(user))
print(json.dumps({"first": first, "again": again, "works": works, "rights": rights}))
"""


def test_the_first_user_signs_in_and_every_role_has_its_rights(tmp_path: Path) -> None:
    """In a process of its own: an auth manager is chosen once a process."""
    airflow = tmp_path / "airflow"
    airflow.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GATEWAY"))}
    environment |= {
        "AIRFLOW_HOME": str(airflow),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow / 'airflow.db'}",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__API__SECRET_KEY": "a key of this test alone",
        "GATEWAY_HOME": str(tmp_path / "home"),
        "FIRST_USER": "ada",
        "FIRST_PASSWORD": "a long word",
    }
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["first"] == [["ada", ["Admin"]]]
    assert not told["again"], "made once; whoever deleted or renamed it is not overruled"
    assert told["works"] == [True, False, False]
    everything = ["configure", "erase", "review", "upload", "view"]
    assert told["rights"] == {
        "Viewer": ["view"],
        "User": ["review", "upload", "view"],
        "Op": everything,
        "Admin": everything,
    }
