#!/usr/bin/env bash
# The tests, the real Airflow left out, on every Python that is supported; each in an environment of its own.
# usage: tools/test-matrix.sh [pytest's arguments]       VERSIONS="3.12" for less
set -uo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv-uv/bin/uv)
failed=()
for version in ${VERSIONS:-3.11 3.12 3.13}; do
  if ! python=$("$uv" python find --no-python-downloads "$version" 2> /dev/null); then
    echo "== Python $version is not on this machine"
    failed+=("$version: not found")
    continue
  fi
  echo "== Python $version ($python)"
  { VENV=.venv-$version PYTHON=$python bash tools/setup.sh requirements-dev.txt \
    && ".venv-$version/bin/python" -m pytest -m "not integration" -o cache_dir=".pytest_cache/$version" "$@"; } \
    || failed+=("$version: failed")
done
printf '%s\n' "${failed[@]/#/== }"
[ ${#failed[@]} -eq 0 ]
