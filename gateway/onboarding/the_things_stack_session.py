"""A session of The Things Stack: keys, counters and receive windows.

Traps: last_f_cnt_up, last_n_f_cnt_down and last_a_f_cnt_down are the *last used*, ours the next; a 0 is left out, so
that "frame 0" and "no frame yet" look alike (mac_state.recent_uplinks tells them apart, as it does for the stack
itself); a key may be encrypted with a key that only that cluster has. Facts: TheThingsNetwork/lorawan-stack@1d21821,
api/ttn/lorawan/v3/end_device.proto and keys.proto, pkg/networkserver/config.go and grpc_gsns.go.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gateway.model import Eui64, Key, MacVersion, Session, SessionKeys, moved_activation
from gateway.onboarding.field import COUNTER_MAX, Field
from gateway.onboarding.moved import Site, shared_counter

NETWORK_RX1_DELAY: Final = 5  # seconds; what the stack asks of a device where nothing is configured (config.go)
TTN_RX2_DATA_RATE: Final = 3  # RX2 of the frequency plan EU_863_870_TTN is SF9


def read_session(device: Field, dev_eui: Eui64, version: MacVersion, site: Site, remarks: list[str]) -> Session | None:
    """Return the present session of an end device, if there is one that can be imported."""
    stated = device.at("session")
    if not stated:
        return None
    dev_addr, before = stated.at("dev_addr").dev_addr(), len(device.problems)
    keys = _keys(stated.at("keys"), dev_eui, version, remarks)
    if keys is None and len(device.problems) == before:
        _without(device, dev_eui, remarks)
    if not stated.at("dev_addr"):
        stated.at("dev_addr").complain("there is none; a session has one, 8 hex digits")
    f_cnt_up = _next_f_cnt_up(device)
    n_f_cnt_down = (stated.at("last_n_f_cnt_down").counter() or 0) + 1  # to leave one out harms nobody
    a_f_cnt_down = (stated.at("last_a_f_cnt_down").counter() or 0) + 1
    if keys is None or dev_addr is None:
        return None
    session = Session(
        dev_eui=dev_eui,
        dev_addr=dev_addr,
        activation=f"{dev_addr}-abp0" if is_abp(device) else moved_activation(dev_eui, dev_addr, keys),
        mac_version=version,
        keys=keys,
        f_cnt_up=f_cnt_up,
        n_f_cnt_down=n_f_cnt_down,
        a_f_cnt_down=a_f_cnt_down,
    )
    return _with_windows(shared_counter(session), device, site, remarks)


def is_abp(device: Field) -> bool:
    """Tell whether a device is personalised; where the file does not say, whether it has nothing to join with."""
    joins = device.at("supports_join").flag()
    return not joins if joins is not None else bool(device.at("session")) and not device.at("root_keys")


def key_of(envelope: Field, whose: str, remarks: list[str]) -> Key | None:
    """Return the key in an envelope; one that is encrypted stays with the cluster that can decrypt it."""
    if envelope.at("key"):
        return envelope.at("key").key()
    if envelope.at("encrypted_key"):
        label = envelope.at("kek_label").text() or "no label"
        remarks.append(f"{whose} is encrypted with a key of its cluster ({label}) and cannot be imported")
    return None


def _keys(stated: Field, dev_eui: Eui64, version: MacVersion, remarks: list[str]) -> SessionKeys | None:
    names = {
        "f_nwk_s_int_key": "FNwkSIntKey",
        "s_nwk_s_int_key": "SNwkSIntKey",
        "nwk_s_enc_key": "NwkSEncKey",
        "app_s_key": "AppSKey",
    }
    keys = {name: key_of(stated.at(name), f"{dev_eui}: its {words}", remarks) for name, words in names.items()}
    network, application = keys["f_nwk_s_int_key"], keys["app_s_key"]
    if network is None or application is None:
        return None
    if version is not MacVersion.V1_1:
        return SessionKeys.v1_0(nwk_s_key=network, app_s_key=application)
    serving, encryption = keys["s_nwk_s_int_key"], keys["nwk_s_enc_key"]
    if serving is None or encryption is None:
        return None
    return SessionKeys(
        f_nwk_s_int_key=network, s_nwk_s_int_key=serving, nwk_s_enc_key=encryption, app_s_key=application
    )


def _without(device: Field, dev_eui: Eui64, remarks: list[str]) -> None:
    """Say what becomes of a device whose session lacks keys: fatal only where it cannot join anew."""
    root_keys = (device.at("root_keys.app_key.key"), device.at("root_keys.nwk_key.key"))
    if any(root_keys) and not is_abp(device):
        remarks.append(f"{dev_eui}: its session is without keys: left out, the device is to join anew")
    else:
        words = (
            "are not all there in plain text, and no root key to join anew with; export with --session and --root-keys"
        )
        device.at("session.keys").complain(words)


def _next_f_cnt_up(device: Field) -> int:
    last = device.at("session.last_f_cnt_up").counter() or 0
    heard = device.at("mac_state.recent_uplinks").value
    joined = 0 if is_abp(device) else 1  # the join request is the first of them
    heard_any = isinstance(heard, list) and len(heard) > joined
    return last + 1 if last or heard_any else 0  # to hear frame 0 twice is better than to refuse the first


def _with_windows(session: Session, device: Field, site: Site, remarks: list[str]) -> Session:
    """Return the session with the windows its device has opened last, or with those its network would have set."""
    current = device.at("mac_state.current_parameters")
    known = current or device.at("mac_settings")
    rx1_delay, rx2_data_rate = known.at("rx1_delay").number_of(15), known.at("rx2_data_rate_index").number_of(15)
    rx2_frequency = known.at("rx2_frequency").number_of(COUNTER_MAX)
    if current:
        rx1_delay, rx2_data_rate = rx1_delay or 1, rx2_data_rate or 0  # RX_DELAY_0 is a second, too; a 0 is left out
    elif not is_abp(device) and (rx1_delay is None or rx2_data_rate is None):
        rx1_delay = NETWORK_RX1_DELAY if rx1_delay is None else rx1_delay
        rx2_data_rate = _plan_rx2_data_rate(device, site) if rx2_data_rate is None else rx2_data_rate
        remarks.append(_assumed(rx1_delay, rx2_data_rate))
    return replace(
        session,
        rx1_delay_s=rx1_delay or 1,
        rx1_dr_offset=known.at("rx1_data_rate_offset").number_of(7) or 0,
        rx2_data_rate=site.rx2_data_rate if rx2_data_rate is None else rx2_data_rate,
        rx2_frequency_hz=rx2_frequency or site.rx2_frequency_hz,
    )


def _plan_rx2_data_rate(device: Field, site: Site) -> int:
    plan = device.at("frequency_plan_id").text() or ""
    return TTN_RX2_DATA_RATE if plan.upper() == "EU_863_870_TTN" else site.rx2_data_rate


def _assumed(rx1_delay: int, rx2_data_rate: int) -> str:
    return (
        f"mac_state is not in the file (export with --mac-state): RX1 after {rx1_delay} s and RX2 with data rate "
        f"{rx2_data_rate} are assumed, as that network sets them"
    )
