"""What stations are to have, out of a folder: for each a folder named by its EUI, and `all` for what is the same for all.

    all/cups.trust  all/tc.trust  all/tc.uri …      the names are those of a station's own files
    0016c001ff10a235/tc.crt  tc.key  update.bin  update.version
    sign/KEY.pem                                    private keys that updates are signed with

What is in neither folder is left to the station as it is. Read for each question, so that a changed file needs no new start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError
from gateway.model import Eui64, eui64
from gateway.sources.basics_station.cups import LARGEST_CREDENTIALS, LONGEST_URI, Answer, Credentials, UpdateInfo
from gateway.sources.basics_station.pem import credentials, octets
from gateway.sources.basics_station.signing import SigningKey, read_signing_key

ALL: Final = "all"
SIGN: Final = "sign"
UPDATE: Final = "update.bin"
VERSION: Final = "update.version"
SCHEMES: Final = {"cups": ("http://", "https://"), "tc": ("ws://", "wss://")}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a station is told, and the file that follows it; ``why`` says in words what is held back."""

    answer: Answer
    update: Path | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class CupsFolder:
    """The folder; all that is read of it may raise ConfigError, which names the file."""

    folder: Path

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the files of every station that has some."""
        for path in sorted(self.folder.iterdir()):
            if path.is_dir() and path.name != SIGN:
                try:
                    self._whole(eui64("0" * 16) if path.name == ALL else _named(path))
                except ConfigError as error:
                    yield from error.problems
        try:
            self._keys()
        except ConfigError as error:
            yield from error.problems

    def offer(self, info: UpdateInfo, *, secrets: bool) -> Offer:
        """Return what a station has not; ``secrets`` False, and it gets no key: it has not proved who it is."""
        cups, tc = (self._changed(info, kind) for kind in ("cups", "tc"))
        held_back = [one for one in (cups, tc) if one is not None and one.is_secret and not secrets]
        offer = self._update(info)
        answer = Answer(
            cups_uri=_other(self._uri(info.router, "cups"), info.cups_uri),
            tc_uri=_other(self._uri(info.router, "tc"), info.tc_uri),
            cups_credentials=None if cups in held_back else cups,
            tc_credentials=None if tc in held_back else tc,
            update=offer.answer.update,
        )
        words = (
            "it gets no credentials, for it has not proved who it is: that takes https:// and a token or certificate"
        )
        return Offer(answer, offer.update, words if held_back else offer.why)

    def _changed(self, info: UpdateInfo, kind: str) -> Credentials | None:
        wanted = self._credentials(info.router, kind)
        known = info.cups_crc if kind == "cups" else info.tc_crc
        return None if wanted is None or wanted.crc == known else wanted

    def _update(self, info: UpdateInfo) -> Offer:
        path, version = self._find(info.router, UPDATE), self._find(info.router, VERSION)
        if path is None or version is None or _line(version) == info.package:
            return Offer(Answer())
        for key in self._keys():
            if key.crc in info.keys:
                return Offer(Answer(update=key.signed(path)), path)
        words = f"it gets no update, for it believes none of the keys in {SIGN}/: its sig-0.key must be that of one"
        return Offer(Answer(), why=words)

    def _whole(self, gateway: Eui64) -> None:
        for kind in SCHEMES:
            self._uri(gateway, kind)
            self._credentials(gateway, kind)
        if self._find(gateway, UPDATE) is not None and self._find(gateway, VERSION) is None:
            raise ConfigError(
                f"{self._find(gateway, UPDATE)}: has no {VERSION} beside it; that names what a station has afterwards"
            )

    def _uri(self, gateway: Eui64, kind: str) -> str | None:
        if (path := self._find(gateway, f"{kind}.uri")) is None:
            return None
        uri = _line(path)
        if not uri.startswith(SCHEMES[kind]) or not uri.isascii() or len(uri) > LONGEST_URI:
            words = (
                f"{uri[:LONGEST_URI]!r} is none of {' and '.join(SCHEMES[kind])} with at most {LONGEST_URI} characters"
            )
            raise ConfigError(f"{path}: {words}")
        return uri

    def _credentials(self, gateway: Eui64, kind: str) -> Credentials | None:
        if (trust := self._find(gateway, f"{kind}.trust")) is None:
            return None
        found = credentials(trust, self._find(gateway, f"{kind}.crt"), self._find(gateway, f"{kind}.key"))
        if len(found.segment) > LARGEST_CREDENTIALS:
            raise ConfigError(
                f"{trust}: with certificate and key {len(found.segment)} octets where {LARGEST_CREDENTIALS} are the most"
            )
        return found

    def _keys(self) -> list[SigningKey]:
        return [read_signing_key(path) for path in sorted((self.folder / SIGN).glob("*.pem"))]

    def _find(self, gateway: Eui64, name: str) -> Path | None:
        places = (self.folder / gateway / name, self.folder / ALL / name)
        return next((path for path in places if path.is_file()), None)


def _named(path: Path) -> Eui64:
    try:
        if (gateway := eui64(path.name)) == path.name:
            return gateway
    except ValueError:
        pass
    raise ConfigError(f"{path}: is named neither {ALL} nor {SIGN}, nor by a station's EUI: 16 hex digits in lower case")


def _line(path: Path) -> str:
    try:
        return octets(path).decode().strip()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no text; one line is expected") from error


def _other(wanted: str | None, known: str | None) -> str | None:
    return None if wanted == known else wanted
