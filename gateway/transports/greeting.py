"""How a connection to a broker begins: the client, its last will, its session, its CONNECT."""

from __future__ import annotations

from typing import Final

from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.inbox import Inbox, session_properties
from gateway.transports.secret import Secret
from gateway.transports.wire import SUCCESS, WiredClient

QOS: Final = 1


def new_client(broker: Broker, password: Secret | None) -> WiredClient:
    """Return paho's client as a broker wants it; nothing is sent yet."""
    v5 = broker.version is MqttVersion.V5
    client = WiredClient(
        CallbackAPIVersion.VERSION2,
        client_id=broker.client_id,
        clean_session=None if v5 else not broker.has_session,
        protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
        manual_ack=True,
        reconnect_on_failure=False,  # else a refused 3.1.1 CONNECT makes paho dial again by itself
    )
    client.max_inflight_messages_set(0)  # the window is ours; with one of its own paho walks all of it at each PUBACK
    # paho writes at once, message by message, unless somebody says that he looks after that: `flush` does.
    client.on_socket_register_write = lambda *_: None
    if broker.username is not None:
        client.username_pw_set(broker.username, password.reveal() if password else None)
    if broker.status_topic is not None:
        client.will_set(broker.status_topic, b"offline", qos=QOS, retain=True)
    return client


def inbox_of(broker: Broker, client: WiredClient) -> Inbox | None:
    """Return where what the platform says arrives; None where it says nothing."""
    if not broker.topics:
        return None
    inbox = Inbox(broker.topics, client, v5=broker.version is MqttVersion.V5)
    inbox.hold = client.wire.hold
    return inbox


def greet(client: WiredClient, broker: Broker) -> None:
    """Write the CONNECT."""
    host, port, keepalive = broker.endpoint.host, broker.endpoint.port, broker.keepalive_s
    # No properties where none are needed: a broker of 3.1.1 would take them for the client_id, and wait for the rest of it instead of saying no.
    if broker.version is MqttVersion.V5:
        properties = session_properties(broker) if broker.has_session else None
        rc = client.connect(host, port, keepalive, clean_start=not broker.has_session, properties=properties)
    else:
        rc = client.connect(host, port, keepalive)
    assert rc == SUCCESS, rc
