"""What a backup has of a box besides its journal: its configuration and its decoders, packed and put in place on another card."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Final

from gateway.archive import CONFIG, DECODERS, FLEET, About, about_of, extras
from gateway.config import Settings
from gateway.config.carrying import Carried
from gateway.config.writing import toml
from gateway.errors import ConfigError
from gateway.whole_files import write_whole

NAME_FRAGMENT: Final = "05-restored.toml"  # below what a person writes
DECODER_FILES: Final = frozenset({".yaml", ".yml", ".py", ".js", ".json", ".toml", ".csv", ".md"})
LARGEST: Final = 64 << 20  # octets of all decoders; the catalogue has 4


@dataclass(frozen=True, slots=True)
class MovedIn:
    """What was put in place, and what a person has to see to."""

    path: Path  # the box's own file
    put_aside: tuple[Path, ...]
    missing: tuple[str, ...]  # keys and files that hold secrets, and files that lay elsewhere


def packed(carried: Carried, settings: Settings) -> dict[str, bytes]:
    """Return what goes into the archive besides the journal, by names in it."""
    folder = settings.decoders.folder
    fleet = settings.gateway.data / FLEET
    return {
        **{f"{CONFIG}/{name}": octets for name, octets in carried.files.items()},
        **({} if folder is None else {f"{DECODERS}/{name}": octets for name, octets in _decoders(folder)}),
        **({FLEET: fleet.read_bytes()} if fleet.is_file() else {}),
    }


def _decoders(folder: Path) -> Iterator[tuple[str, bytes]]:
    octets = 0
    for path in sorted(folder.rglob("*")):
        if (
            path.suffix in DECODER_FILES
            and path.is_file()
            and not any(part.startswith(".") for part in path.parts[-2:])
        ):
            octets += path.stat().st_size
            if octets > LARGEST:
                raise ConfigError(
                    f"{folder}: has more than {LARGEST} octets of decoders; is it a folder of decoders alone?"
                )
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def move_in(source: Path, path: Path) -> MovedIn:
    """Put the configuration of a backup where ``path`` is its own file; ConfigError where one lies there or none is in it."""
    about, found = _looked_at(source)
    if path.exists():
        raise ConfigError(
            f"{path}: a configuration lies here already; --force puts aside what differs, as {path.name}.old-<time>"
        )
    return _move_in(about, found, path)


def move_in_over(source: Path, path: Path) -> MovedIn:
    """Put the configuration of a backup in the place of the present one, of which what differs is put aside."""
    return _move_in(*_looked_at(source), path)


def _looked_at(source: Path) -> tuple[About, Mapping[str, bytes]]:
    try:
        with zipfile.ZipFile(source) as archive:
            about, found = about_of(archive, source), extras(archive, source)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{source}: no backup of Brygga, or a damaged one: {error}") from error
    except OSError as error:
        raise ConfigError(f"{source}: {error.strerror or error}") from error
    if not about.configuration:
        raise ConfigError(f"{source}: there is no configuration in it: it was made by Brygga {about.version}")
    return about, found


def _move_in(about: About, found: Mapping[str, bytes], path: Path) -> MovedIn:
    folder = path.absolute().parent
    wanted = {folder / name: octets for name, octets in _below(found, CONFIG)}
    own = folder / about.configuration
    files = {path.absolute() if one == own else one: octets for one, octets in wanted.items()}
    if not about.is_named:  # the new machine has another host name, and brokers know the box by the old one
        files[path.absolute().with_suffix(".d") / NAME_FRAGMENT] = toml({"gateway": {"name": about.gateway}}).encode()
    if about.decoders:
        files |= {folder / about.decoders / name: octets for name, octets in _below(found, DECODERS)}
    aside = [moved for one, octets in files.items() if (moved := _put(one, octets)) is not None]
    return MovedIn(path, tuple(aside), (*about.hidden, *about.outside))


def _below(found: Mapping[str, bytes], folder: str) -> Iterator[tuple[str, bytes]]:
    for name, octets in found.items():
        parts = PurePosixPath(name).parts
        if parts[0] == folder and len(parts) > 1:
            yield "/".join(parts[1:]), octets


def _put(path: Path, octets: bytes) -> Path | None:
    """Put a file in place; return where another one that lay there is now."""
    aside = None
    try:
        if path.exists():
            if path.read_bytes() == octets:
                return None
            aside = path.replace(_aside(path))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        write_whole(path, octets)
    except ConfigError:
        if aside is not None:
            aside.replace(path)
        raise
    return aside


def _aside(path: Path) -> Path:
    written = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    name = f"{path.name}.old-{written:%Y%m%dT%H%M%SZ}"
    names = (path.with_name(name if number == 1 else f"{name}-{number}") for number in count(1))
    return next(free for free in names if not free.exists())


def keep_serial(source: Path, data: Path) -> None:
    """Put what the old box knew of its fleet's file into the data folder, lest an older one be taken there."""
    with zipfile.ZipFile(source) as archive:
        said = extras(archive, source).get(FLEET)
    if said is not None and not (data / FLEET).exists():
        write_whole(data / FLEET, said)


def unlike(settings: Settings) -> Iterator[str]:
    """Yield what the configuration names and this machine has not: a new box may have another serial port."""
    for source in settings.sources:
        port = getattr(source, "port", None)
        if isinstance(port, str) and port.startswith("/") and not Path(port).exists():
            yield f"source {source.name}: {port} is not there; `ls /dev/serial/by-id/` shows what this box has, `port` names it"
