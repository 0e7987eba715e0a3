"""A folder of somebody else's, read within bounds: sizes, counts, depth; no link leads out of it."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

LARGEST = 8 << 20  # octets of a file; the largest published examples have 1.3 MB, the largest codec 0.6 MB
MOST_FILES = 300_000  # TheThingsNetwork/lorawan-devices has about 15,000
DEEPEST = 24  # folders within each other
SKIPPED = frozenset({".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox"})
READ = frozenset({".js", ".cjs", ".mjs", ".txt", ".json", ".yaml", ".yml", ".toml", ".md", ""})  # "": LICENSE


class Unreadable(ValueError):
    """A file or a folder that cannot be taken in: where, and why."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The files below ``root`` that may matter, by their paths relative to it, sorted."""

    root: Path
    files: tuple[str, ...]
    folders: Mapping[str, tuple[str, ...]]  # the files that lie in each folder itself; "" is the root
    notes: tuple[str, ...] = ()  # what was passed over, one line each

    def has(self, path: str) -> bool:
        """Tell whether ``path`` is one of the tree's files, spelt as `files` has it."""
        place = bisect_left(self.files, path)
        return place < len(self.files) and self.files[place] == path

    def content(self, path: str) -> bytes:
        """Return a file's octets; raises Unreadable, for all that is none of `files` as well: strangers write paths."""
        if not self.has(path):
            raise Unreadable(f"{path}: there is no such file in the tree")
        try:
            return regular(self.root / path, LARGEST)
        except Unreadable as error:
            raise Unreadable(f"{path}: {error}") from error
        except OSError as error:
            raise Unreadable(f"{path}: {error.strerror}") from error

    def text(self, path: str) -> str:
        """Return a file's text, its octets taken as UTF-8 wherever they are that; raises Unreadable."""
        return self.content(path).decode("utf-8-sig", "replace")

    def beside(self, folder: str, name: str) -> str | None:
        """Return the path of the file ``name`` in ``folder`` itself, in whatever case; None where there is none."""
        return next((path for path in self.folders.get(folder, ()) if file_name(path).lower() == name.lower()), None)

    def resolve(self, folder: str, name: str) -> str | None:
        """Return the path of the file that ``name`` is, seen from ``folder``; None where the tree has no such file."""
        path = os.path.normpath(PurePosixPath(folder, name))
        return path if self.has(path) else None


def open_tree(place: Path) -> Tree:
    """Return the tree at ``place``, a folder or a single file; raises Unreadable."""
    if place.is_file():
        return _tree(place.parent, [place.name], [])
    if not place.is_dir():
        raise Unreadable(f"{place}: there is no such folder or file")
    return _tree(place, *_walk(place))


def regular(place: Path, most: int) -> bytes:
    """Return the octets of a regular file, of at most ``most``; raises Unreadable without a path, and OSError."""
    with open(place, "rb", opener=_without_waiting) as file:  # Path.open takes no opener
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise Unreadable("no regular file")
        content = file.read(most + 1)
    if len(content) > most:
        raise Unreadable(f"{state.st_size} octets; at most {most} are read")
    return content


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe has no end to wait for


def folder_of(path: str) -> str:
    """Return the folder that ``path`` lies in; "" is the root."""
    return path.rpartition("/")[0]


def file_name(path: str) -> str:
    """Return the last part of ``path``."""
    return path.rpartition("/")[2]


def _tree(root: Path, files: Sequence[str], notes: Sequence[str]) -> Tree:
    folders: dict[str, list[str]] = defaultdict(list)
    for path in files:
        folders[folder_of(path)].append(path)
    return Tree(root, tuple(files), {folder: tuple(paths) for folder, paths in folders.items()}, tuple(notes))


def _walk(root: Path) -> tuple[list[str], list[str]]:
    """Return the files below ``root``, and a line for each whose name no text can hold."""
    found, notes = [], []
    for number, place in enumerate(_files(root, root.resolve(), 0), start=1):
        if number > MOST_FILES:
            raise Unreadable(f"{root}: more than {MOST_FILES} files; name a folder within it")
        path = place.relative_to(root).as_posix()
        if in_words(path) == path:
            found.append(path)
        else:
            notes.append(f"{in_words(path)}: passed over: its name is no UTF-8")
    return sorted(found), notes


def in_words(path: str) -> str:
    """Return ``path`` with � for each octet of it that is no UTF-8, so that it can be written down."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _files(folder: Path, inside: Path, depth: int) -> Iterator[Path]:
    """Yield what lies below; a linked folder is passed over (it may lead round), a linked file is taken where it stays inside."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return  # a folder that is not ours to read holds nothing for us
    for entry in entries:
        place = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED and depth < DEEPEST:
                yield from _files(place, inside, depth + 1)
        elif place.suffix.lower() in READ and _stays_inside(entry, inside):
            yield place


def _stays_inside(entry: os.DirEntry[str], inside: Path) -> bool:
    if not entry.is_symlink():
        return entry.is_file(follow_symlinks=False)
    target = os.path.realpath(entry.path)  # Path.resolve raises for a link that leads to itself
    return Path(target).is_relative_to(inside) and os.path.isfile(target)  # noqa: PTH113 - Path.is_file raises, too
