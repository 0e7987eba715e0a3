"""Packet forwarders: what their files say, and what has to stand in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.setup import commented_json, pointing
from gateway.setup.asking import Known
from gateway.setup.findings import Findings
from gateway.setup.forwarders import forwarders, lora_fwd, region_of
from tests.setup.roots import FORWARDER, GLOBAL_CONF, LOCAL_CONF, box, forwarder, known, machine, process, write


def chosen(root: Path, **of_the_box: object) -> Known:
    made = machine(root)
    found = tuple(forwarders(made, list(made.processes())))
    return known(Findings(box=box(**of_the_box), forwarders=found), typed={"radio": "forwarder", "point": "yes"})


def test_the_last_word_on_a_key_counts_and_comments_do_not_hide_it(tmp_path: Path) -> None:
    folder = forwarder(tmp_path)
    made = machine(tmp_path)

    (found,) = forwarders(made, list(made.processes()))

    assert (found.server, found.port, found.gateway) == ("eu1.cloud.thethings.network", 1680, "aa555a0000000001")
    assert found.frequencies_hz == (867_100_000, 868_100_000, 868_300_000, 868_500_000)
    assert found.process is not None
    assert (found.process.name, found.process.unit) == ("lora_pkt_fwd", "ttn-gateway.service")
    places = {key: (one.file.name, one.line) for key, one in found.settings.items()}
    assert places == {
        "server_address": ("global_conf.json", 15),
        "serv_port_up": ("local_conf.json", 3),
        "serv_port_down": ("global_conf.json", 17),
    }
    assert found.folder == folder


def test_a_forwarder_that_does_not_run_is_found_by_its_files(tmp_path: Path) -> None:
    forwarder(tmp_path, runs=False)

    (found,) = forwarders(machine(tmp_path), [])

    assert found.process is None


def test_a_forwarder_with_a_file_of_its_own_is_found_by_its_command_line(tmp_path: Path) -> None:
    write(tmp_path, "srv/radio/eu.json", GLOBAL_CONF)
    process(tmp_path, 8, "/usr/bin/lora_pkt_fwd", "-c", "eu.json", folder="/srv/radio")
    made = machine(tmp_path)

    (found,) = forwarders(made, list(made.processes()))

    assert found.settings["serv_port_up"].file == tmp_path / "srv/radio/eu.json"


def test_a_list_of_servers_is_told_and_left_to_a_person(tmp_path: Path) -> None:
    servers = (
        '{"gateway_conf": {"servers": [{"server_address": "a.example", "serv_port_up": 1700, "serv_enabled": true}]}}'
    )
    write(tmp_path, f"{FORWARDER}/local_conf.json", servers)

    (found,) = forwarders(machine(tmp_path), [])
    wanted = known(Findings(box=box(), forwarders=(found,)), typed={"radio": "forwarder", "point": "yes"})

    assert (found.server, found.has_several_servers) == ("a.example", True)
    assert pointing.changes(wanted) == []
    assert '"server_address": "127.0.0.1", "serv_port_up": 1700' in pointing.by_hand(wanted)[0].en


@pytest.mark.parametrize("text", ["", "[]", "{", '{"gateway_conf": 3}', '"\\', "/* never ends"])
def test_a_file_that_is_none_is_passed_over(tmp_path: Path, text: str) -> None:
    write(tmp_path, f"{FORWARDER}/global_conf.json", text)

    assert list(forwarders(machine(tmp_path), [])) == []


def test_all_three_values_are_changed_each_where_it_stands(tmp_path: Path) -> None:
    folder = forwarder(tmp_path)

    changes = pointing.changes(chosen(tmp_path))

    assert [(one.file.name, one.line, one.key, one.before, one.after) for one in changes] == [
        ("global_conf.json", 15, "server_address", '"eu1.cloud.thethings.network"', '"127.0.0.1"'),
        ("local_conf.json", 3, "serv_port_up", "1680", "1700"),
    ]
    whole = pointing.applied(GLOBAL_CONF, [changes[0]])
    assert whole == GLOBAL_CONF.replace("eu1.cloud.thethings.network", "127.0.0.1")
    assert pointing.applied(LOCAL_CONF, [changes[1]]) == LOCAL_CONF.replace("1680", "1700")
    assert folder.is_dir()


def test_a_forwarder_that_sends_here_already_keeps_its_port(tmp_path: Path) -> None:
    local = '{"gateway_conf": {"server_address": "localhost", "serv_port_up": 1699, "serv_port_down": 1699}}'
    forwarder(tmp_path, local=local)

    assert pointing.changes(chosen(tmp_path)) == []


def test_a_port_that_another_program_has_is_left_to_it(tmp_path: Path) -> None:
    forwarder(tmp_path)

    changes = pointing.changes(chosen(tmp_path, ports_taken={1700: "chirpstack-gateway-bridge"}))

    assert {one.after for one in changes} == {'"127.0.0.1"', "1730"}


def test_this_agent_gives_its_port_to_the_new_file(tmp_path: Path) -> None:
    forwarder(tmp_path)

    changes = pointing.changes(chosen(tmp_path, ports_taken={1700: "brygga"}))

    assert {one.after for one in changes} == {'"127.0.0.1"', "1700"}


def test_kerlinks_forwarder_is_found_by_its_file(tmp_path: Path) -> None:
    write(tmp_path, "etc/lorafwd.toml", '[ gateway ]\n#id = 0xFF\n[ gwmp ]\nnode = "lns.example"\n')

    (found,) = lora_fwd(machine(tmp_path), [])

    assert found.server == "lns.example"


@pytest.mark.parametrize(
    ("frequencies", "region"),
    [
        ((868_100_000, 868_300_000, 868_500_000, 867_100_000), "EU868"),
        ((433_175_000, 433_375_000, 433_575_000), "EU433"),
        (tuple(902_300_000 + 200_000 * number for number in range(8)), "US915"),
        ((923_200_000, 923_400_000), "AS923-1"),
        ((868_100_000,), ""),
        ((), ""),
    ],
)
def test_the_region_is_the_one_whose_devices_are_heard(frequencies: tuple[int, ...], region: str) -> None:
    assert region_of(frequencies) == region


def test_what_looks_like_a_comment_in_a_text_is_none() -> None:
    text = '{"a": "http://x /* y */", "b": 1, /* "b": 2 */ "c": [1, 2,],}'

    read, places = commented_json.read(text), commented_json.places(text, "b")

    assert read == {"a": "http://x /* y */", "b": 1, "c": [1, 2]}
    assert [text[start:end] for start, end in places] == ["1"]
