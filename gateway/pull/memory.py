"""What a box knows of its fleet's file: the serial that it has, and the one that it has taken back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError
from gateway.whole_files import write_whole

FILE: Final = "fleet.json"
ON_TRIAL: Final = "it is being watched"  # a trouble until all is seen to go well: a power cut leaves it so


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The newest file that was ever proved, and what became of it."""

    serial: int = 0
    digest: str = ""
    url: str = ""
    etag: str = ""  # of the file at that URL
    expires: str = ""  # ISO 8601
    placed: str = ""  # the digest of the fragment that lies there because of a pull; "": none
    trouble: str = ""  # why it was taken back, or ON_TRIAL; "" where it is in place

    @property
    def is_taken_back(self) -> bool:
        """Whether the fragment that lies there is of an older file."""
        return bool(self.trouble) and not self.is_on_trial

    @property
    def is_on_trial(self) -> bool:
        """Whether the fragment that lies there was put in place, and nobody has seen yet how the box does with it."""
        return self.trouble == ON_TRIAL


def recall(folder: Path) -> Memory:
    """Return what is known; ConfigError where the file is damaged, for without it an old configuration could come again."""
    path = folder / FILE
    try:
        said = json.loads(path.read_bytes())
        return Memory(**said)
    except FileNotFoundError:
        return Memory()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise ConfigError(
            f"{path}: is damaged; look which serial the fleet has, then remove the file: the next one that is signed is taken"
        ) from error


def remember(folder: Path, memory: Memory) -> None:
    """Keep it, whole or not at all."""
    write_whole(folder / FILE, (json.dumps(asdict(memory), indent=2) + "\n").encode())
