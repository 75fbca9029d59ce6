#!/usr/bin/env bash
# VENV from a lock: uv, bytecode compiled, and this project's code on its path. Does nothing when nothing changed.
# usage: VENV=.venv PYTHON=python3 tools/setup.sh requirements.txt|requirements-dev.txt
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1
stamp="$VENV/.installed"
want="$(cat "$lock" tools/setup.sh tools/register.py | cksum) $lock"
# The development lock holds everything of the other, so it serves both.
have=$(cat "$stamp" 2>/dev/null || true)
dev="$(cat requirements-dev.txt tools/setup.sh tools/register.py | cksum) requirements-dev.txt"
if [ "$have" = "$want" ] || [ "$have" = "$dev" ]; then exit 0; fi

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2> /dev/null; }
for candidate in ${PYTHON:-python3 python3.12 python3.13 python3.11}; do
  if fits "$candidate"; then found=$candidate; break; fi
done
if [ -z "${found:-}" ]; then
  echo "Python 3.11, 3.12 or 3.13 is needed and was not found. Name one: make PYTHON=/path/to/python3.12" >&2
  exit 1
fi
PYTHON=$found
if command -v uv > /dev/null; then
  uv=$(command -v uv)
else
  # No uv on this machine: one in a venv of its own, from the package index.
  [ -x .venv-uv/bin/uv ] || { "$PYTHON" -m venv .venv-uv && .venv-uv/bin/pip install -q uv; }
  uv=.venv-uv/bin/uv
fi
echo "Installing $lock into $VENV ..."
rm -f "$stamp"
[ -x "$VENV/bin/python" ] || "$uv" venv -q --python "$PYTHON" "$VENV"
PYTHONDONTWRITEBYTECODE= "$uv" pip sync -q --python "$VENV/bin/python" --compile-bytecode --require-hashes "$lock"
"$VENV/bin/python" tools/register.py
PYTHONDONTWRITEBYTECODE= "$VENV/bin/python" -m compileall -q include plugins dags || true
echo "$want" > "$stamp"
