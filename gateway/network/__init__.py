"""The network of this box's own devices: the stateful side of `lorawan/`, with the journal behind it."""

from gateway.network.network import Network

__all__ = ["Network"]
