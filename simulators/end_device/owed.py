"""What a device owes the network in its uplinks: answers, and what it tells until it is confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.lorawan.mac_commands import (
    DeviceModeConf,
    DeviceModeInd,
    MacCommand,
    RekeyConf,
    RekeyInd,
    ResetConf,
    ResetInd,
    write,
)
from gateway.model import MacVersion
from simulators.end_device.obeying import is_sticky

_CONFIRMS: Final[Mapping[type[MacCommand], type[MacCommand]]] = {
    ResetConf: ResetInd,
    RekeyConf: RekeyInd,
    DeviceModeConf: DeviceModeInd,
}


class Owed:
    """The MAC commands of the next uplinks, in the order in which they came to be owed."""

    def __init__(self) -> None:
        self._told: list[MacCommand] = []  # until the network confirms
        self._answers: list[tuple[MacCommand, bool]] = []  # and whether they are repeated until a downlink is heard

    def tell(self, indication: MacCommand) -> None:
        """Tell something in each uplink until it is confirmed."""
        self._told.append(indication)

    def ask(self, question: MacCommand) -> None:
        """Ask something with the next uplink."""
        self._answers.append((question, False))

    def heard(self, commands: Sequence[MacCommand]) -> None:
        """Take note of a downlink: it ends the repeated answers, and confirms what its commands confirm."""
        self._answers = [(answer, again) for answer, again in self._answers if not again]
        confirmed = {_CONFIRMS[type(command)] for command in commands if type(command) in _CONFIRMS}
        self._told = [one for one in self._told if type(one) not in confirmed]

    def answer(self, answers: Sequence[MacCommand], mac_version: MacVersion) -> None:
        """Owe the answers to a downlink's commands."""
        self._answers += [(answer, is_sticky(answer, mac_version)) for answer in answers]

    def due(self) -> bytes:
        """Return all that the next uplink should say."""
        return write(self._due())

    def take(self, room: int) -> bytes:
        """Return what the next uplink says in ``room`` octets; what is said once is then owed no longer, said or not."""
        said = b""
        for command in self._due():
            octets = command.to_bytes()
            if len(said) + len(octets) > room:
                break
            said += octets
        self._answers = [(answer, again) for answer, again in self._answers if again]
        return said

    def _due(self) -> list[MacCommand]:
        return self._told + [answer for answer, _ in self._answers]
