"""What is wrong with a packet forwarders' source, in words for whoever stands beside the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.model import Json

FEW: Final = 3  # gateways that are named one by one


def advice(
    gateways: Mapping[str, Mapping[str, Json]], dropped: Mapping[str, int], buffer: Mapping[str, Json] | None
) -> Sequence[str]:
    """Return a line for each thing that is wrong; none when all is well. ``dropped`` is of the last hour, the others are parts of the source's status."""
    return [*_forwarders(gateways), *_strangers(dropped), *_buffer(buffer)]


def _forwarders(gateways: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    speaking = {eui: one for eui, one in gateways.items() if one["rxpk"]}
    yield from _each(
        [eui for eui, one in speaking.items() if not one["can_transmit"]],
        "{} sends what it hears and asks for no downlinks, so that nothing can be answered: its serv_port_down must be the same port as "
        "serv_port_up",
        "{} more send what they hear and ask for no downlinks",
    )
    yield from _each(
        [eui for eui, one in speaking.items() if not one["frames"]],
        "{} hears packets, and none whose CRC is right: is its antenna connected?",
        "{} more hear packets, and none whose CRC is right",
    )


def _each(those: Sequence[str], words: str, more: str) -> Iterator[str]:
    """Yield a line for each of a few gateways, and one for all others: anybody can invent a thousand."""
    yield from (words.format(eui) for eui in those[:FEW])
    if (left := len(those) - FEW) > 0:
        yield more.format(left)


def _strangers(dropped: Mapping[str, int]) -> Iterator[str]:
    if dropped.get("not_allowed"):
        yield "a gateway speaks that source.gateways does not name: add its EUI where it is yours"
    if dropped.get("too_many_gateways"):
        yield "more gateways speak than there can be: somebody invents some; name yours in source.gateways"


def _buffer(buffer: Mapping[str, Json] | None) -> Iterator[str]:
    if buffer is not None and buffer["advice"]:
        granted, asked = buffer["granted_bytes"] // 1000, buffer["asked_bytes"] // 1000
        yield f"the kernel gives {granted} kB of {asked} kB of receive buffer: {buffer['advice']}"
    if buffer is not None and buffer["dropped_by_kernel"]:
        yield f"{buffer['dropped_by_kernel']} datagrams did not fit into the receive buffer and are lost"
