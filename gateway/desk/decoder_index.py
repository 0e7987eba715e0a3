"""All decoders described, as lines of JSON: `python -m gateway.desk.decoder_index [FOLDER …]`.

A process of its own: describing all decoders loads them all, some 15 MB that a running agent is not to carry from then on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from decoders.registry import Registry


def described(folders: Sequence[Path]) -> Iterator[str]:
    """Yield a line for each decoder that can be described."""
    with contextlib.closing(Registry.load(folders)) as registry:
        for name in registry.names():
            with contextlib.suppress(LookupError, ValueError):  # `brygga check` says what is wrong with it
                yield json.dumps(dataclasses.asdict(registry.describe(name)), ensure_ascii=False)


if __name__ == "__main__":
    for line in described([Path(one) for one in sys.argv[1:]]):
        sys.stdout.write(f"{line}\n")
