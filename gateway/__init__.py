"""Brygga, the agent on a LoRaWAN gateway: one room per stage of an uplink's path (docs/architecture.md)."""

__version__ = "0.1.0"
