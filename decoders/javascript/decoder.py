"""A vendor's JavaScript as a decoder and an encoder."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from decoders import metadata, normalised
from decoders.contract import (
    Command,
    Decoded,
    DecodeError,
    DecodeReason,
    Encoded,
    EncodeError,
    EncodeReason,
    NotNow,
    Payload,
)
from decoders.javascript import answers, source
from decoders.javascript.answers import Native
from decoders.javascript.crew import Crew, Overrun, Waiting
from decoders.javascript.process import Message
from decoders.javascript.source import Source
from decoders.mapping import Mapping as FieldMapping
from decoders.mapping import Stated, compile_mapping
from decoders.metadata import Context, Metadata
from decoders.vocabulary.persons import are_personal

PLACE = re.compile(r"<input>:(\d+)")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# Seconds that overruns may take of a batch: twenty endless loops, or two of what only the kernel ends. Who comes after them in
# this batch and whatever else the agent decodes then does not wait for more.
OVERRUNS = 2.0
REST = DecodeError(DecodeReason.WAITING, "the codec ran into the limits too long with others of the same batch")
NO_DECODER = "no function decodeUplink(input), Decode(fPort, bytes, variables) or Decoder(bytes, port) is in it"


@dataclass(frozen=True, slots=True)
class Functions:
    """The names of the functions that a codec has, or None."""

    decode: str | None
    encode: str | None
    decode_downlink: str | None
    normalise: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JavaScriptDecoder:
    """A codec in a worker process, which is a decoder."""

    name: str
    revision: str
    source: Source
    functions: Functions
    metadata: Metadata
    mapping: FieldMapping
    crew: Crew

    @property
    def is_personal(self) -> bool:
        """Tell whether it tells of persons wherever its device hangs."""
        return are_personal(self.mapping.quantities, declared=self.metadata.personal)

    def decode(self, payload: Payload) -> Decoded:
        """Return what ``payload`` says; raise DecodeError and nothing else. Waits for the worker: some 2 ms, 3 s at most."""
        native = self.native(payload)
        readings, warnings = self._stated(native, payload)
        return Decoded(readings, answers.as_fields(native.data), (*native.warnings, *warnings))

    async def decode_all(self, payloads: Sequence[Payload]) -> Sequence[Decoded | DecodeError]:
        """Return what each payload says, in order, or why it cannot be read; the loop goes on meanwhile."""
        return await asyncio.to_thread(self._decode_all, payloads)

    def native(self, payload: Payload, *, said: bool = False) -> Native:
        """Return the codec's own output, and with ``said`` what it wrote to its console; raise DecodeError."""
        ports = self.metadata.ports
        if ports and payload.f_port not in ports:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: {', '.join(map(str, ports))}")
        return answers.decoded(self._asked("decode", payload, said=said), payload)

    def decode_downlink(self, f_port: int, data: bytes) -> Native:
        """Return what ``decodeDownlink`` says of a downlink's octets; raise DecodeError."""
        payload = Payload(data, f_port)
        if self.functions.decode_downlink is None:
            raise DecodeError(DecodeReason.NO_DECODER, f"{self.name} has no function decodeDownlink(input)")
        return answers.decoded(self._asked("decode_downlink", payload), payload)

    def encoder(self) -> JavaScriptEncoder | None:
        """Return what tells the codec's devices something, or None."""
        return None if self.functions.encode is None else JavaScriptEncoder(self)

    def ask(self, message: Message, device: str = "") -> Message:
        """Return the worker's answer; raises Overrun, Waiting, NotNow, and ValueError without an engine."""
        context = self.metadata.context
        keep = {Context.FRESH: None, Context.DEVICE: device, Context.KEPT: ""}[context]
        answer = self.crew.ask(self.source, message if keep is None else {**message, "keep": keep}, device)
        return {**answer, "lost": context is Context.DEVICE} if answer.get("lost") else answer

    def _decode_all(self, payloads: Sequence[Payload]) -> list[Decoded | DecodeError]:
        outcomes: list[Decoded | DecodeError] = []
        clock, overruns = self.crew.clock, 0.0
        for payload in payloads:
            if overruns >= OVERRUNS:
                outcomes.append(REST)
                continue
            begun = clock()
            outcome, overran = self._outcome(payload)
            outcomes.append(outcome)
            overruns += clock() - begun if overran else 0.0
        return outcomes

    def _outcome(self, payload: Payload) -> tuple[Decoded | DecodeError, bool]:
        """Return what ``payload`` says or why not, and whether the codec ran into a limit."""
        try:
            return self.decode(payload), False
        except DecodeError as error:
            # Made anew, without the frames that its trace keeps alive.
            return DecodeError(error.reason, error.detail), isinstance(error.__cause__, Overrun)

    def _asked(self, work: str, payload: Payload, *, said: bool = False) -> Message:
        message: dict[str, Any] = {"work": work, "bytes": payload.data.hex(), "port": payload.f_port}
        if payload.received_at is not None:
            message["at"] = (payload.received_at - EPOCH) // MILLISECOND  # cut off, as a Date does with what is finer
        if said:
            message["said"] = True
        try:
            return self.ask(message, payload.device)
        except (Waiting, NotNow) as error:
            raise DecodeError(DecodeReason.WAITING, str(error)) from error
        except (Overrun, ValueError) as error:
            raise DecodeError(DecodeReason.FAILED, str(error)) from error

    def _stated(self, native: Native, payload: Payload) -> Stated:
        if native.normalised is None:
            return self.mapping.readings(native.data, payload.received_at)
        first, warnings = normalised.readings(native.normalised, payload.received_at)
        mapped, more = self.mapping.readings(native.data, payload.received_at)
        stated = {(one.quantity, one.channel, one.at): one for one in (*first, *mapped)}
        return tuple(stated.values()), (*warnings, *more)


@dataclass(frozen=True, slots=True)
class JavaScriptEncoder:
    """A codec's ``encodeDownlink``, ``Encode`` or ``Encoder``, which is an encoder."""

    codec: JavaScriptDecoder

    @property
    def name(self) -> str:
        """Return "vendor/model"."""
        return self.codec.name

    def encode(self, command: Command) -> Encoded:
        """Return ``command``, the vendor's own object, as octets; raise EncodeError with the codec's words."""
        ports = self.codec.metadata.ports
        return self.encode_for(command, ports[0] if ports else 1)

    def encode_for(self, command: Any, port: int) -> Encoded:
        """Return ``command`` for ``port``, unless the codec names another; raise EncodeError with the codec's words."""
        data = dict(command) if isinstance(command, Mapping) else command
        try:
            answer = self.codec.ask({"work": "encode", "data": data, "port": port})
        except (Overrun, Waiting, ValueError, TypeError) as error:
            raise EncodeError(EncodeReason.FAILED, str(error)) from error
        return answers.encoded(answer, port)


def load(path: Path, name: str, content: bytes, crew: Crew) -> JavaScriptDecoder:
    """Return the decoder that the file at ``path`` with ``content`` is; raises ValueError with file and line, NotNow where that may pass."""
    beside = metadata.beside(path)
    found = metadata.read(beside) if beside.exists() else Metadata()
    text, functions = _loaded(path, content, crew)
    return JavaScriptDecoder(
        name=name,
        revision=hashlib.sha256(content + found.digest.encode()).hexdigest()[:12],
        source=text,
        functions=functions,
        metadata=found,
        mapping=compile_mapping(found),
        crew=crew,
    )


def _loaded(path: Path, content: bytes, crew: Crew) -> tuple[Source, Functions]:
    if len(content) > source.LONGEST:
        raise ValueError(f"{path}: {len(content)} octets; a codec has {source.LONGEST} at most")
    first: str | None = None
    for text in source.readings(content):
        try:
            answer = crew.look(text)
        except NotNow as error:
            raise NotNow(f"{path}: while it is loaded, {error}") from error
        except Overrun as error:
            raise ValueError(f"{path}: while it is loaded, {error}") from error
        if "broken" not in answer:
            return text, _functions(path, answer)
        first = first or str(answer["broken"])
    raise ValueError(_broken(path, first or ""))


def _functions(path: Path, answer: Message) -> Functions:
    if "thrown" in answer:
        raise ValueError(f"{path}: {answer['thrown']}")
    if answer["decode"] is None and answer["encode"] is None:
        raise ValueError(f"{path}: {NO_DECODER}")
    return Functions(answer["decode"], answer["encode"], answer["decode_downlink"], answer["normalise"])


def _broken(path: Path, words: str) -> str:
    place = PLACE.search(words)
    return f"{path} line {place[1] if place else 1}: {words.partition(chr(10))[0]}"
