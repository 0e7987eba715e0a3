"""How long to wait before the next try: doubled with each failure, and anywhere below that by chance.

Full jitter (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog 2015): gateways that failed together do not come
back together. Half of them would still meet in the upper half of the pause.
"""

from __future__ import annotations

import random
from typing import Final

FIRST_DELAY: Final = 1.0  # seconds; the most before the second try
SHORTEST: Final = 0.05  # seconds; chance may say 0, and a platform that fails at once would be asked without end


def pause_s(failures: int, longest: float) -> float:
    """Return how many seconds to wait after so many failures in a row, at most ``longest``: doubled each time, with full jitter."""
    most = min(longest, FIRST_DELAY * 2.0 ** min(failures - 1, 16))
    return max(SHORTEST, random.uniform(0.0, most))  # noqa: S311 - jitter
