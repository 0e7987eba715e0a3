"""The class A end device of PyPI's pamoja-native (Rust), and its session in this network."""

from __future__ import annotations

from dataclasses import replace

from pamoja._native import (
    ChannelPlan,
    LorawanDevice,
    LorawanDeviceSettings,
    LorawanEndDevice,
    LorawanSession,
    LorawanTransmission,
)

from gateway.lorawan.region import EU868
from gateway.lorawan.sessions import NewUplink, OpenSession
from gateway.model import DataRate, DevAddr, Eui64, Key, MacVersion, Reception, Session, SessionKeys
from tests.lorawan.air import hear, reception

DEV_EUI, JOIN_EUI = Eui64("a81758fffe051d02"), Eui64("70b3d57ed0000001")
APP_KEY, NWK_S_KEY, APP_S_KEY = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48))
VERSIONS = [MacVersion.V1_0_3, MacVersion.V1_0_4]
PLAN = ChannelPlan.for_region("EU868")
STEP_US = 10_000_000  # between uplinks


def settings(mac_version: MacVersion) -> LorawanDeviceSettings:
    """Return a device that sends as soon as it is asked to."""
    return LorawanDeviceSettings(2, 16, version=str(mac_version), adr=False, regional_duty_cycle=False, seed=1)


def otaa(mac_version: MacVersion) -> LorawanEndDevice:
    """Return a device that has to join."""
    credentials = LorawanDevice(list(bytes.fromhex(DEV_EUI)), list(bytes.fromhex(JOIN_EUI)), list(APP_KEY))
    return LorawanEndDevice.over_the_air(PLAN, credentials, settings(mac_version))


def abp(mac_version: MacVersion, f_cnt: int) -> tuple[LorawanEndDevice, OpenSession]:
    """Return a personalised device, and its session in the network; both count from ``f_cnt``."""
    keys = SessionKeys.v1_0(nwk_s_key=Key(NWK_S_KEY), app_s_key=Key(APP_S_KEY))
    session = Session(
        dev_eui=DEV_EUI,
        dev_addr=DevAddr("26011234"),
        activation="26011234-abp0",
        mac_version=mac_version,
        keys=keys,
        f_cnt_up=f_cnt,
        n_f_cnt_down=f_cnt,
    )
    theirs = LorawanSession(0x26011234, list(NWK_S_KEY), list(APP_S_KEY))
    last_down = f_cnt - 1 if f_cnt else None
    device = LorawanEndDevice.personalized(PLAN, theirs, settings(mac_version), fcnt_up=f_cnt, fcnt_down=last_down)
    return device, OpenSession(session)


def rate(number: int) -> DataRate:
    """Return a data rate of the region."""
    data_rate = EU868.data_rate(number)
    assert data_rate is not None
    return data_rate


def heard_as(sent: LorawanTransmission) -> Reception:
    """Return how a gateway hears a transmission."""
    return reception(frequency_hz=sent.frequency_hz, data_rate=rate(sent.data_rate), timestamp_us=0)


def uplink(sent: LorawanTransmission, opened: OpenSession) -> NewUplink:
    """Open a transmission as the network does."""
    result = hear(bytes(sent.frame), opened, receptions=(heard_as(sent),))
    assert isinstance(result, NewUplink)
    return result


def sealed(opened: OpenSession, phy_payload: bytes) -> list[int]:
    """Count a downlink as the network does, and return it as the device takes it."""
    opened.session = replace(opened.session, n_f_cnt_down=opened.session.n_f_cnt_down + 1)
    return list(phy_payload)
