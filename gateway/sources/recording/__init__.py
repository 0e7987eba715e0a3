"""`type = "recording"`: what was recorded elsewhere or earlier is heard again, from JSON lines or a capture of UDP."""

from gateway.sources.recording.source import Recording

__all__ = ["Recording"]
