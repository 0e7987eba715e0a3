"""Whether the long form of the tests that have two is wanted: ``BRYGGA_LONG_FORM=1 scripts/test …`` (docs/testing.md)."""

from __future__ import annotations

import os
from typing import Final

IS_LONG: Final = os.environ.get("BRYGGA_LONG_FORM") == "1"
