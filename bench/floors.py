"""The limits that the agent is measured against: the same work, done by the libraries alone."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

WINDOW = 100
ROWS_A_COMMIT = 100
LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Message:
    """What one uplink became."""

    topic: str
    body: bytes
    content_type: str = ""
    user_properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast, and at what price."""

    per_s: float
    cpu_us: float  # for each message, all threads


class PlainPaho:
    """paho-mqtt as a careful user has it: its own thread, MQTT 5, QoS 1, at most a hundred unanswered."""

    def __init__(self, port: int) -> None:
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="plain", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.max_inflight_messages_set(WINDOW)
        self._window = threading.Semaphore(WINDOW)
        self._connected = threading.Event()
        self._client.on_connect = lambda *_: self._connected.set()
        self._client.on_publish = lambda *_: self._window.release()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not self._connected.wait(LIMIT_S):
            raise TimeoutError("mosquitto does not answer")

    def publish(self, messages: Sequence[Message], *, properties: bool) -> Rate:
        """Publish all and wait for all PUBACKs; without ``properties`` topic and body only."""
        began, cpu = time.perf_counter(), time.process_time()
        for message in messages:
            self._take()
            said = _properties(message) if properties else None
            sent = self._client.publish(message.topic, message.body, qos=1, properties=said)
            assert sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS
        for _ in range(WINDOW):
            self._take()
        took, used = time.perf_counter() - began, time.process_time() - cpu
        self._window.release(WINDOW)
        return Rate(len(messages) / took, used / len(messages) * 1e6)

    def close(self) -> None:
        """Say good-bye and end the thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self) -> None:
        if not self._window.acquire(timeout=LIMIT_S):
            raise TimeoutError("a PUBACK is missing")


def _properties(message: Message) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
    properties.ContentType = message.content_type
    for pair in message.user_properties:
        properties.UserProperty = pair
    return properties


def plain_sqlite(folder: Path, records: Sequence[bytes]) -> float:
    """Insert ``records`` into a bare table, a hundred in each commit, as durably as the journal; return rows a second."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, record BLOB NOT NULL)")
        rows = list(enumerate(records, 1))
        began = time.perf_counter()
        for start in range(0, len(rows), ROWS_A_COMMIT):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO log VALUES (?, ?)", rows[start : start + ROWS_A_COMMIT])
            connection.execute("COMMIT")
        return len(rows) / (time.perf_counter() - began)
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class BareCrypto:
    """The AES of uplinks without any LoRaWAN around it: one CMAC and one keystream each, cipher objects kept."""

    frames: Sequence[bytes]

    def run(self) -> None:
        """Prove and decrypt as many octets as the frames have."""
        cmac, encryptor = CMAC(AES(bytes(16))), Cipher(AES(bytes(16)), ECB()).encryptor()
        for frame in self.frames:
            copy = cmac.copy()
            copy.update(bytes(16) + frame[:-4])
            copy.finalize()
            encryptor.update(bytes(-(-(len(frame) - 13) // 16) * 16))
