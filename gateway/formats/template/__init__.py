"""Templates: topic, URL and body as a person writes them, for a platform that nobody has met."""

from gateway.formats.template.format import Template

__all__ = ["Template"]
