"""The agent with a sampler in it: `python -m bench.sampled OUT.json run --config FILE`; see `bench.whole_path --profile`.

Every millisecond of CPU that the process uses, a signal looks where the event loop's thread stands and notes the room: the
innermost function of ours that is under way. What libraries do for a room is that room's; what belongs to none is
asyncio's own. Threads of aiosqlite are seen in `threads` alone.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from gateway.commands.cli import main as brygga

EVERY_S = 0.001
ROOT = str(Path(__file__).parent.parent)
OURS = (f"{ROOT}/gateway/", f"{ROOT}/decoders/")
LOOP = "(asyncio)"


class Sampler:
    """Counts where the main thread is."""

    def __init__(self) -> None:
        self.rooms: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()

    def start(self) -> None:
        """Look from now on."""
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)

    def stop(self) -> None:
        """Look no more."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    def as_json(self) -> Mapping[str, Any]:
        """Return shares of all samples, the greatest first."""
        return {"rooms": _shares(self.rooms), "functions": _shares(self.functions, 40), "samples": self.rooms.total()}

    def _look(self, _number: int, frame: FrameType | None) -> None:
        while frame is not None and not frame.f_code.co_filename.startswith(OURS):
            frame = frame.f_back
        code = None if frame is None else frame.f_code
        if code is None or (
            code.co_name in {"main", "run", "_run"} and code.co_filename.endswith(("cli.py", "agent.py"))
        ):
            self.rooms[LOOP] += 1
            self.functions[LOOP] += 1
            return
        place = code.co_filename.removeprefix(f"{ROOT}/")
        self.rooms[_room(place)] += 1
        self.functions[f"{place}: {code.co_qualname}"] += 1


def _room(place: str) -> str:
    package, first, *rest = place.split("/")
    return f"{package}/{first}" if rest and package == "gateway" else (package if package == "decoders" else place)


def _shares(counter: Counter[str], most: int | None = None) -> Mapping[str, float]:
    return {name: count / counter.total() for name, count in counter.most_common(most)}


def main() -> int:
    """Run the agent and write what was seen when it ends."""
    out, arguments = Path(sys.argv[1]), sys.argv[2:]
    sampler = Sampler()
    sampler.start()
    try:
        return brygga(arguments)
    finally:
        sampler.stop()
        out.write_text(json.dumps(sampler.as_json(), indent=2), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
