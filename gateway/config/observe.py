"""`[metrics]` and `[health]` held against the rest of the file, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from gateway.config.access import Access, is_loopback
from gateway.config.observe_keys import HealthKeys, MetricsKeys
from gateway.config.reading import Section
from gateway.config.sources.keys import Listens
from gateway.config.web import EVERY_ADDRESS
from gateway.config.web_keys import WebKeys
from gateway.observe.settings import Health, Metrics


def metrics_settings(single: Mapping[str, Section], data: Path) -> Metrics:
    """Return what /metrics tells, and where besides the dashboard. Called when every key is right."""
    return _metrics(single).settings(_web(single), data) if "metrics" in single else Metrics()


def health_settings(single: Mapping[str, Section], gateway: str, access: Access) -> Health | None:
    """Return whom it is told how the box is; None where the file has no such section. Called when every key is right."""
    if "health" not in single:
        return None
    keys = _health(single)
    told = keys.settings(gateway)
    return replace(told, broker=access.broker(told.broker, keys.proxy))


def observe_problems(single: Mapping[str, Section], listening: Iterable[tuple[str, Listens]]) -> Iterator[str]:
    """Yield what is wrong with the sections; ``listening`` are the places of sources, and where they listen."""
    if "health" in single and not single["health"].wrong:
        yield from (f"health.{key}: {words}" for key, words in _health(single).problems())
    if "metrics" in single and not single["metrics"].wrong:
        keys = _metrics(single)
        yield from (f"metrics.{key}: {words}" for key, words in keys.problems())
        for place, host, port in _taken(single, listening):
            if keys.port and port == keys.port and (host == keys.host or EVERY_ADDRESS & {host, keys.host}):
                yield f"metrics.port: {place} listens on {port} already; give each its own port"


def _taken(single: Mapping[str, Section], listening: Iterable[tuple[str, Listens]]) -> Iterator[tuple[str, str, int]]:
    yield from ((place, there.host, there.port) for place, there in listening if there.protocol == "TCP")
    if "web" in single and not single["web"].wrong:
        web = _web(single)
        yield "web", web.host, web.port


def observe_warnings(single: Mapping[str, Section], data: Path) -> Iterator[str]:
    """Yield what works and is unwise."""
    if "metrics" in single:
        warned = _metrics(single).warnings(_web(single), data)
        yield from (f"metrics.{key}: {words}" for key, words in warned)
    if "health" in single:
        keys = _health(single)
        if keys.tls.insecure:
            yield "health.tls.insecure: whoever is on the line can read and answer in the broker's place"
        if keys.username is not None and not keys.url.secure and not is_loopback(keys.url.host):
            yield "health.url: mqtt:// sends the credential in the clear; mqtts:// hides it"


def _metrics(single: Mapping[str, Section]) -> MetricsKeys:
    return cast("MetricsKeys", single["metrics"].keys)


def _health(single: Mapping[str, Section]) -> HealthKeys:
    return cast("HealthKeys", single["health"].keys)


def _web(single: Mapping[str, Section]) -> WebKeys:
    return cast("WebKeys", single["web"].keys) if "web" in single else WebKeys()
