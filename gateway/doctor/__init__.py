"""The doctor: what is wrong with a box, and what to do. Probes collect facts, judges judge them; `table` names both."""

from __future__ import annotations

from gateway.doctor.box import Answering, Box
from gateway.doctor.finding import Finding, Standing

__all__ = ["Answering", "Box", "Finding", "Standing"]
