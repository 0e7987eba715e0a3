"""What can go wrong, and what each kind of wrong means.

    Brygga
    ├── ConfigError      a person wrote something that cannot be: every problem printed, exit 78
    │   └── NotThere     what was named is not there
    ├── BadFrame         a radio frame that is not ours, not whole or not new: counted by reason, dropped
    ├── Unreachable      a platform took nothing: everything stays, back off
    ├── StorageError     the disk did not take it: nothing is promised that is not on disk
    └── Busy             another process holds what is asked for (the journal, a port, the control socket)

    decoders.contract.DecodeError   a payload its decoder cannot read: counted, kept as undecoded

What is none of these is a bug: it ends the process with a trace, and systemd starts it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum


class Brygga(Exception):
    """The root of all that this agent raises on purpose."""


class ConfigError(Brygga):
    """Say all that is wrong with what a person wrote, one line a problem: where, what, what would be right."""

    def __init__(self, problems: Sequence[str] | str) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[tuple[str, ...]]]:
        """Keep the problems apart on the way between processes."""
        return type(self), (self.problems,)


class NotThere(ConfigError):
    """Say that there is nothing of the name that a person gave."""


class BadFrameReason(StrEnum):
    """Why a frame was dropped: the label of its counter."""

    TRUNCATED = "truncated"
    TOO_LONG = "too_long"
    MAJOR_VERSION = "major_version"  # not LoRaWAN R1
    NOT_UPLINK = "not_uplink"  # a downlink of another gateway, or our own
    NOT_SUPPORTED = "not_supported"  # proprietary frames, rejoin requests
    UNKNOWN_DEV_ADDR = "unknown_dev_addr"  # another network's device
    UNKNOWN_DEVICE = "unknown_device"  # a join request of a device nobody registered
    WRONG_JOIN_EUI = "wrong_join_eui"
    MIC = "mic"  # no session with this address made this frame
    REPLAYED_COUNTER = "replayed_counter"
    COUNTER_GAP = "counter_gap"  # more than MAX_FCNT_GAP ahead (LoRaWAN 1.0.2 and 1.0.3)
    COUNTER_EXHAUSTED = "counter_exhausted"
    REPLAYED_DEV_NONCE = "replayed_dev_nonce"
    MALFORMED_FHDR = "malformed_fhdr"  # FOpts beyond the frame, or FOpts and FPort 0 together
    REPEATED = "repeated"  # the last counter again: answered again, not emitted again


class BadFrame(Brygga):
    """Refuse a frame for a counted reason; parsers of radio bytes raise this and nothing else."""

    def __init__(self, reason: BadFrameReason, detail: str = "") -> None:
        self.reason = reason
        super().__init__(f"{reason}: {detail}" if detail else str(reason))


class Hindrance(StrEnum):
    """What kind of thing stands between us and a platform: by its name a page says it in another language."""

    NAME = "name"  # its name is not found
    NO_WAY = "no_way"  # this gateway's network is down
    NO_LISTENER = "no_listener"  # nothing listens on that port
    SILENCE = "silence"  # no answer in time
    CUT = "cut"  # the line broke
    TLS = "tls"
    PROXY = "proxy"
    CREDENTIAL = "credential"  # it does not know or not let us
    ADDRESS = "address"  # nothing is there, or it is elsewhere
    BUSY = "busy"  # too much at once
    FAULT = "fault"  # its own
    ANSWER = "answer"  # another answer, which says why
    DISK = "disk"  # our own journal cannot be read or takes nothing


class Unreachable(Brygga):
    """Say that a platform took nothing of what was sent: no connection, no address, no answer to the greeting."""

    def __init__(self, words: str, hindrance: Hindrance = Hindrance.ANSWER) -> None:
        super().__init__(words)
        self.hindrance = hindrance


class StorageError(Brygga):
    """Say that the disk did not take a commit (full, I/O error, read-only); nothing of it is stored."""


class Busy(Brygga):
    """Say that another process holds what was asked for."""
