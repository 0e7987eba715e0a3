"""A gateway of the site: a packet forwarder that remembers all that it sends, and that can be cut off."""

from __future__ import annotations

from gateway.model import Eui64, Json
from simulators.concentrator import Concentrator, Decision, Transmission
from simulators.packet_forwarder import Deliver, PacketForwarder

KEEP_ALIVE_S = 10.0


class _Remembering(Concentrator):
    """A concentrator that remembers what it took to send."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Transmission] = []

    def offer(self, txpk: Json, now_us: int) -> Decision:
        decision = super().offer(txpk, now_us)
        if decision.transmission is not None:
            self.taken.append(decision.transmission)
        return decision


class Roof(PacketForwarder):
    """One gateway; ``deaf`` to its server while that is being killed: what was on its way then is lost."""

    def __init__(self, gateway: Eui64, server: tuple[str, int], *, deliver: Deliver, counter_start_us: int) -> None:
        super().__init__(gateway, server, deliver=deliver, keep_alive_s=KEEP_ALIVE_S, counter_start_us=counter_start_us)
        self._concentrator = self._remembering = _Remembering()
        self.deaf = False

    @property
    def sent(self) -> list[Transmission]:
        """All that it has sent or is about to send."""
        return self._remembering.taken

    @property
    def unwrapped_us(self) -> int:
        """Return its counter as if it did not wrap."""
        return self._now_us()

    def sent_in_the_last(self, length_us: int) -> bool:
        """Tell whether it has been sending at some time of the last so many microseconds: it hears nothing then."""
        now_us = self._now_us()
        recent = reversed(self.sent[-64:])  # more than its queue holds
        return any(one.starts_us < now_us and one.ends_us > now_us - length_us for one in recent)

    def _understand(self, datagram: bytes) -> None:
        if not self.deaf:
            super()._understand(datagram)
