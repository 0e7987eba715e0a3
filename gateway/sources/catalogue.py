"""The sources by their settings; what one needs is imported when it is configured, for a box has little memory."""

from __future__ import annotations

from gateway.model import Clock
from gateway.sources import Source
from gateway.sources.settings import RecordingSettings, SemtechUdpSettings, SourceSettings


def make(settings: SourceSettings, clock: Clock) -> Source:
    """Return the source that ``settings`` describe; nothing is opened."""
    match settings:
        case SemtechUdpSettings():
            from gateway.sources.semtech_udp import SemtechUdp

            return SemtechUdp(
                settings.name,
                host=settings.host,
                port=settings.port,
                gateways=settings.gateways,
                clock=clock,
                receive_buffer_bytes=settings.receive_buffer_bytes,
            )
        case RecordingSettings():
            from gateway.sources.recording import Recording

            return Recording(settings, clock)
        case _:
            raise AssertionError(f"no source is made of {type(settings).__name__}")
