"""Serial ports: what is said of one that cannot be had, and the URLs that pyserial knows."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
import serial.rfc2217

from gateway.config.sources import serial_port as keys
from gateway.sources.serial_port import SCHEMES, Lost, PortLost, lost, open_port
from gateway.sources.serial_port.arrivals import MOST_WAITING
from gateway.sources.serial_port.lines import Lines
from simulators.serial_modem import Plug, Rn2483Modem
from tests.sources.conftest import LIMIT_S


async def read(port: object, size: int) -> bytes:
    """Return ``size`` octets from an open port."""
    octets = b""
    async with asyncio.timeout(LIMIT_S):
        while len(octets) < size:
            octets += await port.read()  # type: ignore[attr-defined]  # a Port
    return octets


# ── what cannot be had ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("number", "why", "words"),
    [
        (errno.ENOENT, Lost.MISSING, "is not there; is it plugged in?"),
        (errno.ENODEV, Lost.MISSING, "is not there; is it plugged in?"),
        (errno.EACCES, Lost.FORBIDDEN, "`sudo usermod -aG dialout $USER`"),
        (errno.EAGAIN, Lost.BUSY, "is in use by another program"),
        (errno.EBUSY, Lost.BUSY, "is in use by another program"),
        (errno.EPROTO, Lost.BROKEN, "is its cable whole"),
        (
            errno.ENOTTY,
            Lost.NO_PORT,
            "is no serial port (not a typewriter); a device such as /dev/serial/by-id/usb-… is one",
        ),
    ],
)
def test_an_error_says_what_is_wrong_and_what_would_help(
    number: int, why: Lost, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lost, "PROC", tmp_path)

    found = lost.from_error("/dev/ttyUSB0", OSError(number, "not a typewriter"))

    assert found.why is why
    assert words in str(found)
    assert str(found).startswith("/dev/ttyUSB0 ")


async def test_a_device_that_answers_with_errors_is_broken_and_no_wrong_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: int) -> None:
        raise termios.error(errno.EIO, "Input/output error")

    monkeypatch.setattr(termios, "tcgetattr", broken)
    with Plug(Rn2483Modem(), tmp_path / "usb-modem") as plug:
        with pytest.raises(PortLost, match=r"usb-modem is there and does not open \(Input/output error\)") as caught:
            await open_port(plug.path, 57600)

        assert caught.value.why is Lost.BROKEN


def process(proc: Path, pid: str, name: str, *open_files: Path) -> None:
    """Make what /proc shows of a process."""
    (proc / pid / "fd").mkdir(parents=True)
    (proc / pid / "comm").write_text(f"{name}\n", encoding="utf-8")
    for number, file in enumerate(open_files):
        (proc / pid / "fd" / str(number)).symlink_to(file)


def test_who_has_a_port_open_is_named_by_whatever_name_it_goes(tmp_path: Path) -> None:
    device, link = tmp_path / "ttyUSB0", tmp_path / "usb-modem"
    device.touch()
    link.symlink_to(device)
    proc = tmp_path / "proc"
    process(proc, "612", "minicom", device)
    process(proc, "613", "sshd", tmp_path / "log")
    process(proc, str(os.getpid()), "brygga", device)

    assert list(lost.holders(str(link), proc)) == ["minicom (pid 612)"]


def test_a_program_that_is_known_for_it_is_suspected(tmp_path: Path) -> None:
    process(tmp_path, "612", "ModemManager")
    process(tmp_path, "613", "sshd")

    assert list(lost.suspects(tmp_path)) == ["ModemManager (pid 612)"]


async def test_who_has_a_port_is_looked_for_in_a_thread_for_that_takes_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[threading.Thread] = []

    def holders(_: str) -> Iterator[str]:
        looked.append(threading.current_thread())
        yield "minicom (pid 612)"

    monkeypatch.setattr(lost, "holders", holders)
    with Plug(Rn2483Modem(), tmp_path / "usb-modem") as plug:
        port = await open_port(plug.path, 57600)
        with pytest.raises(PortLost, match=r"is in use by minicom \(pid 612\); stop that program first"):
            await open_port(plug.path, 57600)
        await port.close()

    assert looked
    assert looked[0] is not threading.main_thread()


def test_modem_manager_is_said_with_what_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process(tmp_path, "612", "ModemManager")
    monkeypatch.setattr(lost, "suspects", lambda: ["ModemManager (pid 612)"])
    monkeypatch.setattr(lost, "holders", lambda _: [])

    words = str(lost.from_error("/dev/ttyUSB0", OSError(errno.EBUSY, "busy")))

    assert "`sudo systemctl disable --now ModemManager`" in words


# ── a device ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_host_that_does_not_read_stops_the_line_and_loses_nothing(tmp_path: Path) -> None:
    sent = bytes(range(256)) * ((MOST_WAITING // 256) + 1024)  # what the kernel keeps, and more
    with Plug(Rn2483Modem(), tmp_path / "usb-modem") as plug:
        port = await open_port(plug.path, 57600)
        left = sent
        for _ in range(200):
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(plug._ends[0], left[:4096]) :]
            await asyncio.sleep(0)
        kept = len(sent) - len(left)
        heard = await read(port, kept)
        await port.close()

    assert heard == sent[:kept]
    assert 0 < kept < len(sent)


async def test_what_a_modem_has_not_taken_is_thrown_away_before_its_port_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noted(name: str) -> None:  # a pseudo-terminal takes all at once: the kernel's wait cannot be seen at one
        called = getattr(serial.Serial, name)

        def call(port: serial.Serial) -> None:
            done.append(name)
            called(port)

        monkeypatch.setattr(serial.Serial, name, call)

    noted("reset_output_buffer")
    noted("close")
    with Plug(Rn2483Modem(), tmp_path / "usb-modem") as plug:
        port = await open_port(plug.path, 57600)
        await port.close()

    assert done[:2] == ["reset_output_buffer", "close"]


async def test_a_device_that_is_gone_takes_nothing(tmp_path: Path) -> None:
    with Plug(Rn2483Modem(), tmp_path / "usb-modem") as plug:
        port = await open_port(plug.path, 57600)
        plug.unplug()

        with pytest.raises(PortLost, match="was unplugged"):
            port.write(b"sys get ver\r\n")
        await port.close()


# ── URLs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_configuration_knows_the_same_urls() -> None:
    assert keys.SCHEMES == SCHEMES


async def test_what_is_written_to_a_loop_comes_back() -> None:
    port = await open_port("loop://", 9600)
    port.write(b"hello")
    heard = await read(port, 5)
    await port.set_baud(57600)
    await port.close()

    assert heard == b"hello"


@pytest.mark.parametrize(
    "url", ["socket://127.0.0.1:1", "rfc2217://127.0.0.1:1", "socket://nowhere", "loop://?nonsense=1"]
)
async def test_a_url_that_cannot_be_opened_says_so_and_leaves_nothing_behind(url: str) -> None:
    with pytest.raises(PortLost) as caught:
        await open_port(url, 9600)

    assert caught.value.why is Lost.UNREACHABLE
    assert str(caught.value).startswith(f"{url} cannot be opened: ")


@contextlib.contextmanager
def rfc2217_server() -> Iterator[int]:
    """Serve pyserial's own loop at a port by RFC 2217; whoever connects hears what it says. One client."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT_S)
        thread = threading.Thread(target=_serve, args=(server,), name="rfc2217 server")
        thread.start()
        yield server.getsockname()[1]
        thread.join(LIMIT_S)


class _Telnet:
    """What pyserial's PortManager writes its part of the negotiation to."""

    def __init__(self, connection: socket.socket) -> None:
        self.write = connection.sendall


def _serve(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, serial.serial_for_url("loop://", timeout=0) as line:
        manager = serial.rfc2217.PortManager(line, _Telnet(connection))  # type: ignore[arg-type]  # the stubs ask for its client
        while octets := connection.recv(1024):
            said = b"".join(manager.filter(octets))
            if said:
                connection.sendall(b"".join(manager.escape(said)))


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # pyserial 3.5's own
async def test_a_serial_server_that_sets_the_speed_is_spoken_to() -> None:
    with rfc2217_server() as number:
        port = await open_port(f"rfc2217://127.0.0.1:{number}", 57600)
        port.write(b"sys get ver\xff\r\n")
        heard = await read(port, 14)
        await port.close()

    assert heard == b"sys get ver\xff\r\n"


# ── lines ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [1, 3, 100])
def test_lines_end_as_they_may_and_one_too_long_costs_itself_only(size: int) -> None:
    octets = b"one\r\ntwo\rthree\n\n \x00\r\n" + b"x" * 50 + b"\r\nfour\nrest"
    lines = Lines(20)

    found = [line for at in range(0, len(octets), size) for line in lines.take(octets[at : at + size])]

    assert found == [b"one", b"two", b"three", None, b"four"]
    assert lines.has_begun
