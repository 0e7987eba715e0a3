"""Whether a proved file may be taken: pure."""

from __future__ import annotations

import tomllib
from datetime import datetime

from gateway.errors import ConfigError
from gateway.pull.bundle import Bundle
from gateway.pull.memory import Memory


def judge(bundle: Bundle, memory: Memory, now: datetime) -> None:
    """Raise ConfigError where a file is over, older than what was there, or one that was taken back."""
    if bundle.expires <= now:
        raise ConfigError(
            f"it was good until {bundle.expires.isoformat()}, and it is {now.isoformat(timespec='seconds')}: is this box's clock right? Else "
            "sign a new one"
        )
    if bundle.serial < memory.serial:
        raise ConfigError(
            f"its serial is {bundle.serial}, and {memory.serial} was here before: an older file is not taken again"
        )
    if bundle.serial == memory.serial and bundle.digest != memory.digest:
        raise ConfigError(
            f"its serial {bundle.serial} was here before with another content: raise the serial with each change"
        )


def says_the_same(one: str, other: str) -> bool:
    """Tell whether two fragments say the same, whatever their comments."""
    try:
        return tomllib.loads(one) == tomllib.loads(other)
    except tomllib.TOMLDecodeError:
        return False
