"""The keys that say where a serial port is, for every type of source that has one."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

from gateway.config.values import Shown

SCHEMES: Final = ("socket", "rfc2217", "loop")  # that gateway/sources/serial_port opens; a test compares
WITH_A_HOST: Final = ("socket", "rfc2217")
EXAMPLE: Final = "/dev/serial/by-id/usb-…"
BAUDS: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)


def _port(text: str) -> str:
    if text.startswith("/"):
        return text
    try:
        url = urlsplit(text)
        is_whole = url.scheme not in WITH_A_HOST or (bool(url.hostname) and url.port is not None)
    except ValueError:
        raise ValueError(f"{text!r} is no URL; 'socket://192.0.2.7:4001' is one") from None
    if url.scheme not in SCHEMES or "://" not in text:
        raise ValueError(
            f"{text!r} is no serial port: a device begins with / ('{EXAMPLE}'; `ls /dev/serial/by-id/` shows them), a URL with "
            f"{', '.join(f'{scheme}://' for scheme in SCHEMES)}"
        )
    if not is_whole:
        raise ValueError(f"{text!r} has no host and port; '{url.scheme}://192.0.2.7:4001' has both")
    return text


def _baud(speed: int | None) -> int | None:
    if speed is not None and speed not in BAUDS:
        raise ValueError(f"{speed} is no speed of a serial line; {', '.join(map(str, BAUDS))} are")
    return speed


SerialPort = Annotated[str, AfterValidator(_port), Shown("a serial port: the path of a device, or a URL")]
Baud = Annotated[int | None, AfterValidator(_baud), Shown("a speed in baud, 1200 to 921600")]

PORT_WORDS: Final = (
    "the device, best by the name that it keeps wherever it is plugged in (`ls /dev/serial/by-id/`); or a URL: "
    "`socket://host:port` of a serial server, `rfc2217://host:port` of one that sets the speed, `loop://` for tests"
)
