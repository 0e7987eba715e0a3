"""What network servers tell: each uplink once, with the server's identity and time, kept before it is acknowledged."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from decoders.contract import Decoded, DecodeError
from decoders.field_path import parse
from decoders.mapping import Mapping
from decoders.metadata import Rule
from gateway.codecs import Codecs
from gateway.dating import Dated, Undatable, date
from gateway.model import Eui64, ServerDecoded, ServerNews, TimeQuality
from gateway.servers import hearing, strangers
from gateway.servers.uplinks import served_id
from tests.network.bench import abp
from tests.network.radio import START
from tests.pipeline.rig import registration
from tests.servers.bench import STRANGER, TORGET, ServersBench, bench_on, came, device, told

FIELDS = {"temperature": 21.5}
NORMALISED = [{"air": {"temperature": 21.5, "relativeHumidity": 41}}]


async def test_an_uplink_becomes_a_row_with_the_servers_identity(bench: ServersBench) -> None:
    await bench.register(device())

    await bench.servers.hear(told(7))
    (row,) = await bench.rows()

    assert row.uplink.id == served_id(TORGET, "id-7")
    assert (row.uplink.activation, row.uplink.f_cnt, row.uplink.payload.hex()) == (
        "00189440-served",
        7,
        "0100e202290400",
    )
    assert row.uplink.told is not None
    assert row.uplink.told.source == "campus"


async def test_what_is_told_again_has_no_second_row_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with bench_on(path) as bench:
        await bench.servers.hear(told(7))
        await bench.servers.hear(told(7))
        counted = bench.servers.counts["repeated"]
    async with bench_on(path) as bench:
        await bench.servers.hear(told(7))
        await bench.servers.hear(told(8))
        rows = await bench.rows()

    assert counted == 1
    assert [row.uplink.f_cnt for row in rows] == [7, 8]


async def test_one_that_is_told_again_while_the_first_waits_for_the_disk_has_no_second_row(
    bench: ServersBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "STORAGE_RETRY_S", 0.01)
    bench.disk.failures = 3

    await asyncio.gather(*(bench.servers.hear(told(7)) for _ in range(4)))
    rows = await bench.rows()

    assert len(rows) == 1
    assert bench.servers.counts["repeated"] == 3


async def test_one_that_was_given_up_is_taken_by_the_next(bench: ServersBench) -> None:
    bench.disk.failures = 1
    first = asyncio.create_task(bench.servers.hear(told(7)), name="given up")
    while not bench.servers.counts["disk_took_nothing"]:  # noqa: ASYNC110 - a counter has no event to wait for
        await asyncio.sleep(0)
    first.cancel()

    await bench.servers.hear(told(7))

    assert [row.uplink.f_cnt for row in await bench.rows()] == [7]


async def test_many_at_once_keep_their_order(bench: ServersBench) -> None:
    await asyncio.gather(*(bench.servers.hear(told(f_cnt)) for f_cnt in range(200)))

    assert [row.uplink.f_cnt for row in await bench.rows()] == [*range(200)]


async def test_hearing_returns_only_when_the_disk_has_it(bench: ServersBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "STORAGE_RETRY_S", 0.01)
    bench.disk.failures = 2

    await bench.servers.hear(told(7))

    assert bench.servers.counts["disk_took_nothing"] == 2
    assert len(bench.disk.commits) == 1


# ── time ──


async def test_it_was_heard_when_the_server_says_not_when_it_came(bench: ServersBench) -> None:
    bench.clock.quality = TimeQuality.UNSYNCHRONISED

    await bench.servers.hear(told(7, heard_at=came(quality=TimeQuality.UNSYNCHRONISED)))
    (row,) = await bench.rows()
    dated = date(row.uplink, {}, TimeQuality.NTP, "boot")

    assert row.uplink.heard_at.utc == START - timedelta(hours=5)
    assert isinstance(dated, Dated)


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1, 0, 5, tzinfo=UTC), START + timedelta(days=2)])
async def test_a_server_whose_clock_cannot_be_right_dates_nothing(bench: ServersBench, wrong: datetime) -> None:
    await bench.servers.hear(told(7, server_time=wrong))
    (row,) = await bench.rows()
    dated = date(row.uplink, {}, TimeQuality.NTP, "boot")

    assert isinstance(dated, Undatable)
    assert "clock of the network server" in dated.words


async def test_a_server_of_another_age_dates_nothing_also_where_no_clock_here_says_more(bench: ServersBench) -> None:
    bench.clock.quality = TimeQuality.UNSYNCHRONISED
    far = datetime(9999, 12, 31, tzinfo=UTC)

    await bench.servers.hear(told(7, server_time=far, heard_at=came(quality=TimeQuality.UNSYNCHRONISED)))
    (row,) = await bench.rows()

    assert isinstance(date(row.uplink, {}, TimeQuality.NTP, "boot"), Undatable)


async def test_a_device_counts_as_heard_at_the_servers_time(bench: ServersBench) -> None:
    await bench.register(device())

    await bench.servers.hear(told(7, server_time=bench.clock().utc - timedelta(seconds=30)))
    await bench.servers.hear(told(6, server_time=bench.clock().utc - timedelta(seconds=90)))

    assert bench.network.last_heard[TORGET] == bench.clock().monotonic - 30


async def test_a_frame_without_payload_is_heard_and_makes_no_row(bench: ServersBench) -> None:
    await bench.register(device())

    await bench.servers.hear(told(7, f_port=0, payload=b""))

    assert await bench.rows() == []
    assert TORGET in bench.network.last_heard
    assert bench.servers.counts["without_payload"] == 1


# ── strangers ──


async def test_a_device_that_nobody_registered_is_kept_counted_and_shown_until_it_is(bench: ServersBench) -> None:
    await bench.servers.hear(told(7, STRANGER))
    await bench.servers.hear(told(8, STRANGER))
    (stranger,) = bench.servers.strangers()
    kept = [row.uplink.dev_eui for row in await bench.rows()]
    await bench.register(device(STRANGER))
    claimed = bench.servers.claimed()

    assert (stranger.kind, stranger.address, stranger.frames, stranger.source) == ("served", STRANGER, 2, "campus")
    assert kept == [STRANGER, STRANGER]
    assert bench.servers.counts["of_strangers"] == 2
    assert claimed == [STRANGER]
    assert bench.servers.strangers() == []


async def test_names_that_nobody_registered_fill_no_memory(
    bench: ServersBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST", 3)

    for number in range(8):
        await bench.servers.hear(told(7, Eui64(f"a81758fffe0d1{number:03x}")))

    assert bench.network.last_heard == {}
    assert len(bench.servers.strangers()) == 3
    assert len(await bench.rows()) == 8


async def test_a_device_that_has_a_session_here_as_well_is_counted(bench: ServersBench) -> None:
    sensor = abp(TORGET)
    await bench.journal.put_devices([registration(sensor)])
    await bench.network.load()

    await bench.inner.hear(sensor.uplink(5, b"\1"))
    await bench.servers.hear(told(0))

    assert len(await bench.rows()) == 2
    assert bench.servers.counts["with_session_here"] == 1


async def test_news_of_a_device_are_its_events(bench: ServersBench) -> None:
    await bench.servers.hear(ServerNews(source="campus", dev_eui=TORGET, at=START, what="joined at campus as 00189440"))

    (event,) = await bench.journal.events(TORGET)

    assert (event.at, event.what) == (START, "joined at campus as 00189440")


# ── whose decoding ──


async def stored(bench: ServersBench, decoded: ServerDecoded | None) -> ServerDecoded | None:
    await bench.servers.hear(told(7, decoded=decoded))
    (row,) = await bench.rows()
    assert row.uplink.told is not None
    return row.uplink.told.decoded


async def test_the_servers_decoding_is_kept_where_nobody_here_decodes(bench: ServersBench) -> None:
    await bench.register(device(decoder=""))

    assert await stored(bench, ServerDecoded(fields=FIELDS)) == ServerDecoded(fields=FIELDS)


async def test_it_is_not_written_where_a_decoder_here_reads_the_payload(bench: ServersBench) -> None:
    await bench.register(device())

    assert await stored(bench, ServerDecoded(fields=FIELDS)) is None


async def test_a_codec_that_says_too_much_is_not_kept_and_its_payload_is(bench: ServersBench) -> None:
    assert await stored(bench, ServerDecoded(fields={"all": "x" * 20_000})) is None
    assert bench.servers.counts["decoded_too_large"] == 1


class Thermometer:
    """A decoder of this box: whatever it is given, it is 5 °C."""

    name, revision = "acme/t1", "1"

    def decode(self, _payload: object) -> Decoded:
        return Decoded((), {"here": 5})


async def outcome(bench: ServersBench, decoder: str, decoded: ServerDecoded | None) -> Decoded | DecodeError:
    await bench.register(device(decoder=decoder))
    await bench.servers.hear(told(7, decoded=decoded))
    (row,) = await bench.rows()
    registered = bench.network.device(TORGET)
    assert registered is not None
    (found,) = await Codecs(lambda _: Thermometer()).decode([(row.uplink, registered)])
    return found


async def test_normalised_readings_are_told_without_any_decoder(bench: ServersBench) -> None:
    found = await outcome(bench, "", ServerDecoded(fields=FIELDS, normalised=NORMALISED))

    assert isinstance(found, Decoded)
    assert {(one.quantity, one.value, one.unit) for one in found.readings} == {
        ("air_temperature", 21.5, "Cel"), ("relative_humidity", 41, "%"),
    }  # fmt: skip
    assert found.fields == FIELDS


async def test_fields_that_nobody_mapped_travel_on_raw(bench: ServersBench) -> None:
    found = await outcome(bench, "", ServerDecoded(fields=FIELDS))

    assert found == Decoded((), FIELDS)


async def test_a_decoder_here_goes_before_the_servers(bench: ServersBench) -> None:
    found = await outcome(bench, "acme/t1", ServerDecoded(fields=FIELDS, normalised=NORMALISED))

    assert found == Decoded((), {"here": 5})


async def test_the_servers_goes_first_where_it_is_to(bench: ServersBench) -> None:
    found = await outcome(bench, "acme/t1", ServerDecoded(normalised=NORMALISED, goes_first=True))

    assert isinstance(found, Decoded)
    assert found.fields == {"items": NORMALISED}


async def test_a_server_that_states_nothing_leaves_it_to_the_decoder_here(bench: ServersBench) -> None:
    found = await outcome(bench, "acme/t1", ServerDecoded(fields=FIELDS, goes_first=True))

    assert found == Decoded((), {"here": 5})


class Mapped(Thermometer):
    """One whose metadata says what fields mean."""

    mapping = Mapping((Rule(field=parse("temperature"), quantity="air_temperature", unit="Cel"),))


async def test_fields_are_read_by_the_mapping_of_the_devices_decoder(bench: ServersBench) -> None:
    await bench.register(device(decoder="acme/t1"))
    await bench.servers.hear(told(7, decoded=ServerDecoded(fields=FIELDS | {"more": 1}, goes_first=True)))
    (row,) = await bench.rows()
    (found,) = await Codecs(lambda _: Mapped()).decode([(row.uplink, device(decoder="acme/t1"))])

    assert isinstance(found, Decoded)
    assert [(one.quantity, one.value, one.unit) for one in found.readings] == [("air_temperature", 21.5, "Cel")]
    assert found.fields == FIELDS | {"more": 1}


async def test_without_any_decoding_it_is_undecoded(bench: ServersBench) -> None:
    assert isinstance(await outcome(bench, "", None), DecodeError)
