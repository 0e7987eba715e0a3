"""`brygga decoder test`: every finding in a line, and how it stands in the end."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import lines
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from decoders.registry import Registry
    from decoders.workshop.proof import Proof, Remark


def folder(place: Path, *, as_json: bool) -> int:
    """Prove all decoders below ``place``; return 1 where something has to be mended."""
    from decoders.registry import Registry
    from decoders.workshop import proof

    with contextlib.closing(Registry.load([place])) as registry:
        names = registry.names_in(place)
        strays = list(proof.strays(place))
        if not names and not strays:
            raise ConfigError(f"{place}: no decoder here: <vendor>/<model>.yaml, .py or .js is expected")
        return several(registry, names, strays, as_json=as_json)


def several(registry: Registry, names: Sequence[str], strays: Sequence[Remark] = (), *, as_json: bool) -> int:
    """Prove ``names``; return 1 where something has to be mended."""
    from decoders.workshop.proof import prove
    from gateway.commands.decoder import progress

    proofs = [prove(registry, name) for name in progress(names, "proving")]
    if as_json:
        _print_json(proofs, strays)
    else:
        _print(proofs, strays)
    return 0 if not strays and all(one.is_good for one in proofs) else 1


def _print(proofs: Sequence[Proof], strays: Sequence[Remark]) -> None:
    remarks = [*strays, *(remark for one in proofs for remark in one.remarks)]
    lines.problems(str(remark) for remark in remarks if remark.is_error)
    lines.warnings(str(remark) for remark in remarks if not remark.is_error)
    for one in proofs:
        if one.is_good and one.payloads + one.commands:
            commands = f", {one.commands} commands" if one.commands else ""
            lines.say(f"{one.name}: good: {one.payloads} payloads{commands}, {one.hostile} hostile payloads")
    bad = [one.name for one in proofs if not one.is_good]
    if len(proofs) > 1:
        lines.say(f"{len(proofs)} decoders, {len(bad)} to be mended" + (f": {', '.join(bad)}" if bad else ""))


def _print_json(proofs: Sequence[Proof], strays: Sequence[Remark]) -> None:
    from gateway.commands.network import as_json
    from gateway.commands.show_decoder import as_mapping

    as_json({"decoders": [as_mapping(one) for one in proofs], "strays": [as_mapping(one) for one in strays]})
