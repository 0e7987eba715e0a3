"""The table of all checks, in the order of a box's path: what is looked at first explains what comes after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gateway.doctor import (
    backups,
    beside,
    certificates,
    configuration,
    dashboard,
    devices,
    disk,
    dns,
    lines,
    link,
    machine,
    observing,
    permissions,
    radio,
    service,
    telling,
    timekeeping,
    trials,
    versions,
)
from gateway.doctor.finding import Check

CHECKS: Final[Sequence[Check]] = (
    *configuration.CHECKS,
    *service.CHECKS,
    *permissions.CHECKS,
    *disk.CHECKS,
    *timekeeping.CHECKS,
    *machine.CHECKS,
    *radio.CHECKS,
    *devices.CHECKS,
    *link.CHECKS,
    *dns.CHECKS,
    *lines.CHECKS,
    *certificates.CHECKS,
    *telling.CHECKS,
    *trials.CHECKS,
    *beside.CHECKS,
    *versions.CHECKS,
    *backups.CHECKS,
    *dashboard.CHECKS,
    *observing.CHECKS,
)
TOPICS: Final = tuple(dict.fromkeys(one.topic for one in CHECKS))


def chosen(names: Iterable[str]) -> Sequence[Check]:
    """Return the checks of some topics, or single ones by their ids; all where none is named. Raises ValueError."""
    wanted = {*names}
    if unknown := wanted - {*TOPICS} - {one.id for one in CHECKS}:
        raise ValueError(f"{min(unknown)!r} is none of {', '.join(TOPICS)}")
    return [one for one in CHECKS if not wanted or wanted & {one.topic, one.id}]
