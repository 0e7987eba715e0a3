"""Write docs/reference/decoder-*.schema.json: what an editor has to know of tables, metadata and vectors.

scripts/generate.py            writes them
scripts/generate.py --check    names those that are not what it would write
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from decoders import editor_schemas  # noqa: E402 - the path comes first

FOLDER = ROOT / "docs" / "reference"
SCHEMAS = {
    "decoder-table.schema.json": editor_schemas.table,
    "decoder-meta.schema.json": editor_schemas.metadata_file,
    "decoder-vectors.schema.json": editor_schemas.vectors_file,
}


def pages() -> dict[Path, str]:
    """Return each schema's path and text."""
    return {FOLDER / name: f"{json.dumps(make(), indent=1, ensure_ascii=False)}\n" for name, make in SCHEMAS.items()}
