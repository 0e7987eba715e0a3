"""OGC SensorThings 1.1 (15-078r6, 18-088): over HTTP, judged row by row, and over MQTT."""

from __future__ import annotations

from gateway.formats.sensorthings.format import SensorThings
from gateway.formats.sensorthings.mqtt import SensorThingsMqtt

__all__ = ["SensorThings", "SensorThingsMqtt"]
