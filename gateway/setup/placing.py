"""A plan proved, put in place, and taken back where that fails: nothing is there before all of it is right."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.cities.catalogue import CITIES
from gateway.config import Settings
from gateway.errors import ConfigError
from gateway.setup.plan import File, Plan
from gateway.setup.pointing import Change, applied
from gateway.whole_files import FOLDER_MODE, MODE, PRIVATE, filling, part_of

OLD: Final = ".old-{:%Y%m%d-%H%M%S}"

Load = Callable[[Path], Settings]


@dataclass(slots=True)
class Done:
    """What was put in place, and how each of it is taken back."""

    written: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)  # copies of what was there
    undo: list[Callable[[], object]] = field(default_factory=list)

    def take_back(self) -> None:
        """Put everything back as it was, the last first."""
        for step in reversed(self.undo):
            with contextlib.suppress(OSError):  # the rest is still to be put back
                step()


def proved(plan: Plan, path: Path, load: Load) -> Settings:
    """Return what the configuration would be, read from a copy of its folder; ConfigError says all that is wrong with it."""
    with tempfile.TemporaryDirectory(prefix="brygga-init-") as name:  # mode 0700
        folder = Path(name)
        _stand_in(path.absolute().parent, folder)
        for file in (*plan.files, File(path.name, plan.configuration)):
            (folder / file.name).unlink(missing_ok=True)  # a link to what is there
            (folder / file.name).write_text(file.text, encoding="utf-8")
        try:
            return load(folder / path.name)
        except ConfigError as error:
            raise ConfigError([one.replace(f"{name}/", "") for one in error.problems]) from error


def _stand_in(source: Path, folder: Path) -> None:
    """Fill ``folder`` with links to all that is in ``source``; cities have a folder of their own, for files are put beside theirs."""
    (folder / CITIES).mkdir()
    for part in (source, source / CITIES):
        for there in part.iterdir() if part.is_dir() else ():
            if there != source / CITIES:
                (folder / there.relative_to(source)).symlink_to(there)


def put_in_place(plan: Plan, path: Path, group: str, now: datetime) -> Done:
    """Write all files, the configuration last, and change the other side's; on any failure all is as it was, and ConfigError says why."""
    done, folder = Done(), path.absolute().parent
    try:
        for change_file, some in _by_file(plan.changes).items():
            _change(change_file, some, now, done)
        for file in (*plan.files, File(path.name, plan.configuration)):
            _write(folder / file.name, file, group, now, done)
    except OSError as error:
        done.take_back()
        raise ConfigError(f"{error.filename or folder}: {error.strerror}; nothing was changed") from error
    except BaseException:  # Ctrl-C in the middle, too
        done.take_back()
        raise
    return done


def _by_file(changes: Iterable[Change]) -> Mapping[Path, list[Change]]:
    found: dict[Path, list[Change]] = {}
    for one in changes:
        found.setdefault(one.file, []).append(one)
    return found


def _change(path: Path, some: list[Change], now: datetime, done: Done) -> None:
    """Change somebody's file, whose mode, owner, line ends and odd octets stay; a copy of it is kept."""
    before = _text(path) if path.exists() else None
    if before is not None:
        copy = path.with_name(path.name + OLD.format(now))
        done.undo.append(lambda: copy.unlink(missing_ok=True))
        shutil.copy2(path, copy)
        done.kept.append(copy)
    for one in some:
        if one.end is not None and (before or "")[one.start : one.end] != one.before:
            raise ConfigError(f"{path}: has changed meanwhile; run brygga init again")
    done.undo.append(lambda: path.unlink() if before is None else _overwrite(path, before))
    _overwrite(path, applied(before or "", some))
    done.written.append(path)


def _text(path: Path) -> str:
    """Return a file's text as it is: forwarders' files come from Windows, with comments in Latin-1."""
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _overwrite(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


def _write(path: Path, file: File, group: str, now: datetime, done: Done) -> None:
    for folder in _missing(path.parent):
        folder.mkdir(mode=FOLDER_MODE)
        done.undo.append(folder.rmdir)
        _give(folder, group)
    with filling(path, PRIVATE) as filled:
        filled.write(file.text.encode())
        is_shared = _give(part_of(path), group)
        os.fchmod(filled.fileno(), MODE if is_shared or not file.is_secret else PRIVATE)
        done.undo.append(_keep(path, now, done) if path.exists() else lambda: path.unlink(missing_ok=True))
    done.written.append(path)


def _keep(path: Path, now: datetime, done: Done) -> Callable[[], object]:
    """Keep what is there under another name, too, and return how it is put back; ``path`` is there at every moment."""
    old = path.with_name(path.name + OLD.format(now))
    try:
        os.link(path, old, follow_symlinks=False)
    except OSError:  # a file system without links, or somebody else's file (protected_hardlinks, proc_sys_fs(5))
        _copy(path, old)
    done.kept.append(old)
    return lambda: _put_back(old, path)


def _copy(path: Path, old: Path) -> None:
    """Copy a file for the same user and group, as far as this user may give it away."""
    there = path.stat()
    with filling(old, PRIVATE) as copy:
        copy.write(path.read_bytes())
        with contextlib.suppress(PermissionError):
            os.fchown(copy.fileno(), there.st_uid, there.st_gid)
        os.fchmod(copy.fileno(), stat.S_IMODE(there.st_mode))


def _put_back(old: Path, path: Path) -> None:
    old.replace(path)
    old.unlink(missing_ok=True)  # two names of one file: then nothing was replaced


def _missing(folder: Path) -> Iterator[Path]:
    """Yield the folders that are to be made, the outermost first."""
    if not folder.exists():
        yield from _missing(folder.parent)
        yield folder


def _give(path: Path, group: str) -> bool:
    """Let the service's group have it, where there is one and this user may; tell whether it has."""
    if not group:
        return False
    try:
        shutil.chown(path, group=group)
    except PermissionError:
        return False
    return True
