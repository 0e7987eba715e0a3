"""A MAC state comes back from its record as it was."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.lorawan.adr import Setting
from gateway.lorawan.channel_plan import ChannelPlan
from gateway.lorawan.mac_commands import (
    ADRParamSetupReq,
    DevStatusReq,
    ForceRejoinReq,
    RejoinParamSetupReq,
    TXParamSetupReq,
)
from gateway.lorawan.mac_layer import DeviceStatus, MacState, begin
from gateway.lorawan.region import EU868
from gateway.lorawan.restarts import Before, Opening, Restarts
from gateway.lorawan.windows import Windows
from gateway.model import Eui64, MacVersion
from gateway.network.mac_records import decode, encode

NOW = datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)
WINDOWS = Windows(rx1_delay_s=5, rx1_dr_offset=1, rx2_data_rate=3, rx2_frequency_hz=869_525_000)
FULL = MacState(
    plan=ChannelPlan.default(EU868).with_channel(4, 867_100_000),
    setting=Setting(data_rate=3, tx_power=2, nb_trans=2),
    asked=(DevStatusReq(), ForceRejoinReq.alike(2, 3)),
    refused=frozenset({b"\x0a\x01"}),
    least_power=4,
    fastest=4,
    max_duty_cycle=7,
    tx_param_setup=TXParamSetupReq(downlink_dwell_time=True, uplink_dwell_time=False, max_eirp=5),
    device_class="C",
    status=DeviceStatus(battery=200, margin_db=-3, told_at=NOW),
    silences=2,
    ask_from=70_000,
    join_eui=Eui64("70b3d57ed0000000"),
    rj_count0=9,
    adr_param_setup=ADRParamSetupReq(limit_exp=5, delay_exp=3),
    rejoin_param_setup=RejoinParamSetupReq(max_time_n=9, max_count_n=4),
    force_rejoin=ForceRejoinReq.alike(2, 3),
    force_tries=3,
    personal=WINDOWS,
    restarts=Restarts(
        openings=(Opening(bytes(range(8)), NOW),),
        last_at=NOW,
        before=Before(activation="26011234-abp3", f_cnt_up=70_001, n_f_cnt_down=12, a_f_cnt_down=3, windows=WINDOWS),
    ),
)


def test_all_that_is_known_comes_back() -> None:
    assert decode(encode(FULL), EU868, MacVersion.V1_1) == FULL


def test_nothing_comes_back_as_nothing() -> None:
    fresh = begin(EU868, b"", data_rate=0)

    assert decode(encode(fresh), EU868, MacVersion.V1_0_3) == fresh
