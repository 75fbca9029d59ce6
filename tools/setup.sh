#!/usr/bin/env bash
# VENV from a list that `make lock` exported: uv, every hash checked, bytecode compiled, and this checkout installed into it
# as it stands (editable), with its `gateway` command and its entry points for Airflow. Does nothing when nothing changed.
# usage: VENV=.venv PYTHON=python3 tools/setup.sh requirements.txt|requirements-dev.txt
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(uname -s)" != Linux ]; then
  echo "The gateway needs Linux: it limits the processes that read documents by Linux's own means. On macOS and Windows," >&2
  echo "use a Linux machine, WSL, or the image (docker compose up)." >&2
  exit 1
fi
list=$1
stamp="$VENV/.installed"
wanted() { echo "$(cat "$1" pyproject.toml tools/setup.sh include/gateway/__init__.py | cksum) $1"; }
have=$(cat "$stamp" 2> /dev/null || true)
# The development list holds everything of the other, so it serves both.
if [ "$have" = "$(wanted "$list")" ] || [ "$have" = "$(wanted requirements-dev.txt)" ]; then exit 0; fi

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
echo "Installing $list into $VENV ..."
rm -f "$stamp"
# Environments older than 0.2.0 hold a hand-made distribution of this project, which no installer removes.
rm -rf "$VENV"/lib/python3.*/site-packages/{gateway-project.pth,candidate_ingestion_gateway-0.1.0.dist-info}
[ -x "$VENV/bin/python" ] || "$uv" venv -q --python "$PYTHON" "$VENV"
PYTHONDONTWRITEBYTECODE= "$uv" pip sync -q --python "$VENV/bin/python" --compile-bytecode --require-hashes "$list"
# The build back end is in the list as well: nothing is fetched here.
"$uv" pip install -q --python "$VENV/bin/python" --no-deps --no-build-isolation --editable .
PYTHONDONTWRITEBYTECODE= "$VENV/bin/python" -m compileall -q include plugins dags || true
wanted "$list" > "$stamp"
