"""Relays by their settings; what speaks a server's protocol is imported when one is configured, for a box has little memory."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gateway.journal import Journal
from gateway.model import Clock
from gateway.relay.relay import Neighbour, Relay
from gateway.relay.settings import GwmpServer, RelaySettings, StationServer
from gateway.relay.upstream import Upstream
from gateway.sources import Source


def make(
    settings: RelaySettings, sources: Mapping[str, Source], neighbour: Neighbour, journal: Journal, clock: Clock
) -> Relay:
    """Return the relay that ``settings`` describe, its sources tapped; nothing is opened."""
    tapped = [sources[name] for name in settings.sources]
    return Relay(settings, tapped, neighbour, journal, clock, partial(_upstream, settings, clock))


def _upstream(settings: RelaySettings, clock: Clock, relay: Relay) -> Upstream:
    match settings.server:
        case GwmpServer() as server:
            from gateway.relay.gwmp_upstream import GwmpUpstream

            return GwmpUpstream(server, relay, relay.keep, clock, settings.away_after_s)
        case StationServer() as server:
            from gateway.relay.station_upstream import StationUpstream

            return StationUpstream(server, relay, relay.keep, clock, settings.away_after_s)
