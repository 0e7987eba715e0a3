"""The simulated device of LoRaWAN 1.1 against vectors that others made."""

from __future__ import annotations

import pytest

from gateway.lorawan.crypto import SessionCiphers
from gateway.lorawan.phy import DataFrame, FCtrl, RejoinRequest, parse
from gateway.model import DevAddr, Key, LoraRate, MacVersion, SessionKeys
from simulators.end_device import OnAir, joining
from simulators.end_device.joining import Asked, Credentials
from simulators.end_device.sealing import Activated, Counters, SignedUplink
from tests.lorawan.vectors import key, lines, name_of
from tests.simulators.joined_v1_1 import (
    APP_KEY,
    JOIN_EUI,
)

KEYS_V1_1 = ("f_nwk_s_int_key", "s_nwk_s_int_key", "nwk_s_enc_key", "app_s_key")


def activated(line: dict[str, object]) -> Activated:
    keys = SessionKeys(**{name: key(line, name) for name in KEYS_V1_1})
    return Activated(DevAddr(str(line["devaddr"])), MacVersion.V1_1, SessionCiphers(keys))


def data_lines(direction: str) -> list[dict[str, object]]:
    """Return the frames of 1.1 whose keys are all known, FOpts as the errata encrypt them."""
    return [
        line
        for line in lines("data_frames", "data")
        if line["version"] == "1.1" and line["dir"] == direction and line.get("fopts_encryption") != "none"
    ]


@pytest.mark.parametrize("line", data_lines("up"), ids=name_of)
def test_it_signs_as_others_do(line: dict[str, object]) -> None:
    phy_payload = bytes.fromhex(str(line["phy"]))
    acknowledges = line["conf_fcnt"] if phy_payload[5] & 0x20 else 0
    assert isinstance(acknowledges, int)
    uplink = SignedUplink(signed=phy_payload[:-4], f_cnt=int(str(line["fcnt32"])), conf_f_cnt=acknowledges)
    sent = OnAir(
        channel=int(str(line["tx_ch"])),
        frequency_hz=868_100_000,
        data_rate_number=int(str(line["tx_dr"])),
        data_rate=LoraRate(7, 125_000),
        power_dbm=14,
    )

    assert activated(line).sealed(uplink, sent).hex() == line["phy"]


@pytest.mark.parametrize(
    "line", [line for line in data_lines("up") if "frm_plain" in line and line["fport"] != 0], ids=name_of
)
def test_it_encrypts_as_others_do(line: dict[str, object]) -> None:
    phy_payload = bytes.fromhex(str(line["phy"]))

    uplink = activated(line).uplink(
        int(str(line["fcnt32"])),
        confirmed=False,
        f_ctrl=FCtrl(adr=True, ack=bool(phy_payload[5] & 0x20)),
        f_opts=b"",
        f_port=int(str(line["fport"])),
        payload=bytes.fromhex(str(line["frm_plain"])),
        acknowledges=None,
    )

    assert uplink.signed == phy_payload[:-4]


@pytest.mark.parametrize("line", data_lines("down"), ids=name_of)
def test_it_opens_what_others_send(line: dict[str, object]) -> None:
    frame = parse(bytes.fromhex(str(line["phy"])))
    assert isinstance(frame, DataFrame)

    opened = activated(line).open(frame, Counters(), int(str(line["conf_fcnt"])))

    assert opened is not None
    assert opened.mac_commands.hex() == line["fopts_plain"]
    assert opened.payload.hex() == line.get("frm_plain", "")


@pytest.mark.parametrize("line", lines("join", "rejoin-request"), ids=name_of)
def test_its_rejoin_requests_are_those_of_others(line: dict[str, object]) -> None:
    request = parse(bytes.fromhex(str(line["phy"])))
    assert isinstance(request, RejoinRequest)
    nwk_key = Key(b"N" * 16)
    who = Credentials(dev_eui=request.dev_eui, join_eui=request.join_eui or JOIN_EUI, app_key=APP_KEY, nwk_key=nwk_key)
    asked = Asked(request.rejoin_type, request.rj_count)

    ours = joining.rejoin_request(who, asked, request.net_id or 0, key(line, "key"))

    assert ours[:-4] == request.signed
    if request.rejoin_type != 1:  # which a JSIntKey signs that these vectors do not derive
        assert ours.hex() == line["phy"]
