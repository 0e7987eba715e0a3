"""Room 5, normalise: readings become observations in the vocabulary's units. Pure."""

from __future__ import annotations

from gateway.normalise.observations import Normalised, normalise, observation_id

__all__ = ["Normalised", "normalise", "observation_id"]
