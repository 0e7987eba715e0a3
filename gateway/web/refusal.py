"""Why a request is not answered as it was meant: the one thing that handlers raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType


class Refusal(Exception):
    """Say why: a status of HTTP, words for people, and the word that it is counted by in `status`."""

    def __init__(
        self,
        status: int,
        problems: Sequence[str] | str,
        *,
        counted: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        is_end: bool = False,
    ) -> None:
        """``is_end``: of the connection, too, on which more may come that nobody wants."""
        self.status = status
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        self.counted = counted
        self.headers = headers
        self.is_end = is_end
        super().__init__("; ".join(self.problems))
