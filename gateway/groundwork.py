"""What of the settings a command needs as an agent does, without being one: decoders, a clock, and what this machine cannot keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from decoders.registry import Registry
from gateway.config import data_folder_problem

if TYPE_CHECKING:
    from gateway.clock import SystemClock
    from gateway.config import Settings


def check(settings: Settings) -> Sequence[str]:
    """Return what a configuration promises and this machine cannot keep; nothing is opened or written."""
    folder = data_folder_problem(settings.gateway.data)
    return [*([folder] if folder else []), *load_registry(settings).problems()]


def load_registry(settings: Settings) -> Registry:
    """Return the decoders of the catalogue, of installed packages and of the configured folder."""
    return Registry.load(settings.decoders.folders)


def system_clock(settings: Settings) -> SystemClock:
    """Return this machine's clock, vouched for as far as the configuration does."""
    from gateway.clock import SystemClock
    from gateway.model import TimeQuality

    vouched = TimeQuality.SYSTEM if settings.clock.trust is TimeQuality.SYSTEM else TimeQuality.UNSYNCHRONISED
    return SystemClock(at_least=vouched)
