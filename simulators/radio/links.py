"""What each way from a device to a gateway costs, worked out once: gateways that no frame can reach are left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulators.hashed import key
from simulators.radio.propagation import OULU, Propagation
from simulators.radio.receivers import SLOWEST, Receiver
from simulators.radio.sensitivity import sensitivity_dbm
from simulators.radio.shadowing import Shadow
from simulators.radio.spots import Spot

BAND_HZ: Final = 868_000_000.0
FULL_POWER_DBM: Final = 16.0  # EIRP in EU868
LUCK_DB: Final = 6.0  # a frame may arrive stronger than its link by four deviations of fading

Link = tuple[int, float, int]  # number of the receiver, loss in dB with both antennas, key of the link


class Links:
    """The ways between devices and ``receivers``; a device that stands elsewhere than before has others."""

    def __init__(
        self,
        receivers: Sequence[Receiver],
        *,
        seed: int,
        propagation: Propagation = OULU,
        frequency_hz: float = BAND_HZ,
        strongest_dbm: float = FULL_POWER_DBM,
    ) -> None:
        self.receivers = receivers
        self._seed = seed
        self._propagation = propagation
        self._frequency_hz = frequency_hz
        self._strongest_dbm = strongest_dbm
        self._shadows = [Shadow(key(seed, "shadow", one.gateway), propagation.shadowing_db) for one in receivers]
        self._known: dict[str, tuple[Spot, tuple[Link, ...]]] = {}

    def of(self, sender: str, spot: Spot) -> tuple[Link, ...]:
        """Return the ways that a frame from ``spot`` may be heard over, in the receivers' order."""
        known = self._known.get(sender)
        if known is not None and (known[0] is spot or known[0] == spot):
            return known[1]
        found = tuple(
            (number, loss_db, key(self._seed, sender, one.gateway))
            for number, one in enumerate(self.receivers)
            if self._reaches(one, loss_db := self.loss_db(number, spot))
        )
        self._known[sender] = (spot, found)
        return found

    def loss_db(self, number: int, spot: Spot) -> float:
        """Return what the way between ``spot`` and the ``number``-th receiver costs, in either direction."""
        one = self.receivers[number]
        open_db = self._propagation.loss_db(spot.distance_m(one.spot), self._frequency_hz)
        return open_db + spot.indoor_db + one.spot.indoor_db + self._shadows[number].loss_db(spot) - one.antenna_dbi

    def _reaches(self, one: Receiver, loss_db: float) -> bool:
        return self._strongest_dbm - loss_db + LUCK_DB >= sensitivity_dbm(SLOWEST, one.noise_figure_db)
