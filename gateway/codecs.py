"""Room 4, codecs: pick a device's decoder, run it to its end, count its failures."""

from __future__ import annotations

import asyncio
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
Heard = tuple[Uplink, Device]
Key = tuple[UUID, str]  # an uplink and a decoder's name


class Codecs:
    """Decode uplinks with their devices' decoders.

    Several destinations ask for the same uplink at nearly the same time, so the last outcomes are remembered.
    """

    def __init__(self, find: FindDecoder) -> None:
        self._find = find
        self._decoders: dict[str, Decoder | None] = {}
        self._not_found: dict[str, str] = {}  # why, in words
        self._remembered: OrderedDict[Key, Outcome] = OrderedDict()
        self._turns: dict[str, asyncio.Lock] = {}  # by decoder; those that work elsewhere only
        self.failures: Counter[tuple[str, DecodeReason]] = Counter()

    async def decode(self, batch: Sequence[Heard]) -> Sequence[Outcome]:
        """Return what each payload says, in order, or why it cannot be read.

        Decoders that work elsewhere are awaited, each with all of its payloads; none of them waits for another.
        """
        elsewhere: dict[str, list[Heard]] = {}
        for uplink, device in batch:
            if self._works_elsewhere(device.decoder):
                elsewhere.setdefault(device.decoder, []).append((uplink, device))
        awaited = await self._awaited(elsewhere) if elsewhere else {}
        return [awaited.get((uplink.id, device.decoder)) or self._here(uplink, device) for uplink, device in batch]

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

    def _works_elsewhere(self, name: str) -> bool:
        return hasattr(self._decoder(name), "decode_all")

    async def _awaited(self, groups: Mapping[str, Sequence[Heard]]) -> Mapping[Key, Outcome]:
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(self._elsewhere(name, group), name=f"decoding {name}")
                for name, group in groups.items()
            ]
        return {key: outcome for task in running for key, outcome in task.result().items()}

    async def _elsewhere(self, name: str, group: Sequence[Heard]) -> Mapping[Key, Outcome]:
        # No limit: whoever has the lock waits for a decoder that has limits. Another destination that asks for the same
        # uplinks meanwhile finds them remembered when its turn has come.
        async with self._turns.setdefault(name, asyncio.Lock()):
            known = {(uplink.id, name): self._remembered.get((uplink.id, name)) for uplink, _ in group}
            found = {key: outcome for key, outcome in known.items() if outcome is not None}
            new = [heard for heard in group if (heard[0].id, name) not in found]
            if new and (decoder := self._decoder(name)) is not None:
                outcomes = await door.decode_all(decoder, [_payload(*heard) for heard in new])
                for (uplink, device), outcome in zip(new, outcomes, strict=True):
                    counted = self._failed(device, outcome) if isinstance(outcome, DecodeError) else outcome
                    found[uplink.id, name] = counted
                    if self._decoders.get(name) is decoder:  # else it was mended meanwhile, and says something else now
                        self._remember((uplink.id, name), counted)
            return found

    def _here(self, uplink: Uplink, device: Device) -> Outcome:
        key = (uplink.id, device.decoder)
        return self._remembered.get(key) or self._remember(key, self._run(uplink, device))

    def _remember(self, key: Key, outcome: Outcome) -> Outcome:
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
            return door.decode(decoder, _payload(uplink, device))
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


def _payload(uplink: Uplink, device: Device) -> Payload:
    return Payload(uplink.payload, uplink.f_port, uplink.heard_at.utc, str(device.dev_eui))
