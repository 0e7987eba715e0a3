"""What sources bring is held for whoever records it: as it came, bounded, and let go where nobody fetches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load
from gateway.desk.recording import NO_FRAMES, RecordingDesk
from gateway.errors import ConfigError
from gateway.model import Frame, FskRate, Instant, Json, LoraRate, Place, Reception
from gateway.recorder import FORGOTTEN_S, MOST_AT_ONCE, MOST_HELD, MOST_RECORDINGS, Recorder
from gateway.sources.gwmp import parse
from gateway.sources.tap import Tap, Tapped
from tests.sources.conformance import SIDES
from tests.sources.conftest import GATEWAY, OTHER, HandClock, pull_data, push_data, rxpk

CONFIGURATION = """\
[gateway]
name = "test"
data = "data"
[[source]]
name = "radio"
type = "semtech_udp"
[[source]]
name = "modem"
type = "serial_modem"
port = "/dev/ttyUSB0"
frequency_hz = 868100000
spreading_factor = 7
[[source]]
name = "city"
type = "webhook"
server = "netmore"
token = "0123456789abcdef"
"""
PUSH = push_data({"rxpk": [rxpk(), rxpk(stat=-1)]})


class Tapped1:
    """A source that can be tapped, and lets a test say what came."""

    name = "radio"

    def __init__(self) -> None:
        self.taps: list[Tap] = []

    def tap(self, tap: Tap) -> None:
        self.taps.append(tap)

    def is_there(self, gateway: str) -> bool:
        raise AssertionError(gateway)

    def brings(self, datagram: bytes, at: Instant, frames: Sequence[Frame | None] = ()) -> None:
        gateway = GATEWAY if not datagram else parse(datagram).gateway  # type: ignore[union-attr]  # a forwarder's
        for tap in self.taps:
            tap.take(Tapped(gateway=gateway, at=at, datagram=datagram, frames=tuple(frames)))


class Untapped:
    def __init__(self, name: str) -> None:
        self.name = name


class Scene:
    def __init__(self, folder: Path) -> None:
        (folder / "brygga.toml").write_text(CONFIGURATION, encoding="utf-8")
        self.clock = HandClock()
        self.radio = Tapped1()
        self.recorder = Recorder([self.radio, Untapped("modem"), Untapped("city")], self.clock)  # type: ignore[list-item]
        self.desk = RecordingDesk(load(folder / "brygga.toml"), self.recorder)

    async def begin(self, *sources: str) -> str:
        begun = await self.desk.answer({"do": "record.begin", "sources": [*sources]})
        return str(begun["recording"])

    async def take(self, recording: str, *, last: bool = False) -> Mapping[str, Json]:
        request = {"do": "record.take", "recording": recording, "seconds": 0, "last": last}
        answer: Mapping[str, Json] = await self.desk.answer(request)
        return answer

    def frame(self, source: str, **changes: Any) -> Frame:
        heard = Reception(
            gateway=OTHER,
            frequency_hz=868_300_000,
            data_rate=LoraRate(9, 125_000),
            rssi_dbm=-101.0,
            snr_db=-3.5,
            timestamp_us=7,
            place=Place(57.7, 11.9),
            source=source,
            context=b"rctx",
        )
        return Frame(b"\x40hello", (replace(heard, **changes),), self.clock())


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_a_datagram_is_recorded_as_it_came_with_when_it_came(scene: Scene) -> None:
    recording = await scene.begin("radio")

    scene.clock.monotonic += 2.5
    scene.radio.brings(PUSH, scene.clock(), [scene.frame("radio"), None])
    scene.radio.brings(pull_data(), scene.clock())
    answer = await scene.take(recording)

    head = {"at_s": 2.5, "source": "radio", "protocol": "gwmp", "gateway": GATEWAY}
    assert answer["lines"] == [head | {"hex": PUSH.hex()}, head | {"hex": pull_data().hex()}]
    assert (answer["frames"], answer["dropped"], answer["more"]) == ({"radio": 2}, 0, False)


async def test_a_radio_that_speaks_otherwise_is_recorded_frame_by_frame_without_place_or_context(scene: Scene) -> None:
    recording = await scene.begin()

    scene.radio.brings(b"", scene.clock(), [scene.frame("radio"), None])
    scene.recorder.take(scene.frame("modem", data_rate=FskRate(50_000), antenna=1, snr_db=None))
    first, second = (await scene.take(recording))["lines"]

    how = {"protocol": "lorawan", "gateway": OTHER, "hex": b"\x40hello".hex(), "frequency_hz": 868_300_000}
    assert first == {"at_s": 0.0, "source": "radio"} | how | {
        "data_rate": "SF9BW125",
        "rssi_dbm": -101.0,
        "snr_db": -3.5,
    }
    assert second == {"at_s": 0.0, "source": "modem"} | how | {"data_rate": 50_000, "rssi_dbm": -101.0, "antenna": 1}


async def test_what_a_tapped_source_brings_is_there_once_and_what_is_not_meant_not_at_all(scene: Scene) -> None:
    recording = await scene.begin("radio")

    scene.radio.brings(PUSH, scene.clock(), [scene.frame("radio")])
    scene.recorder.take(scene.frame("radio"))
    scene.recorder.take(scene.frame("modem"))

    assert len((await scene.take(recording))["lines"]) == 1


async def test_a_copy_of_each_gateway_is_a_line(scene: Scene) -> None:
    recording = await scene.begin("modem")
    one = scene.frame("modem")
    both = Frame(one.phy_payload, (one.best, replace(one.best, gateway=GATEWAY)), one.heard_at)

    scene.recorder.take(both)

    assert [line["gateway"] for line in (await scene.take(recording))["lines"]] == [OTHER, GATEWAY]


async def test_what_is_not_fetched_in_time_is_dropped_and_counted_and_what_came_first_stays(scene: Scene) -> None:
    recording = await scene.begin("radio")
    whole = push_data({"rxpk": [rxpk(desc="x" * 9_000)]})
    count = MOST_HELD // len(whole) + 100

    for number in range(count):
        scene.clock.monotonic += 0.001
        scene.radio.brings(whole if number else PUSH, scene.clock(), [None])
    answers = [await scene.take(recording)]
    while answers[-1]["more"]:
        answers.append(await scene.take(recording, last=True))

    lines = [line for answer in answers for line in answer["lines"]]
    assert lines[0]["hex"] == PUSH.hex()
    assert [line["at_s"] for line in lines] == sorted(line["at_s"] for line in lines)
    assert len(lines) + answers[-1]["dropped"] == count
    assert answers[-1]["dropped"] >= 100
    assert answers[-1]["frames"] == {"radio": len(lines)}
    assert max(sum(len(line["hex"]) // 2 for line in answer["lines"]) for answer in answers) < MOST_AT_ONCE + len(whole)


async def test_the_last_question_ends_it(scene: Scene) -> None:
    recording = await scene.begin("radio")
    scene.radio.brings(PUSH, scene.clock())

    answer = await scene.take(recording, last=True)

    assert len(answer["lines"]) == 1
    with pytest.raises(ConfigError, match="knows this recording no more"):
        await scene.take(recording)


async def test_a_recording_that_nobody_asks_for_is_let_go(scene: Scene) -> None:
    recording = await scene.begin("radio")

    scene.clock.monotonic += FORGOTTEN_S / 2
    await scene.take(recording)
    scene.clock.monotonic += FORGOTTEN_S
    scene.radio.brings(PUSH, scene.clock())
    kept = len((await scene.take(recording))["lines"])
    scene.clock.monotonic += FORGOTTEN_S + 1
    scene.radio.brings(PUSH, scene.clock())

    assert kept == 1
    with pytest.raises(ConfigError, match="knows this recording no more"):
        await scene.take(recording)


async def test_some_recordings_at_once_each_have_all_and_one_more_is_refused(scene: Scene) -> None:
    names = [await scene.begin("radio") for _ in range(MOST_RECORDINGS)]

    scene.radio.brings(PUSH, scene.clock())

    with pytest.raises(ConfigError, match="4 recordings are being made already"):
        await scene.begin("radio")
    assert [len((await scene.take(name, last=True))["lines"]) for name in names] == [1] * MOST_RECORDINGS
    assert len(scene.radio.taps) == 1
    await scene.begin("radio")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("rodio", "the agent has no source rodio; did you mean radio?"),
        ("city", "source city (webhook) brings no frames of the air"),
    ],
)
async def test_a_source_that_cannot_be_recorded_is_said(scene: Scene, name: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await scene.begin(name)

    assert complaint in str(caught.value)


async def test_without_names_all_that_hear_frames_are_meant(scene: Scene) -> None:
    begun = await scene.desk.answer({"do": "record.begin", "sources": []})

    assert [(one["name"], one["as_it_came"]) for one in begun["sources"]] == [("radio", True), ("modem", False)]
    assert begun["time_quality"] == "ntp"


async def test_of_a_stopped_agent_nothing_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "brygga.toml").write_text(CONFIGURATION, encoding="utf-8")
    desk = RecordingDesk(load(tmp_path / "brygga.toml"), None)

    assert await desk.answer({"do": "record.begin", "sources": []}) == {"running": False}


def test_the_types_that_bring_no_frames_are_network_servers_and_receivers_of_positions() -> None:
    assert {kind for kind, side in SIDES.items() if side.is_server} | {"gnss"} == NO_FRAMES
