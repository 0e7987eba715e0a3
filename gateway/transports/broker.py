"""A broker as a person configures it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from gateway.transports.endpoint import Endpoint
from gateway.transports.proxy import Proxy
from gateway.transports.secret import Secret
from gateway.transports.shared_access import SharedAccess
from gateway.transports.tls import Tls

SENT_AHEAD: Final = 20  # messages that the broker sends before the first is acknowledged (our Receive Maximum)
LARGEST_COMMAND: Final = 1 << 16  # octets of a packet; a command has some hundred, and a gateway has little memory
WIDEST_WINDOW: Final = 100  # twice the window is no faster (measured), and what is in flight is unclear after a cut


class MqttVersion(StrEnum):
    """The versions of MQTT. 3.1.1 has no way to refuse a message: what a broker drops looks taken."""

    V5 = "5"
    V3_1_1 = "3.1.1"


def is_for(topic_filter: str, topic: str) -> bool:
    """Tell whether a subscription to ``topic_filter`` brings what is published to ``topic`` (MQTT 5.0, section 4.7)."""
    return any_of((topic_filter,))(topic)


def any_of(topic_filters: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether a subscription to one of the filters brings a topic."""
    from paho.mqtt.matcher import MQTTMatcher

    matcher = MQTTMatcher()  # type: ignore[no-untyped-call]  # paho has no types here
    for one in topic_filters:
        matcher[one] = True
    return lambda topic: next(matcher.iter_match(topic), None) is not None  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A broker and how to speak to it."""

    endpoint: Endpoint
    client_id: str  # no other client may use it at the same broker
    version: MqttVersion = MqttVersion.V5
    username: str | None = None
    password: Secret | None = None
    shared_access: SharedAccess | None = None  # makes the password, anew for each connection
    tls: Tls = field(default_factory=Tls)  # for mqtts://
    proxy: Proxy | None = None  # through which it is reached
    window: int = WIDEST_WINDOW  # unacknowledged at a time; the broker's Receive Maximum may make it less
    keepalive_s: int = 60  # 0: none, and a connection that died while idle is noticed with the next message
    status_topic: str | None = None  # retained "online" and "offline", the latter as last will
    keeps_last: bool = False  # of what we send, the last message of each topic stays there (retained)
    listen_topic: str | None = None  # a filter: what the platform says to us
    listen_topics: tuple[str, ...] = ()  # filters, where there are several; instead of ``listen_topic``
    sent_ahead: int = SENT_AHEAD
    largest_packet: int = LARGEST_COMMAND  # that it may send us
    keeps_session: bool = True  # where it is listened to: what is said while we are away comes later
    connect_limit_s: float = 15.0  # for name, TCP, TLS and CONNACK together
    answer_limit_s: float = 20.0  # for a PUBACK while one is due

    def __post_init__(self) -> None:
        if not self.client_id:
            raise ValueError("client_id is empty; the gateway's name is a good one")
        if not 1 <= self.window <= WIDEST_WINDOW:
            raise ValueError(f"window is {self.window}; 1 to {WIDEST_WINDOW} is right")
        if not 0 <= self.keepalive_s <= 0xFFFF:
            raise ValueError(f"keepalive is {self.keepalive_s} s; 0 to 65535 is right")
        if (self.password or self.shared_access) is not None and self.username is None:
            raise ValueError("a password needs a username beside it")
        if self.password is not None and self.shared_access is not None:
            raise ValueError("a password stands beside a shared access key; one of the two is enough")
        if not self.endpoint.scheme.startswith("mqtt"):
            raise ValueError(f"{self.endpoint} is no broker; mqtt:// and mqtts:// are")

    @property
    def has_session(self) -> bool:
        """Whether the broker keeps a session of ours that outlives connections."""
        return bool(self.topics) and self.keeps_session

    @property
    def topics(self) -> tuple[str, ...]:
        """Return the filters that it is subscribed to; none where it has nothing to say to us."""
        return self.listen_topics or (() if self.listen_topic is None else (self.listen_topic,))

    def password_at(self, now: datetime) -> Secret | None:
        """Return what proves who we are to a connection that is opened at ``now``."""
        return self.password if self.shared_access is None else self.shared_access.token(now)
