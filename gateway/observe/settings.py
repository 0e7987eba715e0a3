"""What a configuration says about observing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.sources.web_tls import ServerTls
from gateway.transports.broker import Broker
from gateway.web.settings import LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsPort:
    """Where /metrics is told beside the dashboard, and to whom."""

    host: str
    port: int
    tokens_file: Path
    tls: ServerTls | None  # None: http

    @property
    def is_local(self) -> bool:
        """Tell whether only this machine reaches it."""
        return self.host in LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What /metrics tells, and by which port of its own."""

    devices: bool = False  # those of single devices, too
    port: MetricsPort | None = None  # None: by the dashboard alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """To whom it is told how the box is, and how often."""

    broker: Broker
    topic: str
    interval_s: float
