"""Three layouts that payloads have, each as a table, as Python by hand (with Cursor, with struct) and as JavaScript.

All four say the same of a payload: fields and readings. `decoders` measures them beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from decoders.contract import Payload

FOLDER = Path(__file__).parent
F_PORT = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout: its file's name in each of the folders, and payloads in hex."""

    name: str
    words: str
    hexes: Sequence[str]

    @property
    def payloads(self) -> Sequence[Payload]:
        """Return the payloads as a device sends them."""
        return [Payload(bytes.fromhex(one), F_PORT) for one in self.hexes]


LAYOUTS = (
    Layout(
        "fixed",
        "fixed, 8 fields",
        (
            "01 00EA 82 2794 0320 0140 0CE4 00000007",
            "00 FFCE C8 2648 0190 0000 0D05 00010203",
            "03 0131 51 2710 0BB8 FFFF 0BB8 7FFFFFFF",
            "01 00D2 5A 27DB 02A7 0031 0E10 000004D2",
        ),
    ),
    Layout(
        "tlv",
        "tags as Elsys has them",
        (
            "01 00E2 02 29 04 0027 05 06 06 0308 07 0D62",
            "01 FF9C 02 5F 03 01 FE 3F 07 0E24",
            "0E 04D2 0C 0055 07 0CF8",
            "01 00D7 02 2E 04 01F4 05 00 06 0255 07 0D70 11 02",
        ),
    ),
    Layout(
        "flagged",
        "flagged groups as Decentlab has them",
        (
            "02 07D9 0003 9088 80D3 0064 0000 0C60",
            "02 07D9 0002 0BC3",
            "02 1A2B 0003 8000 7FCE 0210 0001 0E42",
            "02 07D9 0001 84D2 8064 0151 0000",
        ),
    ),
)
