"""MAC commands against vectors of others, and against octets that are none."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from gateway.lorawan.mac_commands import COMMANDS, MacCommand, MacCommands, parse_mac_commands
from gateway.lorawan.phy import Direction
from tests.lorawan.vectors import lines, name_of

EVERY = lines("mac_commands")
# CIDs 0x40 to 0x46 are of relays (TS011), which are not supported; they end the reading like any unknown one.
RELAY = [line for line in EVERY if int(line["bytes"][:2], 16) >= 0x40]
KNOWN = [line for line in EVERY if line not in RELAY]


def direction_of(line: dict[str, Any]) -> Direction:
    return Direction.UPLINK if line["uplink"] else Direction.DOWNLINK


@pytest.mark.parametrize("line", KNOWN, ids=name_of)
def test_a_command_is_cut_out_with_its_name(line: dict[str, Any]) -> None:
    octets = bytes.fromhex(line["bytes"])

    parsed = parse_mac_commands(direction_of(line), octets + octets)

    assert [command.to_bytes() for command in parsed.commands] == [octets, octets]
    assert parsed.rest == b""
    assert line["command"].split("/")[0].casefold() == parsed.commands[0].name.casefold()


@pytest.mark.parametrize("line", KNOWN, ids=name_of)
def test_a_command_that_is_cut_off_is_kept_as_rest(line: dict[str, Any]) -> None:
    octets = bytes.fromhex(line["bytes"])
    first = MacCommand(2, "LinkCheckReq", b"") if line["uplink"] else MacCommand(6, "DevStatusReq", b"")

    for size in range(1, len(octets)):
        parsed = parse_mac_commands(direction_of(line), first.to_bytes() + octets[:size])
        assert parsed == MacCommands((first,), octets[:size])


@pytest.mark.parametrize("line", RELAY, ids=name_of)
def test_an_unknown_command_ends_the_reading_and_is_kept(line: dict[str, Any]) -> None:
    octets = bytes.fromhex(line["bytes"])

    assert parse_mac_commands(direction_of(line), b"\x0d" + bytes(5) * (not line["uplink"]) + octets).rest == octets


def test_no_octets_are_no_commands() -> None:
    assert parse_mac_commands(Direction.UPLINK, b"") == MacCommands((), b"")


def test_a_command_of_the_other_direction_only_is_unknown() -> None:
    assert parse_mac_commands(Direction.UPLINK, b"\x0e\x01\x02") == MacCommands((), b"\x0e\x01\x02")


def test_nothing_of_noise_is_lost() -> None:
    random = Random(0xC1D)

    for _ in range(5_000):
        octets = random.choice((b"", bytes((random.choice(list(COMMANDS)),)))) + random.randbytes(random.randrange(20))
        parsed = parse_mac_commands(random.choice(list(Direction)), octets)
        assert b"".join(command.to_bytes() for command in parsed.commands) + parsed.rest == octets
