"""A mended decoder is used without a restart, and what the old one did not understand is tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from decoders.contract import Decoded
from decoders.registry import Registry
from gateway import redecoding
from gateway.codecs import Codecs
from gateway.errors import StorageError
from gateway.journal import Changes, HeldKind, Hold, Journal, Settlement
from gateway.model import DevAddr, Device
from gateway.redecoding import Redecoding
from simulators.end_device import EndDevice
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from tests.journal.samples import CITY, abp, clock, uplink
from tests.pipeline.rig import ngsi_ld, registration, rig, until

MODEL = "acme/th"
BROKEN = "def decode(payload): return None\n"
MENDED = """\
from decoders.contract import Decoded, Reading
def decode(payload): return Decoded((Reading("air_temperature", payload.data[0], "Cel"),))
"""


def write(folder: Path, text: str) -> None:
    path = folder / f"{MODEL}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await Journal.open(tmp_path / "journal.db", clock=clock, destinations=[CITY])
    await opened.put_devices([abp(0, decoder=MODEL)])
    yield opened
    await opened.close()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    write(tmp_path / "decoders", BROKEN)
    return Registry.load([tmp_path / "decoders"], entry_points=False)


@pytest.fixture
def codecs(registry: Registry) -> Codecs:
    return Codecs(registry.get)


@pytest.fixture
def under_test(codecs: Codecs, registry: Registry, journal: Journal) -> Redecoding:
    return Redecoding(
        codecs, look_again=registry.look_again, in_use=lambda: [MODEL], retry=journal.retry_decoder_changed
    )


async def hold(journal: Journal, decoder: str) -> None:
    """Set one uplink of the device aside as undecoded."""
    [row] = await journal.commit(Changes(uplinks=(uplink(1, owned().dev_eui),)))
    await journal.settle(CITY, Settlement(held={row: Hold(kind=HeldKind.UNDECODED, reason="failed", decoder=decoder)}))


def owned() -> Device:
    return abp(0, decoder=MODEL).device


async def test_what_is_held_by_the_same_decoder_stays_held(
    under_test: Redecoding, codecs: Codecs, journal: Journal
) -> None:
    await hold(journal, codecs.revision(MODEL))

    await under_test.again()

    assert (await journal.depth(CITY)).waiting == 0


async def test_a_changed_file_is_seen_at_the_next_look_and_its_rows_go_back(
    under_test: Redecoding, codecs: Codecs, journal: Journal, tmp_path: Path
) -> None:
    pair = (replace(uplink(1, owned().dev_eui), payload=b"\x15"), owned())
    [failed] = await codecs.decode([pair])
    await hold(journal, codecs.revision(MODEL))
    await under_test.look()
    before = (await journal.depth(CITY)).waiting
    write(tmp_path / "decoders", MENDED)

    await under_test.look()
    [decoded] = await codecs.decode([pair])

    assert "failed: what it returns is None" in str(failed)
    assert (before, (await journal.depth(CITY)).waiting) == (0, 1)
    assert not isinstance(decoded, Exception)
    assert decoded.readings[0].value == 0x15


async def test_a_failing_disk_does_not_end_it_and_the_rows_go_back_later(
    codecs: Codecs, registry: Registry, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[Mapping[str, str]] = []

    async def retry(current: Mapping[str, str]) -> int:
        asked.append(current)
        if len(asked) < 3:
            raise StorageError("database or disk is full")
        return 1

    loop = Redecoding(codecs, look_again=registry.look_again, in_use=lambda: [MODEL, "acme/none"], retry=retry)
    write(tmp_path / "decoders", MENDED)

    for _ in range(5):
        await loop.look()

    assert len(asked) == 3
    assert asked[0].keys() == {MODEL}
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


class Resting(Codecs):
    """Codecs that say of themselves whether devices wait and have recovered."""

    waits, well = False, False

    @property
    def waiting(self) -> bool:
        return self.waits

    def recovered(self) -> bool:
        return self.well


async def test_what_waited_goes_back_soon_after_its_device_is_read_and_else_every_hour(registry: Registry) -> None:
    codecs, looks, tried = Resting(registry.get), 0, []

    async def retry_waiting() -> int:
        tried.append(looks)
        return 1

    async def none(_: Mapping[str, str]) -> int:
        return 0

    loop = Redecoding(codecs, look_again=lambda: False, in_use=lambda: [MODEL], retry=none, retry_waiting=retry_waiting)

    async def look(times: int) -> list[int]:
        nonlocal looks
        tried.clear()
        for _ in range(times):
            looks += 1
            await loop.look()
        looks = 0
        return list(tried)

    assert await look(1000) == [1]  # those of the process before this one
    codecs.well = True
    assert await look(1) == [1]
    assert await look(70) == [61]
    codecs.well = False
    assert await look(1000) == [52]  # it was told that one had recovered while it rested
    codecs.waits = True
    assert await look(1000) == [1, 722]


async def test_the_city_gets_what_a_mended_decoder_reads_while_the_agent_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redecoding, "LOOK_EVERY", 0.05)
    write(tmp_path / "own", BROKEN)
    device = EndDevice.abp(owned().dev_eui, DevAddr("00011234"))
    platform = NgsiLdReceiver()
    await platform.start()
    try:
        async with rig(tmp_path, '[decoders]\nfolder = "own"\n', ngsi_ld(platform.url)) as box:
            await box.register(registration(device, decoder=MODEL))
            roof = await box.roof()
            await roof.push(device.uplink(5, b"\x15"))
            await until(lambda: box.agent.status()["destinations"]["platform"]["counts"].get("undecoded") == 1)
            write(tmp_path / "own", MENDED)
            await until(lambda: bool(platform.batches))
            status = box.agent.status()
    finally:
        await platform.stop()

    assert status["destinations"]["platform"]["counts"]["delivered"] == 1


async def test_while_a_changed_file_is_broken_the_decoder_stays_what_it_was(
    codecs: Codecs, registry: Registry, journal: Journal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loop = Redecoding(
        codecs,
        look_again=registry.look_again,
        in_use=lambda: [MODEL],
        retry=journal.retry_decoder_changed,
        broken=registry.broken,
    )
    write(tmp_path / "decoders", MENDED)
    await loop.again()
    before = codecs.revision(MODEL)

    write(tmp_path / "decoders", "def decode(payload) return\n")
    await loop.look()
    await loop.again()

    [outcome] = await codecs.decode([(uplink(1, owned().dev_eui), owned())])
    assert isinstance(outcome, Decoded)
    assert codecs.revision(MODEL) == before
    assert "SyntaxError" in registry.broken()[MODEL]
    assert [record.levelname for record in caplog.records].count("WARNING") == 1

    write(tmp_path / "decoders", f"# mended\n{MENDED}")
    await loop.look()
    assert codecs.revision(MODEL) != before
    assert registry.broken() == {}


async def test_a_folder_that_cannot_be_read_is_told_of_once_and_ends_nothing(
    codecs: Codecs, registry: Registry, journal: Journal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loop = Redecoding(
        codecs,
        look_again=registry.look_again,
        in_use=lambda: [MODEL],
        retry=journal.retry_decoder_changed,
        unread=registry.unread,
    )
    before = codecs.revision(MODEL)
    (tmp_path / "decoders").rename(tmp_path / "away")

    for _ in range(3):
        await loop.look()
    during = codecs.revision(MODEL)
    (tmp_path / "away").rename(tmp_path / "decoders")
    await loop.look()
    (tmp_path / "decoders").rename(tmp_path / "away")
    await loop.look()

    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert (
        said
        == [
            f"decoders stay what they were, for their folder cannot be read: {tmp_path}/decoders: No such file or directory"
        ]
        * 2
    )
    assert during == before
