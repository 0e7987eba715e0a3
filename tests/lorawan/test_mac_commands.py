"""MAC commands against vectors of others, and against octets that are none."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lorawan.mac_commands import (
    KNOWN,
    DeviceTimeReq,
    DevStatusAns,
    DevStatusReq,
    ForceRejoinReq,
    LinkADRAns,
    LinkCheckAns,
    LinkCheckReq,
    MacCommands,
    NewChannelReq,
    read,
    write,
)
from gateway.lorawan.phy import Direction
from gateway.model import MacVersion
from tests.lorawan.mac_command_lines import (
    COMMANDS,
    EVERY,
    OTHER_ORDER,
    OTHER_SIGN,
    OTHER_STEP,
    RELAY,
    SAME_FIELDS,
    direction_of,
    fields_of,
    kind_of,
)
from tests.lorawan.vectors import name_of

UP, DOWN = Direction.UPLINK, Direction.DOWNLINK
# The payload's bits that mean something, written off the specification: all others are reserved.
ALL: Final = "ff" * 5
MEANT: Final = {
    (UP, 0x01): "0f",
    (DOWN, 0x01): "0f",
    (UP, 0x03): "07",
    (DOWN, 0x03): "ff ffff 7f",
    (DOWN, 0x04): "0f",
    (UP, 0x05): "07",
    (DOWN, 0x05): "7f ffffff",
    (UP, 0x06): "ff 3f",
    (UP, 0x07): "03",
    (DOWN, 0x08): "0f",
    (DOWN, 0x09): "3f",
    (UP, 0x0A): "03",
    (UP, 0x0B): "0f",
    (DOWN, 0x0B): "0f",
    (DOWN, 0x0E): "7f 3f",
    (UP, 0x0F): "01",
    (UP, 0x10): "07",
    (UP, 0x11): "03",
    (DOWN, 0x11): "ffffff 0f",
    (UP, 0x13): "01",
}
# Which CIDs each version has brought, to devices and from them, written off the specifications' tables.
BROUGHT: Final = {
    MacVersion.V1_0_0: ({0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08}, {0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08}),
    MacVersion.V1_0_1: (set(), set()),
    MacVersion.V1_0_2: ({0x09, 0x0A}, {0x09, 0x0A}),
    MacVersion.V1_0_3: ({0x0D, 0x10, 0x11, 0x12, 0x13}, {0x0D, 0x10, 0x11, 0x12, 0x13}),
    MacVersion.V1_0_4: (set(), set()),
    MacVersion.V1_1: ({0x01, 0x0B, 0x0C, 0x0F, 0x20}, {0x01, 0x0B, 0x0C, 0x0E, 0x0F, 0x20}),
}


def newest(octets: bytes, direction: Direction) -> MacCommands:
    return read(octets, direction=direction, mac_version=MacVersion.V1_1)


def meant(octets: bytes, direction: Direction) -> bytes:
    """Return a command's octets without reserved bits."""
    mask = b"\xff" + bytes.fromhex(MEANT.get((direction, octets[0]), ALL))
    return bytes(octet & bits for octet, bits in zip(octets, mask, strict=False))


# ── vectors of others ──


def test_every_vector_is_used() -> None:
    others = [len(other) for other in (OTHER_STEP, OTHER_SIGN, OTHER_ORDER)]

    assert (len(EVERY), len(RELAY), others, len(SAME_FIELDS)) == (134, 33, [1, 1, 1], 98)


@pytest.mark.parametrize("line", SAME_FIELDS, ids=name_of)
def test_a_command_says_what_others_say(line: dict[str, Any]) -> None:
    octets = bytes.fromhex(line["bytes"])
    kind = kind_of(line)
    command = kind(**fields_of(line["command"], line["fields"]))

    parsed = newest(octets + octets, direction_of(line))

    assert parsed == MacCommands((command, command))
    assert kind.from_bytes(octets) == command
    assert command.to_bytes() == octets


@pytest.mark.parametrize("line", COMMANDS, ids=name_of)
def test_a_command_that_is_cut_off_is_kept_as_rest(line: dict[str, Any]) -> None:
    octets = bytes.fromhex(line["bytes"])
    first = LinkCheckReq() if line["uplink"] else DevStatusReq()

    for size in range(1, len(octets)):
        parsed = newest(first.to_bytes() + octets[:size], direction_of(line))
        assert parsed == MacCommands((first,), octets[:size])


@pytest.mark.parametrize("line", RELAY, ids=name_of)
def test_an_unknown_command_ends_the_reading_and_is_kept(line: dict[str, Any]) -> None:
    first = DeviceTimeReq() if line["uplink"] else LinkCheckAns(margin=1, gw_cnt=1)
    octets = bytes.fromhex(line["bytes"]) + first.to_bytes()

    assert newest(first.to_bytes() + octets, direction_of(line)) == MacCommands((first,), octets)


def test_a_frequency_is_counted_in_steps_of_100_hz() -> None:
    (line,) = OTHER_STEP

    (command,) = newest(bytes.fromhex(line["bytes"]), DOWN).commands

    assert command == NewChannelReq(ch_index=3, frequency_hz=1_205_000_000, max_dr=5, min_dr=0)


def test_a_margin_is_two_s_complement() -> None:
    (line,) = OTHER_SIGN

    assert newest(bytes.fromhex(line["bytes"]), UP).commands == (DevStatusAns(battery=66, margin=-17),)


def test_the_lower_octet_of_a_forced_rejoin_comes_first() -> None:
    (line,) = OTHER_ORDER
    theirs = bytes.fromhex(line["bytes"])

    command = ForceRejoinReq(**fields_of(line["command"], line["fields"]))

    assert command.to_bytes() == theirs[:1] + theirs[:0:-1]


# ── versions and directions ──


@pytest.mark.parametrize("mac_version", list(MacVersion))
@pytest.mark.parametrize("direction", list(Direction))
def test_version_and_direction_say_which_commands_there_are(direction: Direction, mac_version: MacVersion) -> None:
    versions = list(MacVersion)
    expected = set().union(*(BROUGHT[one][direction] for one in versions[: versions.index(mac_version) + 1]))

    known = {
        cid for cid in range(256) if read(bytes((cid,) * 9), direction=direction, mac_version=mac_version).commands
    }

    assert known == expected
    assert all(kind.direction is direction for kind in KNOWN[direction, mac_version].values())


def test_a_command_of_the_other_direction_only_is_unknown() -> None:
    assert newest(b"\x0e\x01\x02", UP) == MacCommands((), b"\x0e\x01\x02")


def test_a_newer_version_s_command_ends_the_reading_of_an_older_device() -> None:
    octets = bytes.fromhex("02 0d 02")

    parsed = read(octets, direction=UP, mac_version=MacVersion.V1_0_2)

    assert parsed == MacCommands((LinkCheckReq(),), bytes.fromhex("0d 02"))


def test_no_octets_are_no_commands() -> None:
    assert newest(b"", UP) == MacCommands(())


# ── any octets ──

# Noise seldom begins with a CID, so most of it does here.
CIDS: Final = st.sampled_from([bytes((cid,)) for cid in range(0x24)])
NOISE: Final = st.lists(st.tuples(CIDS | st.just(b""), st.binary(max_size=6)).map(b"".join), max_size=12).map(b"".join)


@given(NOISE, st.sampled_from(Direction), st.sampled_from(MacVersion))
def test_what_was_read_is_written_again_but_for_reserved_bits(
    octets: bytes, direction: Direction, mac_version: MacVersion
) -> None:
    parsed = read(octets, direction=direction, mac_version=mac_version)

    written, place = write(parsed.commands), 0
    for command in parsed.commands:
        size = len(command.to_bytes())
        assert written[place : place + size] == meant(octets[place : place + size], direction)
        place += size
    assert octets[place:] == parsed.rest


@given(st.data())
def test_a_run_of_known_commands_is_read_to_its_end(data: st.DataObject) -> None:
    direction, mac_version = data.draw(st.sampled_from(Direction)), data.draw(st.sampled_from(MacVersion))
    same_way = [line for line in COMMANDS if direction_of(line) is direction]
    known = [line for line in same_way if kind_of(line) in KNOWN[direction, mac_version].values()]
    octets = [bytes.fromhex(line["bytes"]) for line in data.draw(st.lists(st.sampled_from(known)))]

    parsed = read(b"".join(octets), direction=direction, mac_version=mac_version)

    assert [command.to_bytes() for command in parsed.commands] == octets
    assert parsed.rest == b""


def test_reserved_bits_are_ignored() -> None:
    assert newest(bytes.fromhex("03ff"), UP).commands == (
        LinkADRAns(power_ack=True, data_rate_ack=True, channel_mask_ack=True),
    )
    assert newest(bytes.fromhex("06 64 c1"), UP).commands == (DevStatusAns(battery=100, margin=1),)
