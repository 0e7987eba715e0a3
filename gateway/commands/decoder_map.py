"""`brygga decoder map`: what a codec's fields probably mean, for a person to read and confirm."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from decoders.contract import Payload
from gateway.commands import lines
from gateway.commands.decoder import one_decoder
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from decoders.dictionary import Proposal
    from decoders.registry import Registry


def run(options: argparse.Namespace) -> int:
    """Print the proposal, or write it beside the decoder where none is there yet."""
    from decoders.proposing import propose_for

    beside = _beside(Path(options.which)) if options.write else None
    with one_decoder(options, options.which) as (registry, name):
        try:
            decoder, description = registry.get(name), registry.describe(name)
            said = _annotated(Path(registry.where(name)))
            text = propose_for(decoder, _payloads(options, registry, name), f"{name} {description.title}", said)
        except (LookupError, ValueError) as error:
            raise ConfigError(str(error)) from error
    if beside is None:
        lines.say(text.rstrip())
        return 0
    try:
        beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{beside}: {error.strerror}") from error
    lines.say(f"wrote {beside}: read it, and take the # from the guesses that are right. Next:")
    lines.say(f"  brygga decoder try {options.which} --watch")
    return 0


def _beside(path: Path) -> Path:
    if not path.is_file():
        raise ConfigError(f"decoder map --write: {path} is no file; for one of the catalogue leave --write away")
    beside = path.with_name(f"{path.stem}.meta.yaml")
    if beside.exists():
        raise ConfigError(f"{beside} is there already: what a person has confirmed is not written over")
    return beside


def _annotated(path: Path) -> tuple[Proposal, ...]:
    """Return what a table's author says of its fields."""
    if path.suffix != ".yaml":
        return ()
    from decoders.payload_schema import annotations, document

    return annotations.proposals(document.read(path))


def _payloads(options: argparse.Namespace, registry: Registry, name: str) -> list[Payload]:
    try:
        given = [bytes.fromhex(text) for text in options.hex]
    except ValueError as error:
        raise ConfigError(f"decoder map: {error}: each payload is one word of hex digits") from error
    if given:
        return [Payload(octets, options.port or 1) for octets in given]
    found = [vector.payload for vector in registry.vectors(name) if vector.error is None]
    if not found:
        raise ConfigError(f"decoder map: {name} has no vectors to learn its fields from; name payloads in hex")
    return found
