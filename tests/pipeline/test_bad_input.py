"""Each kind of bad input is counted by its reason, and what a platform refuses is kept: the real command, end to end."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from random import Random

import pytest

from gateway.model import DevAddr, Entity, Eui64
from gateway.sources.gather import SLOW_COPY_S
from simulators.end_device import EndDevice
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.platforms.ngsi_ld_rules import bad_request
from tests.pipeline.box import Box
from tests.pipeline.rig import ROOF, mqtt, ngsi_ld, registration

DEV_EUI, DEV_ADDR = Eui64("a81758fffe051d02"), DevAddr("00011234")
NOBODY = "mqtt://127.0.0.1:1"  # port 1 (tcpmux): nothing listens there
CLIMATE = bytes.fromhex("0100e2 0229")


@pytest.fixture
def device() -> EndDevice:
    return EndDevice.abp(DEV_EUI, DEV_ADDR)


# ── from the air ──


def push_data() -> bytes:
    """Return a whole PUSH_DATA datagram as a forwarder sends it."""
    rxpk = {"tmst": 1, "freq": 868.1, "stat": 1, "modu": "LORA", "datr": "SF7BW125", "rssi": -57, "data": "QA=="}
    return bytes((2, 0, 1, 0)) + bytes.fromhex(ROOF) + json.dumps({"rxpk": [rxpk]}).encode()


async def test_truncated_and_random_datagrams_are_counted_and_the_next_uplink_is_heard(
    box: Box, device: EndDevice
) -> None:
    await box.start(registration(device))
    random, whole = Random(1), push_data()
    truncated = [whole[:length] for length in range(len(whole))]
    noise = [random.randbytes(random.randrange(300)) for _ in range(300)]
    before = (await box.status(bool))["sources"][0]["counts"]["datagrams"]

    with socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.connect(box.server)
        for number, datagram in enumerate([*truncated, *noise]):
            stranger.send(datagram)
            if number % 50 == 0:
                await box.push()  # acknowledged in its turn: no more lie in the socket than it holds
    await box.push(device.uplink(5, CLIMATE))
    status = await box.status(lambda status: status["network"]["counts"].get("uplinks") == 1)

    (source,) = status["sources"]
    assert source["counts"]["datagrams"] - before >= len(truncated) + len(noise)
    assert source["dropped"]["truncated"] >= 12  # a header and a gateway's EUI are twelve octets
    assert source["dropped"]["json"] >= len(whole) - 13
    assert source["dropped"]["version"] > 250
    assert source["receive_buffer"]["dropped_by_kernel"] == 0
    assert status["network"]["refused"] == {}


async def test_frames_that_are_not_to_be_believed_are_counted_by_reason(box: Box, device: EndDevice) -> None:
    joining = EndDevice(Eui64("a81758fffe051d03"))
    await box.start(registration(device), registration(joining))
    first, second, third = (device.uplink(5, CLIMATE) for _ in range(3))
    request = joining.join_request()
    stranger = EndDevice(Eui64("a81758fffe0fffff"))

    await box.push(first, second, request)
    await box.status(lambda status: status["network"]["counts"].get("uplinks") == 2)
    await asyncio.sleep(SLOW_COPY_S)  # what comes sooner is a copy of the same transmission
    await box.push(
        third[:-1] + bytes((third[-1] ^ 1,)),
        first,
        request,
        EndDevice.abp(Eui64("a81758fffe0ffffe"), DevAddr("0001ffff")).uplink(5, CLIMATE),
        stranger.join_request(),
        EndDevice(joining.dev_eui, join_eui=Eui64("ff" * 8), app_key=joining.app_key).join_request(),
        third[:7],
        b"\xe0" + third[1:],
        b"\x60" + third[1:],
    )
    status = await box.status(lambda status: sum(status["network"]["refused"].values()) >= 9)

    assert status["network"]["refused"] == {
        "mic": 1,
        "replayed_counter": 1,
        "replayed_dev_nonce": 1,
        "unknown_dev_addr": 1,
        "unknown_device": 1,
        "wrong_join_eui": 1,
        "truncated": 1,
        "not_supported": 1,
        "not_uplink": 1,
    }
    assert status["network"]["counts"]["uplinks"] == 2
    assert status["journal"]["last_row"] == 2


async def test_a_payload_that_no_decoder_understands_is_kept_with_the_reason(box: Box, device: EndDevice) -> None:
    nameless = EndDevice.abp(Eui64("a81758fffe051d03"), DevAddr("00011235"))
    await box.start(
        registration(device),
        registration(nameless, decoder=""),
        destinations=[f'[[destination]]\nname = "city"\nurl = "{NOBODY}"\nformat = "senml"\n'],
    )

    await box.push(device.uplink(5, b"\xfe\xed"), nameless.uplink(5, b"\x01"))
    status = await box.status(lambda status: status["destinations"]["city"]["held"].get("undecoded") == 2)
    letters = {one["dev_eui"]: one for one in await box.json("dead-letters", "list")}

    assert {reason: count for reason, count in status["undecoded"].items() if "elsys/ers" in reason} == {
        "elsys/ers: unknown_message": 1
    }
    assert letters[DEV_EUI]["kind"] == "undecoded"
    assert "type fe at 0 is not known" in letters[DEV_EUI]["reason"]
    assert letters[DEV_EUI]["payload"] == "feed"
    assert "decoder" in letters[nameless.dev_eui]["reason"]


# ── from the city ──


async def test_what_a_platform_refuses_is_a_dead_letter_with_its_answer_and_can_be_sent_again(
    box: Box, device: EndDevice
) -> None:
    platform = NgsiLdReceiver()
    entity = "urn:ngsi-ld:IndoorEnvironmentObserved:room-3"
    platform.refused[entity] = bad_request("Invalid payload", "room 3 is closed")
    await platform.start()
    try:
        await box.start(
            registration(device, entity=Entity("IndoorEnvironmentObserved", "room-3")),
            destinations=[ngsi_ld(platform.url)],
        )

        await box.push(device.uplink(5, CLIMATE))
        refused = await box.status(lambda status: status["destinations"]["platform"]["held"].get("refused") == 1)
        (letter,) = await box.json("dead-letters", "list")
        shown = await box.json("dead-letters", "show", str(letter["id"]))
        del platform.refused[entity]
        await box.agent.ask("dead-letters", "retry", str(letter["id"]))
        after = await box.status(lambda status: status["destinations"]["platform"]["counts"].get("delivered") == 1)
        left = await box.json("dead-letters", "list")
    finally:
        await platform.stop()

    assert refused["destinations"]["platform"]["waiting"] == 0
    assert (letter["kind"], letter["dev_eui"], letter["payload"]) == ("refused", DEV_EUI, CLIMATE.hex())
    assert "room 3 is closed" in letter["reason"]
    assert "room 3 is closed" in json.dumps(shown)
    assert after["destinations"]["platform"]["held"] == {}
    assert left == []
    assert platform.entity(entity)["temperature"]["value"] == pytest.approx(22.6)


async def test_what_a_broker_forbids_everybody_waits_for_whoever_grants_it(
    box: Box, device: EndDevice, tmp_path: Path
) -> None:
    settings = MosquittoSettings(access=["topic write elsewhere/#"])
    async with Mosquitto(tmp_path / "mosquitto", settings) as broker:
        await box.start(registration(device), destinations=[mqtt(broker.port)])

        await box.push(device.uplink(5, CLIMATE))
        status = await box.status(lambda status: status["destinations"]["broker"].get("trouble"))

    assert "not authori" in status["destinations"]["broker"]["trouble"].lower()
    assert (status["destinations"]["broker"]["waiting"], status["destinations"]["broker"]["held"]) == (1, {})


async def test_what_a_broker_forbids_one_device_is_a_dead_letter(box: Box, device: EndDevice, tmp_path: Path) -> None:
    welcome = EndDevice.abp(Eui64("a81758fffe051d03"), DevAddr("00011235"))
    settings = MosquittoSettings(access=[f"topic write brygga/{welcome.dev_eui}/#"])
    async with Mosquitto(tmp_path / "mosquitto", settings) as broker:
        brisk = f"{mqtt(broker.port)}retry_max_s = 1\n"
        await box.start(registration(device), registration(welcome), destinations=[brisk])

        await box.push(device.uplink(5, CLIMATE))
        delivered = 0
        while True:  # each of the others that is taken is a witness: it is the row, not the broker
            delivered += 1
            await box.push(welcome.uplink(5, CLIMATE))
            status = await box.status(
                lambda status: status["destinations"]["broker"]["counts"].get("delivered") == delivered  # noqa: B023
            )
            if status["destinations"]["broker"]["held"]:
                break
        (letter,) = await box.json("dead-letters", "list")

    assert letter["dev_eui"] == DEV_EUI
    assert "0x87" in letter["reason"] or "not authori" in letter["reason"].lower()
