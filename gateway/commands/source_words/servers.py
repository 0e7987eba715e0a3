"""Network servers in front of the box."""

from typing import Final

from gateway.commands.source_words.words import Meaning, SourceWords

_OTHER_VERSION: Final = "tell us the server's version: we may not know it yet"

_EVENTS: Final = {
    "topic": Meaning("messages below the topic that are no event", "nothing"),
    "retained": Meaning("events that the broker kept from an unknown time", "nothing: they were told when they were new"),
    "json": Meaning(
        "events that are no JSON", 'JSON or protobuf is the server\'s choice: at ChirpStack encoding = "protobuf" reads the other'
    ),
    "protobuf": Meaning("events that are neither JSON nor protobuf", _OTHER_VERSION),
    "shape": Meaning("events that say something else than they should", _OTHER_VERSION),
    "dev_eui": Meaning("events without a device's EUI", _OTHER_VERSION),
    "no_id": Meaning("uplinks without anything by which they are known when they are told again", _OTHER_VERSION),
    "time": Meaning("uplinks without a time, or with one that cannot be", "look at the server's clock"),
    "payload": Meaning("uplinks whose payload cannot be read", _OTHER_VERSION),
    "counter": Meaning("uplinks without a frame counter", _OTHER_VERSION),
    "port": Meaning("uplinks with a port that there is not", _OTHER_VERSION),
    "encrypted": Meaning(
        "uplinks that the server passes on still encrypted", "the server must have the devices' AppSKeys, or get them itself"
    ),
}  # fmt: skip

_PATIENCE: Final = (
    "Devices speak every ten minutes or so, and a server says nothing in between: --seconds 900 waits for them. Do uplinks show in the "
    "server's own live view meanwhile?"
)

CHIRPSTACK: Final = SourceWords(
    what="a ChirpStack v4 in front (application events over MQTT)",
    where="is connected to",
    signs=("messages",),
    checks=(
        (
            "Is it the broker that ChirpStack publishes to? [integration.mqtt] in chirpstack.toml says server and login; here it is "
            "{broker.endpoint}."
        ),
        "Is it the application? Its id stands beside its name in ChirpStack; here it is {application}, and + is all of them.",
        "May this login read application/{application}/device/+/event/+? A broker with access rules takes a subscription and sends nothing.",
        _PATIENCE,
    ),
    dropped=_EVENTS,
    left="what came now was counted. At QoS 1 it stays at the broker for the agent; more than 40 do not come before that",
    page="chirpstack",
)

THE_THINGS_STACK: Final = SourceWords(
    what="a Things Stack v3 in front (an application's messages over MQTT)",
    where="is connected to",
    signs=("messages",),
    checks=(
        (
            "Is it the server? The console shows it at Integrations, MQTT, Public TLS address; here it is {broker.endpoint} "
            "(eu1.cloud.thethings.network and port 8883 with mqtts:// at The Things Network)."
        ),
        (
            "Is the user {application}, with the tenant behind the @, and the password an API key with the right to read "
            "application traffic (uplink and downlink)?"
        ),
        _PATIENCE,
    ),
    dropped=_EVENTS,
    page="the-things-stack",
)

WEBHOOK: Final = SourceWords(
    what="a network server that pushes its events by HTTP",
    where="listens on",
    signs=("answered_200", "answered_400"),
    checks=(
        (
            "Does the server know this address, with the token? What stands here is {listening}; at 127.0.0.1 nobody but a proxy on this "
            "box reaches it (the key host), and from the internet it needs a name and a certificate."
        ),
        (
            "Does a push reach this box? `curl -v -X POST 'http://ADDRESS:{port}{path}?token=TOKEN' -d nothing` is answered with 400 where "
            "all is well, 401 says that the token is another."
        ),
        'Is it the right server? What is pushed is read as server = "{server}" writes it.',
        _PATIENCE,
    ),
    dropped={
        **_EVENTS,
        "too_many_connections": Meaning("connections beyond the most there can be", "look who else connects"),
    },
    left="what came now was counted, and the server was told to push it again (503)",
    page="webhook",
)
