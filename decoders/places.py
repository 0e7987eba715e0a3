"""Where decoders lie: files in folders, entry points of packages; and what they are called there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

GROUP = "brygga.decoders"
KINDS = {".yaml": "table", ".py": "python", ".js": "javascript"}
COMPANIONS = (".vectors.yaml", ".commands.py", ".commands.js", ".meta.yaml")  # beside a decoder's file
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*/[a-z0-9][a-z0-9._-]*")

Place = Path | EntryPoint
Stamps = Mapping[
    Path, tuple[int, int, int]
]  # of each file in the installer's folders: when it was changed, size, inode


def name_of(path: Path) -> str:
    """Return a decoder's name for a file anywhere: its folder's and its own, as far as they can be names."""
    vendor, model = (
        re.sub(r"[^a-z0-9._-]+", "-", part.lower()).strip("-._") for part in (path.absolute().parent.name, path.stem)
    )
    return f"{vendor or 'local'}/{model or 'decoder'}"


def stamps(folders: Sequence[Path]) -> Stamps:
    """Return when each file was changed that decoders are made of, those that tables refer to deeper down, too."""
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.suffix not in KINDS:
                continue
            try:
                state = path.stat()
            except OSError:
                continue  # it has just gone, or is not ours to read
            found[path] = (state.st_mtime_ns, state.st_size, state.st_ino)
    return found


def in_folder(folder: Path, problems: list[str]) -> Iterator[tuple[str, Path]]:
    """Yield the decoders of a folder by name, and tell of those that cannot be one."""
    if not folder.is_dir():
        problems.append(f"{folder}: a folder with <vendor>/<model>.yaml, .py or .js is expected")
        return
    seen: dict[str, Path] = {}
    for path in sorted(folder.glob("*/*")):
        if not _is_decoder(path):
            continue
        name = f"{path.parent.name}/{path.stem}"
        if NAME.fullmatch(name) is None:
            problems.append(
                f"{path}: a decoder is <vendor>/<model>{path.suffix} in lower-case letters, digits, -, . and _"
            )
        elif name in seen:
            problems.append(f"{path}: {seen[name].name} has the same name; one of the two must go")
        else:
            seen[name] = path
            yield name, path


def _is_decoder(path: Path) -> bool:
    return path.suffix in KINDS and not path.name.startswith(("_", ".")) and not path.name.endswith(COMPANIONS)


def in_packages(problems: list[str]) -> Iterator[tuple[str, EntryPoint]]:
    """Yield the decoders of installed packages by name, and tell of those that cannot be one."""
    for point in entry_points(group=GROUP):
        if NAME.fullmatch(point.name) is None:
            problems.append(f"entry point {point.name!r} = {point.value}: its name is to be vendor/model")
        else:
            yield point.name, point
