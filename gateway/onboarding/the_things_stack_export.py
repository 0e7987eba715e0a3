"""Devices as `ttn-lw-cli end-devices create` and the console of The Things Stack take them: one JSON object after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from gateway.journal import Registration
from gateway.model import Activation, Json, Key, MacVersion, Session
from gateway.onboarding.moved import words_of

VERSIONS: Final = {  # link layer, and the regional parameters that go with it
    MacVersion.V1_0_0: ("MAC_V1_0", "PHY_V1_0"),
    MacVersion.V1_0_1: ("MAC_V1_0_1", "PHY_V1_0_1"),
    MacVersion.V1_0_2: ("MAC_V1_0_2", "PHY_V1_0_2_REV_B"),
    MacVersion.V1_0_3: ("MAC_V1_0_3", "PHY_V1_0_3_REV_A"),
    MacVersion.V1_0_4: ("MAC_V1_0_4", "RP002_V1_0_3"),
    MacVersion.V1_1: ("MAC_V1_1", "PHY_V1_1_REV_B"),
}


def write_the_things_stack(registrations: Iterable[Registration], frequency_plan_id: str = "EU_863_870") -> str:
    """Return the devices without keys."""
    return _written(_described(each, frequency_plan_id) for each in registrations)


def write_the_things_stack_with_keys(
    registrations: Iterable[Registration], now: datetime, frequency_plan_id: str = "EU_863_870"
) -> str:
    """Return the devices with root keys, session keys and counters; ``now`` is when the sessions are said to begin.

    The stack refuses a session without a beginning, and a journal does not know it.
    """
    return _written(
        _described(each, frequency_plan_id) | _root_keys(each) | _session(each.session, now) for each in registrations
    )


def _written(devices: Iterable[Json]) -> str:
    return "".join(json.dumps(device, ensure_ascii=False) + "\n" for device in devices)


def _described(registration: Registration, frequency_plan_id: str) -> dict[str, Json]:
    device, place = registration.device, registration.device.place
    mac_version, phy_version = VERSIONS[device.mac_version]
    joins = device.activation is Activation.OTAA
    described: dict[str, Json] = {
        "ids": {
            "device_id": f"eui-{device.dev_eui}",
            "dev_eui": device.dev_eui.upper(),
        }
        | ({"join_eui": (device.join_eui or "0" * 16).upper()} if joins or device.join_eui else {}),
        "name": device.name or device.dev_eui,
        "attributes": words_of(device.tags),
        "lorawan_version": mac_version,
        "lorawan_phy_version": phy_version,
        "frequency_plan_id": frequency_plan_id,
        "supports_join": joins,
        "supports_class_c": device.device_class == "C",
    }
    if place is not None:
        located = {"latitude": place.latitude, "longitude": place.longitude, "source": "SOURCE_REGISTRY"}
        described["locations"] = {"user": located | ({"altitude": round(place.altitude_m)} if place.altitude_m else {})}
    return described


def _root_keys(registration: Registration) -> dict[str, Json]:
    keys = registration.root_keys
    named = {"app_key": keys.app_key, "nwk_key": keys.nwk_key}
    written = {name: _envelope(key) for name, key in named.items() if key is not None}
    return {"root_keys": written} if written else {}


def _session(session: Session | None, now: datetime) -> dict[str, Json]:
    if session is None:
        return {}
    keys = session.keys
    named = {"f_nwk_s_int_key": keys.f_nwk_s_int_key, "app_s_key": keys.app_s_key}
    if session.mac_version is MacVersion.V1_1:
        named |= {"s_nwk_s_int_key": keys.s_nwk_s_int_key, "nwk_s_enc_key": keys.nwk_s_enc_key}
    return {
        "mac_settings": {
            "rx1_delay": {"value": f"RX_DELAY_{session.rx1_delay_s}"},
            "rx1_data_rate_offset": {"value": f"DATA_RATE_OFFSET_{session.rx1_dr_offset}"},
            "rx2_data_rate_index": {"value": f"DATA_RATE_{session.rx2_data_rate}"},
            "rx2_frequency": {"value": str(session.rx2_frequency_hz)},
            "supports_32_bit_f_cnt": True,
        },
        "session": {
            "dev_addr": session.dev_addr.upper(),
            "keys": {name: _envelope(key) for name, key in named.items()},
            "last_f_cnt_up": _last(session.f_cnt_up),
            "last_n_f_cnt_down": _last(session.n_f_cnt_down),
            "last_a_f_cnt_down": _last(session.a_f_cnt_down),
            "started_at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        },
    }


def _last(following: int) -> int:
    """Return the counter used last; the stack cannot say that there was none."""
    return max(following - 1, 0)


def _envelope(key: Key) -> dict[str, str]:
    return {"key": key.reveal().hex().upper()}
