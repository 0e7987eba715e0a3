"""LoRa Basics Stations on this machine: the folder of each, and the file that names its network server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.setup.findings import Process, Station
from gateway.setup.machine import Machine

PROGRAMS: Final = ("station", "basicstation", "basic_station")
FOLDERS: Final = (
    "etc/basicstation",
    "etc/station",
    "etc/basic-station",
    "opt/basicstation",
    "opt/basicstation/*",
    "opt/ttn-station/config",
    "opt/*/basicstation",
    "var/config/lora/station",
    "home/*/basicstation/config",
)
HOME_WORDS: Final = ("-h", "--home")  # of the program's own command line


def stations(machine: Machine, processes: Sequence[Process]) -> Iterator[Station]:
    """Yield each station that runs, and each whose `tc.uri` or `station.conf` lies in a usual place."""
    running = {_home(one): one for one in processes if one.name in PROGRAMS}
    folders = [machine.at(folder) for folder in running if folder]
    for folder in dict.fromkeys([*folders, *machine.found(*FOLDERS)]):
        process = running.get(machine.shown(folder))
        uri = machine.text(folder / "tc.uri")
        if uri is not None or (folder / "station.conf").is_file():
            yield Station(
                tc_uri=folder / "tc.uri",
                uri=(uri or "").strip(),
                process=process,
                is_writable=os.access(folder if uri is None else folder / "tc.uri", os.W_OK),
            )


def _home(process: Process) -> str:
    words = process.words
    for place, word in enumerate(words):
        if word in HOME_WORDS and place + 1 < len(words):
            return str(Path(process.folder or "/", words[place + 1]))
        if word.startswith("--home="):
            return str(Path(process.folder or "/", word.removeprefix("--home=")))
    return process.folder
