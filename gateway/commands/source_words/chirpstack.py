"""ChirpStack's gateways: MQTT Forwarder and Gateway Bridge over a broker, Concentratord over ZeroMQ."""

from typing import Final

from gateway.commands.source_words.semtech_udp import PACKETS
from gateway.commands.source_words.words import Meaning, SourceWords

_OTHER_VERSION: Final = "update the gateway's program, or tell us its version: we may not know it yet"

_EVENTS: Final = {
    **{
        reason: PACKETS[reason]
        for reason in (
            "bad_crc", "no_crc", "frequency", "modulation", "data_rate", "rssi", "data", "too_long", "too_many_gateways",
        )
    },
    "empty": Meaning("events with nothing in them", _OTHER_VERSION),
    "protobuf": Meaning("events that are neither JSON nor protobuf", _OTHER_VERSION),
    "json": Meaning("events that begin like JSON and are none", _OTHER_VERSION),
    "shape": Meaning("events that say something else than their topic", _OTHER_VERSION),
    "gateway": Meaning("events without the gateway's EUI, or with another one", _OTHER_VERSION),
    "lr_fhss": Meaning("packets with LR-FHSS, which is not understood here"),
    "overflow": Meaning(
        "frames that came while too many others waited for the disk: they are lost", "`brygga status` tells why"
    ),
}  # fmt: skip

MQTT: Final = SourceWords(
    what="gateways of ChirpStack's MQTT Forwarder or Gateway Bridge",
    where="is connected to",
    signs=("up", "stats", "connection"),
    checks=(
        (
            "Is it the broker, the port and the login that the gateway has? `brygga status` says what the broker answers: now it is "
            "{broker.endpoint}."
        ),
        (
            "Is it the prefix? The gateway's topics begin with it: {prefix}/gateway/EUI/event/up. `mosquitto_sub -v -t '+/gateway/#'` "
            "on the broker shows them; topic_prefix in the forwarder's configuration says it."
        ),
        (
            "Does the gateway publish? MQTT Forwarder sends its statistics every half minute; on the gateway `journalctl -u "
            "chirpstack-mqtt-forwarder` tells of its connection."
        ),
        "May this login subscribe to {prefix}/gateway/#? A broker with access rules takes a subscription and then sends nothing.",
    ),
    dropped={
        **_EVENTS,
        "topic": Meaning("messages below the prefix that are no gateway's", "nothing"),
        "not_allowed": Meaning(
            "gateways that the key gateways does not name", "add the EUI to gateways, if it is yours"
        ),
        "retained": Meaning(
            "events that the broker kept from an unknown time", "the forwarder must not publish with retain"
        ),
        "late_ack": Meaning("a gateway's word on a downlink that another server gave, or nobody waited for any more"),
    },
    page="chirpstack-mqtt",
)

CONCENTRATORD: Final = SourceWords(
    what="ChirpStack Concentratord (ZeroMQ)",
    where="is connected to",
    signs=("events", "stats"),
    checks=(
        "Does Concentratord run? `systemctl status chirpstack-concentratord` (on Gateway OS `logread | grep concentratord`).",
        (
            "Are event_url ({event_url}) and command_url ({command_url}) its event_bind and command_bind? They stand in "
            "concentratord.toml, section [concentratord.api]."
        ),
        "Over ipc:// both must run on this machine, and the agent's user may open the sockets: `ls -l /tmp/concentratord_*`.",
    ),
    dropped={
        **_EVENTS,
        "topic": Meaning("events of a kind that we do not know", _OTHER_VERSION),
        "mesh": Meaning("events about relays of a Gateway Mesh; their uplinks come as any other"),
    },
    page="concentratord",
)
