#!/usr/bin/env bash
# uv.lock from pyproject.toml, and the three lists that are installed, exported from it with their hashes:
# requirements.txt (what runs), -dev (what tests and lints as well), -production (what the image holds).
# usage: tools/lock.sh [--check | --upgrade | --upgrade-package NAME]     --check changes nothing and fails on a difference
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv-uv/bin/uv)
export_to() { "$uv" export -q --frozen --no-default-groups --no-emit-project --no-annotate --no-header "${@:2}" -o "$1"; }
export_all() {
  export_to "$1/requirements.txt" --group build
  export_to "$1/requirements-dev.txt" --group dev
  export_to "$1/requirements-production.txt" --group build --extra production
}
if [ "${1:-}" != --check ]; then
  "$uv" lock -q "$@"
  export_all .
  exit 0
fi
"$uv" lock -q --check || { echo "uv.lock is behind pyproject.toml: make lock" >&2; exit 1; }
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
export_all "$fresh"
for list in requirements.txt requirements-dev.txt requirements-production.txt; do
  cmp -s "$fresh/$list" "$list" || { echo "$list is not what uv.lock says: make lock" >&2; exit 1; }
done
