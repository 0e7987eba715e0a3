"""A stand-in on a port, for an installer's dry run: what arrives is shown with what is wrong with it, before a city is asked for anything."""

from __future__ import annotations

from simulators.dry_run.run import dry_run
from simulators.dry_run.table import KINDS

__all__ = ["KINDS", "dry_run"]
