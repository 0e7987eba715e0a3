"""Begin a decoder: a file that works, its vectors, and comments that teach."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from decoders.places import NAME

TEMPLATES: Final = Path(__file__).parent / "templates"
FILES: Final[Mapping[str, Mapping[str, str]]] = {  # of each kind: an ending, and the template it is made of
    "table": {".yaml": "table.yaml", ".vectors.yaml": "vectors.yaml"},
    "python": {".py": "python.py.txt", ".vectors.yaml": "vectors.yaml"},
    "javascript": {
        ".js": "javascript.js",
        ".meta.yaml": "javascript.meta.yaml",
        ".vectors.yaml": "vectors.yaml",
    },
}
CUT_SHORT: Final = {"javascript": "malformed"}  # what a cut payload is called: a codec's own words are all we have


def files_of(name: str, kind: str) -> Mapping[str, str]:
    """Return the files of a new decoder, by path below its folder; raises ValueError for a name that is none."""
    if NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r}: a decoder's name is vendor/model, in lower-case letters, digits, -, . and _")
    vendor, _, model = name.partition("/")
    words = {
        "IDENTIFIER": re.sub(r"\W+", "_", f"{vendor}_{model}"),
        "MODEL.js": f"{model}.js",
        "MODEL.meta.yaml": f"{model}.meta.yaml",
        "VENDOR MODEL": f"{vendor.capitalize()} {model.upper()}",
        "ERROR": CUT_SHORT.get(kind, "truncated"),
    }
    return {f"{name}{ending}": _filled(template, words) for ending, template in FILES[kind].items()}


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text


def write(folder: Path, name: str, kind: str) -> list[Path]:
    """Write a new decoder of ``kind`` below ``folder``; raises FileExistsError before anything is written, ValueError, OSError."""
    made = {folder / place: text for place, text in files_of(name, kind).items()}
    there = [path for path in made if path.exists()]
    if there:
        raise FileExistsError(f"{', '.join(map(str, there))}: is there already")
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(made)
