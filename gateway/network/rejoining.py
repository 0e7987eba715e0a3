"""Devices that are told to rejoin: who can be, and the wish on disk before the next downlink carries it (LoRaWAN 1.1)."""

from __future__ import annotations

from gateway.errors import ConfigError
from gateway.journal import Changes, Journal
from gateway.lorawan.mac_layer import rejoined, to_rejoin
from gateway.model import Activation, Device, MacVersion, Session
from gateway.network.mac_records import encode
from gateway.network.sessions import LiveSession, name_of


async def force_rejoin(journal: Journal, live: LiveSession, rejoin_type: int) -> None:
    """Have the next downlinks tell a device to rejoin, once that is on disk; StorageError where it is not."""
    live.mac = to_rejoin(live.mac, rejoin_type)
    try:
        async with live.turn:  # as long as the disk takes nothing: the commits of a session keep their order
            await journal.commit(Changes(mac_states=((*name_of(live.session), encode(live.mac)),)))
    except BaseException:
        live.mac = rejoined(live.mac)
        raise


def check_rejoin(device: Device, session: Session | None) -> None:
    """Raise ConfigError for a device that no ForceRejoinReq can have rejoin."""
    if device.answered_by:
        raise ConfigError(
            f"{device.dev_eui} is answered by the network server of relay {device.answered_by!r}: have it rejoin there"
        )
    if device.activation is not Activation.OTAA:
        raise ConfigError(f"{device.dev_eui} is personalised (ABP): it has nothing that it could rejoin with")
    if device.mac_version is not MacVersion.V1_1:
        raise ConfigError(
            f"{device.dev_eui}: LoRaWAN {device.mac_version} knows no ForceRejoinReq, 1.1 does: switch it off and on, "
            "or send it what its maker has for that (`brygga downlink send`)"
        )
    if session is None:
        raise ConfigError(f"{device.dev_eui} has not joined yet: switch it on")
