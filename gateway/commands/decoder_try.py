"""`brygga decoder try`: a payload's octets, fields and readings side by side, again each time the file is saved."""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size

from decoders.contract import Payload
from gateway.commands import lines
from gateway.commands.decoder import one_decoder
from gateway.commands.listing import printable, terminal_width
from gateway.commands.network import as_json
from gateway.commands.try_out import decode_octets
from gateway.errors import ConfigError
from gateway.model import Json

if TYPE_CHECKING:
    from decoders.registry import Registry

OCTETS_A_LINE: Final = 8
BESIDE: Final = 110  # columns that three blocks need; on a narrower terminal they stand below each other
GAP: Final = "   "
LOOK_EVERY: Final = 0.3  # seconds between two looks at the file: a person does not see it
CLEAR: Final = "\x1b[H\x1b[2J\x1b[3J"  # ECMA-48: home, erase what is seen and what was

Sleep = Callable[[float], None]


def run(options: argparse.Namespace) -> int:
    """Show one payload once, or with --watch until Ctrl-C."""
    if not options.watch:
        return _once(options)
    path = Path(options.which)
    if not path.is_file():
        raise ConfigError(f"decoder try --watch: {options.which} is no file; one of the catalogue does not change")
    try:
        for _ in changes(path, time.sleep):
            _clear()
            _once_in_words(options)
            lines.say(f"watching {path}; Ctrl-C ends")
    except KeyboardInterrupt:
        pass
    return 0


def changes(path: Path, sleep: Sleep) -> Iterator[None]:
    """Yield at once, and again each time that the file or one beside it of the same model has been saved."""
    seen: object = None
    while True:
        now = _stamps(path)
        if now != seen:
            seen = now
            yield
        sleep(LOOK_EVERY)


def _stamps(path: Path) -> object:
    found = []
    for one in sorted(path.parent.glob(f"{path.stem}.*")):
        try:
            state = one.stat()
        except OSError:
            continue  # an editor that writes anew takes the old one away first
        found.append((one.name, state.st_mtime_ns, state.st_size, state.st_ino))
    return found


def _clear() -> None:
    if lines.is_terminal(sys.stdout):
        sys.stdout.write(CLEAR)


def _once_in_words(options: argparse.Namespace) -> None:
    """Show it; a file that is broken while somebody writes it is no reason to end."""
    try:
        _once(options)
    except ConfigError as error:
        lines.problems(error.problems)


def _once(options: argparse.Namespace) -> int:
    with one_decoder(options, options.which) as (registry, name):
        octets, port, received_at = _payload(options, registry, name)
        outcome = asyncio.run(decode_octets(registry, name, port, octets, received_at))
        if "error" not in outcome:
            outcome = {**outcome, "console": _console(registry, name, Payload(octets, port, received_at))}
    if options.json:
        as_json({"decoder": name, "f_port": port, "payload": octets.hex(), **outcome})
    else:
        show(name, port, octets, outcome)
    return 1 if "error" in outcome else 0


def _console(registry: Registry, name: str, payload: Payload) -> list[str]:
    """Return what a JavaScript codec writes to its console while it decodes."""
    decoder = registry.get(name)
    native = getattr(decoder, "native", None)
    return list(native(payload, said=True).said) if callable(native) else []


def _payload(options: argparse.Namespace, registry: Registry, name: str) -> tuple[bytes, int, datetime]:
    received_at = _moment(options.at) if options.at else datetime.now(UTC)
    if options.hex:
        octets = _octets(" ".join(options.hex), is_base64=options.base64)
        return octets, _port(registry, name) if options.port is None else options.port, received_at
    try:
        vector = next((one for one in registry.vectors(name) if one.error is None), None)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if vector is None:
        raise ConfigError(f"decoder try: a payload in hex is missing, and {name} has no vectors to take one from")
    port = vector.payload.f_port if options.port is None else options.port
    return vector.payload.data, port, vector.payload.received_at or received_at


def _octets(text: str, *, is_base64: bool) -> bytes:
    plain = "".join(text.split())
    try:
        if is_base64:
            return base64.b64decode(plain, validate=True)
        return bytes.fromhex(plain.lower().removeprefix("0x").replace(":", "").replace("-", ""))
    except (ValueError, binascii.Error) as error:
        what = "no base64" if is_base64 else "not an even number of hex digits (--base64 where it is that)"
        raise ConfigError(f"payload {text!r}: {what}") from error


def _port(registry: Registry, name: str) -> int:
    """Return the first port that a decoder names, else that of its first vector, else 1."""
    try:
        ports = registry.describe(name).ports or tuple(one.payload.f_port for one in registry.vectors(name)[:1])
    except (LookupError, ValueError) as error:
        raise ConfigError(str(error)) from error
    return ports[0] if ports else 1


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--at {text!r}: a time such as 2026-05-01T12:00:00Z is expected") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# ── what is seen ──


def show(name: str, port: int, octets: bytes, outcome: Mapping[str, Json]) -> None:
    """Print octets, fields and readings side by side, or below each other; then warnings, or why it cannot be read."""
    lines.say(f"{name}, port {port}, {len(octets)} octets")
    if "error" in outcome:
        for line in hex_dump(octets):
            lines.say(line)
        lines.problems([printable(outcome["error"])])
        return
    blocks = [
        ["octets", *hex_dump(octets)],
        ["fields", *flat(outcome["fields"])],
        ["readings", *map(reading_line, outcome["readings"])] if outcome["readings"] else ["readings", "none"],
    ]
    for line in side_by_side(blocks, terminal_width()):
        lines.say(line)
    _say_console(outcome)
    lines.warnings(map(printable, outcome["warnings"]))


def _say_console(outcome: Mapping[str, Json]) -> None:
    for line in outcome.get("console", ()):
        lines.say(f"console: {printable(line)}")


def hex_dump(octets: bytes) -> Iterator[str]:
    """Yield lines of eight octets, each line with the place of its first."""
    for start in range(0, len(octets), OCTETS_A_LINE):
        yield f"{start:3d}  {octets[start : start + OCTETS_A_LINE].hex(' ')}"


def flat(value: Json, path: str = "") -> Iterator[str]:
    """Yield a line for each field, with its path."""
    match value:
        case dict() if value:
            for key, inner in value.items():
                yield from flat(inner, f"{path}.{key}" if path else str(key))
        case list() | tuple() if value and any(isinstance(one, dict | list) for one in value):
            for place, inner in enumerate(value):
                yield from flat(inner, f"{path}[{place}]")
        case _:
            yield printable(f"{path} {_plain(value)}")


def _plain(value: Json) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case None:
            return "-"
        case list() | tuple():
            return ", ".join(map(_plain, value)) or "-"
        case dict():
            return "-"
        case _:
            return str(value)


def reading_line(one: Mapping[str, Json]) -> str:
    """Return a reading as one line."""
    channel = f" ({one['channel']})" if one["channel"] else ""
    at = f" at {one['at']}" if one["at"] else ""
    doubt = " (implausible)" if one["plausibility"] == "implausible" else ""
    return printable(f"{one['quantity']}{channel} {_plain(one['value'])} {one['unit']}".rstrip() + at + doubt)


def side_by_side(blocks: Sequence[Sequence[str]], width: int | None) -> Iterator[str]:
    """Yield blocks beside each other where they fit into ``width`` cells (None: any), else below each other."""
    widths = [max(map(cell_len, block)) for block in blocks]
    if width is not None and (width < BESIDE or sum(widths) + len(GAP) * (len(blocks) - 1) > width):
        for block in blocks:
            yield f"── {block[0]}"
            yield from block[1:]
        return
    rules = [["─" * one] for one in widths]
    for row in zip_longest(
        *([block[0], *rule, *block[1:]] for block, rule in zip(blocks, rules, strict=True)), fillvalue=""
    ):
        yield GAP.join(set_cell_size(cell, one) for cell, one in zip(row, widths, strict=True)).rstrip()
