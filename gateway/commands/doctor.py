"""`brygga doctor`: what is wrong with this box and what to do, and the support file."""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.commands import lines, places
from gateway.commands.languages import spoken
from gateway.commands.network import Ask, Deed, as_json
from gateway.commands.progress import Told, progress
from gateway.config import Settings, load
from gateway.doctor import Answering, Box, Finding, Standing, configuration
from gateway.doctor.apart import apart
from gateway.doctor.box import Ask as AskAgent
from gateway.doctor.examination import examine
from gateway.doctor.finding import Check
from gateway.errors import Brygga, Busy, ConfigError, StorageError
from gateway.model import Json

ANSWER_S: Final = 8.0  # the agent's, on a machine that is busy
FOLDERS_S: Final = 10.0  # a hundred decoders of one's own take a second on a small box


def _doctor(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands.doctor_words import words_in
    from gateway.doctor.table import chosen

    try:
        checks = chosen(options.only)
    except ValueError as error:
        raise ConfigError(f"doctor: --only: {error}") from error
    if options.bundle is not None:
        _make_room(Path(options.bundle))
    words = words_in(spoken(options.language))
    with progress(words.report("looking")) as told:
        box, findings = asyncio.run(_examined(options, checks, told))
    if options.json:
        as_json([one.as_json() for one in findings])
    else:
        from gateway.commands.show_doctor import said

        said(findings, words)
    if options.bundle is not None:
        _bundle(options, box, findings)
    return 1 if any(one.standing is Standing.WRONG for one in findings) else 0


async def _examined(options: argparse.Namespace, checks: Sequence[Check], told: Told) -> tuple[Box, list[Finding]]:
    box = await box_of(options, deep=options.deep)
    findings = await examine(box, checks, told)
    if not findings and box.settings is None:  # what is wrong with the file is why there is nothing else to look at
        findings = await examine(box, configuration.CHECKS)
    return box, findings


async def box_of(options: argparse.Namespace, *, deep: bool = False) -> Box:
    """Return what is known of this box before the first probe, whatever of it is not there."""
    now = datetime.now(UTC)
    path = places.config_path_or_none(options)
    if path is None:
        return Box(now=now)
    try:
        settings = load(path)
    except ConfigError as error:
        socket = _reached(path)
        answering, status, devices = await _asked(socket)
        known = Box(now=now, path=path, problems=error.problems, answering=answering, status=status, devices=devices)
        return replace(known, ask=_asking(socket, answering), deep=deep)
    answering, status, devices = await _asked(settings.control_socket)
    return Box(
        now=now,
        settings=settings,
        path=path,
        problems=await _decoders_problems(settings),
        warnings=settings.warnings,
        answering=answering,
        status=status,
        devices=devices,
        ask=_asking(settings.control_socket, answering),
        deep=deep,
    )


async def _decoders_problems(settings: Settings) -> Sequence[str]:
    """Return what is wrong with the decoders of folders; a folder on a disk that hangs is a problem, and no wait without an end."""
    from decoders.registry import Registry

    if not (folders := settings.decoders.folders):
        return ()
    try:
        async with asyncio.timeout(FOLDERS_S):
            return await apart(lambda: Registry.load(folders).problems())
    except TimeoutError:
        named = ", ".join(map(str, folders))
        return [f"decoders.folder: {named} could not be read in {FOLDERS_S:g} s; is its disk there? ls {named}"]


def _reached(path: Path) -> Path | None:
    """Return the socket of an agent that goes on with what the file said before it became wrong; None where nobody knows."""
    from gateway.config.reaching import reached

    try:
        return reached(path)
    except ConfigError:
        return None


async def _asked(socket: Path | None) -> tuple[Answering, Json, Json]:
    """Return what came of asking the agent, its status and its devices."""
    from gateway.control import Denied, NotRunning, ask_at

    if socket is None:
        return Answering.NOT_ASKED, None, None
    try:
        status = await ask_at(socket, {"do": "status"}, ANSWER_S)
        return Answering.ANSWERS, status, await ask_at(socket, {"do": "device.list"}, ANSWER_S)
    except NotRunning:
        return _unheard(socket), None, None
    except Denied:
        return Answering.DENIED, None, None
    except (Busy, ConfigError, StorageError):
        return Answering.MUTE, None, None


def _asking(socket: Path | None, answering: Answering) -> AskAgent | None:
    """Return what asks the agent more; None where it did not answer."""
    from gateway.control import ask_at

    if socket is None or answering is not Answering.ANSWERS:
        return None
    return lambda request: ask_at(socket, request, ANSWER_S)


def _unheard(socket: Path) -> Answering:
    return Answering.LEFT if socket.exists() else Answering.ABSENT


# ── the support file ──


def _make_room(path: Path) -> None:
    """Ask before a file is replaced; raises Brygga where nobody says yes."""
    from gateway.commands.asking import asked

    if not path.parent.is_dir():
        raise ConfigError(f"doctor: --bundle {path}: {path.parent} is no folder")
    if path.is_dir():
        raise ConfigError(f"doctor: --bundle {path}: this is a folder; name a file in it, such as {path / 'box.zip'}")
    if path.exists() and asked(f"{path} is there already; replace it? (y/n)", "n").lower() not in {
        "y",
        "yes",
        "j",
        "ja",
    }:
        raise Brygga(f"{path} is there already, and stays as it is; name another file")


def _bundle(options: argparse.Namespace, box: Box, findings: Sequence[Finding]) -> None:
    from gateway.doctor.bundle import Wishes, bundle, listed

    wishes = Wishes(anonymous=options.anonymous, with_payloads=options.with_payloads)
    octets = asyncio.run(bundle(box, findings, wishes))
    path = Path(options.bundle)
    write_private(path, octets)
    say = lines.aside if options.json else lines.say
    say(f"\n{path}: {len(octets) / 1000:.0f} kB, for whoever helps you. In it:")
    for name, words in listed(octets):
        say(f"  {name}: {words}")
    say("No key, password or token is in it; look for yourself before you send it.")


def write_private(path: Path, octets: bytes) -> None:
    """Write a file that only its owner reads: with sudo whose folder it is, who has to send it. Raises Brygga."""
    try:
        # A name that nobody can know, and only if it is new: with sudo, in /tmp, a link of somebody else's may lie there.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            part = Path(file.name)
            try:
                file.write(octets)
                file.flush()
                if os.geteuid() == 0:
                    owner = path.parent.stat()
                    os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise Brygga(f"{path}: {error.strerror}") from error


DEEDS: dict[str, Deed] = {"doctor": _doctor}
