"""The commands about relays: what is read, what is said."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import lines, places
from gateway.commands.network import Ask, Deed
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.commands.relay_frames import Found
    from gateway.commands.relay_push import Pushed
    from gateway.config import Settings
    from gateway.model import Json


def _export(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands.journal_export import written
    from gateway.commands.relay_frames import found
    from gateway.journal.looking import looking

    settings, count = _settings(options), 0
    with looking(settings.journal_path) as journal:
        frames = found(journal, settings, options.name, options.since, options.until)
        with written(options.file) as write:
            for line in frames.lines():
                write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
                count += 1
    words = f"{count} frames written" + ("" if options.file == "-" else f" into {options.file}")
    lines.aside(words) if options.file == "-" else lines.say(words)
    return _unreadable(frames)


def _push(options: argparse.Namespace, _: Ask) -> int:
    import asyncio

    from gateway.commands.relay_frames import found
    from gateway.journal.looking import looking

    settings = _settings(options)
    with looking(settings.journal_path) as journal:
        frames = found(journal, settings, options.name, options.since, options.until)
        pushed = asyncio.run(_pushed(frames, {"relay": options.name, "gateway": settings.gateway.name}, options))
    if pushed.trouble:
        then = (
            f"go on with --since {pushed.stopped_at}"
            if pushed.stopped_at
            else "what is left has no time: push it all again"
        )
        lines.problems([f"{pushed.frames} frames were taken, and then no more: {pushed.trouble}; {then}"])
        return 1
    lines.say(f"{pushed.frames} frames taken by {options.url}")
    return _unreadable(frames)


async def _pushed(frames: Found, about: dict[str, Json], options: argparse.Namespace) -> Pushed:
    from gateway.clock import SystemClock
    from gateway.commands.relay_push import push
    from gateway.transports.endpoint import endpoint
    from gateway.transports.http import Http
    from gateway.transports.secret import Secret
    from gateway.transports.service import Bearer, Service
    from gateway.transports.tls import Tls

    token = None if options.token_file is None else Bearer(Secret.from_file(Path(options.token_file)))
    tls = Tls(ca_file=None if options.ca_file is None else Path(options.ca_file))
    try:
        service = Service(endpoint=endpoint(options.url), login=token, tls=tls, concurrency=1)
    except ValueError as error:
        raise ConfigError(f"--url: {error}") from error
    http = Http(service, SystemClock())
    try:
        return await push(frames.lines(), about, options.batch, http)
    finally:
        await http.close()


def _unreadable(frames: Found) -> int:
    if frames.unreadable:
        lines.problems(
            [f"{frames.unreadable} records cannot be read and are left out; `brygga journal verify` tells which"]
        )
    return 1 if frames.unreadable else 0


def _settings(options: argparse.Namespace) -> Settings:
    from gateway.config import load

    return load(places.config_path(options))


DEEDS: dict[str, Deed] = {"relay export": _export, "relay push": _push}
