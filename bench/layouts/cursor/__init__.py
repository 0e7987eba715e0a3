"""The layouts in Python as docs/decoders.md teaches it."""
