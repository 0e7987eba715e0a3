"""A password or token that is used, and never shown."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import ConfigError


class Secret:
    """Hold a text that never appears in a repr, a log or an error."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not text:
            raise ValueError("a secret is empty; leave the field out where none is needed")
        if not text.isprintable():
            raise ValueError("a secret has a line break or another control character in it")
        self._text = text

    @classmethod
    def from_file(cls, path: Path) -> Secret:
        """Read a file of one line; ConfigError says why that cannot be, and never what stands in it."""
        try:
            return cls(path.read_text(encoding="utf-8").rstrip("\r\n"))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise ConfigError(f"{path}: is no text; one line with the secret is expected") from None
        except ValueError as error:
            raise ConfigError(f"{path}: {error}") from error

    def reveal(self) -> str:
        """Return the text, for the wire; nothing else may ask."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)
