"""The configuration: what is right becomes settings, and what is unwise a warning."""

from __future__ import annotations

import re
import runpy
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import load, whole
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.senml import SenMl
from gateway.model import Device, Eui64, TimeQuality
from gateway.sources.settings import SemtechUdpSettings
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.secret import Secret
from gateway.transports.service import ApiKey, Basic, Bearer, Service
from simulators.platforms.certificates import Authority
from tests.agent.brygga_toml import HTTP, MQTT, SOURCE, loaded

ROOT = Path(__file__).parent.parent.parent


# ── what is right ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_file_has_every_default_and_says_what_it_will_not_do(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "")

    assert settings.gateway.name == socket.gethostname()
    assert settings.journal_path == Path("/var/lib/brygga/journal.db")
    assert settings.control_socket == Path("/var/lib/brygga/control.sock")
    assert settings.clock.trust is TimeQuality.NTP
    assert (settings.radio.region, settings.radio.net_id, settings.radio.gather_ms) == ("EU868", 0, 200)
    assert (settings.journal.limit_bytes, settings.journal.keep_delivered) == (512_000_000, timedelta(days=7))
    assert [one for one in settings.warnings if "gateway.name" not in one] == [
        "brygga.toml: no [[source]]: nothing will be heard",
        "brygga.toml: no [[destination]]: what is heard is kept, and told to nobody",
    ]


def test_paths_begin_at_the_files_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    text = '[gateway]\ndata = "kept"\ncontrol_socket = "run/b.sock"\n[decoders]\nfolder = "mine"\n'
    (tmp_path / "mine").mkdir()

    settings = loaded(tmp_path, text)

    assert settings.gateway.data == tmp_path / "kept"
    assert settings.control_socket == tmp_path / "run" / "b.sock"
    assert settings.decoders.folder == tmp_path / "mine"


def test_a_source_is_read_whole(tmp_path: Path) -> None:
    text = SOURCE + 'host = "127.0.0.1"\nport = 0\ngateways = ["AA-55-5A-00-00-00-00-01"]\nreceive_buffer = "1 MiB"\n'

    (source,) = loaded(tmp_path, text).sources

    assert isinstance(source, SemtechUdpSettings)
    assert (source.name, source.host, source.port) == ("mast", "127.0.0.1", 0)
    assert source.gateways == frozenset({Eui64("aa555a0000000001")})
    assert source.receive_buffer_bytes == 1 << 20


def test_a_broker_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("hemligt\n", encoding="utf-8")
    authority = Authority(tmp_path).certificate
    text = (
        MQTT.replace("mqtt://127.0.0.1", "mqtts://broker.example:8884")
        + 'username = "u"\npassword_file = "pass"\nmqtt_version = "3.1.1"\nclient_id = "me"\nwindow = 20\nkeep_alive_s = 30\n'
        + 'status_topic = "s/me"\nbatch = 50\nretry_max_s = 300\n'
        + '[destination.options]\nencoding = "cbor"\n[destination.tls]\nca_file = "'
        + f'{authority}"\n'
    )

    (destination,) = loaded(tmp_path, text).destinations
    broker = destination.platform

    assert isinstance(broker, Broker)
    assert isinstance(destination.format, SenMl)
    assert str(broker.endpoint) == "mqtts://broker.example:8884"
    assert (broker.username, broker.password, broker.client_id) == ("u", Secret("hemligt"), "me")
    assert (broker.version, broker.window, broker.keepalive_s) == (MqttVersion.V3_1_1, 20, 30)
    assert (broker.status_topic, broker.tls.ca_file) == ("s/me", authority)
    assert (destination.batch, destination.retry_max_s) == (50, 300.0)


def test_a_web_service_is_read_whole(tmp_path: Path) -> None:
    text = HTTP + 'headers = { "X-Area" = "north" }\nconcurrency = 2\nconnect_limit_s = 5\ntotal_limit_s = 20.5\n'

    (destination,) = loaded(tmp_path, text).destinations
    service = destination.platform

    assert isinstance(service, Service)
    assert isinstance(destination.format, NgsiLd)
    assert (service.headers, service.concurrency) == ({"X-Area": "north"}, 2)
    assert (service.connect_limit_s, service.total_limit_s) == (5.0, 20.5)


@pytest.mark.parametrize(
    ("keys", "login"),
    [
        ('username = "u"\npassword = "hemligt"', Basic("u", Secret("hemligt"))),
        ('token_file = "secret"', Bearer(Secret("hemligt"))),
        ('token = "hemligt"', Bearer(Secret("hemligt"))),
        ('api_key_header = "X-API-Key"\napi_key_file = "secret"', ApiKey("X-API-Key", Secret("hemligt"))),
        ("", None),
    ],
)
def test_each_kind_of_credential_reaches_the_service(tmp_path: Path, keys: str, login: object) -> None:
    (tmp_path / "secret").write_text("hemligt\n", encoding="utf-8")

    (destination,) = loaded(tmp_path, HTTP + keys).destinations

    assert isinstance(destination.platform, Service)
    assert destination.platform.login == login


def test_a_client_id_is_made_of_the_two_names_and_stays_the_same(tmp_path: Path) -> None:
    text = '[gateway]\nname = "Mast 1"\n' + MQTT

    first, second = (loaded(tmp_path, text).destinations[0].platform for _ in range(2))

    assert isinstance(first, Broker)
    assert first.client_id == "brygga-Mast-1-city"
    assert first == second


def test_our_own_certificate_is_read_with_its_key(tmp_path: Path) -> None:
    ours = Authority(tmp_path).client("mast")
    tls = f'[destination.tls]\ncertificate_file = "{ours.certificate}"\nkey_file = "{ours.key}"\n'

    (destination,) = loaded(tmp_path, HTTP.replace("http:", "https:") + tls).destinations

    assert (destination.platform.tls.certificate_file, destination.platform.tls.key_file) == (
        ours.certificate,
        ours.key,
    )


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        ("", {"a", "b", "c"}),
        ('tags = ["water"]', {"a"}),
        ('dev_euis = ["00 00 00 00 00 00 00 0B"]', {"b"}),
        ('tags = ["water", "north"]\ndev_euis = ["000000000000000b"]', {"a", "b", "c"}),
    ],
)
def test_devices_are_selected_by_tag_or_by_eui(tmp_path: Path, keys: str, selected: set[str]) -> None:
    devices = [
        Device(dev_eui=Eui64("000000000000000a"), name="a", tags=frozenset({"water"})),
        Device(dev_eui=Eui64("000000000000000b"), name="b"),
        Device(dev_eui=Eui64("000000000000000c"), name="c", tags=frozenset({"north", "air"})),
    ]

    (destination,) = loaded(tmp_path, MQTT + keys).destinations

    assert {device.name for device in devices if destination.selection.selects(device)} == selected


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("512 MB", 512_000_000),
        ("2 GB", 2_000_000_000),
        ("1.5GiB", 3 << 29),
        ("64 mib", 64 << 20),
        ("3000 kB", 3_000_000),
    ],
)
def test_sizes_have_units(tmp_path: Path, text: str, octets: int) -> None:
    settings = loaded(tmp_path, f'[journal]\nlimit = "{text}"')

    assert settings.journal.limit_bytes == octets


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("7 d", timedelta(days=7)),
        ("12 h", timedelta(hours=12)),
        ("30 min", timedelta(minutes=30)),
        ("0 s", timedelta()),
        ("2 w", timedelta(weeks=2)),
    ],
)
def test_times_have_units(tmp_path: Path, text: str, time: timedelta) -> None:
    settings = loaded(tmp_path, f'[journal]\nkeep_delivered = "{text}"')

    assert settings.journal.keep_delivered == time


def test_senml_goes_over_http_where_its_topic_is_a_path(tmp_path: Path) -> None:
    text = HTTP.replace("ngsi_ld", "senml") + '[destination.options]\ntopic = "/in/{dev_eui}"\n'

    (destination,) = loaded(tmp_path, text).destinations

    assert isinstance(destination.format, SenMl)


# ── what works and is unwise ────────────────────────────────────────────────────────────────────────────────────────


def warned(folder: Path, destination: str) -> list[str]:
    settings = loaded(folder, '[gateway]\nname = "g"\n' + SOURCE + destination)
    return [warning.removeprefix("brygga.toml: ") for warning in settings.warnings]


def test_nothing_unwise_is_no_warning(tmp_path: Path) -> None:
    assert warned(tmp_path, MQTT) == []


def test_a_password_that_every_user_can_read_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text('[gateway]\nname = "g"\n' + SOURCE + MQTT + 'username = "u"\npassword = "p"\n', encoding="utf-8")

    path.chmod(0o644)
    readable = load(path).warnings
    path.chmod(0o640)
    private = load(path).warnings

    assert len(readable) == 1
    assert "destination[0].password: every user can read it; chmod o-r" in readable[0]
    assert private == ()


def test_a_secret_file_that_every_user_can_read_is_warned_of(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hemligt", encoding="utf-8")

    secret.chmod(0o644)
    readable = warned(tmp_path, HTTP + 'token_file = "secret"')
    secret.chmod(0o600)
    private = warned(tmp_path, HTTP + 'token_file = "secret"')

    assert readable == [f"destination[0].token_file: every user can read it; chmod o-r {secret}"]
    assert private == []


@pytest.mark.parametrize(
    ("url", "count"), [("mqtt://broker.example", 1), ("mqtts://broker.example", 0), ("mqtt://localhost", 0)]
)
def test_a_credential_in_the_clear_is_warned_of(tmp_path: Path, url: str, count: int) -> None:
    said = warned(tmp_path, MQTT.replace("mqtt://127.0.0.1", url) + 'username = "u"\npassword = "p"\n')

    assert [one.split(": ")[0] for one in said] == ["destination[0].url"] * count


def test_tls_that_believes_anybody_is_warned_of(tmp_path: Path) -> None:
    (said,) = warned(tmp_path, MQTT.replace("mqtt:", "mqtts:") + "[destination.tls]\ninsecure = true\n")

    assert said.startswith("destination[0].tls.insecure: whoever is on the line")


def test_a_host_name_that_many_machines_have_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "COMMON_HOST_NAMES", {socket.gethostname()})

    settings = loaded(tmp_path, SOURCE + MQTT)

    assert ["gateway.name" in one for one in settings.warnings] == [True]


# ── what is written about it ────────────────────────────────────────────────────────────────────────────────────────


def test_the_example_has_no_problem_and_no_warning() -> None:
    settings = load(ROOT / "examples" / "brygga.toml")

    assert settings.warnings == ()
    assert [type(one.format) for one in settings.destinations] == [NgsiLd, SenMl]


def test_the_commented_keys_of_the_example_are_right_too(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "brygga.toml").read_text(encoding="utf-8")
    for name in re.findall(r'_file = "([^"]+)"', text):
        (tmp_path / name).write_text("hemligt\n", encoding="utf-8")

    settings = loaded(tmp_path, re.sub(r"(?m)^# (?=\w+ = )", "", text))

    assert all(
        one.platform.login if isinstance(one.platform, Service) else one.platform.password
        for one in settings.destinations
    )


def test_the_page_of_keys_is_generated_from_the_code_of_today() -> None:
    render = runpy.run_path(str(ROOT / "scripts" / "generate_configuration.py"))["render"]

    page = (ROOT / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")

    assert page == render(), "run scripts/generate.py"


# ── a line that is paid by the octet ──


@pytest.mark.parametrize(("written", "keepalive_s"), [("", 600), ("keep_alive_s = 60\n", 60)])
def test_a_metered_line_has_fewer_signs_of_life_unless_they_are_written(
    tmp_path: Path, written: str, keepalive_s: int
) -> None:
    (destination,) = loaded(tmp_path, MQTT + 'link = "metered"\n' + written).destinations

    assert isinstance(destination.platform, Broker)
    assert destination.platform.keepalive_s == keepalive_s
    assert destination.gather_s == 60.0


def test_a_metered_line_compresses_and_any_other_does_not(tmp_path: Path) -> None:
    (metered,) = loaded(tmp_path, HTTP + 'link = "metered"\n').destinations
    (other,) = loaded(tmp_path, HTTP).destinations

    assert isinstance(metered.platform, Service)
    assert isinstance(other.platform, Service)
    assert (metered.platform.gzip, metered.gather_s) == (True, 60.0)
    assert (other.platform.gzip, other.gather_s) == (False, 0.0)
