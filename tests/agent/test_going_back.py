"""A broker that keeps the latest value only, and an agent that is killed: how far back in time it goes, and for how long."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.codecs import Codecs
from gateway.delivery import Destination, Telling
from gateway.formats import Format
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.ngsi_v2 import NgsiV2
from gateway.journal import Changes, Journal
from gateway.model import Answer, Json, Request, TimeQuality, Verdict
from tests.agent.test_delivery import DEVICE, AcmeTh, FakeClock, uplink

CITY = "lund"
BATCH = 10
HEARD = 95
SAYS_NOTHING = Answer(verdict=Verdict.TAKEN, status=204)


class Killed(BaseException):
    """End a turn where SIGKILL ended the agent: between the broker's answer and the settling."""


@dataclass
class LatestOnly:
    """A broker that compares no times: what came last is what there is."""

    kill_after: int = HEARD
    told: list[datetime] = field(default_factory=list)

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        for request in requests:
            said = json.loads(request.body)
            for entity in said["entities"] if isinstance(said, dict) else said:
                at = entity["dateObserved"]["value"]
                self.told.append(datetime.fromisoformat(at["@value"] if isinstance(at, dict) else at))
        if len(self.told) >= self.kill_after:
            raise Killed
        return [SAYS_NOTHING] * len(requests)

    async def close(self) -> None:
        """Nothing is open."""

    def status(self) -> Mapping[str, Json]:
        return {}


def loop(journal: Journal, broker: LatestOnly, format_: Format, clock: FakeClock) -> Telling:
    destination = Destination(
        name=CITY, format=format_, transport=broker, selects=lambda _: True, batch=BATCH, strict=True
    )
    return Telling(
        destination,
        journal=journal,
        codecs=Codecs(lambda _: AcmeTh()),
        find={DEVICE.dev_eui: DEVICE}.get,
        clock=clock,
        trust=TimeQuality.NTP,
    )


async def tell_all(telling: Telling, journal: Journal) -> None:
    while (await journal.depth(CITY)).waiting:
        await telling.turn()


def as_killed(folder: Path) -> Path:
    """Return a copy of the journal as SIGKILL leaves it: what was not committed is not there."""
    (folder / "killed").mkdir()
    for file in folder.glob("journal.db*"):
        shutil.copy(file, folder / "killed" / file.name)
    return folder / "killed" / "journal.db"


@pytest.mark.parametrize("kill_after", [1, BATCH, 37, 60, 90])
@pytest.mark.parametrize("make", [NgsiLd, NgsiV2])
async def test_after_a_kill_the_present_goes_back_by_one_batch_at_most_and_ends_with_the_newest(
    tmp_path: Path, make: type[NgsiLd | NgsiV2], kill_after: int
) -> None:
    clock, before = FakeClock(), LatestOnly(kill_after)
    journal = await Journal.open(tmp_path / "journal.db", clock=clock, destinations=[CITY])
    start = clock()
    instants = [replace(start, utc=start.utc + timedelta(seconds=number)) for number in range(HEARD)]
    await journal.commit(Changes(uplinks=tuple(uplink(number, at) for number, at in enumerate(instants))))
    with pytest.raises(Killed):
        await tell_all(loop(journal, before, make(device=False), clock), journal)
    copied = as_killed(tmp_path)
    await journal.close()

    after = LatestOnly(HEARD + 1)
    journal = await Journal.open(copied, clock=clock, destinations=[CITY])
    remembered = max(
        (at for key, known in journal.memory(CITY).items() if key.startswith("urn:") for at in known.values()),
        default=None,
    )
    await tell_all(loop(journal, after, make(device=False), clock), journal)
    await journal.close()

    repeated = [at for at in after.told if at <= before.told[-1]]
    assert len(repeated) <= BATCH
    assert after.told == sorted(set(after.told))  # from there on it only goes forward
    assert after.told[-1] == start.utc + timedelta(seconds=HEARD - 1)
    assert sorted({*before.told, *after.told}) == [start.utc + timedelta(seconds=n) for n in range(HEARD)]
    if remembered is not None:  # the newest times are on disk with the rows that brought them, none without the other
        assert after.told[0].timestamp() * 1000 == pytest.approx(remembered + 1000)
