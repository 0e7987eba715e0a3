"""Where decoders lie: files in folders, entry points of packages; and what they are called there."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from stat import S_ISREG

GROUP = "brygga.decoders"
KINDS = {".yaml": "table", ".py": "python", ".js": "javascript"}
PARTS = (*KINDS, ".yml", ".json")  # how files end that decoders are made of
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


def content(path: Path) -> bytes:
    """Return what a file holds; raises OSError, for a pipe, which would be waited for, too."""
    if not S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "a file is expected", str(path))
    return path.read_bytes()


def stamps(folders: Sequence[Path]) -> Stamps:
    """Return when each file was changed that decoders are made of, those that tables refer to deeper down, too.

    Raises OSError where one of ``folders`` cannot be read.
    """
    found = {}
    for folder in folders:
        for path in _files_below(folder):
            try:
                state = path.stat()
            except OSError:
                continue  # it has just gone, or is not ours to read
            found[path] = (state.st_mtime_ns, state.st_size, state.st_ino)
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    os.scandir(folder).close()  # the folder itself is to be there; one below may have just gone, or be not ours to read
    for place, _, names in os.walk(folder, onerror=_no_accident):
        yield from (Path(place, name) for name in names if name.endswith(PARTS))


def _no_accident(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        raise error  # a disk that fails: what it does not list is not gone


def in_folder(folder: Path, problems: list[str]) -> Iterator[tuple[str, Path]]:
    """Yield the decoders of a folder by name, and tell of those that cannot be one."""
    seen: dict[str, Path] = {}
    for path in _listed(folder, problems):
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


def _listed(folder: Path, problems: list[str]) -> list[Path]:
    """Return the files that may be decoders, one folder down, sorted; tell of what cannot be read."""
    try:
        with os.scandir(folder) as entries:
            vendors = sorted(entry.path for entry in entries if entry.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        problems.append(f"{folder}: a folder with <vendor>/<model>.yaml, .py or .js is expected")
        return []
    except OSError as error:
        problems.append(f"{folder}: {error.strerror}")
        return []
    return [path for vendor in vendors for path in sorted(_models(vendor, problems))]


def _models(vendor: str, problems: list[str]) -> Iterator[Path]:
    try:
        with os.scandir(vendor) as entries:
            for entry in entries:
                if not is_decoder(path := Path(entry.path)):
                    continue
                if entry.is_file():
                    yield path
                else:
                    problems.append(f"{path}: a file is expected")
    except FileNotFoundError:
        return  # it has just gone
    except OSError as error:
        problems.append(f"{vendor}: {error.strerror}")


def is_decoder(path: Path) -> bool:
    """Tell whether a file's name is that of a decoder."""
    return path.suffix in KINDS and not path.name.startswith(("_", ".")) and not path.name.endswith(COMPANIONS)


def in_packages(problems: list[str]) -> Iterator[tuple[str, EntryPoint]]:
    """Yield the decoders of installed packages by name, and tell of those that cannot be one."""
    for point in entry_points(group=GROUP):
        if NAME.fullmatch(point.name) is None:
            problems.append(f"entry point {point.name!r} = {point.value}: its name is to be vendor/model")
        else:
            yield point.name, point
