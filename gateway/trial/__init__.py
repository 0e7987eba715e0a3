"""Trying a destination out before it is relied on: what would go out, whether it arrives, and what to do where it does not."""

from __future__ import annotations
