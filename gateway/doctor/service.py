"""The agent as a process: does it run, of which version, how often was it started anew, does the watchdog watch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.doctor.box import Answering, Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.spans import span
from gateway.version import VERSION

UNIT: Final = "brygga.service"
PROPERTIES: Final = (
    "LoadState", "ActiveState", "SubState", "UnitFileState", "NRestarts", "Result", "ExecMainStatus", "Type", "WatchdogUSec",
)  # fmt: skip
MANY_RESTARTS: Final = 3  # in the life of one unit; an update makes none
EX_CONFIG: Final = "78"

STOPPED: Final = Ill("stopped", Standing.WRONG, "nothing is heard and nothing delivered", "{start}")
FAILED: Final = Ill(
    "failed", Standing.WRONG, "the service ended and is not started again", "journalctl -u brygga -n 30; then: {start}"
)
MISCONFIGURED: Final = Ill(
    "misconfigured",
    Standing.WRONG,
    "the service ended for its configuration is wrong, and waits for a right one",
    "brygga check; then: sudo systemctl start brygga",
)
MUTE: Final = Ill(
    "mute",
    Standing.WRONG,
    "the agent's socket is there and gives no answer: it is overloaded, or hangs",
    "journalctl -u brygga -n 30; then: sudo systemctl restart brygga",
)
DENIED: Final = Ill("denied", Standing.UNKNOWN, "the agent belongs to another user", "sudo brygga doctor")
OLDER: Final = Ill(
    "other",
    Standing.UNWISE,
    "another version runs than the one that is installed",
    "sudo systemctl restart brygga",
)
RESTARTING: Final = Ill(
    "restarting", Standing.WRONG, "it ends again and again", "journalctl -u brygga -n 50 tells why it ends"
)
RESTARTED: Final = Ill(
    "restarted", Standing.UNWISE, "it has ended by itself several times", "journalctl -u brygga -p warning tells why"
)
BITTEN: Final = Ill(
    "bitten",
    Standing.WRONG,
    "the watchdog ended it, for one of its loops stood still: a disk that hangs, or a fault",
    "brygga doctor --only disk,machine; then: brygga doctor --bundle box.zip",
)
UNWATCHED: Final = Ill(
    "unwatched",
    Standing.UNWISE,
    "systemd would not notice an agent that hangs",
    "install the unit that comes with Brygga: systemd/brygga.service",
)
NOT_ENABLED: Final = Ill(
    "not_enabled", Standing.UNWISE, "it runs now, and not after the next boot", "sudo systemctl enable brygga"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """The agent's process and its unit; an empty unit where systemd does not know it."""

    answering: Answering
    version: str | None = None  # that runs
    since_s: float | None = None
    pid: int | None = None
    unit: Mapping[str, str]

    @property
    def start(self) -> str:
        """The command that starts it."""
        return "sudo systemctl start brygga" if self.unit else "brygga run"


async def process(box: Box) -> Process | None:
    """Return how the agent's process stands; None where no configuration says where to ask."""
    if box.answering is Answering.NOT_ASKED:
        return None
    told = await box.run("systemctl", "show", UNIT, f"--property={','.join(PROPERTIES)}")
    unit = dict(line.split("=", 1) for line in (told or "").splitlines() if "=" in line)
    status = box.status or {}
    return Process(
        answering=box.answering,
        version=status.get("agent", {}).get("version"),
        since_s=status.get("since_s"),
        pid=status.get("pid"),
        unit=unit if unit.get("LoadState") == "loaded" else {},
    )


def running(one: Process) -> Iterator[Seen]:
    """Judge whether it runs."""
    keys = {"start": one.start}
    match one.answering:
        case Answering.ANSWERS:
            yield Seen(f"running for {span(one.since_s or 0.0)}, pid {one.pid}")
        case Answering.MUTE:
            yield Seen("its socket is there, and nothing answers", MUTE)
        case Answering.DENIED:
            yield Seen("its socket belongs to another user", DENIED)
        case _ if one.unit.get("ExecMainStatus") == EX_CONFIG:
            yield Seen("stopped: its configuration was wrong (exit 78)", MISCONFIGURED)
        case _ if one.unit.get("ActiveState") == "failed":
            yield Seen(
                f"ended: {one.unit.get('Result') or 'failed'}, status {one.unit.get('ExecMainStatus')}",
                FAILED,
                keys=keys,
            )
        case _:
            yield Seen("it does not run", STOPPED, keys=keys)


def version(one: Process) -> Iterator[Seen]:
    """Judge which version runs."""
    if one.version is not None:
        same = one.version == VERSION
        yield Seen(one.version if same else f"{one.version} runs, {VERSION} is installed", None if same else OLDER)


def restarts(one: Process) -> Iterator[Seen]:
    """Judge how often it ended by itself, and whether the next boot starts it."""
    if not one.unit:
        return
    count = int(one.unit.get("NRestarts") or 0)
    if one.unit.get("SubState") == "auto-restart":
        yield Seen(f"it has just ended and is started again, for the {count + 1}. time", RESTARTING)
    elif count >= MANY_RESTARTS:
        yield Seen(f"{count} restarts since the boot", RESTARTED)
    if one.unit.get("UnitFileState") == "disabled" and one.answering is Answering.ANSWERS:
        yield Seen("brygga.service is not enabled", NOT_ENABLED)
    yield Seen(f"{count} restarts")


def watchdog(one: Process) -> Iterator[Seen]:
    """Judge whether systemd watches, and whether it had to act."""
    if not one.unit:
        return
    if one.unit.get("Result") == "watchdog":
        yield Seen("ended by the watchdog", BITTEN)
    every = one.unit.get("WatchdogUSec") or "0"
    if every in {"0", "infinity"} or not one.unit.get("Type", "").startswith("notify"):
        yield Seen("the unit has no watchdog", UNWATCHED)
    yield Seen(f"fed at least every {every}")


CHECKS: Final = (
    Check(
        id="agent.running",
        looks="the control socket, the process behind it, and the state of brygga.service",
        probe=process,
        judge=running,
        ills=(STOPPED, FAILED, MISCONFIGURED, MUTE, DENIED),
    ),
    Check(
        id="agent.version",
        looks="the version that runs beside the one that is installed",
        probe=process,
        judge=version,
        ills=(OLDER,),
    ),
    Check(
        id="agent.restarts",
        looks="how often systemd has started it again, and whether it is enabled",
        probe=process,
        judge=restarts,
        ills=(RESTARTING, RESTARTED, NOT_ENABLED),
    ),
    Check(
        id="watchdog.fed",
        looks="brygga.service: its type, its watchdog, and why it ended last",
        probe=process,
        judge=watchdog,
        ills=(BITTEN, UNWATCHED),
    ),
)
