"""What a packet forwarders' source says is wrong, and that it says nothing where all is well."""

from __future__ import annotations

from gateway.model import Eui64
from gateway.sources.semtech_advice import advice
from gateway.sources.semtech_udp import SHOWN, SemtechUdp
from tests.sources.conftest import GATEWAY, OTHER, Ear, HandClock, pull_data, push_data, running, rxpk, udp, understood

BUFFER = {"asked_bytes": 4_000_000, "granted_bytes": 212_992, "dropped_by_kernel": 3, "advice": "raise rmem_max"}


async def test_a_forwarder_that_hears_and_pulls_needs_no_advice(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(pull_data())
            await forwarder.ask(push_data({"rxpk": [rxpk()]}))
            await understood(server)
        gateways = source.status()["gateways"]

    assert advice(gateways, {"bad_crc": 7}, {**BUFFER, "dropped_by_kernel": 0, "advice": None}) == []


async def test_a_forwarder_that_never_pulls_cannot_answer_and_that_is_said(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(push_data({"rxpk": [rxpk()]}))
        said = source.status()["advice"]

    assert any(words.startswith(GATEWAY) and "serv_port_down" in words for words in said)


async def test_a_gateway_that_hears_nothing_but_noise_is_named(source: SemtechUdp, ear: Ear) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(pull_data())
            await forwarder.ask(push_data({"rxpk": [rxpk(stat=-1)]}))
            await understood(server)
        said = source.status()["advice"]

    assert any(words.startswith(GATEWAY) and "antenna" in words for words in said)


def test_a_few_gateways_are_named_and_a_thousand_counted() -> None:
    deaf = {f"{number:016x}": {"rxpk": 1, "frames": 0, "can_transmit": False} for number in range(1000)}

    said = advice(deaf, {}, None)

    assert len(said) == 8
    assert said[2].startswith("0000000000000002 sends what it hears and asks for no downlinks")
    assert said[3] == "997 more send what they hear and ask for no downlinks"
    assert said[7] == "997 more hear packets, and none whose CRC is right"
    assert len(advice(dict([*deaf.items()][:3]), {}, None)) == 6


async def test_of_gateways_that_anybody_invents_the_last_ones_are_shown_and_all_counted(
    source: SemtechUdp, ear: Ear
) -> None:
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            await forwarder.ask(pull_data(gateway=GATEWAY))
            for number in range(SHOWN):
                await forwarder.ask(pull_data(gateway=Eui64(f"{number:016x}")))
            without = source.status()
            await forwarder.ask(pull_data(gateway=GATEWAY))
            again = source.status()

    assert (without["gateways_known"], len(without["gateways"])) == (SHOWN + 1, SHOWN)
    assert GATEWAY not in without["gateways"]
    assert GATEWAY in again["gateways"]
    assert [*again["gateways"]] == sorted(again["gateways"])


async def test_gateways_that_the_configuration_names_are_all_shown(clock: HandClock, ear: Ear) -> None:
    named = [Eui64(f"{number:016x}") for number in range(SHOWN + 5)]
    source = SemtechUdp("radio", host="127.0.0.1", port=0, clock=clock, gateways=frozenset(named))
    async with running(source, ear) as server:
        with udp(server) as forwarder:
            for one in named:
                await forwarder.ask(pull_data(gateway=one))
        said = source.status()

    assert [*said["gateways"]] == named


def test_strangers_and_a_buffer_that_is_too_small_are_told() -> None:
    said = advice({}, {"not_allowed": 1, "too_many_gateways": 2}, BUFFER)

    assert [words.split(":")[0] for words in said] == [
        "a gateway speaks that source.gateways does not name",
        "more gateways speak than there can be",
        "the kernel gives 212 kB of 4000 kB of receive buffer",
        "3 datagrams did not fit into the receive buffer and are lost",
    ]


async def test_a_scanner_is_told_of_for_an_hour_and_counted_for_good(clock: HandClock, ear: Ear) -> None:
    source = SemtechUdp("radio", host="127.0.0.1", port=0, clock=clock, gateways=frozenset({OTHER}))
    async with running(source, ear) as server:
        with udp(server) as scanner:
            scanner.send(pull_data())
            await understood(server)
        at_first = source.status()["advice"]
        clock.monotonic += 3660
        later = source.status()

    assert [words for words in at_first if "does not name" in words]
    assert not [words for words in later["advice"] if "does not name" in words]
    assert later["dropped"]["not_allowed"] == 1
