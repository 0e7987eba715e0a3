"""Which version this is, for the rooms that may see no other."""

from __future__ import annotations

from typing import Final

from gateway import __version__

VERSION: Final = __version__
