"""What a run's troubles are made with, and which of them this machine can have."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from simulators.faults.disk import FaultyDisk
from simulators.faults.missing import Missing
from simulators.faults.namespace import Namespace
from simulators.faults.volume import SMALLEST, Volume
from simulators.torture.troubles import TROUBLES, Needs

RADIO_LINK, CITY_LINK = LINKS = ("radio", "city")  # of an agent that lives in a network of its own


def lacking() -> Mapping[str, str]:
    """Return the troubles that cannot be had on this machine, each with the reason in words: what they need is tried out."""
    with tempfile.TemporaryDirectory(prefix="torture-tools-") as folder:
        reasons = {needs: reason for needs in Needs if (reason := _tried(needs, Path(folder)))}
    return {name: reasons[one.needs] for name, one in TROUBLES.items() if one.needs in reasons}


def wants(troubles: Collection[str], *needs: Needs) -> bool:
    """Tell whether one of ``troubles`` is made with one of those."""
    return any(TROUBLES[name].needs in needs for name in troubles)


def _tried(needs: Needs, folder: Path) -> str:
    try:
        match needs:
            case Needs.SHIM:
                FaultyDisk.made_in(folder)
            case Needs.VOLUME:
                with Volume(folder / "image", folder / "place", SMALLEST):
                    pass
            case Needs.NAMESPACE:
                with Namespace(LINKS):
                    pass
            case Needs.FILTER:
                with Namespace(LINKS) as network, network.lossy(CITY_LINK, 0.5):
                    pass
            case Needs.NOTHING:
                pass
    except Missing as missing:
        return str(missing)
    return ""
