"""What leaves a box for helpers: texts without secrets, and without identities where that is wished. Pure.

Three nets, each of which would do alone for what it was made for: the configuration is shown key by key, and only keys that are known
to be no secret; every secret that is known is taken out wherever it stands and however it is written; and what looks like a key, a
token or a password is taken out although nobody knows it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

from gateway.doctor.standing_in import SHORT, Names, Span, Texts, without
from gateway.model import Json

MASKED: Final = "‹masked›"
SHOWN: Final = frozenset(  # keys of brygga.toml whose values are no secrets; all others are shown as kind and length
    re.findall(
        r"\S+",
        """adr adr_ack_delay adr_ack_limit adr_margin_db adr_max_data_rate adr_min_data_rate antenna_gain_dbi api_key_file api_key_header
    away_after_s backlog_per_s bandwidth_hz base_name batch batch_bytes batch_entities baud begin ca_file card card_tbw certificate_file
    channels_hz city client_ca_file client_id command_url concurrency connect_limit_s content_type context context_in control_socket
    create cups_folder data decimals decode dev_addr_block dev_euis dialect duty_cycle encoding event_url file folder format frequency_hz
    devices fresh_s gateways gather_ms give_up gzip host id_prefix ids_file insecure interval_s join_euis keep keep_alive_s keep_delivered key_file late limit
    link listen_before_talk max_duty_cycle method modem module mqtt_version name net_id net_ids no_proxy order own parts password_file
    personal port positions prefix profile proprietary proxy proxy_password_file quantities receive_buffer region rejoin_after
    rejoin_frames repeat retry_max_s rx1_delay_s rx1_dr_offset rx2_data_rate rx2_frequency_hz sas_key_file server service service_path
    session_hours shape sources speed spreading_factor state_topic status_every status_topic tags tenant tenant_name time time_quality
    token_file tokens_file topic total_limit_s tries trust type uncertain_time units url when_full window without write""",
    )
)

# What looks like a secret; a group named "kept" stays.
LOOKS: Final = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?P<kept>\b[a-z][a-z0-9+.-]*://)[^/\s@\"']+(?=@)", re.IGNORECASE),  # of a URL: user and password
    re.compile(r"(?P<kept>\b(?:https?|wss?|mqtts?)://[^\s?\"'<>]+\?)[^\s\"'<>]+", re.IGNORECASE),  # of a URL: its query
    re.compile(r"(?P<kept>\b(?:Bearer|Basic|Digest|Token|ApiKey)\s+)[A-Za-z0-9+/=._~-]{6,}", re.IGNORECASE),
    re.compile(r"(?P<kept>\b(?:sig|SharedAccessKey)=)[^&\s\"']+", re.IGNORECASE),
    re.compile(
        r"(?P<kept>^\s*(?:Environment|SetCredential)=)(?:.*\\\n)*.+", re.MULTILINE
    ),  # of a unit, over several lines too
    re.compile(r"(?P<kept>--(?:password|passwd|secret|token|api-key)\s+)[^\s\"']+", re.IGNORECASE),  # of a command
    re.compile(r"\$(?:argon2\w*|2[aby]|5|6|y|scrypt|pbkdf2[\w-]*)\$[^\s\"']+"),  # hashes of passwords
    re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"),  # a JSON web token
    re.compile(
        r"(?P<kept>(?:password|passwd|passphrase|secret|token|api[_-]?key|authorization|cookie|(?:app|nwk|net)_?[a-z_]*key)s?"
        r"[\"']?\s*[=:]\s*)(?![\"']?‹)(?:\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|\[[^\]\n]*\]|[^\s,;&\"'‹][^\s,;&\"']*)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?<![0-9A-Fa-f-])[0-9A-Fa-f]{2}(?:[ :-][0-9A-Fa-f]{2}){15}(?![0-9A-Fa-f])"
    ),  # a key of 16 octets, with gaps
    re.compile(r"(?<![0-9A-Za-z+/_-])[0-9A-Fa-f]{20,}(?![0-9A-Za-z+/_-])"),  # a key, or a payload
    re.compile(r"(?<![0-9A-Za-z+/_=-])[A-Za-z0-9+/_-]{22}==(?![0-9A-Za-z=])"),  # 16 octets in base64
    re.compile(r"(?<![0-9A-Za-z+/_=-])[A-Za-z0-9+/_-]{43}=(?![0-9A-Za-z=])"),  # 32 octets in base64
    re.compile(  # the same without the end, and other tokens: capitals, small letters and digits in one long word
        r"(?<![0-9A-Za-z+/_=.-])(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])(?=[\w+/-]*\d)"
        r"(?:[A-Za-z0-9+/_-]{22}|[A-Za-z0-9+/_-]{43}|[A-Za-z0-9+_-]{20,})(?![0-9A-Za-z+/_=.-])"
    ),
)
SECRET_KEY: Final = re.compile(
    r"(?!.*_file$)(?!.*_header$)(pass|token|secret|key|credential|sas|auth|cookie|pin$)", re.IGNORECASE
)
LONG: Final = 16  # characters of a text under a key that nobody knows: it may be a token

EUI: Final = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{16}|[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){7})(?![0-9A-Fa-f])")
MAC: Final = re.compile(r"(?<![0-9A-Fa-f:])[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f:])")
DEV_ADDR_KEYS: Final = ("dev_addr", "DevAddr")
PLACE_KEYS: Final = ("latitude", "longitude", "altitude", "altitude_m", "lati", "long", "alti")
DEV_ADDR: Final = re.compile(r"(?P<kept>\"?(?:dev_addr|DevAddr|address)\"?[\s:=\"]+)[0-9A-Fa-f]{8}\b")
PLACE: Final = re.compile(rf"(?P<kept>\"?(?:{'|'.join(PLACE_KEYS)})\"?\s*[:=]\s*)-?\d+(?:\.\d+)?")


class Mask:
    """What takes secrets out of texts, and identities where ``key`` is given: the same one becomes the same other."""

    def __init__(self, secrets: Iterable[str] = (), key: bytes | None = None, names: Iterable[str] = ()) -> None:
        """``names`` are what people call devices and the box: identities, too."""
        self._secrets = Texts(spelt for one in secrets if one for spelt in spellings(one))
        self._key = key
        self._names = Names({} if key is None else dict(self._called(names)))

    def text(self, text: str) -> str:
        """Return a text that may be sent to a stranger."""
        # Both look at the text as it was: what one took out of the middle of a secret would hide the rest from the other.
        return self._anonymous(without(text, [*self._secrets.spans(text), *_looking_secret(text)], MASKED))

    def known(self, text: str) -> str:
        """Return a text without secrets that are known; what looks like one stays, for it may be a payload."""
        return self._anonymous(without(text, self._secrets.spans(text), MASKED))

    def tree(self, value: Json) -> Json:
        """Return a value of JSON that may be sent to a stranger; it stays one, whatever of it goes."""
        match value:
            case dict():
                return {self.text(name): self._member(name, one) for name, one in value.items()}
            case list() | tuple():
                return [self.tree(one) for one in value]
            case _:
                return self._shown(value)

    def _member(self, name: str, value: Json) -> Json:
        if isinstance(value, str) and value and SECRET_KEY.search(name):
            return MASKED
        if self._key is None or value is None:
            return self.tree(value)
        if name in DEV_ADDR_KEYS and isinstance(value, str):
            return self._other(value)
        return 0 if name in PLACE_KEYS else self.tree(value)

    def table(self, table: Mapping[str, Json]) -> dict[str, Json]:
        """Return a table of a configuration as it may be known."""
        return {key: self._value(key, value) for key, value in table.items()}

    def _value(self, key: str, value: Json) -> Json:
        if isinstance(value, dict):
            return self.table(value) if key != "headers" else {name: shape(one) for name, one in value.items()}
        if isinstance(value, list) and any(isinstance(one, dict) for one in value):
            return [self._value(key, one) for one in value]
        if isinstance(value, bool) or key in SHOWN:
            return self._shown(value)
        return shape(value)

    def _shown(self, value: Json) -> Json:
        match value:
            case list():
                return [self._shown(one) for one in value]
            case bool() | None:
                return value
            case dict():
                return {name: self._shown(one) for name, one in value.items()}
            case _:
                return value if (masked := self.text(str(value))) == str(value) else masked

    def _anonymous(self, text: str) -> str:
        if self._key is None:
            return text
        for pattern in (EUI, MAC):
            text = pattern.sub(lambda found: self._other(found[0]), text)
        text = DEV_ADDR.sub(lambda found: found["kept"] + self._other(found[0].removeprefix(found["kept"])), text)
        return self._names.replaced(PLACE.sub(lambda found: f"{found['kept']}0", text))

    def _called(self, names: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield each name as it may be written, and what it is called instead."""
        for name in names:
            other = f"name-{self._hash(name)[:6]}"
            yield from ((one, other) for one in (name, *_in_json(name), quote(name)) if len(one) > 1)

    def _other(self, said: str) -> str:
        """Return other hex digits of the same form."""
        digits = iter(self._hash(re.sub("[^0-9a-f]", "", said.lower())))
        return "".join(next(digits) if one.isalnum() else one for one in said)

    def _hash(self, text: str) -> str:
        return hashlib.blake2b(text.encode(), key=self._key or b"", digest_size=16).hexdigest()


def shape(value: Json) -> str:
    """Return what may be known of a value that may be a secret: its kind and its length."""
    match value:
        case str():
            return f"‹text, {len(value)} characters›"
        case list():
            return f"‹list of {len(value)}›"
        case dict():
            return f"‹table of {len(value)}›"
        case _:
            return f"‹{type(value).__name__}›"


def secrets_of(table: Mapping[str, Json]) -> Iterator[str]:
    """Yield the texts of a configuration that are secrets, or may be: none of them leaves the box."""
    for key, value in table.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from map(str, one.values()) if key == "headers" else secrets_of(one)
            elif isinstance(one, str) and (SECRET_KEY.search(key) or (key not in SHOWN and len(one) >= LONG)):
                yield one
            elif isinstance(one, str):
                yield from _of_url(one)


def _of_url(url: str) -> Iterator[str]:
    """Yield user, password and query of a URL."""
    if found := re.search(r"://([^/\s@]+)@", url):
        yield from found[1].split(":")
    if "://" in url and "?" in url:
        yield from (part.partition("=")[2] for part in url.partition("?")[2].split("&"))


def spellings(secret: str) -> Iterator[str]:
    """Yield how a secret may be written: plain, as JSON, in URLs, in hex (UTF-16, too), in base64 at each of its three alignments."""
    yield from (secret, *_in_json(secret), quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (repr(secret)[1:-1], secret[::-1])
    yield from _of_octets(secret.encode())
    for encoding in ("utf-16-le", "utf-16-be"):
        yield from _in_hex(secret.encode(encoding))
    for read in (_from_hex, _from_base64):
        if inner := read(secret):
            yield from _of_octets(inner)
            yield from _of_octets(inner[::-1])  # as LoRaWAN has it on the air


def _of_octets(octets: bytes) -> Iterator[str]:
    if len(octets) < SHORT:
        return
    yield from _in_hex(octets)
    for skipped in range(3):
        # What stands before is not known: characters that it shares with the secret are left out at both ends.
        text = base64.b64encode(b"\0" * skipped + octets).decode().rstrip("=")
        begin, end = -(-skipped * 8 // 6), len(text) - (1 if (skipped + len(octets)) % 3 else 0)
        yield from (text[begin:end], text[begin:end].replace("+", "-").replace("/", "_"))


def _in_hex(octets: bytes) -> Iterator[str]:
    if len(octets) >= SHORT:
        yield from (octets.hex(), *(octets.hex(gap) for gap in " :-"))


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if len(text) >= 16 else b""
    except (binascii.Error, ValueError):
        return b""


def _in_json(text: str) -> Iterator[str]:
    r"""Yield how a text stands in JSON, and in JSON that is a text in JSON; with letters as they are, and as \u00e5."""
    for first in (True, False):
        within = json.dumps(text, ensure_ascii=first)[1:-1]
        yield within
        yield from (json.dumps(within, ensure_ascii=second)[1:-1] for second in (True, False))


def _looking_secret(text: str) -> Iterator[Span]:
    for pattern in LOOKS:
        for found in pattern.finditer(text):
            yield found.end("kept") if "kept" in pattern.groupindex else found.start(), found.end()
