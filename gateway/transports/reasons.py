"""What MQTT 5 reason codes mean for an uplink, and in words for people (MQTT 5.0, section 2.4)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from gateway.errors import Hindrance
from gateway.model import Answer, Verdict

NO_SUBSCRIBERS: Final = 0x10
UNSUPPORTED_VERSION: Final = 0x84
NOT_AUTHORIZED: Final = 0x87
TOPIC_INVALID: Final = 0x90
PACKET_TOO_LARGE: Final = 0x95
PAYLOAD_INVALID: Final = 0x99

# A DISCONNECT for one of these is about a message, not about the connection.
ABOUT_A_MESSAGE: Final = frozenset({NOT_AUTHORIZED, TOPIC_INVALID, PACKET_TOO_LARGE, PAYLOAD_INVALID})

# Sent again as it is, such a message meets the same answer: only a person can change that. The others (0x80, 0x83,
# 0x91, 0x97 and what is not known) say that the broker would not or could not now: perhaps later.
REFUSALS: Final = ABOUT_A_MESSAGE

NAMES: Final = {
    0x00: "Success",
    0x10: "No matching subscribers",
    0x80: "Unspecified error",
    0x81: "Malformed packet",
    0x82: "Protocol error",
    0x83: "Implementation specific error",
    0x84: "Unsupported protocol version",
    0x85: "Client identifier not valid",
    0x86: "Bad user name or password",
    0x87: "Not authorized",
    0x88: "Server unavailable",
    0x89: "Server busy",
    0x8A: "Banned",
    0x8B: "Server shutting down",
    0x8C: "Bad authentication method",
    0x8D: "Keep alive timeout",
    0x8E: "Session taken over",
    0x8F: "Topic filter invalid",
    0x90: "Topic name invalid",
    0x91: "Packet identifier in use",
    0x93: "Receive maximum exceeded",
    0x95: "Packet too large",
    0x96: "Message rate too high",
    0x97: "Quota exceeded",
    0x98: "Administrative action",
    0x99: "Payload format invalid",
    0x9A: "Retain not supported",
    0x9B: "QoS not supported",
    0x9C: "Use another server",
    0x9D: "Server moved",
    0x9F: "Connection rate exceeded",
    0xA0: "Maximum connect time",
    0xA2: "Wildcard subscriptions not supported",
}

PUBACK_ADVICE: Final = {
    0x10: "the broker took it, and nobody is subscribed to the topic",
    0x87: "the broker does not let this user publish to the topic; ask for the right, or correct the topic",
    0x90: "the broker does not take this topic",
    0x95: "the message is larger than the broker takes",
    0x97: "the broker's quota for this client is used up",
    0x99: "the broker checked the payload and does not take it",
}

CONNECT_ADVICE: Final = {
    0x84: 'the broker does not speak this version of MQTT: say version = "3.1.1" for one that does not know MQTT 5',
    0x85: "the broker does not take this client_id: choose another",
    0x86: "check username and password",
    0x87: "this user may not connect: check username, password and client_id, or ask the broker's owner for the right",
    0x8A: "the broker has banned this client: ask its owner",
    0x8C: "the broker wants another way to log in than user name and password",
    0x9A: "the broker keeps no retained messages: leave status_topic out",
    0x9B: "the broker does not take the quality of service of the last will: leave status_topic out",
    0x9C: "the platform has moved: ask its owner for the new URL",
    0x9D: "the platform has moved: ask its owner for the new URL",
}

DATED: Final = "; the password is made of the shared access key and dated: is the key this device's, and the clock of this gateway right?"

DISCONNECT_ADVICE: Final = {
    0x87: "the broker closes the connection when this user publishes to a topic that is not its own",
    0x8B: "the broker is being stopped",
    0x8D: "the broker heard nothing for one and a half keep-alives",
    0x8E: "another client connected with the same client_id: each agent needs its own",
    0x93: "the broker's window was exceeded: set a smaller window",
    0x95: "a message was larger than the broker takes",
    0x96: "the broker finds that too many messages come at once",
}

SUBSCRIBE_ADVICE: Final = {
    0x80: "the broker does not take this subscription; ask its owner",
    0x87: "the broker does not let this user subscribe to the topic; ask for the right, or correct the topic",
    0x8F: "the broker does not take this topic filter",
    0x97: "the broker's quota for this client is used up",
    0xA2: "the broker takes no subscription with wildcards",
}

HINDRANCES: Final = {  # by codes of MQTT (0x80 to 0xA2) and statuses of HTTP; 0: no answer came
    Hindrance.CUT: {0},
    Hindrance.CREDENTIAL: {0x86, 0x87, 0x8A, 0x8C, 401, 403},
    Hindrance.PROXY: {407},
    Hindrance.ADDRESS: {0x90, 0x9C, 0x9D, 404, 405, *range(300, 400)},
    Hindrance.BUSY: {0x89, 0x93, 0x96, 0x97, 0x9F, 429},
    Hindrance.FAULT: {0x83, 0x88, 0x8B, *range(500, 600)},
}

TAKEN: Final = Answer(verdict=Verdict.TAKEN, status=0, detail="0x00 Success")


def named(code: int, advice: str = "", said: str = "") -> str:
    """Return a code as people read it, with what to do and what the broker's own words (Reason String) were."""
    words = f"0x{code:02X} {NAMES.get(code, 'unknown reason')}"
    if advice:
        words = f"{words}: {advice}"
    return f'{words} (the broker says: "{said[:200]}")' if said else words


@lru_cache(maxsize=64)
def puback(code: int, said: str = "") -> Answer:
    """Return what a PUBACK with ``code`` means for its message."""
    return Answer(verdict=verdict(code), status=code, detail=named(code, PUBACK_ADVICE.get(code, ""), said))


def verdict(code: int) -> Verdict:
    """Return what a reason code means to whoever sent the message; below 0x80 is success (section 2.4)."""
    if code < 0x80:
        return Verdict.TAKEN
    return Verdict.REFUSED if code in REFUSALS else Verdict.LATER


def hindrance_of(status: int) -> Hindrance:
    """Return what kind of thing a reason code of a broker, or the status of an HTTP answer, says; the two share no numbers."""
    return next((kind for kind, some in HINDRANCES.items() if status in some), Hindrance.ANSWER)


def connect_words(code: int, said: str = "") -> str:
    """Say why a broker did not let us in, and what would help."""
    return named(code, CONNECT_ADVICE.get(code, ""), said)


def subscribe_words(code: int, said: str = "") -> str:
    """Say why a broker does not let us subscribe, and what would help."""
    return named(code, SUBSCRIBE_ADVICE.get(code, ""), said)


def disconnect_words(code: int, said: str = "") -> str:
    """Say why a broker ended the connection, and what would help."""
    return named(code, DISCONNECT_ADVICE.get(code, ""), said)
