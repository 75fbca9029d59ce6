#!/usr/bin/env bash
# A software bill of materials of what the image holds, from uv.lock: CycloneDX 1.5 as JSON, with every version and hash. Offline.
# usage: tools/sbom.sh FILE
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv-uv/bin/uv)
"$uv" export -q --frozen --no-default-groups --extra production --preview-features sbom-export --format cyclonedx1.5 -o "$1"
echo "$1: $(grep -c '"purl"' "$1") packages"
