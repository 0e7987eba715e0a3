"""Who may read and write what: secrets, the data folder, serial ports, and as whom the agent runs."""

from __future__ import annotations

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Final

from gateway.config import Settings
from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.doctor.processes import status_of

WARNED_OF: Final = re.compile(r"chmod o-r ([^\s,]+)")  # as `brygga check` says it of files in which a secret stands
SERIAL_GROUPS: Final = ("dialout", "uucp")  # Debian's and Arch's name of the group of serial ports

OPEN: Final = Ill("open", Standing.UNWISE, "every user of this box can read a secret", "sudo chmod o-rwx {path}")
DATA_OPEN: Final = Ill(
    "open",
    Standing.UNWISE,
    "every user of this box can look into the data folder, which holds keys",
    "sudo chmod 750 {path}",
)
FOREIGN: Final = Ill(
    "foreign",
    Standing.WRONG,
    "something in the data folder belongs to another user than the agent's: it cannot be written",
    "sudo chown -R {owner} {path}",
)
NO_WRITE: Final = Ill(
    "not_writable", Standing.WRONG, "the agent may not write into its data folder", "sudo chown -R {owner} {path}"
)
NO_PORT: Final = Ill(
    "missing",
    Standing.WRONG,
    "the serial port is not there: unplugged, or of another name",
    "ls -l /dev/serial/by-id; dmesg | tail",
)
NO_GROUP: Final = Ill(
    "refused",
    Standing.WRONG,
    "the agent may not open the serial port",
    "sudo usermod -aG {group} {user}; sudo systemctl restart brygga",
)
ROOT: Final = Ill(
    "root",
    Standing.UNWISE,
    "the agent runs as root: a fault in it would have the whole box",
    "run it as the user brygga: systemd/brygga.service",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A file or folder: who has it, and who may do what."""

    path: Path
    mode: int
    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A serial port; None: it is not there."""

    path: Path
    found: Mode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What of files matters to judge who may do what."""

    uid: int | None  # as whom the agent runs; None: not known
    user: str
    groups: frozenset[int]
    secrets: Sequence[Mode]
    data: Mode | None
    within: Sequence[Mode]  # what is in the data folder
    ports: Sequence[Port]
    group: str  # of serial ports
    is_running: bool = True  # else the user is the data folder's


async def rights(box: Box) -> Rights | None:
    """Return who may do what; None without a configuration."""
    return None if box.settings is None else await apart(_rights, box, box.settings)


def _rights(box: Box, settings: Settings) -> Rights:
    data = settings.gateway.data
    folder = _mode(data)
    told = {} if box.pid is None else status_of(box, box.pid)
    uid = int(told["Uid"].split()[1]) if "Uid" in told else None if folder is None else folder.uid
    within = [*map(_mode, data.iterdir())] if folder is not None and os.access(data, os.R_OK | os.X_OK) else []
    return Rights(
        uid=uid,
        user="brygga" if uid is None else _user(uid),
        groups=frozenset(map(int, told.get("Groups", "").split())) | _groups_of(uid),
        secrets=[one for path in dict.fromkeys(_secret_files(box)) if (one := _mode(path)) is not None],
        data=folder,
        within=[one for one in within if one is not None],
        ports=[Port(path=path, found=_mode(path)) for path in _serial_ports(settings)],
        group=next((name for name in SERIAL_GROUPS if _has_group(name)), SERIAL_GROUPS[0]),
        is_running="Uid" in told,
    )


def _secret_files(box: Box) -> Iterator[Path]:
    """Yield every file that holds a secret: the key, private keys, what the configuration names and warns of."""
    settings = box.settings
    assert settings is not None
    yield settings.gateway.key_file
    yield from _key_files(settings)
    if settings.web is not None:
        yield from (settings.web.password_file, settings.web.tokens_file)
    yield from (Path(found[1]) for one in box.warnings if (found := WARNED_OF.search(one)))


def _key_files(value: Any) -> Iterator[Path]:
    """Yield what any part of the settings calls its ``key_file``."""
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            inner = getattr(value, one.name, None)
            if one.name == "key_file" and isinstance(inner, Path):
                yield inner
            else:
                yield from _key_files(inner)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _key_files(one)


def _serial_ports(settings: Settings) -> list[Path]:
    ports = (getattr(one, "port", None) for one in settings.sources)
    return [Path(port) for port in ports if isinstance(port, str) and port.startswith("/")]


def _mode(path: Path) -> Mode | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return Mode(path=path, mode=found.st_mode, uid=found.st_uid, gid=found.st_gid)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _groups_of(uid: int | None) -> frozenset[int]:
    try:
        found = pwd.getpwuid(-1 if uid is None else uid)
    except (KeyError, OverflowError):
        return frozenset()
    return frozenset(os.getgrouplist(found.pw_name, found.pw_gid))


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def secrets(facts: Rights) -> Iterator[Seen]:
    """Judge who may read secrets."""
    for one in facts.secrets:
        if one.mode & (stat.S_IROTH | stat.S_IWOTH):
            yield Seen(f"mode {stat.S_IMODE(one.mode):04o}", OPEN, str(one.path), {"path": one.path})
    yield Seen(f"{len(facts.secrets)} files with secrets, closed to others")


def folder(facts: Rights) -> Iterator[Seen]:
    """Judge whether the agent may write where it has to, and nobody else reads there."""
    if facts.data is None:
        return
    keys = {"path": facts.data.path, "owner": facts.user}
    if facts.data.mode & stat.S_IRWXO:
        yield Seen(f"mode {stat.S_IMODE(facts.data.mode):04o}", DATA_OPEN, str(facts.data.path), keys)
    if facts.uid:  # root may write anywhere
        if facts.data.uid != facts.uid and not (facts.data.gid in facts.groups and facts.data.mode & stat.S_IWGRP):
            yield Seen(
                f"it belongs to {_user(facts.data.uid)}, the agent is {facts.user}",
                NO_WRITE,
                str(facts.data.path),
                keys,
            )
        if foreign := [one.path.name for one in facts.within if one.uid != facts.uid]:
            yield Seen(f"not {facts.user}'s: {', '.join(sorted(foreign)[:4])}", FOREIGN, str(facts.data.path), keys)
    yield Seen(f"{facts.data.path} is {facts.user}'s")


def serial(facts: Rights) -> Iterator[Seen]:
    """Judge whether serial ports are there and may be opened."""
    for port in facts.ports:
        if port.found is None:
            yield Seen("it is not there", NO_PORT, str(port.path))
        elif not _may_open(port.found, facts):
            yield Seen(
                f"{facts.user} may not open it", NO_GROUP, str(port.path), {"group": facts.group, "user": facts.user}
            )
        else:
            yield Seen(f"{port.path} may be opened")


def _may_open(port: Mode, facts: Rights) -> bool:
    both = stat.S_IROTH | stat.S_IWOTH
    by_group = port.gid in facts.groups and port.mode & both << 3 == both << 3
    return not facts.uid or port.mode & both == both or by_group or port.uid == facts.uid


def user(facts: Rights) -> Iterator[Seen]:
    """Judge as whom the agent runs."""
    if facts.uid is not None:
        words = f"it runs as {facts.user}" if facts.is_running else f"its data folder is {facts.user}'s"
        yield Seen(words, ROOT if facts.uid == 0 else None)


CHECKS: Final = (
    Check(
        id="permissions.secrets",
        looks="the key file, private keys, passwords of the dashboard and of cities: who may read them",
        probe=rights,
        judge=secrets,
        ills=(OPEN,),
    ),
    Check(
        id="permissions.data",
        looks="the data folder and what is in it: whose it is",
        probe=rights,
        judge=folder,
        ills=(DATA_OPEN, NO_WRITE, FOREIGN),
    ),
    Check(
        id="permissions.serial",
        looks="the serial ports of sources: are they there, may they be opened (group dialout)",
        probe=rights,
        judge=serial,
        ills=(NO_PORT, NO_GROUP),
    ),
    Check(id="permissions.user", looks="as whom the agent runs", probe=rights, judge=user, ills=(ROOT,)),
)
