"""Names, links, lines with TLS, certificates: against servers of this machine, and by a tree in place of /proc and /sys."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.doctor import Box
from gateway.doctor.dns import Lookup, Names
from gateway.doctor.lines import Lines
from gateway.doctor.trials import Trial
from gateway.model import TimeQuality
from gateway.trial.steps import Step, wrong
from simulators.platforms.certificates import Authority, Identity
from tests.doctor.scene import box, configured, finding, judged, provoked, running, status, tree, well

DAY = timedelta(days=1)
LUND = '[[destination]]\nname = "lund"\nurl = "{}"\nformat = "ngsi_ld"\n'
AWAY = LUND.format("https://platform.example/v1")
CA = '[destination.tls]\nca_file = "{}"\n'


@contextlib.asynccontextmanager
async def https(identity: Identity) -> AsyncIterator[int]:
    """Serve TLS on a port of this machine, and say nothing."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(identity.certificate, identity.key)

    async def meet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def told(folder: Path, port: int, more: str = "") -> Box:
    return configured(folder, LUND.format(f"https://127.0.0.1:{port}") + more, now=datetime.now(UTC))


# ── lines ──


async def test_a_port_at_which_nobody_answers(tmp_path: Path) -> None:
    findings = await finding(configured(tmp_path, LUND.format("http://127.0.0.1:1")), "destinations.reach", "tls")

    closed = provoked(findings, "destinations.reach:closed")
    assert (closed.about, closed.seen) == ("lund", "127.0.0.1:1: connection refused")
    assert len(findings) == 1


async def test_a_certificate_that_is_believed_and_lasts(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with https(authority.server("127.0.0.1", until=90 * DAY)) as port:
        one = told(tmp_path, port, CA.format(authority.certificate))

        findings = await finding(one, "destinations.reach", "tls.handshake", "tls.days")

    well(findings)
    assert "89 days" in next(two.seen for two in findings if two.check == "tls.days")


async def test_a_certificate_that_ends_soon(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with https(authority.server("127.0.0.1", until=5 * DAY)) as port:
        findings = await finding(told(tmp_path, port, CA.format(authority.certificate)), "tls.days")

    provoked(findings, "tls.days:soon")


async def test_a_certificate_that_has_ended_is_the_clocks_fault_where_that_is_not_right(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with https(authority.server("127.0.0.1", since=-9 * DAY, until=-1 * DAY)) as port:
        one = told(tmp_path, port, CA.format(authority.certificate))
        right = replace(one, status=status())
        wrong = replace(one, status=status(clock={"trusted": False, "quality": "unsynchronised", "words": ""}))

        ended, by_clock = await finding(right, "tls.handshake"), await finding(wrong, "tls.handshake")

    assert "expired" in provoked(ended, "tls.handshake:unbelieved").seen
    provoked(by_clock, "tls.handshake:clock")


async def test_an_authority_that_is_not_known_and_a_name_that_is_another(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with https(authority.server("other.example")) as port:
        unknown = await finding(told(tmp_path, port), "tls.handshake")
        other = await finding(told(tmp_path, port, CA.format(authority.certificate)), "tls.handshake")

    assert "ca_file" in provoked(unknown, "tls.handshake:unbelieved").do
    assert "another name" in provoked(other, "tls.handshake:unbelieved").seen


async def test_whoever_it_is_being_believed_is_unwise(tmp_path: Path) -> None:
    async with https(Authority(tmp_path).server("127.0.0.1")) as port:
        findings = await finding(told(tmp_path, port, "[destination.tls]\ninsecure = true\n"), "tls.handshake")

    provoked(findings, "tls.handshake:anybody")


async def test_a_certificate_file_that_went_after_the_configuration_was_read(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one = told(tmp_path, 1, CA.format(authority.certificate))
    authority.certificate.unlink()

    findings = await finding(one, "tls.handshake", "tls.own")

    provoked(findings, "tls.handshake:files")
    provoked(findings, "tls.own:unreadable")


async def test_certificates_of_this_box_that_end(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ours = authority.client("roof")
    more = f'[destination.tls]\nca_file = "{authority.certificate}"\ncertificate_file = "{ours.certificate}"\nkey_file = "{ours.key}"\n'
    one = told(tmp_path, 1, more)

    provoked(await finding(one, "tls.own"), "tls.own:soon")
    provoked(await finding(replace(one, now=one.now + 3 * DAY), "tls.own"), "tls.own:expired")
    well(await finding(replace(one, now=one.now - 60 * DAY), "tls.own"))


def test_an_empty_box_has_no_lines() -> None:
    assert judged("destinations.reach", Lines(lines=[], now=datetime.now(UTC), is_clock_right=True)) == []


# ── names ──


async def test_a_name_that_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    root = tree(tmp_path, {"etc/resolv.conf": "search lan\nnameserver 192.0.2.1\n"})

    findings = await finding(configured(tmp_path, AWAY, root=root), "dns")

    assert (
        provoked(findings, "dns.names:unknown").do
        == "getent hosts platform.example; look at url of lund in brygga.toml"
    )
    assert findings[-1].seen == "192.0.2.1"


def test_names_that_are_found_slowly_or_by_nobody() -> None:
    slow = Names(lookups={"platform.example": Lookup(about="lund", addresses=["192.0.2.7"], seconds=5.0)}, servers=[])

    provoked(judged("dns.names", slow), "dns.names:slow")
    provoked(judged("dns.servers", slow), "dns.servers:no_server")


async def test_addresses_are_looked_up_by_nobody(tmp_path: Path) -> None:
    assert await finding(configured(tmp_path, LUND.format("http://127.0.0.1:1")), "dns") == []


# ── the network ──

ROUTES = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
DEFAULT = "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"


async def test_a_box_without_link_and_way_out(tmp_path: Path) -> None:
    root = tree(
        tmp_path,
        {"proc/net/route": ROUTES, "sys/class/net/eth0/operstate": "down", "sys/class/net/lo/operstate": "unknown"},
    )

    findings = await finding(configured(tmp_path, AWAY, root=root), "network")

    provoked(findings, "network.link:down")
    provoked(findings, "network.route:no_route")


async def test_a_box_with_link_and_way_out(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/net/route": ROUTES + DEFAULT, "sys/class/net/eth0/operstate": "up"})

    findings = await finding(configured(tmp_path, AWAY, root=root), "network")

    well(findings)
    assert "by eth0" in [one.seen for one in findings]
    assert await finding(configured(tmp_path, LUND.format("http://127.0.0.1:1"), root=root), "network") == []


async def test_a_proxy_that_is_not_used(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/net/route": ROUTES + DEFAULT, "sys/class/net/eth0/operstate": "up"})
    one = configured(tmp_path, AWAY, root=root, environment={"HTTPS_PROXY": "http://user:secret@proxy:3128"})

    unused = provoked(await finding(one, "network.proxy"), "network.proxy:unused")

    assert "secret" not in unused.seen


async def test_what_lies_behind_a_proxy_is_looked_for_at_the_proxy(tmp_path: Path) -> None:
    one = configured(tmp_path, AWAY + 'proxy = "http://127.0.0.1:1"\n')

    closed = provoked(await finding(one, "destinations.reach", "dns"), "destinations.reach:closed")

    assert (closed.about, closed.seen) == ("the proxy of lund", "127.0.0.1:1: connection refused")


# ── the clock's keepers ──


async def test_processes_that_set_the_clock_are_found_by_their_names(tmp_path: Path) -> None:
    root = tree(tmp_path, {"proc/12/comm": "chronyd\n", "proc/13/comm": "systemd-timesyn\n", "proc/net/comm": "ntpd\n"})

    findings = await finding(running(tmp_path, root=root), "clock.keeper")

    assert provoked(findings, "clock.keeper:two_keepers").seen == "chrony and systemd-timesyncd both run"


@pytest.mark.parametrize(
    ("files", "ill"), [({}, "unseen.hidden"), ({"proc/1/comm": "systemd\n"}, "no_keeper")], ids=["hidden", "seen"]
)
async def test_who_sees_no_others_processes_says_so_and_not_that_none_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], ill: str
) -> None:
    """The service's sandbox hides them (ProtectProc=invisible) from the agent that the dashboard asks."""
    monkeypatch.setattr("gateway.doctor.timekeeping.kernel_quality", lambda: TimeQuality.UNSYNCHRONISED)

    (one,) = await finding(running(tmp_path, root=tree(tmp_path, files)), "clock.keeper")

    assert one.ill == ill


TIMESYNCD = {"usr/lib/systemd/system/systemd-timesyncd.service": "[Unit]\n"}


@pytest.mark.parametrize(
    ("files", "command"),
    [({}, "sudo apt install chrony"), (TIMESYNCD, "sudo systemctl enable --now systemd-timesyncd")],
    ids=["none is installed", "one is installed"],
)
async def test_a_clock_that_nobody_keeps_is_one_finding_with_the_command_that_helps_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], command: str
) -> None:
    monkeypatch.setattr("gateway.doctor.timekeeping.kernel_quality", lambda: TimeQuality.UNSYNCHRONISED)
    waiting = status(clock={"trusted": False, "quality": "unsynchronised", "words": ""})
    root = tree(tmp_path, {"proc/1/comm": "systemd\n", **files})

    findings = await finding(running(tmp_path, root=root, status=waiting), "clock.quality", "clock.keeper")

    (one,) = (found for found in findings if found.ill)
    assert (one.check, one.ill, one.do) == ("clock.quality", "unkept", command)


# ── trials ──


async def test_the_destinations_own_test_is_made_only_where_it_is_asked_for(tmp_path: Path) -> None:
    one = configured(tmp_path, LUND.format("http://127.0.0.1:1"), deep=False)

    assert await finding(one, "destinations.test") == []
    failed = provoked(await finding(replace(one, deep=True), "destinations.test"), "destinations.test:failed")
    assert failed.seen.startswith("connection: ")


def test_a_trial_that_does_not_end_or_cannot_begin() -> None:
    provoked(judged("destinations.test", [Trial(about="lund", steps=None)]), "destinations.test:silent")
    provoked(judged("destinations.test", [Trial(about="lund", steps=())]), "destinations.test:untestable")
    well(judged("destinations.test", [Trial(about="lund", steps=[Step("name", True, "found")])]))


def test_a_trial_is_told_by_what_else_failed_before_the_clock() -> None:
    refused = Step("login", False, "401", "ask", "credentials")

    (told,) = judged("destinations.test", [Trial(about="lund", steps=[wrong("clock", "…", "clock"), refused])])

    assert told.keys["step"] == "credentials"


def test_a_box_without_settings_has_nobody_to_speak_to() -> None:
    assert box().settings is None
