"""Platforms of whatever kind, opened as `brygga simulate platform` opens them: what passes the window is read for the uplinks in it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

from simulators.dry_run.seen import Seen
from simulators.dry_run.table import KINDS
from simulators.dry_run.upset import Upset
from simulators.lab.readers import Reads
from simulators.lab.stand_ins import LONG_S, QUOTA_EXCEEDED, Told
from simulators.lab.temper import Temper
from simulators.platforms.mqtt_door import CUT
from simulators.platforms.mqtt_platform import PAYLOAD_INVALID

MOST_WORDS: Final = 1000  # of what was wrong: of days there are as many as uplinks
UPSETS: Final[Mapping[str, Upset]] = {
    "busy": Upset(status=503, code=QUOTA_EXCEEDED),
    "refuses": Upset(status=400, code=PAYLOAD_INVALID),
    "stalls": Upset(code=None, delay_s=LONG_S),
}
# MQTT 3.1.1 has no word for no: who speaks it hangs up.
WORDLESS: Final[Mapping[str, Upset]] = {**UPSETS, "busy": Upset(code=CUT), "refuses": Upset(code=CUT)}


class WindowCity:
    """A stand-in of the dry run's table; nothing is enciphered within the process, whatever its URL says."""

    def __init__(self, kind: str, way: str, reads: Reads, temper: Temper, told: Told) -> None:
        own = KINDS[kind].ways[way]
        self.url = ""
        self.temper = temper
        self._reads = reads
        self._told = told
        self._words: list[str] = []
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if own.secure else None
        self._window = own.open(self._see, "", tls)
        self._window.upset = temper.fault

    async def start(self) -> str:
        """Listen, and return the URL."""
        self.url = str(await self._window.start("127.0.0.1", 0))
        return self.url

    async def stop(self) -> None:
        """Close the port."""
        await self._window.stop()

    def problems(self) -> list[str]:
        """Return what it has refused by itself, in words."""
        return self._words

    def _see(self, seen: Seen) -> None:
        if seen.is_taken:
            for uplink, what in self._reads(seen):
                self._told(uplink, what)
        elif not seen.is_question and len(self._words) < MOST_WORDS:
            self._words.append(f"{seen.asked}: {seen.answer}: {seen.why}")
