"""NGSI-LD with Smart Data Models: batch upserts that update, judged per entity (ETSI GS CIM 009)."""

from __future__ import annotations

from gateway.formats.ngsi_ld.format import NgsiLd

__all__ = ["NgsiLd"]
