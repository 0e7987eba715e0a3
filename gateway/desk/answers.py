"""The desk's counter for what platforms answered: each destination as the status has it, with its last answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway import __version__
from gateway.desk.words import did_you_mean, full_name
from gateway.errors import ConfigError, NotThere
from gateway.model import Json

Status = Callable[[], Awaitable[Mapping[str, Json]]]
"""Return the status of the agent."""

Answers = Callable[[], Mapping[str, Sequence[Mapping[str, Json]]]]
"""Return the last answers of each destination, by its name."""


class AnswersDesk:
    """Answer what is asked about one destination."""

    def __init__(self, status: Status, answers: Answers) -> None:
        self._status = status
        self._answers = answers

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "answers.list"}:
                return (await self._status())["destinations"]
            case {"do": "answers.of", "name": str(name)}:
                return await self._of(name)
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    async def _of(self, name: str) -> Json:
        there = (await self._status())["destinations"]
        known = full_name(name, there)
        if known not in there:
            those = did_you_mean(name, there) or f"; those there are: {', '.join(there) or 'none'}"
            raise NotThere(f"there is no destination {name!r}{those}")
        return {"name": known, **there[known], "answers": [*self._answers().get(known, ())]}
