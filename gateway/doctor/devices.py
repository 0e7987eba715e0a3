"""The devices: are there some, are they heard, are they understood, and who else speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.doctor.rhythm import Rhythm, rhythms
from gateway.errors import ConfigError, StorageError
from gateway.model import Eui64
from gateway.spans import span

SILENT_AFTER: Final = 4  # usual pauses; three uplinks may be lost on the air one after the other
SILENT_LEAST: Final = timedelta(hours=1)
MOST_NAMED: Final = 5
FEW: Final = 20  # frames, of which a share says nothing yet
BAD_MIC: Final = 0.05

NONE: Final = Ill(
    "none", Standing.UNWISE, "no device is registered: all that is heard is nobody's", "brygga device add --label -"
)
NEVER: Final = Ill(
    "never_heard",
    Standing.UNWISE,
    "devices are registered and were never heard: not switched on, out of reach, or with another key",
    "brygga device show {first}",
)
SILENT: Final = Ill(
    "silent",
    Standing.UNWISE,
    "devices have been silent for longer than four times their own usual pause: battery, place, or radio",
    "brygga device show {first}",
)
STRANGERS: Final = Ill(
    "strangers",
    Standing.UNWISE,
    "devices ask to join that nobody has registered; at a site in a town some always do",
    "brygga frames unclaimed; yours: brygga device add",
)
WRONG_MIC: Final = Ill(
    "wrong_mic",
    Standing.UNWISE,
    "many frames carry an address of ours and are not of its key: a wrong key, or another network's device",
    "brygga frames refused",
)
REFUSED_JOINS: Final = Ill(
    "refused_joins",
    Standing.UNWISE,
    "devices ask to join and may not: a DevNonce that was used before, or another JoinEUI",
    "brygga frames refused",
)
NO_DECODER: Final = Ill(
    "no_decoder",
    Standing.UNWISE,
    "devices have no decoder: their uplinks are kept undecoded until they have one",
    "brygga decoder search MODEL; brygga device add --dev-eui {first} --decoder VENDOR/MODEL",
)
UNDECODED: Final = Ill(
    "undecoded",
    Standing.WRONG,
    "a decoder does not understand what its devices send: another model, or another firmware",
    "brygga dead-letters list --kind undecoded",
)
BROKEN: Final = Ill(
    "broken",
    Standing.WRONG,
    "a decoder's file was changed and cannot be used: it stays what it was",
    "brygga decoder test {about}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """What is registered, and what is known of it."""

    listed: Sequence[Mapping[str, Any]]
    rhythms: Mapping[Eui64, Rhythm]
    since_s: float  # that the agent runs: before, nobody listened
    now: datetime
    status: Mapping[str, Any]


async def devices(box: Box) -> Devices | None:
    """Return the devices; None where no agent answers."""
    if box.devices is None or box.status is None:
        return None
    known: Mapping[Eui64, Rhythm] = {}
    if box.settings is not None:
        try:
            known = await apart(rhythms, box.settings.journal_path)
        except (ConfigError, StorageError, PermissionError):  # then nobody is called silent; the disk's checks say why
            known = {}
    since_s = box.status.get("since_s", 0.0)
    return Devices(listed=box.devices, rhythms=known, since_s=since_s, now=box.now, status=box.status)


def registered(facts: Devices) -> Iterator[Seen]:
    """Judge whether there are devices."""
    count = len(facts.listed)
    yield Seen(f"{count} registered" if count else "no device is registered", None if count else NONE)


def heard(facts: Devices) -> Iterator[Seen]:
    """Judge whether each device speaks as it used to."""
    never = [one for one in facts.listed if _is_new(facts, one)]
    silent = [one for one in facts.listed if _is_silent(facts, one)]
    if never:
        yield Seen(f"{len(never)} never heard: {_named(never)}", NEVER, keys={"first": never[0]["dev_eui"]})
    if silent:
        yield Seen(f"{len(silent)} silent: {_named(silent)}", SILENT, keys={"first": silent[0]["dev_eui"]})
    if facts.listed:
        yield Seen(f"{len(facts.listed) - len(never) - len(silent)} of {len(facts.listed)} speak")


def _is_new(facts: Devices, one: Mapping[str, Any]) -> bool:
    return one["last_heard_s"] is None and one["dev_eui"] not in facts.rhythms and not one["next_f_cnt_up"]


def _is_silent(facts: Devices, one: Mapping[str, Any]) -> bool:
    rhythm = facts.rhythms.get(one["dev_eui"])
    if rhythm is None or rhythm.pause is None:
        return False
    limit = max(rhythm.pause * SILENT_AFTER, SILENT_LEAST)
    last = one["last_heard_s"]
    quiet = facts.now - rhythm.last if last is None else timedelta(seconds=last)
    return quiet > limit and timedelta(seconds=facts.since_s) > limit


def _named(some: Sequence[Mapping[str, Any]]) -> str:
    names = ", ".join(one["name"] or one["dev_eui"] for one in some[:MOST_NAMED])
    return names if len(some) <= MOST_NAMED else f"{names} …"


def strangers(facts: Devices) -> Iterator[Seen]:
    """Judge who else asks to join; data frames of others are nothing to be said of."""
    network = facts.status.get("network", {})
    joins = network.get("refused", {}).get("unknown_device", 0)
    kept = network.get("unclaimed", {}).get("kept", 0)
    told = facts.status.get("servers", {}).get("strangers", 0)
    if joins or told:
        words = f"{joins} join requests of unknown devices" if joins else f"a network server tells of {told} devices"
        yield Seen(f"{words} in {span(facts.since_s)}", STRANGERS)
    yield Seen(f"{kept} frames of other networks' devices")


def proved(facts: Devices) -> Iterator[Seen]:
    """Judge how many frames fail their proof."""
    refused = facts.status.get("network", {}).get("refused", {})
    wrong = refused.get("mic", 0)
    uplinks = facts.status.get("network", {}).get("counts", {}).get("uplinks", 0)
    if wrong >= FEW and wrong / (wrong + uplinks) > BAD_MIC:
        yield Seen(f"{wrong} frames of {wrong + uplinks} with a wrong MIC", WRONG_MIC)
    joins = sum(refused.get(reason, 0) for reason in ("replayed_dev_nonce", "wrong_join_eui"))
    if joins:
        yield Seen(f"{joins} join requests refused", REFUSED_JOINS)
    yield Seen(f"{uplinks} uplinks proved, {wrong} not")


def decoders(facts: Devices) -> Iterator[Seen]:
    """Judge whether what is heard is understood."""
    without = [one for one in facts.listed if not one["decoder"]]
    if without:
        words = f"{len(without)} without a decoder: {_named(without)}"
        yield Seen(words, NO_DECODER, keys={"first": without[0]["dev_eui"]})
    failing = {
        what: count for what, count in facts.status.get("undecoded", {}).items() if not what.startswith("no decoder")
    }
    for what, count in failing.items():
        yield Seen(f"{what}: {count} uplinks", UNDECODED, what.partition(":")[0])
    for name, why in facts.status.get("broken_decoders", {}).items():
        yield Seen(str(why), BROKEN, name, {"about": name})
    if facts.listed:
        yield Seen("all that was heard was understood")


CHECKS: Final = (
    Check(
        id="devices.registered",
        looks="how many devices there are",
        probe=devices,
        judge=registered,
        ills=(NONE,),
    ),
    Check(
        id="devices.heard",
        looks="each device: when it was heard last beside its own usual pause (the newest 10,000 uplinks)",
        probe=devices,
        judge=heard,
        ills=(NEVER, SILENT),
    ),
    Check(
        id="devices.strangers",
        looks="join requests of devices that are not registered, and frames of nobody",
        probe=devices,
        judge=strangers,
        ills=(STRANGERS,),
    ),
    Check(
        id="devices.proved",
        looks="frames and join requests that were refused, beside uplinks that were taken",
        probe=devices,
        judge=proved,
        ills=(WRONG_MIC, REFUSED_JOINS),
    ),
    Check(
        id="devices.decoders",
        looks="devices without a decoder, decoders that fail or whose files are broken",
        probe=devices,
        judge=decoders,
        ills=(NO_DECODER, UNDECODED, BROKEN),
    ),
)
