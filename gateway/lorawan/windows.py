"""Where and when a device listens after an uplink: what a join accept and two MAC commands say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from gateway.model import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """The receive windows of a session."""

    rx1_delay_s: int
    rx1_dr_offset: int
    rx2_data_rate: int
    rx2_frequency_hz: int

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return those of a session."""
        return cls(
            rx1_delay_s=session.rx1_delay_s,
            rx1_dr_offset=session.rx1_dr_offset,
            rx2_data_rate=session.rx2_data_rate,
            rx2_frequency_hz=session.rx2_frequency_hz,
        )

    def on(self, session: Session) -> Session:
        """Return ``session`` with these windows."""
        return replace(
            session,
            rx1_delay_s=self.rx1_delay_s,
            rx1_dr_offset=self.rx1_dr_offset,
            rx2_data_rate=self.rx2_data_rate,
            rx2_frequency_hz=self.rx2_frequency_hz,
        )
