"""The decoders described that the catalogue's index does not describe, as lines of JSON: `python -m gateway.desk.decoder_index [FOLDER …]`.

A process of its own: a decoder is loaded to be described, and a running agent is not to carry from then on what it does not use.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from decoders.descriptions import known
from decoders.registry import Description, Registry


def described(folders: Sequence[Path]) -> Iterator[str]:
    """Yield a line for each of those decoders that can be described."""
    with contextlib.closing(Registry.load(folders)) as registry:
        for name in unknown(registry, known(registry)):
            with contextlib.suppress(LookupError, ValueError):  # `brygga check` says what is wrong with it
                yield json.dumps(dataclasses.asdict(registry.describe(name)))  # ASCII: whatever the locale is


def unknown(registry: Registry, described: Mapping[str, Description]) -> Sequence[str]:
    """Return the names of the decoders that are not ``described``."""
    return [name for name in registry.names() if name not in described]


def main(folders: Sequence[Path]) -> None:
    """Write the lines, and nothing else: what a decoder prints goes to the errors."""
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        out.writelines(f"{line}\n" for line in described(folders))


if __name__ == "__main__":
    main([Path(one) for one in sys.argv[1:]])
