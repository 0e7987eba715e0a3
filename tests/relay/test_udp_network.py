"""The way to a server changes: an address of this box goes, there is no route for a while; the line finds the new one."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Any

import pytest

from gateway.relay import gwmp_line, gwmp_upstream
from gateway.relay.gwmp_upstream import GwmpUpstream
from gateway.relay.resolving import Found
from simulators.network_server_udp import NetworkServerUdp
from tests.relay.scene import Scene, connected, relay_to, scene, until
from tests.relay.test_udp_outage import came, foreign


class Sockets:
    """Sockets as the kernel makes them, of which those that were open when the network went never send again."""

    def __init__(self) -> None:
        self.has_way = True
        self.went = 0  # how often

    def change(self) -> None:
        self.went += 1

    def make(self, *arguments: Any) -> socket.socket:
        return _Socket(self, *arguments)


class _Socket(socket.socket):
    def __init__(self, sockets: Sockets, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._sockets, self._made_at = sockets, sockets.went

    def connect(self, address: Any) -> None:
        if not self._sockets.has_way:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        super().connect(address)

    def send(self, *arguments: Any) -> int:
        if self._made_at != self._sockets.went:  # its own address is no longer one of this box
            raise OSError(errno.ENETUNREACH, "Network is unreachable")  # what Linux says, seen in a network namespace
        return super().send(*arguments)


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Sockets:
    made = Sockets()
    monkeypatch.setattr(gwmp_line, "new_socket", made.make)
    return made


def upstream(box: Scene) -> GwmpUpstream:
    found = box.relay()._upstream
    assert isinstance(found, GwmpUpstream)
    return found


async def test_when_the_boxs_own_address_has_changed_the_line_goes_on_from_the_new_one(
    tmp_path: Path, sockets: Sockets
) -> None:
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        sockets.change()
        await box.hear(foreign(1))
        (kept,) = await box.kept(1)
        await until(lambda: upstream(box).status()["counts"].get("opened_again", 0) > 0)
        await box.hear(foreign(2))
        await until(lambda: came(server) == [2])

    assert kept.phy_payload == foreign(1)


async def test_a_gateway_that_comes_while_there_is_no_way_has_one_when_there_is(
    tmp_path: Path, sockets: Sockets
) -> None:
    sockets.has_way = False
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await until(lambda: box.status()["upstream"]["gateways"] != {})
        await box.hear(foreign(1))
        (kept,) = await box.kept(1)
        sockets.has_way = True
        await connected(server)
        await box.hear(foreign(2))
        await until(lambda: came(server) == [2])

    assert kept.phy_payload == foreign(1)


async def test_where_one_address_of_a_name_is_silent_the_next_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gwmp_upstream, "LOOK_UP_AGAIN_S", 0.02)
    async with NetworkServerUdp() as mute, NetworkServerUdp() as server:
        mute.answers = False

        async def both(*_: object) -> list[Found]:
            return [(socket.AF_INET, mute.address), (socket.AF_INET, server.address)]

        monkeypatch.setattr(gwmp_upstream, "resolved", both)
        async with scene(tmp_path, relay_to(mute)) as box:
            await connected(mute)
            box.clock.ahead_s += 31
            await connected(server)
            await until(lambda: box.status()["state"] == "up")
            await box.hear(foreign(1))
            await until(lambda: came(server) == [1])


async def test_a_name_that_could_not_be_looked_up_for_a_while_is_no_trouble_once_the_server_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gwmp_upstream, "LOOK_UP_AGAIN_S", 0.02)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)

        async def unknown(*_: object) -> list[Found]:
            raise OSError("Temporary failure in name resolution")

        monkeypatch.setattr(gwmp_upstream, "resolved", unknown)
        server.answers, pulled = False, server.counts["pulled"]
        await until(lambda: server.counts["pulled"] > pulled + 2)
        box.clock.ahead_s += 31
        await until(lambda: "looked up" in "".join(box.status()["advice"]))
        server.answers = True
        await until(lambda: box.status()["state"] == "up")

        assert box.status()["advice"] == []


async def test_while_a_server_is_silent_its_line_is_opened_anew_from_another_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gwmp_upstream, "LOOK_UP_AGAIN_S", 0.02)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await connected(server)
        before = {*server.pulls.values()}
        server.answers = False  # a router on the way has forgotten which port is whose
        pulled = server.counts["pulled"]
        await until(lambda: server.counts["pulled"] > pulled + 2)
        box.clock.ahead_s += 31

        await until(lambda: not before & {*server.pulls.values()})
