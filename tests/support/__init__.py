"""What tests share: servers that stand in for other people's, invented people and documents, and the stages in a row."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("GATEWAY_CORPUS", PROJECT.parent / "shared" / "corpus"))
