"""OGC SensorThings over HTTP as a format: how one destination wants its entities found, and its observations sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from decoders.vocabulary import QUANTITIES
from gateway.formats import Conversation
from gateway.formats.device_state import check_interval, with_state
from gateway.formats.sensorthings.conversation import Delivery, Wishes
from gateway.formats.sensorthings.reading_back import asking
from gateway.formats.sensorthings.refs import Ref, of_person
from gateway.model import Item, Json, Request, eui64

MOST: Final = 400  # observations of a request: the links that answer it are read up to 64 KiB

Look = Literal["in_doubt", "always"]
Write = Literal["data_array", "single"]


class SensorThings:
    """OGC SensorThings 1.1: entities found or made once, observations by DataArray or one by one."""

    def __init__(
        self,
        *,
        path: str = "/v1.1",
        write: Write = "data_array",
        batch: int = 200,
        create: bool = True,
        look: Look = "in_doubt",
        ids: Mapping[str, Json] | None = None,
        datastreams: Mapping[str, Json] | None = None,
        device: bool = False,
        device_interval: int = 600,
    ) -> None:
        """Take what a city's server wants; ValueError says what cannot be.

        ``write``: "single" for a server without the DataArray extension. ``create``: false where only the city makes
        entities; what has no Datastream is then refused. ``look``: "always" asks before each sending, for a server
        that several gateways send the same uplinks to. ``ids``: Things that the city made, by DevEUI; ``datastreams``:
        Datastreams, by "<DevEUI>/<quantity>" or "<DevEUI>/<quantity>/<channel>". ``device``: true has each Thing have
        Datastreams of how its device was heard (rssi, snr), told every ``device_interval`` seconds at most.
        """
        check_interval(device_interval)
        self._tells_state, self._interval_s = device, device_interval
        if not path.startswith("/"):
            raise ValueError(f"path: {path!r} does not begin with '/'")
        if write not in {"data_array", "single"}:
            raise ValueError(f"write: {write!r} is neither 'data_array' nor 'single'")
        if look not in {"in_doubt", "always"}:
            raise ValueError(f"look: {look!r} is neither 'in_doubt' nor 'always'")
        if not 1 <= batch <= MOST:
            raise ValueError(f"batch: {batch} observations a request; 1 to {MOST} is right")
        self._wishes = Wishes(
            path=path.rstrip("/"),
            things=things_by_device(ids or {}),
            streams=streams_by_name(datastreams or {}),
            creates=create,
            arrays=write == "data_array",
            most=batch,
        )
        self._always = look == "always"
        # What an agent sent just before it was killed may be there, and no memory tells: its first uplinks are asked
        # for, until a batch of which nothing was there.
        self._after_start = True

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Bring ``batch`` to the server; ids of entities, and what was left unclear, go to the memory."""
        if not self._tells_state:
            return self._tell(batch, memory)
        return with_state(batch, memory, self._tell, interval_s=self._interval_s)

    def _tell(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        delivery = Delivery(batch, memory, self._wishes, doubts=self._always or self._after_start)
        receipt = yield from delivery.talk()
        self._after_start = self._after_start and not delivery.is_settled
        return receipt

    def read_back(self, item: Item, memory: Mapping[str, Json]) -> Request | None:
        """Return what asks for the first observation of ``item``."""
        return asking(item, memory, self._wishes)


def things_by_device(ids: Mapping[str, Json]) -> Mapping[str, Ref]:
    """Return the option ``ids`` as it is used; ValueError says which entry is wrong."""
    return {_dev_eui("ids", dev_eui): _ref("ids", dev_eui, value) for dev_eui, value in _table("ids", ids)}


def streams_by_name(datastreams: Mapping[str, Json]) -> Mapping[str, Ref]:
    """Return the option ``datastreams`` as it is used; ValueError says which entry is wrong."""
    found = {}
    for name, value in _table("datastreams", datastreams):
        dev_eui, _, what = name.partition("/")
        quantity = what.partition("/")[0]
        if quantity not in QUANTITIES:
            raise ValueError(
                f"datastreams: {name!r}: {quantity!r} is no quantity; '<dev_eui>/<quantity>' or "
                "'<dev_eui>/<quantity>/<channel>' is right"
            )
        found[f"{_dev_eui('datastreams', dev_eui)}/{what}"] = _ref("datastreams", name, value)
    return found


def _table(option: str, given: Mapping[str, Json]) -> Sequence[tuple[str, Json]]:
    if not isinstance(given, Mapping):
        raise ValueError(f"{option}: a table of ids is expected, not {given!r}")  # noqa: TRY004 - a value a person wrote
    return list(given.items())


def _dev_eui(option: str, text: str) -> str:
    try:
        return eui64(text)
    except ValueError as error:
        raise ValueError(f"{option}: {text!r} is no DevEUI: {error}") from error


def _ref(option: str, name: str, value: Json) -> Ref:
    try:
        return of_person(value)
    except ValueError as error:
        raise ValueError(f"{option}: {name!r}: {error}") from error
