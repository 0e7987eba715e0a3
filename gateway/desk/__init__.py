"""The desk: what the commands ask of a running agent, or of a stopped one's journal."""

from gateway.desk.desk import Desk

__all__ = ["Desk"]
