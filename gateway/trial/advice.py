"""What a step that went wrong, or a platform's no, means to an installer, and what to do; by its kind a page says it in another language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

# The first that is found in the words of an answer counts; words come from transports, formats and platforms.
ADVICE: Final[tuple[tuple[str, str, str], ...]] = (
    (
        r"unknown device|no such node|not reserved|device not found",
        "unknown device",
        "have the device registered at the platform, and its id put into the city's ids_file; then try with --device",
    ),
    (
        r"\b401\b|0x86|0x8C|[Uu]nauthorized",
        "credentials",
        "the user, password or token is wrong or has run out: ask the platform's owner, and write it into the file anew",
    ),
    (
        r"0x87",
        "topic permission",
        "this user may not publish there (or not connect): ask the platform's owner for the right to the topic, or correct it",
    ),
    (
        r"\b403\b|[Ff]orbidden",
        "permission",
        "the credential is right and may not do that: ask the platform's owner for the right to write",
    ),
    (
        r"0x85|client_id",
        "client id",
        "another client has that client_id, or the broker does not take it: choose another",
    ),
    (r"[Tt]enant", "tenant", "the platform does not know that tenant: correct options.tenant"),
    (r"\b404\b", "address", "nothing is there: correct the path of url and the format's options"),
    (r"\b405\b|\b501\b", "address", "the address takes no such request: is it the door that this format is for?"),
    (r"\b413\b|0x95", "size", "the message is too large for the platform: ask for its limit"),
    (r"\b415\b", "form", "the platform takes another form of content: is it the door that this format is for?"),
    (
        r"\b400\b|\b422\b|0x99|0x90|[Ss]chema",
        "schema",
        "the platform does not take what is said: its words tell what; `brygga destination preview` shows the message",
    ),
    (r"\b429\b|0x97|0x96", "rate", "too much comes at once: ask for the limit, and set batch or concurrency lower"),
    (r"\b5\d\d\b", "platform", "the platform is in trouble itself: ask its owner, and try again later"),
    (r"late:", "late value", "a newer value is there already: the clock of this gateway or of another sender is wrong"),
    (
        r"no answer|no PUBACK",
        "silence",
        "the platform took the message and said nothing: ask its owner whether it came",
    ),
)
OF_A_STEP: Final[Mapping[str, str]] = {  # before and after the platform's own answer
    "name": "correct the host of url, or this machine's name server",
    "unreached": "look at host and port of url, at firewalls, and whether the platform may be reached from this network",
    "certificate": "look at the clock first (`timedatectl`), then at the certificate's name and at tls.ca_file",
    "tls": "look whether the port is the one for TLS, and whether the platform wants a certificate (tls.certificate_file)",
    "clock": "is chrony or systemd-timesyncd running? clock.trust says what is waited for",
    "clocks apart": "set the clock (`timedatectl`); tokens and times will be wrong until it is right",
    "no word": "try with --device: a real uplink has more",
    "overwritten": "does another sender write the same entity, or does a rule there drop it?",
}
UNKNOWN: Final = ("refusal", "its words are all that is known: ask the platform's owner")


def advice(words: str) -> tuple[str, str]:
    """Return what kind of refusal ``words`` tell of, and what to do."""
    return next(((kind, what) for pattern, kind, what in ADVICE if re.search(pattern, words)), UNKNOWN)


def kinds() -> tuple[str, ...]:
    """Return all kinds of what may go wrong, each once."""
    return tuple(dict.fromkeys([*OF_A_STEP, *(kind for _, kind, _ in ADVICE), UNKNOWN[0]]))
