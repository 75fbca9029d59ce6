"""`gateway keys new | list | rotate | encrypt`: the keys of encryption at rest.

new prints a master key; list says which data keys there are and whether this machine can open them; rotate wraps them again
with the first master key; encrypt goes over what was kept before GATEWAY_ENCRYPT was turned on. rotate and encrypt go on
where a killed run stopped. Exit code 1 when something is left: a data key that cannot be opened, a document being read.
"""

from __future__ import annotations

import argparse
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("keys", help="the keys of encryption at rest", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("new", help="print a new master key").set_defaults(run=new)
    actions.add_parser("list", help="every data key").set_defaults(run=listed)
    actions.add_parser("rotate", help="wrap the data keys with the first master key").set_defaults(run=rotate)
    actions.add_parser("encrypt", help="encrypt what is still plain").set_defaults(run=encrypt)


def new(options: argparse.Namespace) -> int:
    from gateway.store.sealing import new_master

    print(new_master())  # noqa: T201
    return 0


def listed(options: argparse.Namespace) -> int:
    from gateway.pipeline.encryption import data_keys
    from gateway.store.engine import migrate
    from gateway.store.sealing import is_on, masters

    migrate()
    known = ", ".join(one.id for one in masters()) or "none"
    print(f"encryption is {'on' if is_on() else 'off'}; master keys here: {known}")  # noqa: T201
    found = data_keys()
    for one in found:
        print(f"{one.id}  {one.month}  master {one.master}{'' if one.usable else '  CANNOT BE OPENED HERE'}")  # noqa: T201
    return 0 if all(one.usable for one in found) else 1


def rotate(options: argparse.Namespace) -> int:
    from gateway.pipeline.encryption import rotate as wrap
    from gateway.store.engine import migrate

    migrate()
    print(f"{wrap()} data keys wrapped again; the other master keys are needed no more")  # noqa: T201
    return 0


def encrypt(options: argparse.Namespace) -> int:
    from gateway.pipeline.encryption import encrypt_kept
    from gateway.store.engine import migrate

    migrate()
    done = encrypt_kept()
    print(f"{done.files} files and {done.values:,} values encrypted")  # noqa: T201
    if done.later:
        print(f"{done.later} files are being read: run this again when their batches are done")  # noqa: T201
    return 1 if done.later else 0
