"""The parts of a support file: what each is, and where it comes from. None of them is masked yet."""

from __future__ import annotations

import json
import os
import platform
import stat
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from gateway.doctor import kernel, link, machine
from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Finding, Unseen
from gateway.doctor.service import UNIT
from gateway.errors import Brygga, ConfigError, StorageError
from gateway.journal.groups import Stored
from gateway.journal.looking import Looking, looking
from gateway.journal.records import decode_uplink
from gateway.model import Json
from gateway.version import VERSION

LOG_LINES: Final = 3000
LOG_OCTETS: Final = 500_000  # of a file: some 3000 lines
PAYLOADS: Final = 200  # the newest uplinks, where they are asked for
NOT_HERE: Final = "not to be had on this box, or not for this user"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the bundle."""

    name: str
    words: str  # what it is, for the list
    make: Callable[[Box, Sequence[Finding]], Awaitable[str]]


async def _findings(_: Box, findings: Sequence[Finding]) -> str:
    return as_json([one.as_json() for one in findings])


async def _status(box: Box, _: Sequence[Finding]) -> str:
    return as_json(box.status or {"answering": str(box.answering)})


async def _devices(box: Box, _: Sequence[Finding]) -> str:
    return as_json(list(box.devices or ()))


async def _versions(box: Box, _: Sequence[Finding]) -> str:
    return await apart(_installed, box)


def _installed(box: Box) -> str:
    found = {(one.metadata["Name"] or "?", one.version) for one in distributions()}
    heads = [
        f"brygga {VERSION}",
        f"Python {platform.python_version()}",
        f"{platform.system()} {platform.release()} {platform.machine()}",
    ]
    return "\n".join([*heads, box.text("/etc/os-release") or "", "", *(" ".join(one) for one in sorted(found))])


async def _log(box: Box, _: Sequence[Finding]) -> str:
    said = await _said(box, "journalctl", "-u", UNIT, "-n", str(LOG_LINES), "-o", "short-iso", "--no-pager", "-q")
    return "\n\n".join([said, *await apart(_log_file, box), *await _remembered(box)])


def _log_file(box: Box) -> list[str]:
    """Return the end of the file that the agent's standard error goes to, where it is one."""
    try:
        path = box.at(f"/proc/{box.pid or 0}/fd/2").readlink()
        if not stat.S_ISREG(path.stat().st_mode):
            return []
        with path.open("rb") as file:
            if before := max(0, path.stat().st_size - LOG_OCTETS):
                file.seek(before)
                file.readline(LOG_OCTETS)  # half of a secret is none that the mask knows
            return [f"the end of {path}, where it writes its log:\n{file.read(LOG_OCTETS).decode('utf-8', 'replace')}"]
    except OSError:  # it does not run, or belongs to another user, or logs to what is no file
        return []


async def _remembered(box: Box) -> list[str]:
    """Return the last lines that a running agent remembers: where systemd's journal is not, there is nothing else."""
    if box.ask is None:
        return []
    try:
        told = await box.ask({"do": "log.lines", "level": "debug", "limit": LOG_LINES})
    except Brygga as error:
        return [f"the agent does not tell the lines that it remembers: {error}"]
    lines = "\n".join(_line(one) for one in reversed(told["lines"]))
    return [f"what the agent remembers of its log, {told['dropped']} lines before these have gone:\n{lines}"]


def _line(one: Mapping[str, Json]) -> str:
    return f"{one['at']} {one['level']} {one['name']}: {one['text']}"


async def _service(box: Box, _: Sequence[Finding]) -> str:
    unit = await _said(box, "systemctl", "cat", UNIT)
    return f"{unit}\n\n{await _said(box, 'systemctl', 'show', UNIT)}"


async def _kernel(box: Box, _: Sequence[Finding]) -> str:
    try:
        lines = await kernel.log(box)
    except Unseen as unseen:
        return str(unseen)
    return (
        "\n".join(line for line in lines if any(one.search(line) for one in kernel.TELLING))
        or "nothing of disks, USB, voltage, memory"
    )


async def _network(box: Box, _: Sequence[Finding]) -> str:
    states = "\n".join(f"{name} {state}" for name, state in link.interfaces(box).items())
    addresses = await _said(box, "ip", "-brief", "address")
    routes = await _said(box, "ip", "route")
    times = await _said(box, "timedatectl")
    servers = box.text("/etc/resolv.conf") or NOT_HERE
    return f"{states}\n\n{addresses}\n\n{routes}\n\n{servers}\n\n{times}"


async def _machine(box: Box, _: Sequence[Finding]) -> str:
    found = await machine.machine(box)
    return as_json(
        {
            "heat_c": dict(found.heat),
            "throttled": found.throttled,
            "memory_kb": {
                name: found.memory.get(name) for name in ("MemTotal", "MemAvailable", "SwapTotal", "SwapFree")
            },
            "load": found.load,
            "cores": found.cores,
            "oom_kills": found.killed,
            "up_s": found.up_s,
            "model": box.text("/proc/device-tree/model"),
        }
    )


async def _disk(box: Box, _: Sequence[Finding]) -> str:
    return f"{box.text('/proc/self/mountinfo')}\n\n{await apart(_folder, box)}"


def _folder(box: Box) -> str:
    if (data := box.data) is None:
        return "there is no data folder"
    if not os.access(data, os.R_OK | os.X_OK):
        return f"{data}: {NOT_HERE}"
    return "\n".join(_listed(one) for one in sorted(data.rglob("*")) if len(one.relative_to(data).parts) < 3)


def _listed(path: Path) -> str:
    found = path.lstat()
    return f"{stat.filemode(found.st_mode)} {found.st_uid}:{found.st_gid} {found.st_size:>12} {path}"


async def _journal(box: Box, _: Sequence[Finding]) -> str:
    return as_json(await apart(_numbers, box))


def _numbers(box: Box) -> Mapping[str, Json]:
    if box.settings is None:
        return {"problem": "no configuration says where it is"}
    try:
        with looking(box.settings.journal_path) as found:
            counts = {name: found.fetch(f'SELECT count(*) FROM "{name}"')[0][0] for name in found.tables()}  # noqa: S608 - names of its own schema
            pragmas = {one: found.number(one) for one in ("user_version", "page_size", "page_count", "freelist_count")}
            return {"rows": counts, **pragmas}
    except (ConfigError, StorageError, PermissionError) as error:
        return {"problem": str(error)}


async def payloads(box: Box) -> str:
    """Return the newest uplinks with their payloads, a JSON object a line."""
    return "\n".join(await apart(_uplinks, box))


def _uplinks(box: Box) -> list[str]:
    if box.settings is None:
        return []
    try:
        with looking(box.settings.journal_path) as found:
            return [*_newest(found)]
    except (ConfigError, StorageError, PermissionError) as error:
        return [as_json({"problem": str(error)})]


def _newest(found: Looking) -> list[str]:
    words = found.words()
    rows: list[Stored] = []
    for first in reversed(found.firsts()):
        piece = found.piece(first)
        rows = [*(() if piece is None else piece.rows), *rows][-PAYLOADS:]
        if len(rows) == PAYLOADS:
            break
    told = []
    for _, record in rows:
        uplink = decode_uplink(record, words)
        heard = {"at": uplink.heard_at.utc.isoformat(), "quality": uplink.heard_at.quality.name.lower()}
        said = {"f_cnt": uplink.f_cnt, "f_port": uplink.f_port, "payload": uplink.payload.hex()}
        told.append(json.dumps({"dev_eui": uplink.dev_eui, **heard, **said}))
    return told


async def _said(box: Box, *words: str) -> str:
    said = await box.run(*words)
    return f"$ {' '.join(words)}\n{said.rstrip() if said else NOT_HERE}"


def as_json(value: Json) -> str:
    """Return JSON as people read it."""
    return json.dumps(value, indent=1, ensure_ascii=False, default=str)


PARTS: Final = (
    Part("findings.json", "what the doctor found", _findings),
    Part("status.json", "how the agent says that it stands", _status),
    Part("devices.json", "the devices: DevEUI, name, decoder, when heard; no keys", _devices),
    Part("versions.txt", "versions of Brygga, Python, its packages, the system", _versions),
    Part("log.txt", "the agent's last lines: in systemd's journal, in the file it logs to, in its memory", _log),
    Part("service.txt", "brygga.service: its unit and its state", _service),
    Part("kernel.txt", "what the kernel says of disks, USB, voltage and memory", _kernel),
    Part("network.txt", "interfaces, routes, name servers, the clock's state", _network),
    Part("machine.json", "heat, memory, load", _machine),
    Part("disk.txt", "mounts, and the files of the data folder with size and owner", _disk),
    Part("journal.json", "how many rows of each kind the journal has; no uplinks", _journal),
)
