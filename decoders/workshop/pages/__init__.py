"""The catalogue as pages that a browser shows: docs/decoders/."""
