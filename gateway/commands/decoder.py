"""The commands about decoders: what is looked up, proved and written, and what is said of it."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import lines, places
from gateway.commands.network import Ask, Deed, as_json
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from decoders.registry import Description, Registry


@contextlib.contextmanager
def catalogue(options: argparse.Namespace) -> Iterator[Registry]:
    """Open all decoders there are; their worker processes end with it."""
    from decoders.registry import Registry

    registry = Registry.load(places.decoder_folders(options))
    try:
        yield registry
    finally:
        registry.close()


@contextlib.contextmanager
def one_decoder(options: argparse.Namespace, which: str) -> Iterator[tuple[Registry, str]]:
    """Open the decoder that a file or a name means; raises ConfigError where it means none."""
    from decoders.places import KINDS
    from decoders.registry import Registry, UnknownDecoder

    folders = places.decoder_folders(options)
    path = Path(which)
    if not path.is_file() and path.suffix in KINDS and (path.suffix != ".js" or "/" not in which):
        raise ConfigError(f"{which}: there is no such file")
    try:
        registry, name = Registry.of_file(path, folders) if path.is_file() else (Registry.load(folders), which)
        with contextlib.closing(registry):
            registry.where(name)
            yield registry, name
    except UnknownDecoder as error:
        raise ConfigError(f"{error}; `brygga decoder search WORDS` finds one") from error


# ── the catalogue ──


def _list(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import show_decoder

    with catalogue(options) as registry:
        found, broken = _described(registry, options.vendor)
    chosen = [one for one in found if options.kind in (None, one.kind)]
    if options.json:
        return as_json([show_decoder.as_mapping(one) for one in chosen])
    show_decoder.listed(chosen)
    lines.problems(broken)
    return 0


def _described(registry: Registry, vendor: str | None = None) -> tuple[list[Description], list[str]]:
    """Return the descriptions of all decoders, and what is wrong with those that have none."""
    from decoders.descriptions import known

    found: list[Description] = []
    broken: list[str] = []
    names = [name for name in registry.names() if vendor is None or name.partition("/")[0] == vendor.lower()]
    listed = known(registry)
    for name in progress(names, "reading"):
        try:
            found.append(listed.get(name) or registry.describe(name))
        except (LookupError, ValueError) as error:
            broken.append(str(error))
    return found, broken


def _search(options: argparse.Namespace, _: Ask) -> int:
    from decoders.workshop.finding import search
    from gateway.commands import show_decoder

    words = " ".join(options.words).split()
    with catalogue(options) as registry:
        found = [match.description for match in search(words, _described(registry)[0])]
    if options.json:
        return as_json([show_decoder.as_mapping(one) for one in found])
    if not found:
        lines.say(
            f"nothing fits {' '.join(words)!r}; fewer words find more, `brygga decoder import --help` brings more in"
        )
        return 1
    show_decoder.listed(found)
    return 0


def _show(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import show_decoder

    with one_decoder(options, options.name) as (registry, name):
        try:
            told = show_decoder.all_of(registry, name)
        except (LookupError, ValueError) as error:
            raise ConfigError(str(error)) from error
    if options.json:
        return as_json(told)
    show_decoder.one(told)
    return 0


# ── a vendor's work ──


def _new(options: argparse.Namespace, _: Ask) -> int:
    from decoders.workshop import beginning

    configured = places.decoder_folders(options)
    folder = Path(options.into) if options.into else configured[0] if configured else Path()
    try:
        made = beginning.write(folder, options.name, options.kind)
    except (ValueError, OSError) as error:
        raise ConfigError(f"decoder new: {error}") from error
    for path in made:
        lines.say(f"wrote {path}")
    lines.say("It decodes an invented payload; now say what yours says. Next:")
    lines.say(f"  brygga decoder try {made[0]} --port 2 00EA8264 --watch")
    lines.say(f"  brygga decoder test {made[0]}")
    return 0


def _test(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import decoder_test

    folders = places.decoder_folders(options)
    which = options.which or str(folders[0] if folders else Path())
    if Path(which).is_dir():
        return decoder_test.folder(Path(which), as_json=options.json)
    with one_decoder(options, which) as (registry, name):
        return decoder_test.several(registry, [name], as_json=options.json)


def _bench(options: argparse.Namespace, _: Ask) -> int:
    from decoders.workshop.timing import measure
    from gateway.commands import show_decoder

    timings, missing = [], []
    for which in options.which:
        with one_decoder(options, which) as (registry, name):
            try:
                timing = measure(registry.get(name), registry.describe(name).kind, registry.vectors(name))
            except ValueError as error:
                raise ConfigError(str(error)) from error
        timings.append(timing) if timing else missing.append(name)
    lines.problems(f"{name}: no vector that it can read; what would be timed?" for name in missing)
    if options.json:
        return as_json([show_decoder.as_mapping(one) for one in timings])
    show_decoder.timings(timings)
    return 1 if missing else 0


def _try(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import decoder_try

    return decoder_try.run(options)


def _import(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import decoder_import

    return decoder_import.run(options)


def _map(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import decoder_map

    return decoder_map.run(options)


# ── what was told already ──


def _again(options: argparse.Namespace, ask: Ask) -> int:
    wanted = {"devices": options.devices, "decoder": options.decoder, "since": options.since}
    answer = ask(
        options, {"do": "decoding.again", **wanted, "destination": options.destination, "force": options.force}
    )
    if options.json:
        return as_json(answer)
    lines.say(f"{answer['uplinks']} uplinks of {answer['devices']} devices are kept")
    for name, told in answer["destinations"].items():
        known = f"; {told['known']} it has from the present decoder" if told["known"] else ""
        left = f"; for {told['left']} there is no room now: run this again when these are told" if told["left"] else ""
        lines.say(f"{name}: {told['again']} are told again{known}{left}")
    if not answer["destinations"]:
        lines.say("there is no destination that could be told")
    return 0


DEEDS: dict[str, Deed] = {
    "decode-again": _again,
    "decoder list": _list,
    "decoder search": _search,
    "decoder show": _show,
    "decoder try": _try,
    "decoder new": _new,
    "decoder test": _test,
    "decoder bench": _bench,
    "decoder map": _map,
    "decoder import": _import,
}


def progress(names: Sequence[str], words: str) -> Iterator[str]:
    """Yield names, and show on a terminal how far it is."""
    if not lines.is_terminal(sys.stderr) or len(names) < 2:
        yield from names
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(names, words, console=Console(stderr=True), transient=True)
