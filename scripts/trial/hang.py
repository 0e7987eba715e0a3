"""A decoder that never ends, for the trial of the watchdog."""

from decoders.contract import Decoded, Payload


def decode(payload: Payload) -> Decoded:
    """Turn round and round."""
    while True:
        payload.data.hex()
