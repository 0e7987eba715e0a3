"""Whose decoding counts where a network server has one, too."""

from __future__ import annotations

from enum import StrEnum


class Decode(StrEnum):
    """Whose decoding counts."""

    AUTO = "auto"  # this box's where the device names a decoder, else the server's
    SERVER = "server"  # the server's where it says something, else this box's
    HERE = "here"  # this box's; the server's is not kept


class ServerKind(StrEnum):
    """Whose events a webhook is pushed."""

    CHIRPSTACK = "chirpstack"
    THE_THINGS_STACK = "the_things_stack"
    NETMORE = "netmore"
    ACTILITY = "actility"
