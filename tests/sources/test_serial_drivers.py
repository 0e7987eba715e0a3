"""The drivers of serial modems, octets in and frames out: however the octets come, and whatever stands between them."""

from __future__ import annotations

import random

import pytest

from gateway.model import LoraRate
from gateway.sources.serial_modem.driver import Answer, Channel, Event, Packet
from gateway.sources.serial_modem.families import FAMILIES
from gateway.sources.serial_modem.rn2483 import NOISE_DBM, Rn2483
from gateway.sources.serial_modem.slip import Messages, crc16, wrapped
from gateway.sources.serial_modem.words import hears, wants_of
from simulators.serial_modem.wimod import framed
from tests.sources.serial_frames import CHANNEL, OTHER, PHY, bad, packets, said

HEX, OTHER_HEX = PHY.hex().upper().encode(), OTHER.hex().upper().encode()
SIGNAL = (-57).to_bytes(2, "little", signed=True) + b"\x09" + bytes(4)

# What each modem says of two frames. From: the makers' documents and others' programs, as the drivers' heads draw them.
TOLD = {
    "rn2483": b"radio_rx  " + HEX + b"\r\nradio_rx  " + OTHER_HEX + b"\r\n",
    "wio_e5": b'+TEST: LEN:33, RSSI:-57, SNR:9\r\n+TEST: RX "' + HEX + b'"\r\n'
    b'+TEST: LEN:33, RSSI:-57, SNR:9\r\n+TEST: RX "' + OTHER_HEX + b'"\r\n',
    "rak3172": b"+EVT:RXP2P:-57:9:" + HEX + b"\r\n+EVT:RXP2P, RSSI -57, SNR 9\r\n+EVT:" + OTHER_HEX + b"\r\n",
    "wimod": framed(b"\x03\x08\x01" + PHY + SIGNAL) + framed(b"\x03\x08\x01" + OTHER + SIGNAL),
}
BETWEEN = {
    "rn2483": b"\xff\x00\x80x\r\n",
    "wio_e5": b"\r\n#?\xfe\r\n",
    "rak3172": b"\n\nOK?\r\n",
    "wimod": b"\xc0\x01\x02\x03\xc0",
}


def expected(family: str) -> list[Packet]:
    strength = () if family == "rn2483" else (-57.0, 9.0)
    return [Packet(PHY, *strength), Packet(OTHER, *strength)]


@pytest.fixture(params=sorted(FAMILIES))
def family(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_frames_are_whole_however_their_octets_come(family: str, size: int) -> None:
    assert packets(said(family, TOLD[family], size)) == expected(family)


def test_rubbish_between_frames_costs_no_frame(family: str) -> None:
    octets = BETWEEN[family] + TOLD[family] + BETWEEN[family] + TOLD[family]

    assert packets(said(family, octets, 3)) == expected(family) * 2


def test_a_frame_that_breaks_off_anywhere_is_none(family: str) -> None:
    for end in range(len(TOLD[family])):
        heard = packets(said(family, TOLD[family][:end], 1000))
        whole = expected(family)

        assert heard in ([], whole[:1], whole), (end, heard)


def test_octets_that_are_lost_in_a_frame_make_no_other_where_the_modem_says_its_length() -> None:
    for family in ("wio_e5", "wimod"):
        told = TOLD[family]
        for lost in range(len(told) - 2):
            heard = packets(said(family, told[:lost] + told[lost + 2 :], 1000))

            assert {one.phy_payload for one in heard} <= {PHY, OTHER}, (family, lost)


def test_hostile_octets_raise_nothing_and_hold_no_memory(family: str) -> None:
    chance = random.Random(7)
    driver = FAMILIES[family]()
    for _ in range(300):
        noise = chance.randbytes(chance.randrange(200))
        list(driver.take(noise.replace(b"\n", b"x").replace(b"\xc0", b"y") if chance.random() < 0.5 else noise))

    end = b"\xc0" if family == "wimod" else b"\r\n"
    assert packets(list(driver.take(end + TOLD[family]))) == expected(family)


@pytest.mark.parametrize(
    ("family", "octets", "reason"),
    [
        ("rn2483", b"radio_rx  40D\r\n", "hex"),
        ("rn2483", b"radio_rx  40DG\r\n", "hex"),
        ("rn2483", b"radio_rx  " + b"00" * 256 + b"\r\n", "length"),
        ("rn2483", b"radio_rx  " + b"00" * 400 + b"\r\n", "overlong"),
        ("wio_e5", b'+TEST: RX "4001"\r\n', "signal"),
        ("wio_e5", b'+TEST: LEN:3, RSSI:-57, SNR:9\r\n+TEST: RX "4001"\r\n', "length"),
        ("wio_e5", b'+TEST: LEN:2, RSSI:-57, SNR:9\r\n+TEST: RX "4001\r\n', "length"),
        ("wio_e5", b'+TEST: LEN:0, RSSI:-57, SNR:9\r\n+TEST: RX ""\r\n', "length"),
        ("wio_e5", b"+TEST: LEN:2, RSSI:-57, SNR:9\r\n+TEST: LEN:2, RSSI:-57, SNR:9\r\n", "length"),
        ("rak3172", b"+EVT:RXP2P:-28:5:486\r\n", "hex"),
        ("rak3172", b"+EVT:4865\r\n", "signal"),
        ("rak3172", b"+EVT:RXP2P, RSSI -28, SNR 5\r\nOK\r\n+EVT:4865\r\n", "signal"),
        ("rak3172", b"+EVT:RXP2P:-28\r\n", "not_understood"),
        ("wimod", framed(b"\x03\x08\x00" + PHY + SIGNAL), "signal"),
        ("wimod", framed(b"\x03\x08\x01" + SIGNAL), "length"),
        ("wimod", framed(b"\x03\x08\x01" + bytes(256) + SIGNAL), "length"),
        ("wimod", framed(b"\x03\x08\x01" + PHY + SIGNAL)[:-2] + b"\x00\xc0", "checksum"),
        ("wimod", b"\xc0\xdb\x01\x02\x03\x04\xc0", "escape"),
        ("wimod", b"\xc0" + bytes(700) + b"\xc0", "overlong"),
    ],
)
def test_what_is_no_frame_is_counted_by_its_reason(family: str, octets: bytes, reason: str) -> None:
    understood = said(family, octets, 5)

    assert (packets(understood), bad(understood)) == ([], [reason])


@pytest.mark.parametrize(
    ("family", "octets", "event"),
    [
        ("rn2483", b"radio_err\r\n", Event.RADIO_ERROR),
        ("rn2483", b"RN2483 1.0.5 Oct 31 2018 15:06:52\r\n", Event.RESTARTED),
        ("rak3172", b"+EVT:RXP2P RECEIVE ERROR\r\n", Event.RADIO_ERROR),
        ("rak3172", b"+EVT:RXP2P RECEIVE TIMEOUT\r\n", Event.RESTARTED),
        ("rak3172", b"Current Work Mode: LoRa P2P.\r\n", Event.RESTARTED),
        ("wimod", framed(b"\x01\x20"), Event.RESTARTED),
    ],
)
def test_what_a_modem_says_by_itself_is_understood(family: str, octets: bytes, event: Event) -> None:
    assert event in said(family, octets, 4)


def test_a_wimod_counts_packets_whose_crc_failed_and_the_difference_is_told() -> None:
    driver = FAMILIES["wimod"]()

    def status(errors: int) -> bytes:
        return framed(b"\x01\x18\x00" + bytes(23) + errors.to_bytes(4, "little") + bytes(12))

    first, second = list(driver.take(status(5))), list(driver.take(status(8)))

    assert (first.count(Event.RADIO_ERROR), second.count(Event.RADIO_ERROR)) == (0, 3)
    assert isinstance(second[-1], Answer)


# ── what is written ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_settings_are_those_of_lorawan_uplinks() -> None:
    channel = Channel(867_500_000, LoraRate(12, 125_000))
    sent = {
        name: b"".join(one.send for one in make().settings(channel)).decode("latin-1")
        for name, make in FAMILIES.items()
    }

    assert "radio set sync 34\r\n" in sent["rn2483"]
    assert "radio set iqi off\r\n" in sent["rn2483"]
    assert "radio set freq 867500000\r\nradio set sf sf12\r\n" in sent["rn2483"]
    assert "AT+TEST=RFCFG,867.5,SF12,125,8,8,14,ON,OFF,ON\r\n" in sent["wio_e5"]
    assert "AT+SYNCWORD=3444\r\nAT+IQINVER=0\r\n" in sent["rak3172"]


def test_a_wimods_frequency_is_the_radios_register() -> None:
    (configure,) = FAMILIES["wimod"]().settings(CHANNEL)
    (message,) = Messages().take(configure.send)

    assert isinstance(message, bytes)
    assert len(message) == 2 + 26
    assert message[11:14] == bytes.fromhex(
        "66 06 d9"
    )  # 0xD90666 is 868.1 MHz (SX1276 data sheet: 32 MHz / 2^19 a step)


def test_the_checksum_is_that_of_x25() -> None:
    assert crc16(b"123456789") == 0x906E  # CRC-16/IBM-SDLC in the catalogue of parametrised CRC algorithms


def test_slip_escapes_what_ends_a_frame() -> None:
    octets = wrapped(b"\xc0\xdb")

    assert octets.startswith(b"\xc0\xdb\xdc\xdb\xdd")
    assert octets.count(b"\xc0") == 2


# ── strength ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_rn2483_tells_strength_when_asked_and_older_firmware_only_half() -> None:
    driver = Rn2483()

    assert driver.measured(Packet(PHY), [b"-4", b"-121", b"ok"]) == Packet(PHY, -121.0, -4.0)
    assert driver.measured(Packet(PHY), [b"-4", None, b"ok"]) == Packet(PHY, NOISE_DBM - 4, -4.0)
    assert driver.measured(Packet(PHY), [None, None, b"ok"]) == Packet(PHY, None, None)


# ── what cannot be had ──────────────────────────────────────────────────────────────────────────────────────────────


def test_it_is_said_what_one_channel_does_not_hear() -> None:
    assert hears(CHANNEL) == (
        "868.1 MHz SF7BW125 only, and cannot answer: devices must be set to this channel and data rate, as ABP and without "
        "ADR; none can join (OTAA), and no downlink goes out"
    )


@pytest.mark.parametrize(
    ("phy_payload", "wants"),
    [
        ("00 0102030405060708 0807060504030201 0100 01020304", ["join"]),
        ("40 da1b0126 00 0100 01 01020304", []),
        ("40 da1b0126 80 0100 01 01020304", ["adr"]),
        ("80 da1b0126 80 0100 01 01020304", ["confirmed", "adr"]),
        ("60 da1b0126 80 0100 01 01020304", []),
        ("40 da", []),
    ],
)
def test_what_a_frame_asks_for_in_vain_is_known(phy_payload: str, wants: list[str]) -> None:
    assert list(wants_of(bytes.fromhex(phy_payload))) == wants
