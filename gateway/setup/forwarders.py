"""Packet forwarders that speak Semtech UDP: who runs, what their files say, and what has to stand there. Pure but for reading.

The program reads `global_conf.json` and then `local_conf.json` of its working folder, and the last word on each key counts
(Semtech's lora_pkt_fwd; later ones take one file by `-c`). Kerlink's lorafwd reads /etc/lorafwd.toml.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.lorawan.region import REGIONS
from gateway.model import Eui64, Json, eui64
from gateway.setup import commented_json
from gateway.setup.findings import Forwarder, LoraFwd, Process, Setting
from gateway.setup.machine import Machine

PROGRAMS: Final = (
    "lora_pkt_fwd",
    "poly_pkt_fwd",
    "mp_pkt_fwd",
    "basic_pkt_fwd",
    "udp-packet-forwarder",
    "udp_packet_forwarder",
    "sx1302_pkt_fwd",
    "fwd_sx130",  # Dragino's, by chip: fwd_sx1301, fwd_sx1302
)  # how their names begin
KERLINK: Final = "lorafwd"
FILES: Final = ("global_conf.json", "local_conf.json")  # in the order in which they are read
FOLDERS: Final = (
    "opt/ttn-gateway/packet_forwarder/lora_pkt_fwd",
    "opt/ttn-gateway/bin",
    "opt/*/packet_forwarder/lora_pkt_fwd",
    "opt/*/lora_pkt_fwd",
    "opt/*",
    "home/*/*/packet_forwarder/lora_pkt_fwd",
    "home/*/*/packet_forwarder",
    "home/*/packet_forwarder/lora_pkt_fwd",
    "etc/lora",
    "etc/lora_pkt_fwd",
    "etc/opt/udp-packet-forwarder",
    "var/config/lora",
    "user/spf/etc",
)
KEYS: Final = ("server_address", "serv_port_up", "serv_port_down")
USUAL_PORT: Final = 1680  # of a forwarder whose files name none (lora_pkt_fwd.c, DEFAULT_PORT_UP)


def forwarders(machine: Machine, processes: Sequence[Process]) -> Iterator[Forwarder]:
    """Yield a forwarder for each folder with files of one; those that run come first."""
    running = {one.folder: one for one in processes if one.name.startswith(PROGRAMS)}
    named = {_named_file(one): one for one in processes if one.name.startswith(PROGRAMS) and _named_file(one)}
    done: set[Path] = set()
    for file, process in named.items():
        path = machine.at(file)
        done.add(path.parent)
        yield from _read(machine, path.parent, [path], process)
    folders = [machine.at(folder) for folder in running if folder] + list(machine.found(*FOLDERS))
    for folder in dict.fromkeys(folders):
        if folder not in done:
            files = [folder / name for name in FILES]
            yield from _read(machine, folder, files, running.get(machine.shown(folder)))


def lora_fwd(machine: Machine, processes: Sequence[Process]) -> Iterator[LoraFwd]:
    """Yield Kerlink's forwarder where its file is there."""
    file = machine.at("etc/lorafwd.toml")
    if (text := machine.text(file)) is None:
        return
    try:
        gwmp = tomllib.loads(text).get("gwmp", {})
    except tomllib.TOMLDecodeError:
        gwmp = {}
    server = gwmp.get("node", "localhost") if isinstance(gwmp, dict) else "localhost"
    yield LoraFwd(file=file, server=str(server), process=next((one for one in processes if one.name == KERLINK), None))


def _named_file(process: Process) -> str:
    """Return the file that a forwarder was given, as a whole path; "" for none."""
    words = process.words
    found = next((words[place + 1] for place, one in enumerate(words[:-1]) if one == "-c"), "")
    return str(Path(process.folder or "/", found)) if found else ""


def _read(machine: Machine, folder: Path, files: Sequence[Path], process: Process | None) -> Iterator[Forwarder]:
    texts = {path: text for path in files if (text := machine.text(path)) is not None}
    said: dict[Path, Mapping[str, Json]] = {}
    for path, text in texts.items():
        try:
            said[path] = commented_json.read(text)
        except ValueError:
            continue
    gateway: dict[str, Json] = {}
    for document in said.values():
        part = document.get("gateway_conf")
        gateway |= part if isinstance(part, dict) else {}
    if not gateway:
        return
    several = [one for one in gateway.get("servers") or () if isinstance(one, dict) and one.get("serv_enabled", True)]
    first = several[0] if several else gateway
    settings = {} if several else _settings({path: texts[path] for path in said})
    yield Forwarder(
        folder=folder,
        settings=settings,
        server=str(first.get("server_address", "")),
        port=_port(first.get("serv_port_up")),
        gateway=_eui(gateway.get("gateway_ID")),
        frequencies_hz=_frequencies(said.values()),
        process=process,
        is_writable=all(os.access(one.file, os.W_OK) for one in settings.values()),
        has_several_servers=bool(several),
    )


def _settings(texts: Mapping[Path, str]) -> Mapping[str, Setting]:
    """Return where the last word on each key stands, of those that stand once in their file."""
    found: dict[str, Setting] = {}
    for path, text in texts.items():
        for key in KEYS:
            spans = commented_json.places(text, key)
            if len(spans) == 1:
                start, end = spans[0]
                line = commented_json.line_of(text, start)
                found[key] = Setting(file=path, line=line, start=start, end=end, written=text[start:end])
            elif spans:
                found.pop(key, None)
    return found


def _port(value: Json) -> int:
    return value if isinstance(value, int) and 0 < value <= 0xFFFF else USUAL_PORT


def _eui(value: Json) -> Eui64 | None:
    try:
        return eui64(str(value))
    except ValueError:
        return None


def _frequencies(documents: Iterable[Mapping[str, Json]]) -> tuple[int, ...]:
    """Return what the multi-SF channels listen to: the radio's centre and the channel's offset, in hertz."""
    found: set[int] = set()
    for document in documents:
        for name in ("SX130x_conf", "SX1301_conf", "SX1302_conf"):
            board = document.get(name)
            if isinstance(board, dict):
                found.update(_of_board(board))
    return tuple(sorted(found))


def _of_board(board: Mapping[str, Json]) -> Iterator[int]:
    for number in range(8):
        channel = board.get(f"chan_multiSF_{number}")
        if not isinstance(channel, dict) or not channel.get("enable"):
            continue
        radio = board.get(f"radio_{channel.get('radio')}")
        centre = radio.get("freq") if isinstance(radio, dict) else None
        offset = channel.get("if")
        if isinstance(centre, int) and isinstance(offset, int):
            yield centre + offset


def region_of(frequencies_hz: Iterable[int]) -> str:
    """Return the region whose devices all begin on these frequencies, "" where none or several do.

    Devices must be heard on every default channel; of a fixed plan of 64 a gateway hears eight.
    """
    heard = frozenset(frequencies_hz)
    fitting = [
        name
        for name, region in REGIONS.items()
        if heard & (default := frozenset(region.default_channels_hz))
        and (default <= heard or len(heard & default) >= 8)
    ]
    return fitting[0] if len(fitting) == 1 else ""
