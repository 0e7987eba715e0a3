"""A network server with an application, behind the real mosquitto: ChirpStack v4's or The Things Stack v3's words, both ways.

It tells uplinks as the real one does, takes downlinks by its command topic into a queue, and says what becomes of them. It has no
radio: `transmit` is the device's next uplink.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import NAMESPACE_URL, uuid5

from gateway.model import Answer, Request
from gateway.transports import Message
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from gateway.transports.subscription import Subscription

GATEWAY: Final = "0016c001f153a14c"
FIRST: Final = datetime(2026, 11, 26, 6, 0, tzinfo=UTC)
AT_ONCE: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One uplink of a device's application."""

    dev_eui: str
    f_cnt: int
    data: bytes
    f_port: int = 2
    time: datetime = FIRST
    fields: Mapping[str, Any] | None = None  # what the server's own codec makes of it
    normalised: Sequence[Mapping[str, Any]] | None = None


@dataclass(slots=True, kw_only=True)
class Queued:
    """A downlink in the server's queue."""

    dev_eui: str
    reference: str
    f_port: int
    data: bytes
    confirmed: bool
    said: Mapping[str, Any] = field(default_factory=dict)  # the command as it came


class Words(Protocol):
    """A server's topics and messages."""

    commands: str  # the filter of its command topics

    def up(self, one: Payload) -> Request:
        """Return the event that tells an uplink."""
        ...

    def taken(self, message: Message) -> list[Queued]:
        """Return the downlinks of a command."""
        ...

    def became(self, one: Queued, what: str, f_cnt: int) -> Request:
        """Return the event that says what became of a downlink: "queued", "sent", "ack", "nack" or "failed"."""
        ...


class ChirpStack:
    """ChirpStack v4 with `json = true`: its build writes zeros and nulls, too."""

    def __init__(self, application: str = "ca739e26-7b67-4f14-b69e-d568c22a5a75") -> None:
        self.application = application
        self.commands = f"application/{application}/device/+/command/down"

    def up(self, one: Payload) -> Request:
        """Return the up event."""
        return self._event(one.dev_eui, "up", {
            "deduplicationId": str(uuid5(NAMESPACE_URL, f"{one.dev_eui}/{one.f_cnt}/{one.time.isoformat()}")),
            "time": one.time.isoformat(),
            "deviceInfo": self._device(one.dev_eui),
            "devAddr": "00189440", "adr": True, "dr": 5, "fCnt": one.f_cnt, "fPort": one.f_port, "confirmed": False,
            "data": b64encode(one.data).decode(),
            "object": one.fields,
            "rxInfo": [{"gatewayId": GATEWAY, "uplinkId": one.f_cnt, "rssi": -57, "snr": 9.5, "channel": 0, "crcStatus": "CRC_OK"}],
            "txInfo": {
                "frequency": 868_100_000,
                "modulation": {"lora": {"bandwidth": 125_000, "spreadingFactor": 7, "codeRate": "CR_4_5"}},
            },
            "relayRxInfo": None, "joinServerContext": None, "regionConfigId": "eu868",
        })  # fmt: skip

    def taken(self, message: Message) -> list[Queued]:
        """Return the downlink of a command; the DevEUI must be that of the topic."""
        said = json.loads(message.body)
        assert said["devEui"] == message.topic.split("/")[3], (
            "ChirpStack refuses a command whose DevEUI is another than its topic's"
        )
        return [
            Queued(
                dev_eui=said["devEui"],
                reference=said.get("id", ""),
                f_port=said["fPort"],
                data=b64decode(said["data"]),
                confirmed=said.get("confirmed", False),
                said=said,
            )
        ]

    def became(self, one: Queued, what: str, f_cnt: int) -> Request:
        """Return txack, ack or log; ChirpStack says nothing of what it queues."""
        common = {"time": FIRST.isoformat(), "deviceInfo": self._device(one.dev_eui)}
        about = {"queueItemId": one.reference, "fCntDown": f_cnt}
        match what:
            case "sent":
                return self._event(one.dev_eui, "txack", common | about | {"downlinkId": 1, "gatewayId": GATEWAY})
            case "ack" | "nack":
                return self._event(one.dev_eui, "ack", common | about | {"acknowledged": what == "ack"})
            case _:
                words = {
                    "level": "ERROR",
                    "code": "DOWNLINK_PAYLOAD_SIZE",
                    "description": "Device queue-item discarded",
                }
                return self._event(one.dev_eui, "log", common | words | {"context": {"queue_item_id": one.reference}})

    def _device(self, dev_eui: str) -> dict[str, Any]:
        return {
            "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242", "tenantName": "City", "applicationId": self.application,
            "applicationName": "Sensors", "deviceProfileId": "", "deviceProfileName": "", "deviceName": dev_eui,
            "devEui": dev_eui, "deviceClassEnabled": "CLASS_A", "tags": {},
        }  # fmt: skip

    def _event(self, dev_eui: str, event: str, said: Mapping[str, Any]) -> Request:
        topic = f"application/{self.application}/device/{dev_eui}/event/{event}"
        return Request(target=topic, body=json.dumps(said).encode(), content_type="")


class TheThingsStack:
    """The Things Stack v3: what is 0, false or empty is left out."""

    def __init__(self, application: str = "city@ttn") -> None:
        self.application = application
        self.commands = f"v3/{application}/devices/+/down/push"

    def up(self, one: Payload) -> Request:
        """Return the uplink message."""
        message: dict[str, Any] = {
            "session_key_id": "AXA50tHUQ==", "f_port": one.f_port, "f_cnt": one.f_cnt, "frm_payload": b64encode(one.data).decode(),
            "decoded_payload": one.fields, "normalized_payload": one.normalised,
            "rx_metadata": [{"gateway_ids": {"gateway_id": "roof", "eui": GATEWAY.upper()}, "rssi": -57, "snr": 9.5}],
            "settings": {"data_rate": {"lora": {"bandwidth": 125_000, "spreading_factor": 7}}, "frequency": "868100000"},
            "received_at": one.time.isoformat(),
        }  # fmt: skip
        stated = {name: value for name, value in message.items() if value}
        return self._event(one.dev_eui, "up", {"received_at": one.time.isoformat(), "uplink_message": stated})

    def taken(self, message: Message) -> list[Queued]:
        """Return the downlinks of a push."""
        dev_eui = message.topic.split("/")[3].removeprefix("eui-")
        return [
            Queued(
                dev_eui=dev_eui,
                reference=one["correlation_ids"][0],
                f_port=one["f_port"],
                data=b64decode(one["frm_payload"]),
                confirmed=one.get("confirmed", False),
                said=one,
            )
            for one in json.loads(message.body)["downlinks"]
        ]

    def became(self, one: Queued, what: str, f_cnt: int) -> Request:
        """Return the message of a downlink."""
        downlink = {"f_port": one.f_port, "f_cnt": f_cnt, "correlation_ids": [one.reference]}
        failed = {"downlink_failed": {"downlink": downlink, "error": {"message_format": "no gateway available"}}}
        said = failed if what == "failed" else {f"downlink_{what}": downlink}
        return self._event(one.dev_eui, f"down/{what}", {"correlation_ids": ["as:downlink:01", one.reference], **said})

    def _event(self, dev_eui: str, event: str, said: Mapping[str, Any]) -> Request:
        ids = {
            "device_id": f"eui-{dev_eui}", "application_ids": {"application_id": self.application.partition("@")[0]},
            "dev_eui": dev_eui.upper(), "join_eui": "70B3D57ED0000000", "dev_addr": "00189440",
        }  # fmt: skip
        topic = f"v3/{self.application}/devices/eui-{dev_eui}/{event}"
        return Request(target=topic, body=json.dumps({"end_device_ids": ids, **said}).encode(), content_type="")


class NetworkServer:
    """One of them, at a broker."""

    def __init__(self, port: int, words: Words) -> None:
        where = endpoint(f"mqtt://127.0.0.1:{port}")
        self.words = words
        self.queue: list[Queued] = []
        self._publisher = Mqtt(Broker(endpoint=where, client_id="server-up"), clock=_no_clock)
        self._commands = Subscription(
            Broker(endpoint=where, client_id="server-down", keeps_session=False), (words.commands,), most_under_way=1
        )

    async def tell(self, payloads: Sequence[Payload]) -> None:
        """Publish uplinks in their order; returns when the broker has them."""
        for start in range(0, len(payloads), AT_ONCE):
            await self._publish([self.words.up(one) for one in payloads[start : start + AT_ONCE]])

    async def tell_octets(self, topic: str, body: bytes) -> None:
        """Publish any octets."""
        await self._publish([Request(target=topic, body=body, content_type="")])

    async def become(self, one: Queued, what: str, f_cnt: int = 1) -> None:
        """Say what became of a downlink."""
        await self._publish([self.words.became(one, what, f_cnt)])

    async def _publish(self, requests: Sequence[Request]) -> None:
        answers: Sequence[Answer] = await self._publisher.send(requests)
        assert all(answer.status in {0, 0x10} for answer in answers), answers

    async def _take(self, message: Message) -> None:
        self.queue += self.words.taken(message)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take commands for as long as the block lasts."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._commands.run(self._take), name="network server")
            async with asyncio.timeout(5):
                await self._commands.connected()
            try:
                yield
            finally:
                task.cancel()
                await self._publisher.close()


def _no_clock() -> Any:
    from gateway.model import Instant, TimeQuality

    return Instant(FIRST, 0.0, "server", TimeQuality.NTP)
