"""The examination: all probes side by side, each with a limit; then the judges, which are pure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.doctor.box import Box
from gateway.doctor.causes import causes
from gateway.doctor.finding import DENIED, FAILED, HIDDEN, ODD, SLOW, WORST_FIRST, Check, Finding, Ill, Probe, Unseen
from gateway.errors import Brygga

PROBE_LIMIT_S: Final = 12.0  # a connection with TLS may take ten
DEEP_LIMIT_S: Final = 60.0  # for a whole conversation with each platform
BAFFLED: Final = (
    Brygga,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
)  # answers of another version, too

Tell = Callable[[int, int], None]
"""So many probes of so many have ended."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A probe that brought no facts."""

    why: str
    ill: Ill


async def examine(
    box: Box, checks: Sequence[Check], tell: Tell = lambda _, __: None, limit_s: float | None = None
) -> list[Finding]:
    """Return the findings of all ``checks``, the worst first and each standing in the table's order."""
    wanted = [one for one in checks if box.deep or not one.only_deep]
    limit = limit_s or (DEEP_LIMIT_S if box.deep else PROBE_LIMIT_S)
    facts = await _facts(box, dict.fromkeys(one.probe for one in wanted), tell, limit)
    return worst_first(causes(finding for check in wanted for finding in judged(check, facts[check.probe])))


def judged(check: Check, facts: Any) -> list[Finding]:
    """Return what one check finds; what its judge cannot make sense of is unknown, and says so."""
    if isinstance(facts, Failed):
        return [check.unseen(facts.why, facts.ill)]
    try:
        return check.findings(facts)
    except BAFFLED as error:
        return [check.unseen(f"the agent's answer is not understood ({type(error).__name__}: {error})", ODD)]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order in which a person should read them."""
    return sorted(findings, key=lambda one: WORST_FIRST.index(one.standing))


async def _facts(box: Box, probes: Iterable[Probe], tell: Tell, limit_s: float) -> Mapping[Probe, Any]:
    done = 0
    found: dict[Probe, Any] = {}
    wanted = [*probes]

    async def ask(probe: Probe) -> None:
        nonlocal done
        found[probe] = await _asked(box, probe, limit_s)
        done += 1
        tell(done, len(wanted))

    async with asyncio.TaskGroup() as tasks:
        for probe in wanted:
            tasks.create_task(ask(probe), name=f"probe {getattr(probe, '__qualname__', probe)}")
    return found


async def _asked(box: Box, probe: Probe, limit_s: float) -> Any:
    try:
        async with asyncio.timeout(limit_s):
            return await probe(box)
    except TimeoutError:
        return Failed(f"took longer than {limit_s:g} s", SLOW)
    except Unseen as unseen:
        return Failed(str(unseen), HIDDEN)
    except PermissionError as error:
        return Failed(f"{error.filename or 'it'} belongs to another user", DENIED)
    except BAFFLED as error:
        return Failed(f"could not be looked at: {type(error).__name__}: {error}", FAILED)
