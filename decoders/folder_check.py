"""What an installer's own folder holds that cannot work as it is meant: vectors that fail, files that nothing reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from decoders.contract import Decoder, Encoder
from decoders.payload_schema import document

VECTORS: Final = ".vectors.yaml"
COMMANDS: Final = ".commands.py"
CODEC: Final = ".commands.js"
METADATA: Final = ".meta.yaml"
DECODERS: Final = (".yaml", ".py", ".js")
LIKE_A_DECODER: Final = frozenset({*DECODERS, ".yml"})
NAME_SHOWN: Final = 60  # characters of a vector's name in its line


def strays(folder: Path) -> Iterator[str]:
    """Yield a line for each file that looks like a decoder's and that nothing reads."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in LIKE_A_DECODER or path.name.startswith(("_", ".")) or "__pycache__" in path.parts:
            continue
        depth = len(path.relative_to(folder).parts)
        if depth != 2:
            yield f"{path}: nothing reads it here; a decoder is {folder}/<vendor>/<model>.yaml, .py or .js"
        elif path.suffix == ".yml":
            yield f"{path}: nothing reads .yml; {path.with_suffix('.yaml').name} is right"
        else:
            yield from _alone(path)


def _alone(path: Path) -> Iterator[str]:
    for ending, what in ((VECTORS, "vectors"), (COMMANDS, "an encoder"), (CODEC, "an encoder"), (METADATA, "metadata")):
        model = path.name.removesuffix(ending)
        if model != path.name and not any(path.with_name(f"{model}{kind}").exists() for kind in DECODERS):
            yield f"{path}: {what} of no decoder: {model}.yaml, .py or .js is missing beside it"


def table_problems(path: Path) -> Iterator[str]:
    """Yield a line for each name that a table gives to several fields of one list: the last would hide the others."""
    if path.suffix == ".yaml":
        yield from _twice(document.read(path), str(path))


def _twice(node: Any, where: str) -> Iterator[str]:
    if isinstance(node, document.Mapping):
        for key, value in node.items():
            if key == "fields" and isinstance(value, list):
                yield from _same_names([one for one in value if isinstance(one, document.Mapping)], where)
            yield from _twice(value, where)
    elif isinstance(node, list):
        for one in node:
            yield from _twice(one, where)


def _same_names(fields: Sequence[document.Mapping], where: str) -> Iterator[str]:
    names = (one.get("name") for one in fields)
    counts = Counter(
        name for name in names if isinstance(name, str) and not name.startswith("_")
    )  # those are seen by nobody
    for name, count in counts.items():
        if count > 1:
            lines = ", ".join(str(one.line) for one in fields if one.get("name") == name)
            yield f"{where} lines {lines}: {count} fields are called {name!r}; only the last would be seen: give each its own name"


def vector_problems(path: Path, decoder: Decoder, encoder: Encoder | None) -> Iterator[str]:
    """Yield a line for each vector of the file at ``path`` that says something else than its decoder; TableError for a broken file."""
    from decoders import command_vectors, vectors

    for finding in vectors.check(decoder, vectors.load(path)):
        yield f"{path}: vector {finding.vector[:NAME_SHOWN]!r} ({finding.payload}): {finding.problem}"
    yield from (f"{path}: {problem}" for problem in command_vectors.message_problems(path))
    commands = command_vectors.load(path)
    if encoder is not None:
        yield from (f"{path}: {problem}" for problem in command_vectors.check(encoder, commands))
    elif commands:
        yield f"{path}: commands stand here, and no encoder is there: {path.name.removesuffix(VECTORS)}{COMMANDS}, say"
