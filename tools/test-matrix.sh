#!/usr/bin/env bash
# The tests, the real Airflow left out, on every Python that is supported; each in an environment of its own.
# usage: tools/test-matrix.sh [pytest's arguments]       VERSIONS="3.12" for less
set -uo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv-uv/bin/uv)
# A Python of that version: on the path, one of pyenv's, or one that uv knows.
found() {
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    if "$candidate" -c "import sys; sys.exit(sys.version_info[:2] != tuple(map(int, '$1'.split('.'))))" 2> /dev/null; then
      command -v "$candidate"
      return
    fi
  done
  "$uv" python find --no-python-downloads "$1" 2> /dev/null
}
failed=()
for version in ${VERSIONS:-3.11 3.12 3.13}; do
  if ! python=$(found "$version"); then
    echo "== Python $version is not on this machine"
    failed+=("$version: not found")
    continue
  fi
  echo "== Python $version ($python)"
  { VENV=.venv-$version PYTHON=$python bash tools/setup.sh requirements-dev.txt \
    && ".venv-$version/bin/python" -m pytest -m "not integration and not distributed" -o cache_dir=".pytest_cache/$version" "$@"; } \
    || failed+=("$version: failed")
done
[ ${#failed[@]} -eq 0 ] || printf '== %s\n' "${failed[@]}"
[ ${#failed[@]} -eq 0 ]
