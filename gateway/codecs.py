"""Room 4, codecs: pick a device's decoder, run it to its end, count its failures."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from decoders import door
from decoders.contract import Decoded, DecodeError, Decoder, DecodeReason, Payload
from gateway.model import Device, Uplink

logger = logging.getLogger(__name__)

REMEMBERED = 256  # decoded uplinks kept for the next destination, two batches and some; about 2 kB each

FindDecoder = Callable[[str], Decoder]
"""Return the decoder of that name; LookupError when there is none, ValueError when its file is broken."""

Outcome = Decoded | DecodeError


class Codecs:
    """Decode uplinks with their devices' decoders.

    Several destinations ask for the same uplink at nearly the same time, so the last outcomes are remembered.
    """

    def __init__(self, find: FindDecoder) -> None:
        self._find = find
        self._decoders: dict[str, Decoder | None] = {}
        self._not_found: dict[str, str] = {}  # why, in words
        self._remembered: OrderedDict[tuple[UUID, str], Outcome] = OrderedDict()
        self.failures: Counter[tuple[str, DecodeReason]] = Counter()

    async def decode(self, batch: Sequence[tuple[Uplink, Device]]) -> Sequence[Outcome]:
        """Return what each payload says, in order, or why it cannot be read."""
        return [self._remember(uplink, device) for uplink, device in batch]

    def revision(self, name: str) -> str:
        """Return "vendor/model@revision" of the decoder now in use, or "" when there is none."""
        decoder = self._decoder(name)
        return "" if decoder is None else f"{name}@{decoder.revision}"

    def revisions(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the revision of each of ``names`` that there is a decoder of."""
        return {name: decoder.revision for name in names if (decoder := self._decoder(name)) is not None}

    def forget(self) -> None:
        """Look decoders up again: files or devices have changed."""
        self._decoders.clear()
        self._not_found.clear()
        self._remembered.clear()

    def _remember(self, uplink: Uplink, device: Device) -> Outcome:
        key = (uplink.id, device.decoder)
        outcome = self._remembered.get(key)
        if outcome is None:
            outcome = self._run(uplink, device)
            self._remembered[key] = outcome
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return outcome

    def _run(self, uplink: Uplink, device: Device) -> Outcome:
        decoder = self._decoder(device.decoder)
        if decoder is None:
            why = self._not_found.get(device.decoder, "the device names none")
            return self._failed(device, DecodeError(DecodeReason.NO_DECODER, why))
        try:
            return door.decode(decoder, Payload(uplink.payload, uplink.f_port, uplink.heard_at.utc))
        except DecodeError as error:
            return self._failed(device, error)

    def _failed(self, device: Device, error: DecodeError) -> DecodeError:
        self.failures[device.decoder, error.reason] += 1
        return DecodeError(error.reason, error.detail)  # remembered: without the frames that its trace keeps alive

    def _decoder(self, name: str) -> Decoder | None:
        if name not in self._decoders:
            self._decoders[name] = self._look_up(name)
        return self._decoders[name]

    def _look_up(self, name: str) -> Decoder | None:
        if not name:
            return None
        try:
            return self._find(name)
        except (LookupError, ValueError) as error:
            logger.warning("decoder %s: %s", name, error)
            self._not_found[name] = str(error)
            return None
