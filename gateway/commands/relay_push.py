"""`brygga relay push`: frames of the past in batches to whoever takes history, over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final, Protocol

from gateway.errors import Unreachable
from gateway.model import Answer, Json, Request, TimeQuality, Verdict
from gateway.transports.jitter import pause_s

TRIES: Final = 6  # of one batch: half a minute and more; who pushes is at the keyboard and may try again later
LONGEST_PAUSE_S: Final = 15.0
MARK: Final = "Brygga-History"  # a header beside the body's own word, for whoever routes by headers


class Sends(Protocol):
    """A web service."""

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Exchange; raises Unreachable where nothing was taken."""
        ...


@dataclass(slots=True)
class Pushed:
    """How far it came; ``trouble`` says why it ended before the end, ``stopped_at`` is from when on frames were not taken, "" where that is not known."""

    frames: int = 0
    trouble: str = ""
    stopped_at: str = ""


async def push(lines: Iterable[dict[str, Json]], about: dict[str, Json], batch: int, service: Sends) -> Pushed:
    """Send ``lines`` in batches of ``batch``, each marked as history, until all are taken or one is not."""
    pushed, batches = Pushed(), _batches(lines, batch)
    for frames in batches:
        trouble = await _taken({"history": True, **about, "frames": frames}, service)
        if trouble:
            pushed.trouble, pushed.stopped_at = trouble, _earliest(chain(frames, *batches))
            return pushed
        pushed.frames += len(frames)
    return pushed


def _earliest(left: Iterable[dict[str, Json]]) -> str:
    """Return when the earliest of the frames was heard: they come as they were written, gateway by gateway; some have no time."""
    unknown = TimeQuality.UNSYNCHRONISED
    dated = (one["heard_at"] for one in left if TimeQuality[one["time_quality"].upper()] > unknown)
    return min(dated, key=datetime.fromisoformat, default="")


def _batches(lines: Iterable[dict[str, Json]], size: int) -> Iterator[list[dict[str, Json]]]:
    gathered: list[dict[str, Json]] = []
    for line in lines:
        gathered.append(line)
        if len(gathered) == size:
            yield gathered
            gathered = []
    if gathered:
        yield gathered


async def _taken(body: Json, service: Sends) -> str:
    """Send one batch, again where it may have been the line; return why it was not taken, "" where it was."""
    octets = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    request = Request(target="", body=octets, content_type="application/json", headers={MARK: "true"})
    trouble = ""
    for tried in range(1, TRIES + 1):
        try:
            (answer,) = await service.send([request])
        except Unreachable as error:
            trouble = str(error)
        else:
            if answer.verdict is Verdict.TAKEN:
                return ""
            trouble = answer.detail
            if answer.verdict is Verdict.REFUSED:
                return f"refused: {trouble}"
        if tried < TRIES:
            await asyncio.sleep(pause_s(tried, LONGEST_PAUSE_S))
    return trouble
