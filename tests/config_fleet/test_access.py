"""`[network_access]`: who is reached through which proxy, and whose certificates are believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.relay.settings import StationServer
from gateway.transports.broker import Broker
from gateway.transports.proxy import Proxy
from gateway.transports.secret import Secret
from gateway.transports.service import Service
from simulators.platforms.certificates import Authority
from tests.config_fleet.boxes import SOURCE, Folder

ALL = """
[[source]]
name = "server"
type = "chirpstack"
url = "mqtts://lns.example"
[[relay]]
name = "lns"
url = "wss://lns.example:8887"
[[destination]]
name = "web"
url = "https://city.example"
format = "ngsi_ld"
[[destination]]
name = "broker"
url = "mqtts://mq.city.example"
format = "senml"
"""
PROXY = Proxy(host="proxy.example", port=3128)
USUAL = '[network_access]\nproxy = "http://proxy.example:3128"\n'


def ways(folder: Folder) -> dict[str, Proxy | None]:
    """Return the proxies by names of destinations, sources and relays."""
    settings = folder.settings()
    found: dict[str, Proxy | None] = {one.name: one.platform.proxy for one in settings.destinations}
    for source in settings.sources:
        if isinstance(broker := getattr(source, "broker", None), Broker):
            found[source.name] = broker.proxy
    for relay in settings.relays:
        if isinstance(relay.server, StationServer):
            found[relay.name] = relay.server.proxy
    return found


def destination(url: str, *more: str) -> str:
    format_ = "senml" if url.startswith("mqtt") else "ngsi_ld"
    return "\n".join(["[[destination]]", 'name = "one"', f'url = "{url}"', f'format = "{format_}"', *more, ""])


def test_one_proxy_is_for_all_that_is_reached(folder: Folder) -> None:
    folder.write("brygga.toml", USUAL + SOURCE + ALL)

    assert ways(folder) == dict.fromkeys(("web", "broker", "server", "lns"), PROXY)


def test_without_the_section_the_way_is_direct_whatever_the_environment_says(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    folder.write("brygga.toml", SOURCE + ALL)

    assert set(ways(folder).values()) == {None}


@pytest.mark.parametrize(
    ("url", "is_direct"),
    [
        ("https://city.example", False),
        ("https://broker.local", True),
        ("https://a.inner.example", True),
        ("https://inner.example", True),
        ("https://10.1.2.3", True),
        ("https://11.1.2.3", False),
        ("mqtt://127.0.0.1", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080", True),
    ],
)
def test_who_is_near_is_reached_directly(folder: Folder, url: str, is_direct: bool) -> None:  # noqa: FBT001 - of the table
    usual = USUAL + 'no_proxy = ["broker.local", ".inner.example", "10.0.0.0/8"]\n'
    folder.write("brygga.toml", usual + SOURCE + destination(url))

    assert ways(folder) == {"one": None if is_direct else PROXY}


def test_a_destination_may_have_its_own_way(folder: Folder) -> None:
    other = destination("https://a.example", 'proxy = "http://other.example"').replace('"one"', '"other"')
    direct = destination("https://b.example", 'proxy = "none"').replace('"one"', '"direct"')
    folder.write("brygga.toml", USUAL + SOURCE + other + direct)

    assert ways(folder) == {"other": Proxy(host="other.example", port=80), "direct": None}


def test_the_password_is_shown_to_its_own_proxy_alone(folder: Folder) -> None:
    folder.write("proxy.password", "hunter2\n")
    usual = USUAL + 'proxy_username = "brygga"\nproxy_password_file = "proxy.password"\n'
    other = destination("https://a.example", 'proxy = "http://other.example"').replace('"one"', '"other"')
    folder.write("brygga.toml", usual + SOURCE + destination("https://city.example") + other)

    known = Proxy(host="proxy.example", port=3128, username="brygga", password=Secret("hunter2"))
    assert ways(folder) == {"one": known, "other": Proxy(host="other.example", port=80)}


@pytest.mark.parametrize(
    ("url", "variables", "expected"),
    [
        ("https://city.example", {"HTTPS_PROXY": "http://a.example:1"}, "http://a.example:1"),
        ("mqtts://city.example", {"https_proxy": "a.example:1"}, "http://a.example:1"),
        ("http://city.example", {"HTTPS_PROXY": "http://a.example:1"}, None),
        ("http://city.example", {"HTTP_PROXY": "http://b.example:2"}, "http://b.example:2"),
        ("http://city.example", {"ALL_PROXY": "http://c.example:3"}, "http://c.example:3"),
        ("https://city.example", {"HTTPS_PROXY": "http://a.example:1", "NO_PROXY": "x, example"}, None),
        ("https://city.example", {"HTTPS_PROXY": "http://a.example:1", "NO_PROXY": "*"}, None),
        ("https://city.example", {"HTTPS_PROXY": "socks5://a.example:1"}, None),
    ],
)
def test_the_environment_is_asked_where_that_is_said(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, url: str, variables: dict[str, str], expected: str | None
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    folder.write("brygga.toml", SOURCE + destination(url, 'proxy = "environment"'))

    (found,) = ways(folder).values()

    assert (None if found is None else str(found)) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[network_access]\nproxy = "socks5://x"\n', "network_access.proxy: 'socks5://x' is no proxy"),
        (
            '[network_access]\nproxy = "https://x"\n',
            "network_access.proxy: 'https://x': the proxy itself is spoken to by",
        ),
        ('[network_access]\nproxy = "http://u:hunter2@x"\n', "network_access.proxy: a URL is shown to people"),
        ('[network_access]\nproxy_username = "u"\n', "network_access.proxy: is missing; proxy_username belongs to one"),
        (
            '[[relay]]\nname = "r"\nurl = "udp://lns.example"\nproxy = "environment"\n',
            "relay[0].proxy: udp:// sends datag",
        ),
    ],
)
def test_what_can_be_no_proxy_is_said(folder: Folder, text: str, problem: str) -> None:
    folder.write("brygga.toml", text + SOURCE)

    (found,) = folder.problems()

    assert found.startswith(f"brygga.toml: {problem}")
    assert "hunter2" not in found


def test_an_authority_for_all_is_believed_beside_the_systems(folder: Folder, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    own = f'tls = {{ ca_file = "{authority.certificate}" }}'
    folder.write(
        "brygga.toml",
        f'[network_access]\nca_file = "{authority.certificate}"\n'
        + SOURCE
        + ALL
        + destination("https://b.example", own),
    )

    settings = folder.settings()

    platforms = [one.platform for one in settings.destinations]
    assert {one.tls.also_ca_file for one in platforms} == {authority.certificate}
    assert [one.tls.ca_file for one in platforms] == [None, None, authority.certificate]
    assert isinstance(settings.relays[0].server, StationServer)
    assert settings.relays[0].server.tls.also_ca_file == authority.certificate
    assert all(isinstance(one, Broker | Service) for one in platforms)
