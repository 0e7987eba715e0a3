"""What only the whole file shows: sections that contradict each other, and what works and is unwise."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from gateway.config import reaching
from gateway.config.access_keys import NetworkAccessKeys
from gateway.config.credentials import found
from gateway.config.destination import keys_of
from gateway.config.environment import Filled
from gateway.config.keys import GatewayKeys, RadioKeys
from gateway.config.network import network_problems
from gateway.config.observe import observe_problems, observe_warnings
from gateway.config.platform import client_id, speaks_mqtt
from gateway.config.reading import Section
from gateway.config.relays import relay_keys, relay_problems
from gateway.config.sources.keys import Listens, Site, SourceKeys
from gateway.config.web import web_problems, web_warnings
from gateway.lorawan.dev_addr import AddressBlock

SECRET_FILES: Final = (
    "password_file",
    "token_file",
    "tokens_file",
    "api_key_file",
    "sas_key_file",
    "key_file",
    "proxy_password_file",
)
KEY_FILE: Final = "brygga.key"  # as a systemd credential, and in the data folder
KEY_TEXT: Final = r"[0-9A-Fa-f]{64}"  # what the journal's vault asks for; a test compares
SOCKET_PATH_LIMIT: Final = 107  # octets, unix(7)
EVERY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not listened on
COMMON_HOST_NAMES: Final = frozenset(
    {"raspberrypi", "localhost", "debian", "raspberry"}
)  # as systems come out of the box


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """All sections of a file, as far as they could be read."""

    single: dict[str, Section]
    sources: Sequence[Section]
    destinations: Sequence[Section]
    relays: Sequence[Section] = ()
    file_of: Callable[[str, str], Path]  # in which a section's key stands, or would

    @property
    def gateway(self) -> GatewayKeys:
        """The keys of [gateway]."""
        return cast("GatewayKeys", self.single["gateway"].keys)


def control_socket(gateway: GatewayKeys) -> Path:
    """Return the socket that the commands of this gateway use."""
    return reaching.control_socket(gateway.data, gateway.control_socket)


def key_file(gateway: GatewayKeys) -> Path:
    """Return the file whose key seals device keys: the one that is named, systemd's credential, or one beside the journal."""
    if gateway.key_file is not None:
        return gateway.key_file
    folder = os.environ.get("CREDENTIALS_DIRECTORY")  # systemd.exec(5), LoadCredential=
    credential = Path(folder, KEY_FILE) if folder else None
    return credential if credential is not None and credential.exists() else gateway.data / KEY_FILE


# ── problems ──


def contradictions(sections: Sections) -> Iterator[str]:
    """Yield a line for each problem that one section alone does not show."""
    yield from _same(sections.sources, lambda one: getattr(one.keys, "name", None), "name", "a source")
    yield from _same(sections.destinations, lambda one: getattr(one.keys, "name", None), "name", "a destination")
    yield from _same(
        sections.destinations, lambda one: client_of(one, sections), "client_id", "a client of this broker"
    )
    yield from _same(sections.sources, _serial_port, "port", "the port of a source")
    yield from _ports(sections.sources)
    yield from _places(sections)
    yield from _key_file(sections)
    yield from _addresses(sections)
    yield from _same(sections.relays, lambda one: getattr(one.keys, "name", None), "name", "a relay")
    access = cast("NetworkAccessKeys", sections.single["network_access"].keys)
    if not sections.single["network_access"].wrong:
        yield from (f"network_access.{key}: {words}" for key, words in access.problems())
    yield from relay_problems(sections.sources, sections.relays)
    yield from network_problems(sections.single["radio"], sections.single["network"])
    yield from web_problems(sections.single, _listening(sections.sources))
    yield from observe_problems(sections.single, _listening(sections.sources))


def _same(some: Sequence[Section], key: Callable[[Section], object], name: str, what: str) -> Iterator[str]:
    first: dict[object, Section] = {}
    for section in some:
        value = key(section)
        if value is None or name in section.wrong:
            continue
        if value in first:
            shown = value[-1] if isinstance(value, tuple) else value
            yield f"{section.place}.{name}: {shown!r} is {what} already: {first[value].place}; each has its own"
        first.setdefault(value, section)


def client_of(section: Section, sections: Sections) -> tuple[str, str] | None:
    """Return broker and client id of a destination that speaks MQTT, as far as they are known."""
    keys = keys_of(section)
    if (
        not section.wrong.isdisjoint({"url", "name", "client_id", "format", "options"})
        or {"url", "name", "format"} - section.given
    ):
        return None
    return (str(keys.url), client_id(keys, sections.gateway.name)) if speaks_mqtt(keys) else None


def source_keys(section: Section) -> SourceKeys:
    """Return the keys of a source's section."""
    return cast("SourceKeys", section.keys)


def _ports(sources: Sequence[Section]) -> Iterator[str]:
    taken: list[tuple[Listens, Section]] = []
    for section in sources:
        if section.wrong or (mine := source_keys(section).listens()) is None or not mine.port:
            continue
        for other, where in taken:
            if (other.protocol, other.port) == (mine.protocol, mine.port) and (
                other.host == mine.host or EVERY_ADDRESS & {other.host, mine.host}
            ):
                yield f"{section.place}.port: {where.place} listens on {mine.port} already; give each its own port"
                break
        taken.append((mine, section))


def _listening(sources: Sequence[Section]) -> Iterator[tuple[str, Listens]]:
    for section in sources:
        if not section.wrong and (where := source_keys(section).listens()) is not None:
            yield section.place, where


def _serial_port(section: Section) -> str | None:
    """Return the device or URL of a source that has a serial port; others' ports are numbers."""
    port = getattr(section.keys, "port", None)
    return port if isinstance(port, str) else None


def _places(sections: Sections) -> Iterator[str]:
    wrong = sections.single["gateway"].wrong
    gateway = sections.gateway
    if "data" not in wrong and gateway.data.exists() and not gateway.data.is_dir():
        yield f"gateway.data: {gateway.data} is a file where a folder is expected"
    if wrong.isdisjoint({"data", "control_socket"}):
        octets = len(bytes(control_socket(gateway)))
        if octets > SOCKET_PATH_LIMIT:
            yield (
                f"gateway.control_socket: {control_socket(gateway)} has {octets} octets where a socket's path has at most "
                f"{SOCKET_PATH_LIMIT}; '/run/brygga/control.sock' is short"
            )


def _key_file(sections: Sections) -> Iterator[str]:
    if not sections.single["gateway"].wrong.isdisjoint({"data", "key_file"}):
        return
    path = key_file(sections.gateway)
    if not _may_look(path):
        yield f"gateway.key_file: {path} cannot be looked at by this user: be root (sudo), or the agent's own user"
    elif path.is_dir():
        yield f"gateway.key_file: {path} is a folder where a file is expected"
    elif path.exists() and not _holds_a_key(path):
        yield (
            f"gateway.key_file: {path} cannot be read, or is no key file: 64 hex digits are expected. If it is damaged, restore "
            "it from a backup; `openssl rand -hex 32` makes one for a new box"
        )
    elif "key_file" in sections.single["gateway"].given and not path.exists() and not path.parent.is_dir():
        yield f"gateway.key_file: {path} cannot be made, for {path.parent} is not there; make it, or give another place"


def _may_look(path: Path) -> bool:
    try:
        path.exists()
    except PermissionError:
        return False
    return True


def _holds_a_key(path: Path) -> bool:
    try:
        return re.fullmatch(KEY_TEXT, path.read_text(encoding="ascii").strip()) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _addresses(sections: Sections) -> Iterator[str]:
    radio = sections.single["radio"]
    if not radio.wrong.isdisjoint({"net_id", "dev_addr_block"}):
        return
    keys = cast("RadioKeys", radio.keys)
    network = AddressBlock.of_net_id(int(keys.net_id, 16))
    if keys.dev_addr_block is not None and not keys.dev_addr_block.lies_in(network):
        yield (
            f"radio.dev_addr_block: {str(keys.dev_addr_block)!r} is no part of {str(network)!r}, the addresses of "
            f"NetID {keys.net_id}"
        )


# ── warnings ──


def warnings(sections: Sections, folder: Path, site: Site) -> Iterator[str]:
    """Yield a line for all that works and is unwise."""
    if not sections.sources:
        yield "no [[source]]: nothing will be heard"
    if not sections.destinations:
        yield "no [[destination]]: what is heard is kept, and told to nobody"
    yield from _open_secrets(sections, folder)
    yield from _open_key_file(sections)
    yield from _destinations(sections)
    for section in sections.sources:
        keys = source_keys(section)
        for key, words in (*keys.warnings(), *keys.warnings_at(site)):
            yield f"{section.place}.{key}: {words}"
    for section in sections.relays:
        yield from (f"{section.place}.{key}: {words}" for key, words in relay_keys(section).warnings())
    if sections.single["radio"].table.get("duty_cycle") == "ignored":
        yield "radio.duty_cycle: is ignored; with an antenna that breaks the law (ETSI EN 300 220), so only for a laboratory"
    yield from web_warnings(sections.single, sections.gateway.data)
    yield from observe_warnings(sections.single, sections.gateway.data)
    name = sections.gateway.name
    if "name" not in sections.single["gateway"].given and name in COMMON_HOST_NAMES:
        yield f"gateway.name: is not set, and many machines are called {name!r}; a broker must be able to tell gateways apart"


def _open_secrets(sections: Sections, folder: Path) -> Iterator[str]:
    reached = [sections.single[name] for name in ("network_access", "health") if name in sections.single]
    for section in (*reached, *sections.sources, *sections.relays, *sections.destinations):
        for key in ("password", "token"):
            if key not in section.given or isinstance(section.table[key], Filled):
                continue
            if _open_to_all(file := _file_of(section, key, sections)):
                yield (
                    f"{section.place}.{key}: every user can read it; chmod o-r {file}, or put it into a file ({key}_file)"
                )
        for key in SECRET_FILES:
            if key in section.given and _open_to_all(file := found(folder / section.table[key], folder)):
                yield f"{section.place}.{key}: every user can read it; chmod o-r {file}"


def _file_of(section: Section, key: str, sections: Sections) -> Path:
    origin = section.origin(key)
    return sections.file_of(section.place, key) if origin is None or origin.path is None else origin.path


def _open_key_file(sections: Sections) -> Iterator[str]:
    path = key_file(sections.gateway)
    if path.exists() and _open_to_all(path):
        yield f"gateway.key_file: every user can read it; chmod o-r {path}"


def _open_to_all(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IROTH)


def _destinations(sections: Sections) -> Iterator[str]:
    for section in sections.destinations:
        keys = keys_of(section)
        if keys.tls.insecure:
            yield f"{section.place}.tls.insecure: whoever is on the line can read and answer in the platform's place"
        logins = section.given & {"password", "password_file", "token", "token_file", "api_key_file"}
        if logins and not keys.url.secure and not _loopback(keys.url.host):
            yield f"{section.place}.url: {keys.url.scheme}:// sends the credential in the clear; {keys.url.scheme}s:// hides it"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
