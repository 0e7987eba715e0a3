"""Reading the configuration once more while the agent runs: in a fresh process, for a fork copies no threads but their locks.

`python -m gateway.config.afresh FILE` writes what `apart` reads: the settings, or the error, pickled.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from pathlib import Path
from typing import Final

from gateway.config.apart import work_done
from gateway.config.settings import Settings
from gateway.errors import Brygga

LIMIT_S: Final = 40.0  # a Raspberry Pi Zero needs six; whoever asks waits for a minute


async def load_afresh(path: Path) -> Settings:
    """Return what `load` returns now. Raises ConfigError with every problem, Brygga where it could not be read in time."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        __name__,
        str(path),
        stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            said, _ = await process.communicate()
    except TimeoutError as error:
        raise Brygga(f"{path}: could not be read within {LIMIT_S:g} s; the configuration of before goes on") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()  # no limit: what is killed ends
    return _outcome(said, path)


def _outcome(said: bytes, path: Path) -> Settings:
    if not said:
        raise Brygga(
            f"{path}: the process that reads it was killed; is memory short? The configuration of before goes on"
        )
    settings, error = pickle.loads(said)  # noqa: S301 - our own process wrote it
    if error is not None:
        raise error
    assert isinstance(settings, Settings)
    return settings


if __name__ == "__main__":
    from gateway.config import load

    sys.stdout.buffer.write(work_done(load, (Path(sys.argv[1]),)))
