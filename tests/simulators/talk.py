"""A personalised simulated device that talks with this network in MAC commands."""

from __future__ import annotations

from dataclasses import replace

from gateway.lorawan.downlink import seal_downlink
from gateway.lorawan.mac_commands import (
    LinkADRAns,
    LinkADRReq,
    MacCommand,
    MacCommands,
    read,
    write,
)
from gateway.lorawan.phy import DataFrame, Direction, parse
from gateway.lorawan.region import EU868, Region
from gateway.lorawan.sessions import NewUplink, OpenSession
from gateway.model import DevAddr, Eui64, MacVersion
from simulators.end_device import EndDevice, Make, Oddities
from tests.lorawan.air import hear, reception, session_of

DEV_EUI, DEV_ADDR = Eui64("a81758fffe051d02"), DevAddr("26011234")
YES = LinkADRAns(power_ack=True, data_rate_ack=True, channel_mask_ack=True)
BOTH_MASKS = LinkADRReq(data_rate=3, tx_power=2, ch_mask=0b101, ch_mask_cntl=0, nb_trans=2)


class Talk:
    """A personalised device and its session in the network."""

    def __init__(
        self,
        mac_version: MacVersion = MacVersion.V1_0_4,
        *,
        region: Region = EU868,
        adr: bool = True,
        oddities: Oddities | None = None,
        data_rate: int | None = None,
    ) -> None:
        make = Make(region=region, adr=adr, oddities=oddities or Oddities(), data_rate=data_rate)
        self.device = EndDevice.abp(DEV_EUI, DEV_ADDR, mac_version=mac_version, make=make)
        self.opened = OpenSession(session_of(self.device))

    def told(self, *requests: MacCommand, snr_db: float = 7.0, confirmed: bool = False) -> None:
        """Tell the device something, on FPort 0: there is always room."""
        session = self.opened.session
        downlink = seal_downlink(session, self.opened.ciphers, f_port=0, payload=write(requests), confirmed=confirmed)
        assert self.device.hear(downlink, snr_db=snr_db) is not None
        self.opened.session = replace(session, n_f_cnt_down=session.n_f_cnt_down + 1)

    def uplink(self, f_port: int | None = 2, payload: bytes = b"x") -> NewUplink:
        """Let the device send, and the network open it."""
        phy_payload = self.device.uplink(f_port, payload if f_port else b"")
        where = reception(frequency_hz=self.device.on_air.frequency_hz, data_rate=self.device.on_air.data_rate)
        result = hear(phy_payload, self.opened, receptions=(where,))
        assert isinstance(result, NewUplink)
        return result

    def answers(self, f_port: int | None = 2) -> tuple[MacCommand, ...]:
        """Return the commands of the device's next uplink."""
        version = self.device.mac_version
        said = read(self.uplink(f_port).mac_commands, direction=Direction.UPLINK, mac_version=version)
        assert said == MacCommands(said.commands)
        return said.commands


def frame_of(phy_payload: bytes) -> DataFrame:
    frame = parse(phy_payload)
    assert isinstance(frame, DataFrame)
    return frame
