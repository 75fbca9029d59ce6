#!/usr/bin/env bash
# requirements.txt (what runs), -dev (what tests and lints), -production (what the image holds): universal, with hashes.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv-uv/bin/uv)
compile() { "$uv" pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make lock" pyproject.toml "$@"; }
compile -o requirements.txt
compile --extra dev -c requirements.txt -o requirements-dev.txt
compile --extra production -c requirements.txt -o requirements-production.txt
