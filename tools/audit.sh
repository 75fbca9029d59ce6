#!/usr/bin/env bash
# Known vulnerabilities of what the image holds: uv.lock against the OSV database (api.osv.dev), which needs a network.
# exit code: 0 none, 1 at least one, 2 the database could not be asked. No part of `make lint`, which works offline.
# usage: tools/audit.sh [SERVICE_URL]
set -uo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv-uv/bin/uv)
# Exceptions, each with its reason and the condition for taking it out:
ignored=()
"$uv" audit -q --frozen --no-default-groups --preview-features audit-command \
  ${1:+--service-url "$1"} ${ignored[@]+"${ignored[@]/#/--ignore=}"}
code=$?
case $code in
  0) echo "No known vulnerability in what the image holds." ;;
  1) echo "Upgrade what is named (make lock L='--upgrade-package NAME'), or add it to tools/audit.sh with the reason." >&2 ;;
  *) echo "NOT AUDITED: the database of vulnerabilities could not be asked. Run this where api.osv.dev can be reached." >&2
     code=2 ;;
esac
exit $code
