"""Basics Stations."""

from typing import Final

from gateway.commands.source_words.semtech_udp import PACKETS
from gateway.commands.source_words.words import Meaning, SourceWords

_FAULTY: Final = "nothing, where they are few; else update the station"

WORDS: Final = SourceWords(
    what="LoRa Basics Stations (LNS protocol over WebSocket)",
    where="listens on",
    signs=("router_info", "connections", "version", "messages"),
    checks=(
        (
            "The station's tc.uri is ws://, or wss:// where a certificate_file stands here, then this box's address and the port of "
            "{listening}, on a line of its own. Start the station again after a change."
        ),
        (
            "With wss:// the station's tc.trust holds the authority that signed certificate_file, and that certificate is made out to the "
            "name or address in tc.uri. The station's log says TLS where that is the fault."
        ),
        "With a token the station's tc.key says Authorization: Bearer TOKEN; with client_ca_file it has tc.crt and tc.key.",
        (
            "Does a firewall let TCP port {port} through? From the gateway `curl -v http://ADDRESS:{port}/` gets an answer "
            "(404 is right). A station waits up to a minute between two tries."
        ),
    ),
    dropped={
        **{reason: PACKETS[reason] for reason in ("empty", "too_long", "frequency", "data_rate", "rssi", "shape")},
        "too_large": Meaning("messages longer than a station sends", _FAULTY),
        "binary": Meaning("binary data, as of a remote shell that nobody here has opened", _FAULTY),
        "json": Meaning("messages that are no JSON", _FAULTY),
        "router": Meaning("questions for the address of the server without an EUI", _FAULTY),
        "field": Meaning("frames of which a part is missing or cannot be", _FAULTY),
        "xtime": Meaning(
            "frames whose time has lost its last digits", "a proxy between station and agent rewrites JSON"
        ),
        "diid": Meaning("words on a downlink without its number", _FAULTY),
        "txtime": Meaning("questions for the time without the station's own", _FAULTY),
        "not_allowed": Meaning(
            "stations that the key gateways does not name", "add the EUI to gateways, if it is yours"
        ),
        "token": Meaning("stations without the right token", "the station's tc.key says Authorization: Bearer TOKEN"),
        "certificate": Meaning("stations with another one's certificate", "make one out to this station's EUI"),
        "too_many_gateways": Meaning("stations beyond the most there can be", "name yours in the key gateways"),
        "too_many_connections": Meaning("connections beyond the most there can be", "look who else connects"),
        "no_such_path": Meaning("somebody asks for what is no station's path", "nothing: it is a browser or a scanner"),
        "overheard": Meaning("downlinks of other gateways"),
        "overflow": Meaning(
            "frames that came while too many others waited for the disk: they are lost", "`brygga status` tells why"
        ),
        "late_dntxed": Meaning("a station's word on a downlink that nobody waited for any more"),
        "timesync_unanswered": Meaning("stations that asked for the time before this box knew it"),
        "unknown_msgtype": Meaning("messages of a type that we do not know", "nothing"),
        "hung_up": Meaning("connections that ended in the middle of a word", "nothing, where they are few"),
    },
    page="basics-station",
)
