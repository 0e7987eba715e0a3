"""The configuration: all that is wrong is said at once, with file, key and what would be right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.config.sources import SOURCES
from gateway.journal.journal import SMALLEST_LIMIT
from tests.agent.brygga_toml import HTTP, MQTT, SOURCE, loaded, problems

# ── one thing at a time ──────────────────────────────────────────────────────────────────────────────

WRONG = [
    # sections
    ("[gatway]", "gatway: there is no such section; did you mean 'gateway'?"),
    ("[[destinations]]", "destinations: there is no such section; did you mean 'destination'?"),
    ("[[gateway]]", "gateway: a list where a section is expected: [gateway], once"),
    ("clock = 7", "clock: 7 where a section is expected: [clock], once"),
    ("[source]\n", "source: one section where a list of sections is expected: each begins with [[source]]"),
    ("source = [1]", "source: a list where a list of sections is expected: each begins with [[source]]"),
    # gateway, clock, radio, journal, decoders
    ('[gateway]\nnmae = "x"', "gateway.nmae: there is no such key; did you mean 'name'?"),
    ("[gateway]\nname = 7", "gateway.name: 7 where a name of 1 to 64 characters is expected"),
    ('[gateway]\nname = " x"', "gateway.name: ' x' is no name: 1 to 64 printable characters, no blank at the ends"),
    ('[gateway]\ndata = ""', "gateway.data: '' is no path; leave the key out where none is meant"),
    ('[gateway]\ndata = "brygga.toml"', "gateway.data: {folder}/brygga.toml is a file where a folder is expected"),
    ('[clock]\ntrust = "gnss"', """clock.trust: 'gnss' where "gps", "ntp" or "system" is expected"""),
    ('[radio]\nregion = "EU686"', "radio.region: 'EU686' is none of EU868.*"),
    (
        '[radio]\nnet_id = "12"',
        "radio.net_id: '12' is no NetID: 6 hex digits, e.g. '000000' for a network of one's own",
    ),
    ("[radio]\nnet_id = 12", "radio.net_id: 12 where a text of 6 hex digits is expected"),
    ("[radio]\ngather_ms = 900", "radio.gather_ms: 900 where a whole number from 0 to 800 is expected"),
    ("[radio]\ngather_ms = true", "radio.gather_ms: true where a whole number from 0 to 800 is expected"),
    ("[journal]\nlimit = 512", "journal.limit: 512 has no unit; '512 MB' has one"),
    (
        '[journal]\nlimit = "512"',
        "journal.limit: '512' has no unit; one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB is right",
    ),
    ('[journal]\nlimit = "much"', "journal.limit: 'much' is no number with one of the units B, kB, .*"),
    ('[journal]\nlimit = "9999999 TB"', "journal.limit: '9999999 TB' is more than anybody can mean"),
    ('[journal]\nlimit = "10 kB"', "journal.limit: .*1 MiB.*"),
    ("[journal]\nlimit = []", """journal.limit: a list where a size such as "512 MB" or "2 GB" is expected"""),
    ("[journal]\nkeep_delivered = 7", "journal.keep_delivered: 7 has no unit; '7 d' has one"),
    (
        '[journal]\nkeep_delivered = "7 months"',
        "journal.keep_delivered: '7 months' has the unknown unit 'months'; one of s, min, h, d, w is right",
    ),
    ('[decoders]\nfolder = "gone"', "decoders.folder: {folder}/gone is not there; a folder is expected"),
    ('[decoders]\nfolder = "brygga.toml"', "decoders.folder: {folder}/brygga.toml is a file; a folder is expected"),
    # sources
    ('[[source]]\nname = "x"', f"source[0].type: is missing; there are {', '.join(SOURCES)}"),
    (SOURCE.replace("_udp", "_upd"), "source[0].type: 'semtech_upd' is no type of source; did you mean 'semtech_udp'?"),
    (
        SOURCE.replace("semtech_udp", "lora"),
        f"source[0].type: 'lora' is no type of source; there are {', '.join(SOURCES)}",
    ),
    ('[[source]]\ntype = "semtech_udp"', "source[0].name: is missing; a name of 1 to 64 characters is expected"),
    (SOURCE + "prot = 1700", "source[0].prot: there is no such key; did you mean 'port'?"),
    (
        SOURCE + "quux = 1",
        "source[0].quux: there is no such key; there are name, type, host, port, gateways, receive_buffer, antenna_gain_dbi",
    ),
    (
        SOURCE + "port = 65536",
        "source[0].port: 65536 where a whole number from 0 (any that is free) to 65535 is expected",
    ),
    (
        SOURCE + 'port = "1700"',
        "source[0].port: '1700' where a whole number from 0 (any that is free) to 65535 is expected",
    ),
    (SOURCE + 'gateways = ["12"]', "source[0].gateways[0]: '12': 2 hex digits where 16 are expected"),
    (SOURCE + "gateways = [17]", "source[0].gateways[0]: 17 where a text of 16 hex digits is expected"),
    (SOURCE + 'gateways = "12"', "source[0].gateways: '12' where a list of EUIs is expected"),
    (
        SOURCE + "receive_buffer = 10",
        """source[0].receive_buffer: 10 where a size such as "4 MiB", or a number of octets, from 4096 up is expected""",
    ),
    (SOURCE + SOURCE + "port = 1701", "source[1].name: 'mast' is a source already: source[0]; each has its own"),
    (
        SOURCE + SOURCE.replace("mast", "roof") + 'host = "127.0.0.1"',
        "source[1].port: source[0] listens on 1700 already; give each its own port",
    ),
    # destinations
    (
        MQTT.replace("mqtt:", "ftp:"),
        "destination[0].url: 'ftp://127.0.0.1' is none of mqtt://, mqtts://, http://, https://",
    ),
    (MQTT.replace("127.0.0.1", "h:66000"), "destination[0].url: this is no URL (Port out of range 0-65535).*"),
    (MQTT.replace('"mqtt://127.0.0.1"', "5"), "destination[0].url: 5 where a URL with mqtt://.* is expected"),
    (MQTT.replace("senml", "senlm"), "destination[0].format: 'senlm' is no format; did you mean 'senml'?"),
    (
        HTTP.replace("http:", "mqtt:"),
        "destination[0].format: ngsi_ld cannot go over mqtt://; http:// or https:// is right",
    ),
    (
        MQTT.replace("mqtt:", "http:"),
        "destination[0].format: senml over http:// puts its topic behind the URL; options.topic = '/brygga/{dev_eui}/senml' .*",
    ),
    (MQTT + MQTT.replace("127", "128"), "destination[1].name: 'city' is a destination already: destination[0]; .*"),
    (
        MQTT + MQTT.replace('"city"', '"c"\nclient_id = "i"') + MQTT.replace('"city"', '"d"\nclient_id = "i"'),
        "destination[2].client_id: 'i' is a client of this broker already: destination[1]; each has its own",
    ),
    (MQTT + 'tags = "water"', "destination[0].tags: 'water' where a list of tags is expected"),
    (MQTT + 'dev_euis = ["xyz"]', "destination[0].dev_euis[0]: 'xyz': 'xyz' has characters that are no hex digits"),
    (MQTT + "mqtt_version = 5", """destination[0].mqtt_version: 5 where "5" or "3.1.1" in quotes is expected"""),
    (MQTT + "window = 101", "destination[0].window: 101 where a whole number from 1 to 100 is expected"),
    (MQTT + 'status_topic = "a/#"', "destination[0].status_topic: 'a/#' is no topic to publish to: .*"),
    (MQTT + 'token = "t"', "destination[0].token: belongs to HTTP, and the URL begins with mqtt://"),
    (HTTP + "window = 9", "destination[0].window: belongs to MQTT, and the URL begins with http://"),
    (
        HTTP + "retry_max_s = 0",
        "destination[0].retry_max_s: 0 where a number of seconds above 0 and up to 86400 is expected",
    ),
    (
        HTTP + "retry_max_s = nan",
        "destination[0].retry_max_s: nan where a number of seconds above 0 and up to 86400 is expected",
    ),
    (HTTP + "connect_limit_s = 30", "destination[0].connect_limit_s: 30 is not less than total_limit_s, 30"),
    (
        HTTP + 'headers = { "a b" = "c" }',
        "destination[0].headers.a b: 'a b' is no name of an HTTP header; 'X-API-Key' is one",
    ),
    (HTTP + 'headers = { A = "c\\nd" }', "destination[0].headers.A: the value of a header is one line of .*"),
    # options
    (MQTT + "options = 5", "destination[0].options: 5 where a table of the format's options is expected"),
    (
        MQTT + '[destination.options]\ntopik = "x"',
        "destination[0].options.topik: senml has no such option; did you mean 'topic'?",
    ),
    (
        MQTT + '[destination.options]\nencoding = "xml"',
        "destination[0].options.encoding: 'xml' where 'json' or 'cbor' is expected",
    ),
    (MQTT + "[destination.options]\ntopic = 5", "destination[0].options.topic: 5 where a text is expected"),
    (MQTT + '[destination.options]\ntopic = "a/+"', "destination[0].options.topic: 'a/+' holds a wildcard; .*"),
    (
        HTTP + '[destination.options]\ncontext = "x"',
        "destination[0].options.context: 'x' where a list of texts is expected",
    ),
    (
        HTTP + "[destination.options]\nbatch_bytes = 0",
        "destination[0].options: batch_bytes and batch_entities are at least 1.*",
    ),
    (
        HTTP + '[destination.options]\nbatch_bytes = "1"',
        "destination[0].options.batch_bytes: '1' where a whole number is expected",
    ),
    # credentials
    (MQTT + 'password = "p"', "destination[0].username: is missing; a password needs it"),
    (HTTP + 'username = "u"', "destination[0].password_file: is missing; HTTP Basic needs it beside username"),
    (
        HTTP + 'username = "u:v"\npassword = "p"',
        "destination[0].username: has a colon in it, which HTTP Basic cannot say (RFC 7617)",
    ),
    (
        HTTP + 'username = "u"\npassword = "p"\ntoken = "t"',
        "destination[0].token: stands beside username; a platform is shown one credential",
    ),
    (HTTP + 'api_key_header = "X-Key"', "destination[0].api_key_file: is missing; it belongs to api_key_header"),
    (
        HTTP + 'token = "t"\ntoken_file = "secret"',
        "destination[0].token: stands beside token_file; one of the two is enough",
    ),
    (HTTP + 'token = ""', "destination[0].token: a secret is empty; leave the field out where none is needed"),
    (
        HTTP + 'token_file = "gone"',
        "destination[0].token_file: {folder}/gone: cannot be read: No such file or directory",
    ),
    (
        HTTP + 'token_file = "empty"',
        "destination[0].token_file: {folder}/empty: a secret is empty; leave the field out where none is needed",
    ),
    (HTTP + 'token_file = "."', "destination[0].token_file: {folder}: cannot be read: Is a directory"),
    # TLS
    (
        MQTT + "[destination.tls]\ninsecur = true",
        "destination[0].tls.insecur: there is no such key; did you mean 'insecure'?",
    ),
    (
        MQTT + "[destination.tls]\ninsecure = true",
        "destination[0].tls: has no effect on mqtt://; mqtts:// is encrypted",
    ),
    (
        MQTT.replace("mqtt:", "mqtts:") + '[destination.tls]\nca_file = "gone"',
        "destination[0].tls.ca_file: {folder}/gone: cannot be read: No such file or directory",
    ),
    (
        MQTT.replace("mqtt:", "mqtts:") + '[destination.tls]\nca_file = "secret"',
        "destination[0].tls.ca_file: {folder}/secret: holds no certificate authority in PEM form (BEGIN CERTIFICATE)",
    ),
    (
        MQTT.replace("mqtt:", "mqtts:") + '[destination.tls]\nkey_file = "secret"',
        "destination[0].tls.certificate_file: is missing; key_file belongs to it",
    ),
    (
        MQTT.replace("mqtt:", "mqtts:") + '[destination.tls]\ncertificate_file = "secret"',
        "destination[0].tls.certificate_file: {folder}/secret: no certificate and its unencrypted private key in PEM form.*",
    ),
]


@pytest.mark.parametrize(("text", "problem"), WRONG, ids=[problem for _, problem in WRONG])
def test_what_is_wrong_is_said_with_file_and_key_and_once(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "secret").write_text("hemligt\n", encoding="utf-8")
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    expected = re.escape(f"brygga.toml: {problem.replace('{folder}', str(tmp_path))}").replace(r"\.\*", ".*")

    said = problems(tmp_path, text)

    assert len(said) == 1, said
    assert re.fullmatch(expected, said[0]), said[0]


# ── all at once, and the whole file ──────────────────────────────────────────────────────────────────


def test_all_problems_are_said_at_once_those_between_right_keys_too(tmp_path: Path) -> None:
    text = (
        '[clok]\n[radio]\ngather_ms = -1\n[[source]]\ntype = "x"\n'
        '[[destination]]\nname = "a"\nurl = "mqtt://h"\nformat = "ngsi_ld"\nwindow = 0\npassword_file = "gone"\n'
        '[[destination]]\nname = "a"\nurl = "nowhere"\nformat = "senml"\ntoken = "t"\ntoken_file = "gone"\n'
    )

    said = problems(tmp_path, text)

    assert [line.split(": ")[1] for line in said] == [
        "clok",
        "radio.gather_ms",
        "source[0].type",
        "destination[0].password_file",
        "destination[0].window",
        "destination[0].format",
        "destination[0].username",
        "destination[1].url",
        "destination[1].token_file",
        "destination[1].token",
        "destination[1].name",
    ]


@pytest.mark.parametrize(("text", "_"), WRONG)
def test_the_words_of_the_library_reach_nobody(tmp_path: Path, text: str, _: str) -> None:
    said = "\n".join(problems(tmp_path, text))

    for jargon in ("Input should", "validation error", "pydantic", "_error", "NoneType", "dict_", "function-"):
        assert jargon not in said


@pytest.mark.parametrize("keys", ['password = ["hemligt"]', 'token = { a = "hemligt" }', "headers = { A = [1234567] }"])
def test_no_problem_repeats_a_secret(tmp_path: Path, keys: str) -> None:
    said = problems(tmp_path, HTTP + keys)

    assert "is expected" in said[0]
    assert "hemligt" not in "\n".join(said)
    assert "1234567" not in "\n".join(said)


def test_a_socket_path_that_is_too_long_is_said_before_the_start(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, f'[gateway]\ndata = "{"d" * 120}"')

    assert said.startswith("brygga.toml: gateway.control_socket: ")
    assert "at most 107" in said


def test_a_limit_that_the_journal_takes_not_is_refused_here(tmp_path: Path) -> None:
    assert problems(tmp_path, f'[journal]\nlimit = "{SMALLEST_LIMIT - 1} B"')
    assert loaded(tmp_path, f'[journal]\nlimit = "{SMALLEST_LIMIT} B"').journal.limit_bytes == SMALLEST_LIMIT
