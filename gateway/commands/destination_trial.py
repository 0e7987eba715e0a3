"""The commands that try a destination out: `destination test` and `destination preview`."""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from decoders.registry import Registry
from gateway.agent import load_registry, system_clock
from gateway.commands import lines, places
from gateway.commands.listing import printable
from gateway.commands.network import Ask, as_json
from gateway.config import DestinationSettings, Settings, load
from gateway.desk.words import did_you_mean, full_name
from gateway.errors import ConfigError
from gateway.formats import Format
from gateway.model import Item, Json, Request
from gateway.sharing import Share
from gateway.transports.broker import Broker
from gateway.trial.carried import device_of, uplink_of
from gateway.trial.marked import TEST_EUI, marked
from gateway.trial.preview import Preview, item_of
from gateway.trial.preview import preview as previewed
from gateway.trial.steps import Step
from gateway.trial.trial import attempt


def test(options: argparse.Namespace, ask: Ask) -> int:
    """Try a destination out and print how each step went; return 0 when all went well."""
    settings = load(places.config_path(options))
    destination = _destination(settings, options.name)
    clock = system_clock(settings)
    if options.device is None:
        item = _marked(settings, destination)
    else:
        item, _ = _last(options, settings, destination, ask)
        item = replace(item, age=max(clock().utc - item.uplink.heard_at.utc, timedelta()))
    steps = asyncio.run(attempt(destination, item, clock, settings.clock.trust))
    if options.json:
        as_json([{"step": one.name, "good": one.is_good, "words": one.words, "advice": one.advice} for one in steps])
    else:
        lines.say("\n".join(_shown(destination, item, steps)))
    return 0 if all(step.is_good for step in steps) else 1


def _marked(settings: Settings, destination: DestinationSettings) -> Item:
    item = marked(system_clock(settings)(), destination.share)
    if item is None:
        raise ConfigError(
            f"{destination.name}: [destination.share] lets nothing through that could be sent as a test; name a device with --device"
        )
    return item


def _shown(destination: DestinationSettings, item: Item, steps: Sequence[Step]) -> Iterator[str]:
    yield f"{destination.name}: {destination.platform.endpoint}"
    for step in steps:
        yield f"  {'ok' if step.is_good else '!!'}  {step.name}: {printable(step.words)}"
        if step.advice:
            yield f"      {step.advice}"
    if steps[-1].is_good and item.device.dev_eui == TEST_EUI:
        yield f"The test is of the device {TEST_EUI} ({item.device.name}); its owner may delete it there."


def preview(options: argparse.Namespace, ask: Ask) -> int:
    """Print what would go out of a device's last uplink."""
    settings = load(places.config_path(options))
    destination = _destination(settings, options.name)
    item, memory = _last(options, settings, destination, ask)
    told = previewed(destination.format, item, memory)
    if options.json:
        return as_json(_as_json(told, destination))
    lines.say("\n".join(_messages(told, destination)))
    lines.warnings(map(printable, told.remarks))
    return 0


def _last(
    options: argparse.Namespace, settings: Settings, destination: DestinationSettings, ask: Ask
) -> tuple[Item, Json]:
    told = ask(options, {"do": "destination.last", "name": destination.name, "device": options.device})
    device = device_of(told["device"])
    if told["uplink"] is None:
        raise ConfigError(f"nothing was heard of {device.name or device.dev_eui} yet, or it is no longer kept")
    if not destination.selection.selects(device):
        lines.warnings(
            [f"{destination.name} does not select {device.name or device.dev_eui}: its tags and dev_euis say which"]
        )
    with contextlib.closing(load_registry(settings)) as registry:
        item = asyncio.run(_item(told, registry, destination.share))
    if isinstance(item, str):
        raise ConfigError(f"{device.name or device.dev_eui}: {item}")
    return item, told["memory"]


async def _item(told: Json, registry: Registry, share: Share) -> Item | str:
    return await item_of(uplink_of(told["uplink"]), device_of(told["device"]), registry, share)


def _destination(settings: Settings, name: str) -> DestinationSettings:
    there = {one.name: one for one in [*settings.destinations, *settings.former]}
    full = full_name(name, [one.name for one in settings.destinations])
    if full not in there:
        present = [one.name for one in settings.destinations]
        hint = (
            did_you_mean(name, [*present, *(one.partition("@")[0] for one in present)])
            or f"; those there are: {', '.join(present) or 'none'}"
        )
        raise ConfigError(f"there is no destination {name} in the configuration{hint}")
    return there[full]


# ── messages ──


def _messages(told: Preview, destination: DestinationSettings) -> Iterator[str]:
    format_: Format = destination.format
    if not told.requests:
        yield f"{type(format_).__name__} says nothing of it"
    for number, request in enumerate(told.requests):
        yield from [""] if number else []
        yield from _head(request, destination)
        yield ""
        yield _body(request)


def _head(request: Request, destination: DestinationSettings) -> Iterator[str]:
    endpoint = destination.platform.endpoint
    if isinstance(destination.platform, Broker):
        yield f"PUBLISH {request.target} to {endpoint}, QoS 1, {len(request.body)} octets"
        yield from [f"Content-Type: {request.content_type}"] if request.content_type else []
        yield from (f"User property {name}: {value}" for name, value in request.headers.items())
        return
    yield f"{request.method} {endpoint}{request.target}, {len(request.body)} octets"
    yield from [f"Content-Type: {request.content_type}"] if request.content_type else []
    yield from (f"{name}: {value}" for name, value in request.headers.items())
    hidden = {**destination.platform.headers, **destination.platform.login_headers()}.keys() - request.headers.keys()
    yield from (f"{name}: (as configured)" for name in sorted(hidden))  # they may be secret


def _body(request: Request) -> str:
    try:
        return request.body.decode("utf-8")
    except UnicodeDecodeError:
        return request.body.hex(" ")


def _as_json(told: Preview, destination: DestinationSettings) -> Json:
    return {
        "url": str(destination.platform.endpoint),
        "messages": [
            {
                "method": None if isinstance(destination.platform, Broker) else one.method,
                "target": one.target,
                "content_type": one.content_type,
                "headers": dict(one.headers),
                "body": base64.b64encode(one.body).decode("ascii"),
            }
            for one in told.requests
        ],
        "remarks": list(told.remarks),
    }
