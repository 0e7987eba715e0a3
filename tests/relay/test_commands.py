"""`brygga relay export` and `push`: what a server has not got, out of the journal, with its times."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from gateway.commands import relay_push
from gateway.commands.cli import main
from gateway.commands.show_relays import keys_out_of_date, relay_lines
from gateway.config import load
from gateway.journal import Journal
from gateway.model import Eui64, Frame, Instant, Json, LoraRate, Reception, TimeQuality
from tests.transports.web_platform import Platform, served

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
ROOF = Eui64("b827ebfffe123456")
HEARD = Reception(
    gateway=ROOF, frequency_hz=868_100_000, data_rate=LoraRate(7, 125_000), rssi_dbm=-87.0, snr_db=9.5, source="mast"
)
CONFIGURATION = """
[gateway]
name = "roof"
data = "data"
[clock]
trust = "system"
[[source]]
name = "mast"
type = "semtech_udp"
[[relay]]
name = "city"
url = "udp://lns.example"
"""


def clock() -> Instant:
    return Instant(NOW, 5_000.0, "now", TimeQuality.NTP)


def frame(number: int, boot: str = "now") -> Frame:
    """Return a frame that was heard so many minutes after the hour; of the boot before, the clock was learned later."""
    quality = TimeQuality.NTP if boot == "now" else TimeQuality.UNSYNCHRONISED
    utc = NOW + timedelta(minutes=number) if boot == "now" else datetime(1970, 1, 1, tzinfo=UTC)
    return Frame(bytes([0x40, number]), (HEARD,), Instant(utc, 60.0 * number, boot, quality))


async def filled(folder: Path, frames: Sequence[Frame]) -> Path:
    path = folder / "brygga.toml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    (folder / "data").mkdir(exist_ok=True)
    journal = await Journal.open(load(path).journal_path, clock=clock)
    await journal.learn_boot("before", NOW - timedelta(days=1), TimeQuality.NTP)
    for one in frames:
        await journal.relayed.keep("city", [one], timedelta(days=30))
    await journal.close()
    return path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return asyncio.run(filled(tmp_path, [frame(3, "before"), frame(1), frame(2)]))


def told(text: str) -> list[dict[str, Json]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_frames_are_exported_with_their_times(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["relay", "export", "city", "--config", str(config)])
    said = capsys.readouterr()
    lines = told(said.out)

    assert (code, said.err) == (0, "3 frames written\n")
    assert [line["phy_payload"] for line in lines] == ["4003", "4001", "4002"]
    assert lines[0]["heard_at"] == (NOW - timedelta(days=1) + timedelta(minutes=3)).isoformat()
    assert [line["time_quality"] for line in lines] == ["ntp", "ntp", "ntp"]
    assert {line["receptions"][0]["gateway"] for line in lines} == {ROOF}
    assert {line["relay"] for line in lines} == {"city"}


def test_a_part_goes_into_a_packed_file(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, since = tmp_path / "part.jsonl.gz", (NOW + timedelta(seconds=90)).isoformat()

    code = main(["relay", "export", "city", str(file), "--since", since, "--config", str(config)])

    assert code == 0
    assert [line["phy_payload"] for line in told(gzip.decompress(file.read_bytes()).decode())] == ["4002"]
    assert capsys.readouterr().out == f"1 frames written into {file}\n"


def test_a_relay_that_there_is_not_is_said_with_those_there_are(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["relay", "export", "town", "--config", str(config)])

    assert code == 78
    assert capsys.readouterr().err == "there is no relay 'town'; those there are: city\n"


def pushed(config: Path, platform: Platform, *more: str) -> int:
    """Push to a platform that runs beside the command, in a loop of its own."""

    async def both() -> int:
        runner = await served(platform)
        try:
            url = f"{platform.url}/frames"
            return await asyncio.to_thread(
                main, ["relay", "push", "city", "--url", url, "--config", str(config), *more]
            )
        finally:
            await runner.cleanup()

    return asyncio.run(both())


def test_frames_are_pushed_in_batches_that_say_that_they_are_history(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "token").write_text("hunter2\n", encoding="utf-8")
    platform = Platform()

    code = pushed(config, platform, "--batch", "2", "--token-file", str(tmp_path / "token"))
    bodies = [json.loads(body) for _, _, body in platform.asked]

    assert code == 0
    assert [(method, target) for method, target, _ in platform.asked] == [("POST", "/frames")] * 2
    assert all(body["history"] is True and body["gateway"] == "roof" for body in bodies)
    assert [[one["phy_payload"] for one in body["frames"]] for body in bodies] == [["4003", "4001"], ["4002"]]
    assert len({one["id"] for body in bodies for one in body["frames"]}) == 3
    assert platform.headers[0]["Authorization"] == "Bearer hunter2"
    assert platform.headers[0]["Brygga-History"] == "true"
    assert capsys.readouterr().out.startswith("3 frames taken by http://127.0.0.1:")


def test_a_refusal_ends_it_and_says_where_to_go_on(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    platform = Platform()

    async def second_refused(_: web.Request) -> web.StreamResponse:
        return web.Response(status=201 if len(platform.asked) == 1 else 422, text="no more")

    platform.respond = second_refused

    code = pushed(config, platform, "--batch", "2")

    complaint = capsys.readouterr().err
    assert code == 1
    assert complaint.startswith("2 frames were taken, and then no more: refused: 422")
    assert complaint.endswith(f"go on with --since {(NOW + timedelta(minutes=2)).isoformat()}\n")


def test_where_to_go_on_loses_no_frame_that_was_written_out_of_turn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = asyncio.run(
        filled(tmp_path, [frame(5), frame(4), frame(1), frame(2)])
    )  # two gateways, one after the other
    platform = Platform()

    async def second_refused(_: web.Request) -> web.StreamResponse:
        return web.Response(status=201 if len(platform.asked) == 1 else 422, text="no more")

    platform.respond = second_refused
    pushed(config, platform, "--batch", "1")
    complaint = capsys.readouterr().err

    assert complaint.endswith(f"go on with --since {(NOW + timedelta(minutes=1)).isoformat()}\n")


def test_where_only_frames_without_a_time_are_left_any_time_will_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = asyncio.run(filled(tmp_path, [frame(3, "an unknown boot")]))
    platform = Platform()

    async def refused(_: web.Request) -> web.StreamResponse:
        return web.Response(status=422, text="no more")

    platform.respond = refused
    pushed(config, platform)

    assert capsys.readouterr().err.endswith("no more; what is left has no time: push it all again\n")


def test_a_service_that_is_away_for_a_moment_is_tried_again(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_push, "pause_s", lambda *_: 0.0)
    platform = Platform()

    async def first_busy(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503 if len(platform.asked) == 1 else 201)

    platform.respond = first_busy

    assert pushed(config, platform) == 0
    first, second = (body for _, _, body in platform.asked)
    assert first == second


def test_status_says_in_words_how_a_relay_stands() -> None:
    running = {
        "configured": True,
        "kept": {"frames": 60, "oldest_s": 7200.0, "lost": 5},
        "server": "udp://lns.example:1700",
        "state": "away",
        "away_s": 10_800.0,
        "counts": {"passed": 10, "filtered_own": 3, "filtered": 1, "sent": 2},
        "refused": {"own_device": 1, "duty_cycle": 2},
        "advice": ["udp://lns.example:1700 does not answer"],
    }
    gone = {"configured": False, "kept": {"frames": 1, "oldest_s": None, "lost": 0}}

    assert [*relay_lines({"city": running, "old": gone})] == [
        "relay city: udp://lns.example:1700 has been away for 3 h",
        "    10 frames passed on, 4 not, 3 of them of the agent's own devices; 2 of its downlinks sent",
        "    downlinks not sent: no air left in the hour 2, for devices that the agent answers 1",
        "    60 frames that it has not got are kept, the oldest 2 h ago; `brygga relay export city` writes them into a file",
        "    ! 5 others went: they were too old, or there was no room",
        "    ! udp://lns.example:1700 does not answer",
        "relay old: no longer configured",
        "    1 frames that it has not got are kept; `brygga relay export old` writes them into a file",
    ]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("unasked", "udp://lns.example:1700 was not asked yet"),
        ("waiting", "udp://lns.example:1700 does not answer yet"),
        ("up", "udp://lns.example:1700 answers"),
    ],
)
def test_status_says_answers_only_of_a_server_that_has_answered(state: str, words: str) -> None:
    kept = {"frames": 0, "oldest_s": None, "lost": 0}

    (line,) = relay_lines(
        {"city": {"configured": True, "kept": kept, "server": "udp://lns.example:1700", "state": state}}
    )

    assert line == f"relay city: {words}"


def test_status_says_whose_keys_are_out_of_date() -> None:
    beside = {"keys_out_of_date": {"a81758fffe051d03": "has joined anew"}}

    (line,) = keys_out_of_date(beside)

    assert line.startswith("    ! a81758fffe051d03 has joined anew; `brygga device import`")
