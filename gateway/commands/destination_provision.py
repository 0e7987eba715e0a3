"""`brygga destination provision`: what a platform needs before it shows values, made over its REST."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.commands import lines, places
from gateway.commands.destination_trial import destination_of
from gateway.commands.listing import printable
from gateway.commands.network import Ask, as_json
from gateway.config import DestinationSettings, Settings, load
from gateway.errors import ConfigError, Unreachable
from gateway.formats import Provides, Registry
from gateway.formats.catalogue import FORMATS
from gateway.groundwork import load_registry, system_clock
from gateway.model import Device, Eui64, Item, Json
from gateway.transports import Transport, catalogue
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.secret import Secret
from gateway.transports.service import ApiKey, Service
from gateway.trial.advice import advice
from gateway.trial.carried import device_of, uplink_of
from gateway.trial.preview import item_of
from gateway.trial.provision import Outcome, provision, rehearse

AT_A_TIME: Final = 50  # devices of one question to the journal: each is looked for among thousands of rows
LIST_LIMIT_OCTETS: Final = 32 << 20  # of what is there already: a city has ten thousands of functions


@dataclass(frozen=True, slots=True)
class Found:
    """What devices have to say, and why some say nothing."""

    items: tuple[Item, ...]
    silent: tuple[str, ...]


def provisioned(options: argparse.Namespace, ask: Ask) -> int:
    """Have made at the platform what the devices of a destination need; return 0 when nothing was refused."""
    settings = load(places.config_path(options))
    destination = destination_of(settings, options.name)
    format_ = destination.format
    if not isinstance(format_, Provides):
        those = ", ".join(name for name, one in FORMATS.items() if isinstance(one, type) and issubclass(one, Provides))
        raise ConfigError(
            f"{destination.name}: its platform is told without anything made there beforehand, or its format makes it "
            f"itself; what is provisioned is {those}"
        )
    service = _service(format_.registry(destination.platform.endpoint.host), destination, options)
    found = _found(options, settings, destination, ask)
    try:
        outcome = asyncio.run(_held(format_, found, catalogue.make(service, system_clock(settings)), options))
    except ValueError as error:
        raise ConfigError(f"{destination.name}: {error}") from error
    except Unreachable as error:
        raise Unreachable(
            f"{error}; {advice(str(error))[1]}. What was made until now is found the next time"
        ) from error
    if options.json:
        return as_json(_as_json(outcome, found, service)) or _code(outcome)
    lines.say("\n".join(map(printable, _shown(outcome, found, service, options))))
    lines.problems(map(printable, outcome.provided.problems))
    return _code(outcome)


def _code(outcome: Outcome) -> int:
    return 1 if outcome.provided.problems else 0


async def _held(format_: Provides, found: Found, transport: Transport, options: argparse.Namespace) -> Outcome:
    conversation = format_.provide(found.items)
    try:
        return await (rehearse if options.dry_run else provision)(conversation, transport, _tell)
    finally:
        await transport.close()


def _tell(done: int, whole: int) -> None:
    if done < whole and lines.is_terminal(sys.stderr):
        lines.aside(f"  {done} of {whole} …")


# ── where, and who we are there ──


def _service(registry: Registry, destination: DestinationSettings, options: argparse.Namespace) -> Service:
    try:
        where = endpoint(options.url or registry.url)
        return Service(
            endpoint=where,
            login=ApiKey(registry.key_header, _key(registry, destination, options)),
            tls=destination.platform.tls,
            body_limit_octets=LIST_LIMIT_OCTETS,
        )
    except ValueError as error:
        raise ConfigError(f"destination provision: --url: {error}") from error


def _key(registry: Registry, destination: DestinationSettings, options: argparse.Namespace) -> Secret:
    if options.api_key_file is not None:
        return Secret.from_file(Path(options.api_key_file))
    platform = destination.platform
    if isinstance(platform, Broker) and platform.password is not None and platform.username == registry.key_user:
        return platform.password
    raise ConfigError(
        f"destination provision: --api-key-file: which key is it? Only that of the user {registry.key_user!r} is the "
        f"password of {destination.name}, too"
    )


# ── what devices say ──


def _found(options: argparse.Namespace, settings: Settings, destination: DestinationSettings, ask: Ask) -> Found:
    wanted = _named(options, destination, ask) if options.device else _selected(options, destination, ask)
    told = list(_lasts(options, wanted, ask))
    with contextlib.closing(load_registry(settings)) as registry:

        async def items() -> list[Item | str]:
            return [
                "nothing was heard of it yet, or it is no longer kept"
                if one["uplink"] is None
                else await item_of(uplink_of(one["uplink"]), device_of(one["device"]), registry, destination.share)
                for one in told
            ]

        outcomes = asyncio.run(items())
    silent = [
        f"{one['device']['name'] or one['device']['dev_eui']}: {what}"
        for one, what in zip(told, outcomes, strict=True)
        if isinstance(what, str)
    ]
    return Found(tuple(one for one in outcomes if not isinstance(one, str)), tuple(silent))


def _named(options: argparse.Namespace, destination: DestinationSettings, ask: Ask) -> list[Eui64]:
    found = [device_of(ask(options, {"do": "destination.device", "device": name})) for name in options.device]
    for device in found:
        if not destination.selection.selects(device):
            raise ConfigError(
                f"{destination.name} does not select {device.name or device.dev_eui}: its tags and dev_euis say which"
            )
    return [device.dev_eui for device in found]


def _selected(options: argparse.Namespace, destination: DestinationSettings, ask: Ask) -> list[Eui64]:
    listed = ask(options, {"do": "device.list"})
    there = [Device(dev_eui=Eui64(one["dev_eui"]), tags=frozenset(one["tags"])) for one in listed]
    wanted = [one.dev_eui for one in there if destination.selection.selects(one)]
    if not wanted:
        raise ConfigError(
            f"{destination.name} selects none of {len(there)} devices: its tags and dev_euis say which; "
            "`brygga device list` shows theirs"
        )
    return wanted


def _lasts(options: argparse.Namespace, dev_euis: Sequence[Eui64], ask: Ask) -> Iterator[Json]:
    for at in range(0, len(dev_euis), AT_A_TIME):
        some = list(dev_euis[at : at + AT_A_TIME])
        yield from ask(options, {"do": "destination.lasts", "devices": some})
        _tell(at + len(some), len(dev_euis))


# ── what is said of it ──


def _shown(outcome: Outcome, found: Found, service: Service, options: argparse.Namespace) -> Iterator[str]:
    yield f"{options.name}: {service.endpoint}"
    yield from (f"  !! {words}" for words in found.silent)
    if options.dry_run:
        yield f"  would ask for {len(outcome.making)} things, and did not:"
        yield from (f"    {one.method} {one.target} {one.body.decode()}" for one in outcome.making)
        return
    yield f"  asked for {len(outcome.making)} things; now there: {outcome.provided.words}"


def _as_json(outcome: Outcome, found: Found, service: Service) -> Json:
    return {
        "url": str(service.endpoint),
        "asked": [{"method": one.method, "target": one.target, "body": one.body.decode()} for one in outcome.making],
        "there": outcome.provided.words,
        "silent": list(found.silent),
        "problems": list(outcome.provided.problems),
    }
