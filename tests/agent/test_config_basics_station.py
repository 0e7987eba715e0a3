"""The keys of a Basics Station's source: what they become, and what is wrong with them in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.lorawan.region import EU868
from gateway.model import TimeQuality, eui64
from gateway.sources.settings import BasicsStationSettings
from gateway.transports.secret import Secret
from simulators.platforms.certificates import Authority
from tests.agent.brygga_toml import loaded, problems

STATION = '[[source]]\nname = "roof"\ntype = "basics_station"\n'
ROOF = eui64("0016c001ff10a235")
PLACE = "brygga.toml: source[0]"


def station(folder: Path, text: str = "", before: str = "") -> BasicsStationSettings:
    (made,) = loaded(folder, before + STATION + text).sources
    assert isinstance(made, BasicsStationSettings)
    return made


def warned(folder: Path, text: str, before: str = "") -> list[str]:
    return [line for line in loaded(folder, before + STATION + text).warnings if line.startswith(PLACE)]


def test_name_and_type_are_enough(tmp_path: Path) -> None:
    made = station(tmp_path)

    assert (made.name, made.host, made.port, made.tls) == ("roof", "0.0.0.0", 3001, None)
    assert made.plan.default_hz + made.plan.further_hz == EU868.default_channels_hz + EU868.cf_list_hz
    assert (made.filters.address_prefixes, made.filters.join_euis) == (None, None)
    assert made.trust is TimeQuality.NTP


def test_the_site_s_region_channels_and_clock_are_the_station_s(tmp_path: Path) -> None:
    before = '[clock]\ntrust = "gps"\n[network]\nchannels_hz = [867100000, 867300000]\n'

    made = station(tmp_path, before=before)

    assert made.plan.further_hz == (867_100_000, 867_300_000)
    assert made.trust is TimeQuality.GPS
    assert station(tmp_path, before='[radio]\nregion = "US915"\n').plan.region == "US902"


@pytest.mark.parametrize(
    ("net_id", "prefix"),
    [("000000", 0x00), ("000013", 0x13), ("000055", 0x15), ("200001", 0x40), ("600013", 0x70), ("c00053", 0x7E)],
)
def test_a_net_id_is_told_as_the_bits_of_a_dev_addr_that_a_station_compares(
    net_id: str, prefix: int, tmp_path: Path
) -> None:
    made = station(tmp_path, f'net_ids = ["{net_id}"]\n')

    assert made.filters.address_prefixes == (prefix,)


def test_join_euis_are_ranges_or_one(tmp_path: Path) -> None:
    made = station(tmp_path, 'join_euis = ["70b3d57ed0000000..70b3d57ed000ffff", "00-16-C0-01-FF-10-A2-35"]\n')

    assert made.filters.join_euis == ((0x70B3D57ED0000000, 0x70B3D57ED000FFFF), (int(ROOF, 16),) * 2)


def test_tokens_and_certificates_are_read(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.server("roof.example")
    (tmp_path / "token").write_text("1234\n", encoding="utf-8")
    (tmp_path / "tokens").write_text(f"# the roof's\n{ROOF} 5678\n\n", encoding="utf-8")

    made = station(
        tmp_path,
        f'certificate_file = "{server.certificate.name}"\nkey_file = "{server.key.name}"\n'
        f'client_ca_file = "{authority.certificate.name}"\ntoken_file = "token"\ntokens_file = "tokens"\n',
    )

    assert made.token == Secret("1234")
    assert made.tokens == ((ROOF, Secret("5678")),)
    assert made.tls is not None
    assert (made.tls.certificate_file, made.tls.key_file) == (server.certificate, server.key)
    assert "1234" not in repr(made)
    assert "5678" not in repr(made)


WRONG = [
    ('token = "1"', "token: needs a certificate_file: a station sends neither token nor certificate over ws://"),
    ('net_ids = ["13"]', "net_ids[0]: '13' is no NetID: 6 hex digits, e.g. '000000' for private networks"),
    (
        'join_euis = ["1234"]',
        "join_euis[0]: '1234': 4 hex digits where 16 are expected; '70b3d57ed0000000..70b3d57ed000ffff' is a range, one EUI is one, too",
    ),
    (
        'join_euis = ["0000000000000000..70b3d57ed000ffff"]',
        "join_euis[0]: '0000000000000000..70b3d57ed000ffff' begins with 0, which a station takes for no filter; begin with 0000000000000001",
    ),
    (
        'join_euis = ["70b3d57ed000ffff..70b3d57ed0000000"]',
        "join_euis[0]: '70b3d57ed000ffff..70b3d57ed0000000' ends before it begins; 70b3d57ed0000000..70b3d57ed000ffff is a range",
    ),
    ("join_euis = [" + '"0016c001ff10a235",' * 11 + "]", "join_euis: 11 ranges where a station takes 10"),
    ('gateways = ["16"]', "gateways[0]: '16': 2 hex digits where 16 are expected"),
    ("prot = 3001", "prot: there is no such key; did you mean 'port'?"),
]


@pytest.mark.parametrize(("text", "line"), WRONG)
def test_what_is_wrong_is_said_with_what_would_be_right(text: str, line: str, tmp_path: Path) -> None:
    assert problems(tmp_path, STATION + text) == (f"{PLACE}.{line}",)


def test_a_file_of_tokens_is_wrong_by_line(tmp_path: Path) -> None:
    server = Authority(tmp_path).server("roof.example")
    given = f'certificate_file = "{server.certificate.name}"\nkey_file = "{server.key.name}"\ntokens_file = "tokens"\n'
    place = f"{PLACE}.tokens_file: {tmp_path}/tokens"

    for written, words in (
        (f"{ROOF}\n", f"{place} line 1: an EUI, a blank and a token are expected"),
        (f"{ROOF} 1\n16 2\n", f"{place} line 2: 2 hex digits where 16 are expected"),
    ):
        (tmp_path / "tokens").write_text(written, encoding="utf-8")
        assert problems(tmp_path, STATION + given) == (words,)


def test_a_certificate_without_its_key_is_said(tmp_path: Path) -> None:
    server = Authority(tmp_path).server("roof.example")

    (line,) = problems(tmp_path, STATION + f'certificate_file = "{server.certificate.name}"\n')

    assert line.startswith(
        f"{PLACE}.certificate_file: {server.certificate}: no certificate and its unencrypted private key"
    )


def test_a_whole_tc_key_is_no_token(tmp_path: Path) -> None:
    server = Authority(tmp_path).server("127.0.0.1")
    header = "Authorization: Bearer 5678"
    (tmp_path / "token").write_text(f"{header}\n", encoding="utf-8")
    (tmp_path / "tokens").write_text(f"{ROOF} {header}\n", encoding="utf-8")
    tls = f'certificate_file = "{server.certificate.name}"\nkey_file = "{server.key.name}"\n'

    found = [*problems(tmp_path, STATION + tls + 'token_file = "token"\ntokens_file = "tokens"\n')]

    assert found == [
        f"{PLACE}.{key}: holds the whole line of a tc.key; here only what stands in it behind 'Authorization: Bearer ' belongs"
        for key in ("token_file", "tokens_file")
    ]


def test_two_tokens_for_all_are_one_too_many(tmp_path: Path) -> None:
    server = Authority(tmp_path).server("roof.example")
    (tmp_path / "token").write_text("1234", encoding="utf-8")
    tls = f'certificate_file = "{server.certificate.name}"\nkey_file = "{server.key.name}"\n'

    (line,) = problems(tmp_path, STATION + tls + 'token = "1"\ntoken_file = "token"\n')

    assert line == f"{PLACE}.token_file: token is given, too; leave one of them out"


def test_a_port_is_one_source_s(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, STATION + STATION.replace("roof", "cellar"))

    assert line == "brygga.toml: source[1].port: source[0] listens on 3001 already; give each its own port"


def test_an_open_door_is_warned_of(tmp_path: Path) -> None:
    (line,) = warned(tmp_path, "")

    assert "none is named, and ws:// proves nothing" in line
    assert warned(tmp_path, 'host = "127.0.0.1"\n') == []
    assert warned(tmp_path, f'gateways = ["{ROOF}"]\n') == []


def test_channels_that_a_station_cannot_hear_are_warned_of(tmp_path: Path) -> None:
    before = "[network]\nchannels_hz = [863100000, 864900000]\n"

    (line,) = warned(tmp_path, f'gateways = ["{ROOF}"]\n', before)

    assert "does not hear 864900000 Hz" in line
    assert "network.channels_hz" in line


def test_a_station_in_japan_listens_before_it_talks(tmp_path: Path) -> None:
    before, lbt = '[radio]\nregion = "AS923-1"\n', f'gateways = ["{ROOF}"]\nlisten_before_talk = true\n'

    assert station(tmp_path, lbt, before).plan.region == "AS923-1"
    assert station(tmp_path, "", before).plan.region == "AU915"
    assert warned(tmp_path, lbt, before) == []
    (line,) = warned(tmp_path, lbt)
    assert "in AS923-1 only" in line


def test_secrets_that_everybody_can_read_are_warned_of(tmp_path: Path) -> None:
    server = Authority(tmp_path).server("roof.example")
    server.key.chmod(0o644)
    (tmp_path / "tokens").write_text(f"{ROOF} 5678", encoding="utf-8")
    (tmp_path / "tokens").chmod(0o604)

    lines = warned(
        tmp_path,
        f'certificate_file = "{server.certificate.name}"\nkey_file = "{server.key.name}"\ntokens_file = "tokens"\n',
    )

    assert lines == [
        f"{PLACE}.tokens_file: every user can read it; chmod o-r {tmp_path}/tokens",
        f"{PLACE}.key_file: every user can read it; chmod o-r {server.key}",
    ]
