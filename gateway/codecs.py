"""Room 4, codecs: pick a device's decoder, run it to its end, count its failures."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from decoders import door
from decoders.contract import Decoded, DecodeError, Decoder, DecodeReason, NotNow, Payload
from gateway.model import Device, Uplink

logger = logging.getLogger(__name__)

REMEMBERED = 256  # decoded uplinks kept for the next destination, two batches and some; about 2 kB each
LOOK_AGAIN = 60.0  # seconds after which a decoder that could not be had at the moment is looked up again
PATIENT = 4096  # devices with uplinks that were not tried; a device forgotten here is tried with the others, if later

FindDecoder = Callable[[str], Decoder]
"""Return the decoder of that name; LookupError when there is none, ValueError when its file is broken, NotNow when that may pass."""

NAMES_NONE = DecodeError(DecodeReason.NO_DECODER, "the device names none")

Found = Decoder | LookupError | ValueError
Outcome = Decoded | DecodeError
Heard = tuple[Uplink, Device]
Key = tuple[UUID, str]  # an uplink and a decoder's name


class Codecs:
    """Decode uplinks with their devices' decoders.

    Several destinations ask for the same uplink at nearly the same time, so the last outcomes are remembered.
    """

    def __init__(self, find: FindDecoder, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the monotonic clock, in seconds, by which a decoder is looked up again that could not be had."""
        self._find = find
        self._clock = clock
        self._decoders: dict[str, Decoder | None] = {}
        self._personal: dict[str, bool] = {}
        self._age = 0  # how often they were forgotten
        self._not_found: dict[str, DecodeError] = {}
        self._look_again: dict[str, float] = {}  # when, for those that could not be had
        self._waiting: OrderedDict[tuple[str, str], None] = OrderedDict()  # decoders and devices with uplinks not tried
        self._recovered = False
        self._remembered: OrderedDict[Key, Outcome] = OrderedDict()
        self._turns: dict[str, asyncio.Lock] = {}  # by decoder; those that work elsewhere only
        self.failures: Counter[tuple[str, DecodeReason]] = Counter()

    async def decode(self, batch: Sequence[Heard]) -> Sequence[Outcome]:
        """Return what each payload says, in order, or why it cannot be read.

        Decoders that work elsewhere are awaited, each with all of its payloads; none of them waits for another.
        """
        await self._load({device.decoder for _, device in batch})
        said_there = {uplink.id: said for uplink, device in batch if (said := self._served(uplink, device)) is not None}
        elsewhere: dict[str, list[Heard]] = {}
        for uplink, device in batch:
            if uplink.id not in said_there and self._works_elsewhere(device.decoder):
                elsewhere.setdefault(device.decoder, []).append((uplink, device))
        awaited = await self._awaited(elsewhere) if elsewhere else {}
        return [
            said_there.get(uplink.id) or awaited.get((uplink.id, device.decoder)) or self._here(uplink, device)
            for uplink, device in batch
        ]

    def revision(self, name: str) -> str:
        """Return "vendor/model@revision" of the decoder now in use, or "" when there is none."""
        decoder = self._decoder(name)
        return "" if decoder is None else f"{name}@{decoder.revision}"

    def revisions(self, names: Iterable[str]) -> Mapping[str, str]:
        """Return the revision of each of ``names`` that there is a decoder of."""
        return {name: decoder.revision for name in names if (decoder := self._decoder(name)) is not None}

    def is_personal(self, name: str) -> bool:
        """Tell whether the decoder now in use tells of persons wherever its device hangs."""
        return self._personal.get(name, False)

    async def renew(self, names: Iterable[str]) -> Mapping[str, str]:
        """Look decoders up again, for files or devices have changed; return the revisions of ``names``.

        Until all of ``names`` are loaded, the decoders of before are in use.
        """
        wanted = frozenset(names)
        found = await self._find_all(wanted)
        self.forget()
        self._take(found)
        return self.revisions(wanted)

    def forget(self) -> None:
        """Look decoders up again when they are needed: files or devices have changed."""
        self._age += 1
        self._decoders.clear()
        self._not_found.clear()
        self._look_again.clear()
        self._remembered.clear()

    @property
    def waiting(self) -> bool:
        """Tell whether there were uplinks that no decoder was tried on."""
        return bool(self._waiting)

    def recovered(self) -> bool:
        """Tell whether one of those devices' uplinks has been tried since this was asked last."""
        recovered, self._recovered = self._recovered, False
        return recovered

    def _served(self, uplink: Uplink, device: Device) -> Decoded | None:
        """Return what the network server's own codec said, where it is to be taken; None: decode here."""
        said = None if uplink.told is None else uplink.told.decoded
        if said is None or (device.decoder and not said.goes_first):
            return None
        from decoders import served  # it carries yaml: only where a network server tells

        mapping = getattr(self._decoder(device.decoder), "mapping", None)
        made = served.decoded(said.fields, said.normalised, mapping, uplink.heard_at.utc)
        return made if made.readings or not device.decoder else None

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
                    self._note(device, counted)
                    if self._decoders.get(name) is decoder:  # else it was mended meanwhile, and says something else now
                        self._remember((uplink.id, name), counted)
            return found

    def _here(self, uplink: Uplink, device: Device) -> Outcome:
        key = (uplink.id, device.decoder)
        return self._remembered.get(key) or self._remember(key, self._run(uplink, device))

    def _note(self, device: Device, outcome: Outcome) -> None:
        """Keep who has uplinks that were not tried, until another of the same device is read."""
        key = (device.decoder, str(device.dev_eui))
        if is_waiting(outcome):
            self._waiting[key] = None
            if len(self._waiting) > PATIENT:
                self._waiting.popitem(last=False)
        elif key in self._waiting and not (isinstance(outcome, DecodeError) and outcome.reason is DecodeReason.FAILED):
            del self._waiting[key]
            self._recovered = True

    def _remember(self, key: Key, outcome: Outcome) -> Outcome:
        if is_waiting(outcome):
            return outcome  # asked again, it may say something else
        self._remembered[key] = outcome
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return outcome

    def _run(self, uplink: Uplink, device: Device) -> Outcome:
        decoder = self._decoder(device.decoder)
        if decoder is None:
            outcome = self._failed(device, self._not_found.get(device.decoder, NAMES_NONE))
            self._note(device, outcome)
            return outcome
        try:
            return door.decode(decoder, _payload(uplink, device))
        except DecodeError as error:
            return self._failed(device, error)

    def _failed(self, device: Device, error: DecodeError) -> DecodeError:
        self.failures[device.decoder, error.reason] += 1
        return DecodeError(error.reason, error.detail)  # remembered: without the frames that its trace keeps alive

    def _decoder(self, name: str) -> Decoder | None:
        if not name:
            return None
        if self._is_due(name):
            self._take({name: self._found(name)})
        return self._decoders[name]

    def _is_due(self, name: str) -> bool:
        again = self._look_again.get(name)
        return name not in self._decoders or (again is not None and self._clock() >= again)

    async def _load(self, names: Iterable[str]) -> None:
        """Have all of ``names`` looked up that are to be."""
        if missing := frozenset(name for name in names if name and self._is_due(name)):
            self._take(await self._find_all(missing))

    async def _find_all(self, names: frozenset[str]) -> Mapping[str, Found]:
        """Return the decoders of ``names``, loaded in a thread: a long table takes a second, and devices wait for answers."""
        while True:
            age = self._age
            found = await asyncio.to_thread(lambda: {name: self._found(name) for name in names})
            if age == self._age:  # else they may have changed meanwhile
                return found

    def _found(self, name: str) -> Found:
        try:
            return self._find(name)
        except (LookupError, ValueError) as error:
            return error

    def _take(self, found: Mapping[str, Found]) -> None:
        for name, one in found.items():
            self._look_again.pop(name, None)
            if isinstance(one, LookupError | ValueError):
                self._decoders[name] = None
                self._say_missing(name, one)
            else:
                self._decoders[name] = one
                self._personal[name] = bool(getattr(one, "is_personal", False))

    def _say_missing(self, name: str, error: LookupError | ValueError) -> None:
        logger.warning("decoder %s: %s", name, error)
        passes = isinstance(error, NotNow)
        if passes:
            self._look_again[name] = self._clock() + LOOK_AGAIN
        reason = DecodeReason.WAITING if passes else DecodeReason.NO_DECODER
        self._not_found[name] = DecodeError(reason, str(error))


def is_waiting(outcome: Outcome) -> bool:
    """Tell whether an uplink was not tried, and is to be tried again by itself."""
    return isinstance(outcome, DecodeError) and outcome.reason is DecodeReason.WAITING


def _payload(uplink: Uplink, device: Device) -> Payload:
    return Payload(uplink.payload, uplink.f_port, uplink.heard_at.utc, str(device.dev_eui))
