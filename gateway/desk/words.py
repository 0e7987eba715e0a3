"""What the desk's counters share: devices by EUI or name, and how they are told."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from gateway.errors import ConfigError, NotThere
from gateway.model import Device, Eui64, Json, MacVersion, Session, eui64

_LIST: Final = "; `brygga device list` shows those there are"
LIKE_AN_EUI: Final = re.compile(r"[0-9A-Fa-f:\s-]+")


class Registered(Protocol):
    """Who knows the registered devices: an `Office`."""

    async def device(self, dev_eui: Eui64) -> Device | None:
        """Return one."""
        ...

    async def devices(self) -> Sequence[Device]:
        """Return all."""
        ...


def did_you_mean(text: str, there: Iterable[str]) -> str:
    """Return "; did you mean goteborg?", or nothing when nothing is near."""
    near = difflib.get_close_matches(text, list(there), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def full_name(name: str, names: Iterable[str]) -> str:
    """Return the one of ``names`` that a person means by a destination's name without its city; ``name`` where it is none or several."""
    there = list(names)
    found = [one for one in there if one.partition("@")[0] == name]
    return found[0] if name not in there and len(found) == 1 else name


def eui(text: Json) -> Eui64:
    """Return what a person typed as an EUI; ConfigError says what is wrong with it."""
    try:
        return eui64(str(text))
    except ValueError as error:
        raise ConfigError(f"{text}: {error}") from error


async def find_device(text: str, registered: Registered) -> Device:
    """Return the device that a person means by its DevEUI or its name; NotThere when there is none, ConfigError when there are several.

    A DevEUI comes before a name that reads like one, lest a downlink reach a namesake.
    """
    dev_eui = exactly(text)
    known = None if dev_eui is None else await registered.device(dev_eui)
    return known or named(text, await registered.devices())


def exactly(text: str) -> Eui64 | None:
    """Return the DevEUI that somebody typed; None where it is none."""
    try:
        return eui64(text)
    except ValueError:
        return None


def named(text: str, devices: Sequence[Device]) -> Device:
    """Return the device of this name among all; NotThere when there is none, ConfigError when there are several."""
    called = [one for one in devices if one.name.casefold() == text.casefold() != ""]
    if len(called) == 1:
        return called[0]
    if called:
        those = ", ".join(one.dev_eui for one in called)
        raise ConfigError(f"{len(called)} devices are called {text!r}: {those}; say which by its DevEUI")
    if LIKE_AN_EUI.fullmatch(text) is None:
        hint = did_you_mean(text, [one.name for one in devices if one.name])
        raise NotThere(f"there is no device called {text!r}{hint or _LIST}")
    dev_eui = eui(text)
    raise NotThere(f"there is no device {dev_eui}{did_you_mean(dev_eui, [one.dev_eui for one in devices]) or _LIST}")


def described(device: Device) -> dict[str, Json]:
    """Return a registration as the commands show it; never its keys."""
    place = device.place
    return {
        "dev_eui": device.dev_eui,
        "name": device.name,
        "decoder": device.decoder or None,
        "activation": str(device.activation),
        "mac_version": str(device.mac_version),
        "device_class": device.device_class,
        "join_eui": device.join_eui,
        "entity": {"type": device.entity.type or None, "id": device.entity.id or None},
        "place": place and {"latitude": place.latitude, "longitude": place.longitude, "altitude_m": place.altitude_m},
        "tags": sorted(device.tags),
        "adr_margin_db": device.adr_margin_db,
        "counter_reset_allowed": device.counter_reset_allowed,
        "answered_by": device.answered_by or None,
    }


def session(one: Session) -> dict[str, Json]:
    """Return a session as the commands show it; never its keys."""
    counters = {"next_f_cnt_up": one.f_cnt_up, "next_f_cnt_down": one.n_f_cnt_down}
    if one.mac_version is MacVersion.V1_1:
        counters["next_a_f_cnt_down"] = one.a_f_cnt_down
    return {"dev_addr": one.dev_addr, "activation": one.activation, **counters}
