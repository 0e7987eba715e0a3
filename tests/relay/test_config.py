"""`[[relay]]` in the configuration: what it becomes, and what is said of what cannot be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.lorawan.dev_addr import AddressBlock
from gateway.model import Eui64
from gateway.relay.settings import EuiRange, Filters, GwmpServer, StationServer
from tests.agent.brygga_toml import MQTT, SOURCE, loaded, problems

RELAY = '[[relay]]\nname = "city"\nurl = "udp://lns.example:1701"\n'


def test_a_relay_becomes_frozen_settings(tmp_path: Path) -> None:
    text = """
dev_addr = ["26000000/7"]
net_id = ["000024"]
join_eui = ["70B3D57ED0000000..70b3d57ed000ffff", "70-B3-D5-7E-D1-00-00-01"]
proprietary = false
keep = "7 d"
"""
    (relay,) = loaded(tmp_path, SOURCE + RELAY + text).relays

    assert (relay.name, relay.server, relay.sources) == ("city", GwmpServer("lns.example", 1701), ("mast",))
    assert relay.filters == Filters(
        dev_addrs=(AddressBlock.parse("26000000/7"), AddressBlock.of_net_id(0x24)),
        join_euis=(
            EuiRange(Eui64("70b3d57ed0000000"), Eui64("70b3d57ed000ffff")),
            EuiRange(Eui64("70b3d57ed1000001"), Eui64("70b3d57ed1000001")),
        ),
        proprietary=False,
    )
    assert (relay.keep, relay.away_after_s) == (timedelta(days=7), 30.0)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("udp://10.0.0.7", GwmpServer("10.0.0.7", 1700)),
        ("udp://[2001:db8::1]:1700", GwmpServer("2001:db8::1", 1700)),
    ],
)
def test_a_server_is_named_by_its_url(tmp_path: Path, url: str, server: GwmpServer) -> None:
    (relay,) = loaded(tmp_path, f'{SOURCE}[[relay]]\nname = "city"\nurl = "{url}"\n').relays

    assert relay.server == server


def test_a_station_has_its_token_out_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("Bearer NNSXS.x\n", encoding="utf-8")
    text = '[[relay]]\nname = "city"\nurl = "wss://lns.example:8887"\ntoken_file = "token"\n'

    (relay,) = loaded(tmp_path, SOURCE + text).relays

    assert isinstance(relay.server, StationServer)
    assert relay.server.url == "wss://lns.example:8887"
    assert relay.server.token is not None
    assert relay.server.token.reveal() == "Bearer NNSXS.x"


WRONG = [
    ('url = "lns.example"', "relay[0].url: 'lns.example' is none of udp://, ws://, wss:// with a server's name"),
    ('url = "http://lns.example"', "relay[0].url: 'http://lns.example' is none of udp://"),
    ('url = "udp://lns.example:1700/x"', "nothing behind"),
    ('url = "udp://me:secret@lns.example"', "no user and password in it"),
    ('url = "udp://lns.example:99999"', "is no address of a server"),
    ('dev_addr = ["26000000"]', "relay[0].dev_addr[0]: '26000000' is no block of DevAddrs"),
    ('dev_addr = ["26011bda/7"]', "'26000000/7' is the block meant"),
    ('net_id = ["13"]', "relay[0].net_id[0]: '13' is no NetID"),
    ('join_eui = ["70b3"]', "4 hex digits where 16 are expected"),
    ('join_eui = ["70b3d57ed000ffff..70b3d57ed0000000"]', "ends before it begins"),
    ('keep = "1 min"', "less than an hour"),
    ("away_after_s = 1", "relay[0].away_after_s: 1 s: forwarders ask every 5 to 10 s"),
    ('sources = ["roof"]', "relay[0].sources[0]: there is no source 'roof'; there is mast"),
    ('url = "udp://localhost:1700"', "source[0] of this agent listens there, and would hear its own frames for ever"),
    ("filter = 1", "relay[0].filter: there is no such key"),
]


@pytest.mark.parametrize(("line", "words"), WRONG)
def test_what_cannot_be_is_said_with_what_would_be_right(tmp_path: Path, line: str, words: str) -> None:
    text = "\n".join(one for one in RELAY.splitlines() if not line.startswith(one.partition(" ")[0]))

    (problem,) = problems(tmp_path, f"{SOURCE}{text}\n{line}\n")

    assert words in problem


def test_two_relays_have_two_names(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, SOURCE + RELAY + RELAY)

    assert problem == "brygga.toml: relay[1].name: 'city' is a relay already: relay[0]; each has its own"


def test_a_relay_without_a_source_that_could_be_relayed_is_a_problem(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, MQTT + RELAY)

    assert problem.startswith("brygga.toml: relay[0]: there is no source whose gateways it could have")


def test_udp_takes_no_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x\n", encoding="utf-8")

    (problem,) = problems(tmp_path, SOURCE + RELAY + 'token_file = "token"\n')

    assert "udp:// proves nothing" in problem


def test_what_works_and_is_unwise_is_said(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("x\n", encoding="utf-8")
    (tmp_path / "token").chmod(0o644)
    text = '[[relay]]\nname = "city"\nurl = "ws://lns.example"\ntoken_file = "token"\nown = true\ntls.insecure = true\n'

    warnings = [one for one in loaded(tmp_path, SOURCE + text).warnings if "relay[0]" in one]

    assert [one.partition("relay[0].")[2].partition(":")[0] for one in warnings] == [
        "token_file",
        "url",
        "tls.insecure",
        "own",
    ]
