"""An anonymous recording: each EUI and address replaced by a keyed hash, each payload by octets of the same length.

The key is drawn for one recording, lives in the memory of the command that makes it and is never written: the same device is the
same within the file, and nobody can tell from the file which it was. What stays is said where people read it: docs/testing.md.

    data       MHDR | address, hashed | FCtrl | FCnt | FOpts | FPort | octets of the same length | MIC, made up
    join       MHDR | JoinEUI, hashed | DevEUI, hashed | DevNonce | MIC, made up
    rejoin     MHDR | type | NetID or JoinEUI, hashed | DevEUI, hashed | counter | MIC, made up
    the rest   MHDR | octets of the same length

Octets that are made up are of the whole frame: what several gateways heard, and what was sent again, is still the same frame.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Final

from gateway.errors import BadFrame
from gateway.lorawan.phy import MIC_OCTETS, DataFrame, JoinRequest, RejoinRequest, parse
from gateway.model import Eui64, Json
from gateway.sources import gwmp
from gateway.sources.gwmp import BadDatagram, PullData, PushData
from gateway.sources.rxpk import payload_of

KEY_OCTETS: Final = 32
LOCAL: Final = 0x02  # the bit of a first octet that says that no maker has given this EUI
GROUP: Final = 0x01  # the one beside it, of addresses of many

# What of an rxpk and a stat says nothing of who or where. Times of a GNSS receiver would: signals that three gateways date to
# the nanosecond have a place; so would a crystal's own offset (`foff`).
RXPK_NUMBERS: Final = frozenset({"tmst", "chan", "rfch", "freq", "stat", "datr", "rssi", "rssis", "lsnr", "brd", "ant"})
RXPK_WORDS: Final[Mapping[str, re.Pattern[str]]] = {
    "modu": re.compile(r"LORA|FSK"),
    "datr": re.compile(r"SF\d{1,2}BW\d{3}"),
    "codr": re.compile(r"\d/\d"),
}
RSIG_NUMBERS: Final = frozenset({"ant", "chan", "rssic", "rssis", "lsnr"})
STAT_NUMBERS: Final = frozenset({"rxnb", "rxok", "rxfw", "ackr", "dwnb", "txnb", "temp"})
STAT_WORDS: Final[Mapping[str, re.Pattern[str]]] = {
    "time": re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT"),
}
LINE_KEYS: Final = ("at_s", "protocol", "frequency_hz", "data_rate", "rssi_dbm", "snr_db", "channel", "antenna")


class Mask:
    """What makes one recording anonymous."""

    def __init__(self, key: bytes) -> None:
        """``key`` is `KEY_OCTETS` of chance."""
        self._key = key

    def line(self, said: Mapping[str, Json]) -> dict[str, Json] | None:
        """Return a record as it may be known; None for one of which that cannot be told."""
        octets = bytes.fromhex(said["hex"])
        masked = self.datagram(octets) if said["protocol"] == "gwmp" else self.frame(octets)
        if masked is None:
            return None
        kept = {name: said[name] for name in LINE_KEYS if name in said}
        return kept | {"gateway": self.eui(bytes.fromhex(said["gateway"])).hex(), "hex": masked.hex()}

    # ── datagrams ──

    def datagram(self, octets: bytes) -> bytes | None:
        """Return a forwarder's datagram; None for one that cannot be read."""
        try:
            said = gwmp.parse(octets)
        except BadDatagram:
            return None
        match said:
            case PullData():
                return PullData(said.version, said.token, self._gateway(said.gateway)).to_bytes()
            case PushData():
                told = [masked for one in said.rxpk if (masked := self._rxpk(one)) is not None]
                stat = _allowed(said.stat, STAT_NUMBERS, STAT_WORDS) if isinstance(said.stat, dict) else None
                gateway = self._gateway(said.gateway)
                return PushData(
                    version=said.version, token=said.token, gateway=gateway, rxpk=tuple(told), stat=stat
                ).to_bytes()
            case _:
                return None

    def _gateway(self, gateway: str) -> Eui64:
        return Eui64(self.eui(bytes.fromhex(gateway)).hex())

    def _rxpk(self, rxpk: Json) -> dict[str, Json] | None:
        if not isinstance(rxpk, dict):
            return None
        try:
            octets = payload_of(rxpk.get("data"))
        except BadDatagram:
            return None
        rsig = rxpk.get("rsig")
        told = _allowed(rxpk, RXPK_NUMBERS, RXPK_WORDS)
        if isinstance(rsig, list):
            told["rsig"] = [_allowed(one, RSIG_NUMBERS, {}) for one in rsig if isinstance(one, dict)]
        return told | {"size": len(octets), "data": b64encode(self.frame(octets)).decode()}

    # ── frames ──

    def frame(self, octets: bytes) -> bytes:
        """Return a PHYPayload of the same kind and length; a MIC in it proves nothing any more."""
        try:
            frame = parse(octets)
        except BadFrame:
            frame = None
        match frame:
            case DataFrame():
                head = octets[:1] + self._hash("DevAddr", octets[1:5], 4) + octets[5 : 8 + len(frame.f_opts)]
                port = b"" if frame.f_port is None else bytes((frame.f_port,))
                return head + port + self._made_up(octets, len(frame.frm_payload) + MIC_OCTETS)
            case JoinRequest():
                return octets[:1] + self._wire_eui(octets[1:9]) + self._wire_eui(octets[9:17]) + self._end(octets, 17)
            case RejoinRequest(join_eui=None):
                net_id = self._hash("NetID", octets[2:5], 3)
                return octets[:2] + net_id + self._wire_eui(octets[5:13]) + self._end(octets, 13)
            case RejoinRequest():
                return octets[:2] + self._wire_eui(octets[2:10]) + self._wire_eui(octets[10:18]) + self._end(octets, 18)
            case _:
                return octets[:1] + self._made_up(octets, len(octets) - 1)

    def _end(self, octets: bytes, begins: int) -> bytes:
        """Return a nonce or a counter as it was, and a MIC that is none."""
        return octets[begins:-MIC_OCTETS] + self._made_up(octets, MIC_OCTETS)

    # ── hashes ──

    def eui(self, eui: bytes) -> bytes:
        """Return an EUI, big endian, in place of another; no maker has it."""
        first, *others = self._hash("EUI", eui, 8)
        return bytes((first & ~GROUP | LOCAL, *others))

    def _wire_eui(self, eui: bytes) -> bytes:
        return self.eui(eui[::-1])[::-1]

    def _made_up(self, octets: bytes, count: int) -> bytes:
        made = b""
        while len(made) < count:
            made += self._hash(f"octets {len(made)}", octets, 64)
        return made[:count]

    def _hash(self, kind: str, octets: bytes, count: int) -> bytes:
        return hashlib.blake2b(kind.encode() + b"\0" + octets, key=self._key, digest_size=count).digest()


def _allowed(
    said: Mapping[str, Json], numbers: frozenset[str], words: Mapping[str, re.Pattern[str]]
) -> dict[str, Json]:
    return {name: value for name, value in said.items() if _is_allowed(name, value, numbers, words)}


def _is_allowed(name: str, value: Json, numbers: frozenset[str], words: Mapping[str, re.Pattern[str]]) -> bool:
    if isinstance(value, str):
        return name in words and words[name].fullmatch(value) is not None
    return isinstance(value, int | float) and name in numbers
