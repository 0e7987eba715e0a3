"""`type = "semtech_udp"`: a port that packet forwarders speak to."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gateway.config.sources.keys import Listens, SourceKeys
from gateway.config.values import Decibels, Euis, Octets, Port, Shown, Text
from gateway.model import Eui64
from gateway.sources.settings import SemtechUdpSettings


class SemtechUdpKeys(SourceKeys):
    """A port that packet forwarders speak to (Semtech UDP, GWMP)."""

    can_be_relayed: ClassVar[bool] = True

    type: Annotated[Literal["semtech_udp"], Shown('"semtech_udp"')] = Field(description="what kind of source it is")
    host: Text = Field(
        default="0.0.0.0",  # noqa: S104 - forwarders of other boxes are meant; the reference says what that means
        description="the address to listen on; `127.0.0.1` where the forwarder runs on this machine: the protocol proves nothing",
    )
    port: Port = Field(
        default=1700, description="the UDP port, `server_address`'s in the forwarder's `global_conf.json`"
    )
    gateways: Euis = Field(default=[], description="the gateways that may speak; none named: all")
    receive_buffer: Octets = Field(
        default=4 << 20,
        description="what the kernel is asked to hold while the agent is busy; it grants `net.core.rmem_max` at most",
    )
    antenna_gain_dbi: Decibels = Field(
        default=0.0,
        description="of the antenna, the cable's loss taken off: so much less is sent, for the law limits what leaves the antenna",
    )

    def listens(self) -> Listens:
        """Return the port."""
        return Listens("UDP", self.host, self.port)

    def settings(self) -> SemtechUdpSettings:
        """Return what the source is made of."""
        return SemtechUdpSettings(
            name=self.name,
            host=self.host,
            port=self.port,
            gateways=frozenset(map(Eui64, self.gateways)),
            receive_buffer_bytes=self.receive_buffer,
            antenna_gain_dbi=self.antenna_gain_dbi,
        )
