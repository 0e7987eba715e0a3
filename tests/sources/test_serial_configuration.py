"""What a person may write of serial modems and GNSS receivers, what becomes of it, and that the pages for installers hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config import load
from gateway.model import Eui64
from gateway.sources.catalogue import make
from gateway.sources.gnss import Gnss
from gateway.sources.serial_modem import SerialModem
from gateway.sources.settings import GnssSettings, SerialModemSettings
from simulators.gnss_receiver import GnssReceiver
from simulators.serial_modem import Plug, Rn2483Modem
from tests.agent.brygga_toml import loaded, problems
from tests.sources.conftest import Ear, HandClock
from tests.sources.serial_frames import PHY, on_air, running

DOCS = Path(__file__).parent.parent.parent / "docs" / "sources"
MODEM = (
    '[[source]]\nname = "stick"\ntype = "serial_modem"\nport = "/dev/serial/by-id/usb-x"\nfrequency_hz = 868_100_000\n'
    "spreading_factor = 7\n"
)
GNSS = '[[source]]\nname = "sky"\ntype = "gnss"\nport = "/dev/ttyACM0"\n'


def block(page: str) -> str:
    """Return the configuration that a page tells installers to type."""
    (text,) = re.findall(r"```toml\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    return str(text)


def test_a_modem_is_read_whole(tmp_path: Path) -> None:
    text = MODEM + 'modem = "rn2483"\nbaud = 115200\nbandwidth_hz = 250_000\ngateway = "AA-55-5A-00-00-00-00-01"\n'

    (source,) = loaded(tmp_path, text).sources

    assert source == SerialModemSettings(
        name="stick",
        port="/dev/serial/by-id/usb-x",
        modem="rn2483",
        baud=115200,
        frequency_hz=868_100_000,
        spreading_factor=7,
        bandwidth_hz=250_000,
        gateway=Eui64("aa555a0000000001"),
    )


def test_what_one_channel_excludes_is_a_warning(tmp_path: Path) -> None:
    warnings = loaded(tmp_path, MODEM).warnings

    assert (
        "brygga.toml: source[0].spreading_factor: this modem hears 868.1 MHz at SF7BW125 only, and cannot answer: devices must be ABP, set "
        "to this channel and data rate, without ADR; none can join through it (OTAA)"
    ) in warnings


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("868_100_000", "868.1", "frequency_hz: 868.1 where a frequency in hertz is expected"),
        ("868_100_000", "868", "868 Hz is no frequency of these modems; 868_000_000 is the same in hertz"),
        ("868_100_000", "868100", "868100 Hz is no frequency of these modems; 868_100_000 is the same in hertz"),
        ("= 7", "= 6", "spreading_factor: 6 where a whole number from 7 to 12 is expected"),
        (
            "= 7",
            '= 7\nmodem = "sx1276"',
            'modem: \'sx1276\' where "auto", "rn2483", "wio_e5", "rak3172" or "wimod" is expected',
        ),
        ("= 7", "= 7\nbaud = 12345", "12345 is no speed of a serial line; 1200, 2400, "),
        ("= 7", '= 7\ngateway = "12"', "gateway: 2 hex digits where 16 are expected"),
        ("/dev/serial/by-id/usb-x", "ttyUSB0", "'ttyUSB0' is no serial port: a device begins with / ("),
        ("/dev/serial/by-id/usb-x", "http://host:80", "'http://host:80' is no serial port"),
        (
            "/dev/serial/by-id/usb-x",
            "socket://host",
            "'socket://host' has no host and port; 'socket://192.0.2.7:4001' has both",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(tmp_path: Path, old: str, new: str, words: str) -> None:
    (problem,) = problems(tmp_path, MODEM.replace(old, new))

    assert words in problem


@pytest.mark.parametrize("port", ["/dev/ttyUSB0", "socket://192.0.2.7:4001", "rfc2217://[2001:db8::1]:4001", "loop://"])
def test_devices_and_urls_are_ports(tmp_path: Path, port: str) -> None:
    (source,) = loaded(tmp_path, GNSS.replace("/dev/ttyACM0", port)).sources

    assert source == GnssSettings(name="sky", port=port, baud=None)


def test_two_sources_cannot_have_one_port(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, MODEM + GNSS.replace("/dev/ttyACM0", "/dev/serial/by-id/usb-x"))

    assert problem.startswith(
        "brygga.toml: source[1].port: '/dev/serial/by-id/usb-x' is the port of a source already: source[0]"
    )


def test_pyserial_is_carried_only_where_a_port_is_configured() -> None:
    program = "import sys, gateway.agent, gateway.sources.catalogue\nprint(*(name for name in sys.modules if name.startswith('serial')))"

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert run.stdout.strip() == ""


# ── the pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_modems_page_makes_a_source_that_hears(tmp_path: Path, clock: HandClock, ear: Ear) -> None:
    with Plug(Rn2483Modem(), tmp_path / "usb-modem") as plug:
        (tmp_path / "brygga.toml").write_text(
            re.sub(r"/dev/\S+(?=\")", plug.path, block("serial-modem.md")), encoding="utf-8"
        )
        (settings,) = load(tmp_path / "brygga.toml").sources
        source = make(settings, clock)
        assert isinstance(source, SerialModem)
        async with running(source, ear):
            plug.hear(on_air())
            (frame,) = await ear.heard(1)

    assert frame.phy_payload == PHY


async def test_the_receivers_page_makes_a_source_that_waits_for_its_receiver(tmp_path: Path, clock: HandClock) -> None:
    with Plug(GnssReceiver(), tmp_path / "usb-gnss") as plug:
        (tmp_path / "brygga.toml").write_text(re.sub(r"/dev/\S+(?=\")", plug.path, block("gnss.md")), encoding="utf-8")
        (settings,) = load(tmp_path / "brygga.toml").sources
        source = make(settings, clock)

    assert isinstance(source, Gnss)
    assert source.status()["port"] == plug.path
