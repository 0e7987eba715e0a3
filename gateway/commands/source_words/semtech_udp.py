"""Packet forwarders over UDP."""

from typing import Final

from gateway.commands.source_words.words import Meaning, SourceWords

_NO_FORWARDER: Final = "look who else sends to this port; a forwarder that does so is faulty: update it"
_ODD_PACKET: Final = "nothing: it is not LoRaWAN of this region, or the forwarder is faulty"

PACKETS: Final = {
    "bad_crc": Meaning(
        "packets that met another one in the air, or were too weak",
        "nothing, where it is less than half of all; else look at the antenna and its cable",
    ),
    "no_crc": Meaning("packets without a checksum, as other gateways' downlinks are", ""),
    "truncated": Meaning("datagrams that end before their header does", _NO_FORWARDER),
    "version": Meaning("datagrams of another protocol, or another version of it", _NO_FORWARDER),
    "type": Meaning("datagrams of a type that the protocol does not have", _NO_FORWARDER),
    "json": Meaning("datagrams without the JSON that belongs into them", _NO_FORWARDER),
    "shape": Meaning("datagrams whose JSON says something else", _NO_FORWARDER),
    "rxpk": Meaning("packets that are not told as packets are", _NO_FORWARDER),
    "frequency": Meaning("packets on no frequency", _ODD_PACKET),
    "modulation": Meaning("packets that are neither LoRa nor FSK (LR-FHSS)", _ODD_PACKET),
    "data_rate": Meaning("packets of no data rate that there is", _ODD_PACKET),
    "rssi": Meaning("packets without a signal strength", _ODD_PACKET),
    "data": Meaning("packets whose content cannot be read", _ODD_PACKET),
    "empty": Meaning("packets with nothing in them", _ODD_PACKET),
    "too_long": Meaning("packets longer than any can be", _ODD_PACKET),
    "too_many_gateways": Meaning(
        "gateways beyond the thousandth: somebody invents them", "name yours in the key gateways"
    ),
}

WORDS: Final = SourceWords(
    what="packet forwarders over UDP (Semtech UDP, GWMP)",
    where="listens on",
    signs=("datagrams",),
    checks=(
        (
            "The forwarder's global_conf.json (or local_conf.json, which goes before it): server_address is this box's address "
            "(127.0.0.1 where it runs on this box), serv_port_up and serv_port_down are both the port of {listening}. Start it again "
            "after a change."
        ),
        (
            "Does the forwarder run? Its log tells of PUSH_DATA and PULL_DATA every half minute; `systemctl list-units | grep -i -e pkt -e "
            "lora` finds its service. A forwarder that cannot reset its concentrator ends at once."
        ),
        (
            'A forwarder on another box: host = "{host}" must let it in ("0.0.0.0" is right, "127.0.0.1" hears this box alone), and so '
            "must this box's firewall: `nft list ruleset`, `ufw allow {port}/udp`."
        ),
        "Do datagrams reach this box? `tcpdump -n -i any udp port {port}` shows one every five to ten seconds for each forwarder.",
    ),
    dropped={
        **PACKETS,
        "not_allowed": Meaning(
            "datagrams of gateways that the key gateways does not name", "add the EUI to gateways, if it is yours"
        ),
        "not_for_servers": Meaning(
            "datagrams that only servers send", "two servers speak to each other: look at server_address on both"
        ),
        "overflow": Meaning(
            "frames that came while too many others waited for the disk: they are lost", "`brygga status` tells why"
        ),
        "late_tx_ack": Meaning("a gateway's word on a downlink that nobody waited for any more", ""),
        "ack_not_sent": Meaning("acknowledgements that the network did not take", "look at the network of this box"),
        "unknown_tx_error": Meaning(
            "downlinks that a gateway refused for a reason the protocol does not have", "look into the forwarder's log"
        ),
        "network_error": Meaning(
            "errors that the network reported, as when a forwarder has just stopped", "nothing, where they are few"
        ),
    },
    page="semtech-udp",
)
