"""Vendors' work: what the bytes of a sensor mean. Imports nothing of the gateway."""
