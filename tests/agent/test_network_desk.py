"""What the desk answers about the network, the same whether a network runs or only its journal is there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gateway.config import Settings, load
from gateway.desk.network import NetworkDesk
from gateway.errors import BadFrameReason, ConfigError
from gateway.journal import Changes, Event, Journal, Registration, Served
from gateway.lorawan.adr import Setting
from gateway.lorawan.mac_layer import DeviceStatus, begin
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Device, Downlink, Eui64, Frame, Json, Key, MacVersion, RootKeys
from gateway.network import Network
from gateway.network.mac_records import decode, encode
from gateway.network.office import RunningOffice, StoppedOffice
from gateway.network.refused import ABP_WORDS, WORDS
from simulators.end_device import EndDevice
from tests.agent.commands import make_box
from tests.network.radio import ROOF, START, Radio, StandingClock, frame, reception
from tests.pipeline.rig import registration

LIBRARY, HIVE, TWIN = Eui64("a81758fffe0a0001"), Eui64("a81758fffe0a00bb"), Eui64("a81758fffe0a0002")
CASES: list[tuple[dict[str, Json], str]] = [
    ({"port": 0, "payload": "01"}, "port 0: a payload for a device goes to port 1 to 223"),
    ({"port": 224, "payload": "01"}, "port 224: a payload for a device goes to port 1 to 223"),
    ({"port": 10, "payload": "00" * 243}, "payload: 243 octets; EU868 carries 1 to 242"),
    ({"port": 10, "payload": ""}, "payload: 0 octets; EU868 carries 1 to 242"),
    ({"port": 10, "payload": "012"}, "payload '012': not an even number of hex digits"),
    ({"payload": "01"}, "downlink send: --port and the payload in hex are needed, or --command"),
    ({"command": [600]}, "downlink send: --command is a JSON object, such as '{\"interval\": 600}'"),
    ({"command": {}}, "elsys/ers: no command; there are interval, confirmed, "),
    ({"command": {"intervall": 600}}, "elsys/ers: unknown command 'intervall'; did you mean 'interval'?"),
    ({"device": "Rain", "command": {"interval": 600}}, "quandify/cubicmeter has no encoder yet: give --port and the payload"),
    ({"device": "Bare", "command": {"interval": 600}}, "a81758fffe0a00dd has no decoder, and so no encoder: give --port"),
    ({"device": "Lost", "command": {"interval": 600}}, "a81758fffe0a00ee: there is no decoder 'acme/th-1'"),
    ({"port": 10, "payload": "01", "expires": "soon"}, "expires: 'soon' is no number with one of the units s, min, h, d, w"),
    ({"port": 10, "payload": "01", "expires": "0 s"}, "expires: 2026-11-24T12:01:40+00:00 has passed already"),
    ({"device": "Libary", "port": 1, "payload": "01"}, "there is no device called 'Libary'; did you mean Library?"),
    ({"device": "Zzzzzz", "port": 1, "payload": "01"}, "there is no device called 'Zzzzzz'; `brygga device list` shows"),
    ({"device": "a81758fffe0a0009", "port": 1, "payload": "01"}, "there is no device a81758fffe0a0009; did you mean a81758"),
    ({"device": "a81758", "port": 1, "payload": "01"}, "a81758: 6 hex digits where 16 are expected"),
    ({"device": "hive", "port": 1, "payload": "01"}, "2 devices are called 'hive': a81758fffe0a0002, a81758fffe0a00bb; say"),
    ({"device": HIVE, "port": 1, "payload": "01"}, f"{HIVE} is registered as class B, and this box sends no beacons: it "),
]  # fmt: skip


@dataclass
class Counter:
    """A desk with what stands behind it."""

    desk: NetworkDesk
    journal: Journal
    network: Network
    clock: StandingClock

    async def ask(self, do: str, **request: Json) -> Any:
        return await self.desk.answer({"do": do, **request})

    async def send(self, **request: Json) -> Any:
        return await self.ask("downlink.send", **({"device": "Library"} | request))

    async def hear(self, phy_payload: bytes, **signal: Any) -> None:
        await self.network.hear(frame(phy_payload, self.clock, reception(**signal)))

    async def put(self, *registrations: Registration) -> None:
        await self.journal.put_devices(registrations)
        await self.network.load()


Make = Callable[[Settings, Journal, Network, StandingClock], NetworkDesk]


def _running(settings: Settings, journal: Journal, network: Network, clock: StandingClock) -> NetworkDesk:
    return NetworkDesk(settings, journal, clock, RunningOffice(network), dict)


def _stopped(settings: Settings, journal: Journal, _: Network, clock: StandingClock) -> NetworkDesk:
    return NetworkDesk(settings, journal, clock, StoppedOffice.of(journal, "EU868"))


async def counters(folder: Path, make: Make) -> AsyncIterator[Counter]:
    make_box(folder)
    settings, clock = load(folder / "brygga.toml"), StandingClock()
    settings.gateway.data.mkdir()
    journal = await Journal.open(settings.journal_path, clock=clock)
    network = Network(journal=journal, sources={"radio": Radio()}, region=EU868, net_id=0, clock=clock)
    yield Counter(make(settings, journal, network, clock), journal, network, clock)
    await journal.close()


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    async for made in counters(tmp_path, _running):
        yield made


@pytest.fixture(params=[_running, _stopped], ids=["running", "stopped"])
async def any_counter(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Counter]:
    async for made in counters(tmp_path, request.param):
        yield made


def library(**known: Any) -> tuple[EndDevice, Registration]:
    device = EndDevice.abp(LIBRARY, DevAddr("00130001"))
    return device, registration(device, name="Library", **known)


def bare(dev_eui: str, name: str, decoder: str = "", device_class: str = "A") -> Registration:
    return Registration(device=Device(dev_eui=Eui64(dev_eui), name=name, decoder=decoder, device_class=device_class))


# ── rejoining ──


@pytest.mark.parametrize("rejoin_type", [0, 2])
async def test_a_joined_1_1_device_is_told_to_rejoin(any_counter: Counter, rejoin_type: int) -> None:
    device = EndDevice(LIBRARY, mac_version=MacVersion.V1_1)
    known = registration(device, name="Library")
    await any_counter.put(replace(known, root_keys=RootKeys(app_key=device.app_key, nwk_key=device.nwk_key)))
    await any_counter.hear(device.join_request())

    answer = await any_counter.ask("device.force_rejoin", device="library", type=rejoin_type)

    (session,) = await any_counter.journal.sessions()
    record = any_counter.journal.mac_state(session)
    assert record is not None
    wish = decode(record, EU868, session.mac_version).force_rejoin
    assert wish is not None
    assert wish.rejoin_type == rejoin_type
    assert answer == {"dev_eui": LIBRARY, "name": "Library", "type": rejoin_type}


# ── downlinks ──


@pytest.mark.parametrize(("request_", "words"), CASES)
async def test_what_can_never_be_sent_is_refused_at_once(
    any_counter: Counter, request_: dict[str, Json], words: str
) -> None:
    await any_counter.put(
        library()[1],
        bare(HIVE, "Hive", device_class="B"),
        bare(TWIN, "Hive"),
        bare("a81758fffe0a00cc", "Rain", "quandify/cubicmeter"),
        bare("a81758fffe0a00dd", "Bare"),
        bare("a81758fffe0a00ee", "Lost", "acme/th-1"),
    )

    with pytest.raises(ConfigError) as refusal:
        await any_counter.send(**request_)

    assert str(refusal.value).startswith(words)
    assert await any_counter.ask("downlink.list", device=None, all=True) == []


async def test_a_downlink_keeps_all_that_was_said_of_it(any_counter: Counter) -> None:
    await any_counter.put(library()[1])

    sent = await any_counter.send(
        port=7, payload="0x01 02", confirmed=True, priority=-3, expires="30 min", reference="city-7"
    )
    shown = await any_counter.ask("downlink.show", id=sent["id"])

    assert shown == sent
    assert sent == {
        "id": 1,
        "dev_eui": LIBRARY,
        "name": "Library",
        "f_port": 7,
        "payload": "0102",
        "confirmed": True,
        "priority": -3,
        "reference": "city-7",
        "state": "queued",
        "words": "queued: goes with the device's next uplink",
        "tries": 0,
        "f_cnt": None,
        "queued_at": "2026-11-24T12:01:40+00:00",
        "expires_at": "2026-11-24T12:31:40+00:00",
        "sent_at": None,
        "detail": "",
    }


async def test_a_command_goes_to_the_encoders_port_or_to_the_one_that_is_said(any_counter: Counter) -> None:
    await any_counter.put(library()[1])

    sent = [await any_counter.send(command={"reboot": True}, port=port) for port in (None, 12)]

    assert [(one["f_port"], one["payload"]) for one in sent] == [(6, "3e01fe"), (12, "3e01fe")]


async def test_a_class_c_device_is_told_at_once(any_counter: Counter) -> None:
    await any_counter.put(library(device_class="C")[1])

    sent = await any_counter.send(port=7, payload="01")

    assert sent["words"] == "queued: goes as soon as the air is free"


async def test_the_list_is_of_one_device_or_of_all_and_of_what_waits_or_ever_was(any_counter: Counter) -> None:
    await any_counter.put(library()[1], bare(TWIN, "Cellar"))
    for name in ("Library", "Cellar", "Library"):
        await any_counter.send(device=name, port=7, payload="01")
    dropped = await any_counter.ask("downlink.drop", ids=[1, 9])

    listed = {
        (device, ended): [one["id"] for one in await any_counter.ask("downlink.list", device=device, all=ended)]
        for device in (None, "Library")
        for ended in (False, True)
    }

    assert dropped == {"dropped": 1, "unknown": [9]}
    assert listed == {
        (None, False): [2, 3],
        (None, True): [1, 2, 3],
        ("Library", False): [3],
        ("Library", True): [1, 3],
    }


async def test_ids_go_on_where_the_stopped_box_left_them(tmp_path: Path) -> None:
    ids = []
    async for stopped in counters(tmp_path, _stopped):
        await stopped.put(library()[1])
        ids += [(await stopped.send(port=7, payload="01"))["id"] for _ in range(2)]
        await stopped.network.load()
        running = replace(
            stopped, desk=_running(load(tmp_path / "brygga.toml"), stopped.journal, stopped.network, stopped.clock)
        )
        ids.append((await running.send(port=7, payload="02"))["id"])
        ids += [one["id"] for one in await stopped.ask("downlink.list", device=None, all=False)]

    assert ids == [1, 2, 3, 1, 2, 3]


@pytest.mark.parametrize(
    "request_",
    [
        {"do": "downlink.send"},
        {"do": "downlink.list", "device": 7, "all": True},
        {"do": "downlink.drop", "ids": ["1"]},
        {"do": "downlink.show", "id": "1"},
        {"do": "frames.lost"},
    ],
)
async def test_what_is_no_request_is_told_so(counter: Counter, request_: Mapping[str, Json]) -> None:
    with pytest.raises(ConfigError, match=f"^control: '{request_['do']}' is nothing this agent"):
        await counter.desk.answer(request_)


# ── frames ──


async def test_who_belongs_to_nobody_is_listed_with_whose_it_may_be(any_counter: Counter) -> None:
    strange = EndDevice.abp(Eui64("70b3d57ed0000001"), DevAddr("26011234"))
    joining = EndDevice(Eui64("70b3d57ed0000002"), join_eui=Eui64("70b3d57ed0000000"))
    await any_counter.hear(strange.uplink(1, b"\x01"))
    any_counter.clock.seconds += 5
    await any_counter.hear(strange.uplink(1, b"\x02"), gateway=Eui64("0016c001ff10a236"), snr_db=-3.5)
    any_counter.clock.seconds += 5
    await any_counter.hear(joining.join_request())
    await any_counter.network.unclaimed.write()

    listed = await any_counter.ask("frames.unclaimed")

    assert [(one["kind"], one["address"], one["join_eui"], one["operator"], one["frames"]) for one in listed] == [
        ("join", "70b3d57ed0000002", "70b3d57ed0000000", None, 1),
        ("data", "26011234", None, "The Things Network", 2),
    ]
    assert listed[1]["last_heard"] == "2026-11-24T12:01:45+00:00"
    assert (listed[1]["snr_db"], listed[1]["gateways"]) == (-3.5, ["0016c001ff10a235", "0016c001ff10a236"])


async def test_a_refused_frame_says_why_and_what_would_help(counter: Counter) -> None:
    device = EndDevice(LIBRARY, app_key=Key(bytes(16)))
    await counter.put(
        Registration(device=Device(dev_eui=LIBRARY), root_keys=RootKeys(app_key=Key(bytes(15) + b"\x01")))
    )
    await counter.hear(device.join_request())
    await counter.hear(b"\xe0\x01")

    answer = await counter.ask("frames.refused")

    newest, first = answer["frames"]
    assert answer["running"] is True
    assert (first["reason"], first["dev_eui"], first["dev_addr"]) == ("mic", LIBRARY, None)
    assert (first["words"], first["helps"]) == WORDS[BadFrameReason.MIC]
    assert (newest["reason"], newest["dev_eui"], newest["dev_addr"]) == ("not_supported", None, None)


@pytest.mark.parametrize("asked", ["frames.refused", "device.show"])
async def test_a_device_that_cannot_join_is_not_told_to(counter: Counter, asked: str) -> None:
    device = EndDevice.abp(LIBRARY, DevAddr("26011234"))
    await counter.put(registration(device))
    device.f_cnt_up = 17_000
    await counter.hear(device.uplink(1, b"\x01"))

    answer = await counter.ask(asked, **({"device": LIBRARY} if asked == "device.show" else {}))

    (refused,) = answer["frames" if asked == "frames.refused" else "refused"]
    assert refused["reason"] == "counter_gap"
    assert (refused["words"], refused["helps"]) == ABP_WORDS[BadFrameReason.COUNTER_GAP]


async def test_a_stopped_box_says_that_it_does_not_know_what_was_refused(tmp_path: Path) -> None:
    answers = [await stopped.ask("frames.refused") async for stopped in counters(tmp_path, _stopped)]

    (answer,) = answers
    assert answer == {"running": False, "frames": []}


@pytest.mark.parametrize("reason", BadFrameReason)
def test_every_reason_has_its_words_and_its_help(reason: BadFrameReason) -> None:
    assert all(WORDS[reason])


# ── one device ──


async def story(counter: Counter) -> Any:
    return await counter.ask("device.show", device="library")


async def test_a_device_that_was_never_heard_tells_its_registration(any_counter: Counter) -> None:
    await any_counter.put(bare(LIBRARY, "Library"))

    told = await story(any_counter)

    assert (told["dev_eui"], told["sessions"], told["last_heard"]) == (LIBRARY, [], None)
    assert (told["radio"], told["status"], told["margin_db"]) == (None, None, None)
    assert (told["frames"], told["gateways"], told["refused"], told["downlinks"], told["events"]) == (
        [],
        [],
        [],
        [],
        [],
    )


async def behind_campus(counter: Counter) -> None:
    told = Served(LIBRARY, "campus", "app", UUID(int=7))
    await counter.journal.commit(Changes(served=(told,)))


async def test_a_device_behind_a_network_server_says_so_and_where_its_downlinks_are(any_counter: Counter) -> None:
    await any_counter.put(bare(LIBRARY, "Library"))
    await behind_campus(any_counter)
    before = await any_counter.send(port=10, payload="01")
    handed = Downlink(
        id=before["id"], dev_eui=LIBRARY, f_port=10, payload=b"\1", queued_at=START, tries=1, detail="handed to campus"
    )
    await any_counter.journal.commit(Changes(downlinks=(handed,)))

    told = await story(any_counter)

    assert told["behind"] == "campus"
    assert before["words"] == "queued: waits to be handed to campus; its network server sends it"
    assert told["downlinks"][0]["words"] == "queued: handed to campus; its network server sends it"


async def test_a_session_here_goes_before_a_network_server(any_counter: Counter) -> None:
    _, registered = library()
    await any_counter.put(registered)
    await behind_campus(any_counter)

    sent = await any_counter.send(port=10, payload="01")
    told = await story(any_counter)

    assert sent["words"] == "queued: goes with the device's next uplink"
    assert (told["behind"], len(told["sessions"])) == ("campus", 1)


async def test_a_device_tells_how_it_is_heard_and_how_it_sends(any_counter: Counter) -> None:
    device, registered = library()
    await any_counter.put(registered)
    both = (reception(snr_db=4.5), reception(Eui64("0016c001ff10a236"), snr_db=-2.0))
    for payload in (b"\x01", b"\x02"):
        await any_counter.network.hear(Frame(device.uplink(5, payload), both, any_counter.clock()))
    await any_counter.hear(device.uplink(6, b"\x03"), snr_db=1.0)

    told = await story(any_counter)

    assert [(one["f_cnt"], one["payload"], one["gateways"]) for one in told["frames"]] == [
        (2, "03", 1), (1, "02", 2), (0, "01", 2),
    ]  # fmt: skip
    assert told["margin_db"] == 12.0  # 4.5 dB where SF7 needs -7.5
    assert [(one["gateway"], one["frames"], one["of"]) for one in told["gateways"]] == [
        (ROOF, 3, 3), ("0016c001ff10a236", 2, 3),
    ]  # fmt: skip
    assert told["radio"]["data_rate"] == "DR5 (SF7BW125)"
    assert (told["radio"]["tx_power"], told["radio"]["eirp_dbm"], told["radio"]["nb_trans"]) == (0, 16, 1)
    assert [one["frequency_hz"] for one in told["radio"]["channels"]][:3] == [868_100_000, 868_300_000, 868_500_000]
    assert told["radio"]["rx1"] == {"delay_s": 1, "dr_offset": 0}
    assert told["radio"]["rx2"] == {"frequency_hz": 869_525_000, "data_rate": "DR0 (SF12BW125)"}


async def test_what_the_device_said_of_its_battery_is_told_with_its_age(any_counter: Counter) -> None:
    _, registered = library()
    await any_counter.put(registered)
    (session,) = await any_counter.journal.sessions()
    now = any_counter.clock().utc
    mac = replace(
        begin(EU868, b"", data_rate=3),
        setting=Setting(data_rate=3, tx_power=2, nb_trans=3),
        status=DeviceStatus(battery=128, margin_db=7, told_at=now - timedelta(hours=3)),
    )
    changes = Changes(
        sessions=(replace(session, f_cnt_up=9),),
        mac_states=((session.dev_eui, session.activation, encode(mac)),),
        events=(Event(LIBRARY, now, "joined as 00130001"),),
    )
    await any_counter.journal.commit(changes)
    fresh = Network(journal=any_counter.journal, sources={}, region=EU868, net_id=0, clock=any_counter.clock)
    await fresh.load()
    if isinstance(any_counter.desk._office, RunningOffice):
        any_counter.desk._office = RunningOffice(fresh)

    told = await story(any_counter)

    assert (told["status"]["battery_percent"], told["status"]["margin_db"], told["status"]["age_s"]) == (
        50,
        7,
        10_800.0,
    )
    assert (told["radio"]["data_rate"], told["radio"]["nb_trans"]) == ("DR3 (SF9BW125)", 3)
    assert told["events"] == [{"at": now.isoformat(), "what": "joined as 00130001"}]


@pytest.mark.parametrize(
    ("battery", "told"), [(0, (True, None)), (1, (False, 0)), (254, (False, 100)), (255, (False, None))]
)
async def test_a_battery_is_full_empty_unknown_or_none(
    counter: Counter, battery: int, told: tuple[bool, int | None]
) -> None:
    device, registered = library()
    await counter.put(registered)
    await counter.hear(device.uplink(5, b"\x01"))
    live = counter.network.session(LIBRARY)
    assert live is not None
    live.mac = replace(live.mac, status=DeviceStatus(battery=battery, margin_db=0, told_at=counter.clock().utc))

    status = (await story(counter))["status"]

    assert (status["external_power"], status["battery_percent"]) == told


async def test_only_what_concerns_the_device_is_told_as_refused(counter: Counter) -> None:
    device, registered = library()
    await counter.put(registered)
    old = device.uplink(5, b"\x01")
    await counter.hear(device.uplink(5, b"\x02"))
    await counter.hear(EndDevice.abp(TWIN, DevAddr("26011234")).uplink(1, b"\x01"))
    await counter.hear(old)

    told = await story(counter)

    assert [one["reason"] for one in told["refused"]] == ["replayed_counter"]


async def test_a_1_1_device_tells_both_downlink_counters(any_counter: Counter) -> None:
    device = EndDevice.abp(LIBRARY, DevAddr("00130001"), mac_version=MacVersion.V1_1)
    await any_counter.put(registration(device, name="Library"))

    told = await story(any_counter)

    assert {"next_f_cnt_down", "next_a_f_cnt_down"} <= set(told["sessions"][0])


async def test_no_key_is_in_what_is_told(any_counter: Counter) -> None:
    device, registered = library()
    await any_counter.put(registered)

    told = str(await story(any_counter)) + str(await any_counter.send(port=7, payload="01"))

    assert device.keys is not None
    keys = (device.keys.app_s_key, device.keys.f_nwk_s_int_key)
    assert [key for key in keys if key.reveal().hex() in told] == []
