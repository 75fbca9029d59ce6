"""`gateway receipt verify FILE [--key KEY]`: checks that an erasure receipt is complete and signed by that key (default: ours).

Needs nothing but the file and the key: a third party can run it without our store.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("receipt", help="check the receipt of an erasure", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("verify", help="check that the receipt is complete and signed by the key")
    check.add_argument("file", type=Path)
    check.add_argument("--key", help="the signer's public key (gateway audit key)")
    check.set_defaults(run=verify)


def verify(options: argparse.Namespace) -> int:
    """Exit code 0 if the receipt is valid, else 1."""
    from gateway.store.keys import is_signed, public_key

    try:
        receipt = json.loads(options.file.read_bytes())
        good = isinstance(receipt, dict) and is_signed(receipt, options.key or public_key())
    except (OSError, ValueError) as wrong:
        print(f"{options.file} is not a receipt ({type(wrong).__name__}).", file=sys.stderr)  # noqa: T201
        return 1
    if not good:
        print("INVALID: the receipt was changed, or another key signed it.")  # noqa: T201
        return 1
    whole = "complete" if receipt.get("complete") else "NOT complete"
    print(f"Good: receipt {receipt.get('receipt')} of {receipt.get('at')}, {whole}.")  # noqa: T201
    return 0
