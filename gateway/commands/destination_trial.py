"""The commands that try a destination out: `destination test` and `destination preview`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from decoders.registry import Registry
from gateway.commands import lines, places, show_messages
from gateway.commands.listing import printable
from gateway.commands.network import Ask, as_json
from gateway.config import DestinationSettings, Settings, load
from gateway.desk.words import did_you_mean, full_name
from gateway.errors import ConfigError
from gateway.groundwork import load_registry, system_clock
from gateway.journal import MEMORY_OF
from gateway.model import Item, Json
from gateway.sharing import Share
from gateway.trial.carried import device_of, uplink_of
from gateway.trial.marked import TEST_EUI, marked
from gateway.trial.preview import item_of
from gateway.trial.preview import preview as previewed
from gateway.trial.steps import Step
from gateway.trial.trial import attempt


def test(options: argparse.Namespace, ask: Ask) -> int:
    """Try a destination out and print how each step went; return 0 when all went well."""
    settings = load(places.config_path(options))
    destination = destination_of(settings, options.name)
    clock = system_clock(settings)
    if options.device is None:
        item = _marked(settings, destination)
    else:
        item, _, unselected = _last(options, settings, destination, ask)
        if unselected:
            raise ConfigError(f"{unselected}; `brygga destination preview` shows what it would get, and sends nothing")
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
    destination = destination_of(settings, options.name)
    item, memory, unselected = _last(options, settings, destination, ask)
    lines.warnings([unselected] if unselected else [])
    told = previewed(destination.format, item, memory)
    requests = show_messages.as_people_see(told, show_secrets=options.show_secrets)
    if options.json:
        return as_json(show_messages.as_json(told, requests, destination))
    lines.say("\n".join(show_messages.messages(requests, destination)))
    lines.warnings(map(printable, told.remarks))
    return 0


def _last(
    options: argparse.Namespace, settings: Settings, destination: DestinationSettings, ask: Ask
) -> tuple[Item, Mapping[str, Json], str]:
    """Return a device's last uplink, what is remembered at the platform, and why it would not go there, in words or ""."""
    told = ask(options, {"do": "destination.last", "name": destination.name, "device": options.device})
    device = device_of(told["device"])
    if told["uplink"] is None:
        raise ConfigError(f"nothing was heard of {device.name or device.dev_eui} yet, or it is no longer kept")
    is_selected = destination.selection.selects(device)
    unselected = f"{destination.name} does not select {device.name or device.dev_eui}: its tags and dev_euis say which"
    with contextlib.closing(load_registry(settings)) as registry:
        item = asyncio.run(_item(told, registry, destination.share))
    if isinstance(item, str):
        raise ConfigError(f"{device.name or device.dev_eui}: {item}")
    return item, _of_here(told["memory"], destination), "" if is_selected else unselected


def _of_here(memory: Mapping[str, Json], destination: DestinationSettings) -> Mapping[str, Json]:
    """Return what is remembered, if it is of the platform that the file says now."""
    return memory if memory.get(MEMORY_OF) in {None, destination.memory_of} else {}


async def _item(told: Json, registry: Registry, share: Share) -> Item | str:
    return await item_of(uplink_of(told["uplink"]), device_of(told["device"]), registry, share)


def destination_of(settings: Settings, name: str) -> DestinationSettings:
    """Return the destination that is meant; ConfigError says which there are."""
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
