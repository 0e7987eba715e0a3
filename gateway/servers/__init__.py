"""What network servers in front tell: uplinks into the journal, downlinks out through the server's own command topics."""

from gateway.servers.hearing import Servers

__all__ = ["Servers"]
