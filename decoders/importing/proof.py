"""Run what a tree publishes: each codec is loaded once, in the room of its kind, and given the examples of its models."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from decoders import door
from decoders.contract import (
    Decoded,
    DecodeError,
    Decoder,
    DecodeReason,
    Encoded,
    EncodeError,
    Encoder,
    EncodeReason,
    Payload,
)
from decoders.importing.comparison import Difference, difference, same, shown
from decoders.importing.notation import NOT_READ
from decoders.importing.published import Example, Kind, Published
from decoders.importing.readers.found import too_odd
from decoders.importing.tree import Tree, Unreadable
from decoders.importing.verdict import Outcome, Verdict
from decoders.javascript.answers import as_fields
from decoders.javascript.decoder import JavaScriptDecoder, JavaScriptEncoder
from decoders.javascript.stateless import is_free_of_state
from decoders.normalised import readings as normalised_readings
from decoders.registry import BrokenDecoder, Registry, UnknownDecoder

RECEIVED_AT: Final = datetime(
    2026, 6, 1, 12, tzinfo=UTC
)  # for an example that states no time: some codecs count on one
MOST_FOR_STATE: Final = 8  # examples, which are cut as well: more show no more, and take a while
PORT: Final = 1  # for an example that states none, as The Things Stack has it
NOTHING_SAID: Final = frozenset({DecodeReason.EMPTY, DecodeReason.UNKNOWN_PORT, DecodeReason.UNKNOWN_MESSAGE})
VENDOR: Final = "imported"

Decodes = Decoded | DecodeError
Told = Callable[[int], None]  # how many models are done


async def prove(tree: Tree, models: Sequence[Published], told: Told = lambda _: None) -> list[Verdict]:
    """Return a verdict on each of ``models``, in their order; nothing of the tree is run outside the decoders' rooms."""
    with tempfile.TemporaryDirectory(prefix="brygga-import-") as folder:
        contents = _staged(tree, models, Path(folder) / VENDOR)
        with closing(Registry.load([Path(folder)], entry_points=False)) as registry:
            verdicts, free_of_state = list[Verdict](), dict[str, bool]()
            for one in models:
                verdicts.append(await _guarded(registry, one, contents, free_of_state))
                told(len(verdicts))
            return verdicts


def _staged(tree: Tree, models: Iterable[Published], folder: Path) -> Mapping[str, bytes | Unreadable]:
    """Return what lies in each file of ``models``, and lay it out for a registry: what is published twice once."""
    folder.mkdir()
    contents: dict[str, bytes | Unreadable] = {}
    for path in dict.fromkeys(path for one in models for path in (one.file, one.encoder) if path):
        try:
            contents[path] = content = tree.content(path)
        except Unreadable as error:
            contents[path] = error
            continue
        (folder / f"{_key(content)}{_ending(path)}").write_bytes(content)
    return contents


def _key(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:20]


def _ending(path: str) -> str:
    return ".yaml" if path.endswith((".yaml", ".yml")) else ".js"


async def _guarded(
    registry: Registry,
    model: Published,
    contents: Mapping[str, bytes | Unreadable],
    free_of_state: dict[str, bool],
) -> Verdict:
    """Return a verdict; a model whose examples are too odd to be run is broken, and costs no other."""
    try:
        return await _verdict(registry, model, contents, free_of_state)
    except NOT_READ as error:
        return Verdict(model=model, broken=too_odd(error))


async def _verdict(
    registry: Registry,
    model: Published,
    contents: Mapping[str, bytes | Unreadable],
    free_of_state: dict[str, bool],  # what is known of files; this one's is added
) -> Verdict:
    content, encoder = contents[model.file], contents.get(model.encoder or "", b"")
    if isinstance(content, Unreadable):
        return Verdict(model=model, broken=str(content).partition(": ")[2])
    tells = encoder if isinstance(encoder, bytes) else b""
    try:
        decoder = registry.get(f"{VENDOR}/{_key(content)}")
    except (BrokenDecoder, UnknownDecoder) as error:
        return Verdict(model=model, content=content, broken=_without_place(str(error)))
    outcomes = await _outcomes(registry, decoder, f"{VENDOR}/{_key(tells or content)}", model.examples)
    if model.file not in free_of_state:
        free_of_state[model.file] = await asyncio.to_thread(_is_free_of_state, decoder, model.examples)
    is_free = free_of_state[model.file]
    return Verdict(model=model, content=content, encoder=tells, outcomes=outcomes, is_free_of_state=is_free)


def _is_free_of_state(decoder: Decoder, examples: Sequence[Example]) -> bool:
    payloads = [_payload(one) for one in examples if one.kind is Kind.UPLINK][:MOST_FOR_STATE]
    return isinstance(decoder, JavaScriptDecoder) and is_free_of_state(decoder, payloads)


def _without_place(text: str) -> str:
    """Return an error's words without the path of the temporary file that it begins with."""
    return re.sub(rf"^\S*/{VENDOR}/[0-9a-f]+\.(?:js|yaml)[: ]*", "", text)


async def _outcomes(
    registry: Registry, decoder: Decoder, tells: str, examples: Sequence[Example]
) -> tuple[Outcome, ...]:
    uplinks = [one for one in examples if one.kind is Kind.UPLINK]
    decoded = dict(
        zip(map(id, uplinks), await door.decode_all(decoder, [_payload(one) for one in uplinks]), strict=True)
    )
    encoder = _encoder(registry, tells) if len(uplinks) < len(examples) else None
    return tuple(_told(one, decoded.get(id(one)), decoder, encoder) for one in examples)


def _payload(example: Example) -> Payload:
    port = PORT if example.f_port is None else example.f_port
    return Payload(example.data, port, example.received_at or RECEIVED_AT)


def _encoder(registry: Registry, name: str) -> Encoder | BrokenDecoder | None:
    try:
        return registry.encoder(name)
    except BrokenDecoder as error:
        return error


# ── one example ─────────────────────────────────────────────────────────────────────────────────────────────────


def _told(
    example: Example, decoded: Decodes | None, decoder: Decoder, encoder: Encoder | BrokenDecoder | None
) -> Outcome:
    """Return what came of an example; one whose values cannot be compared has failed."""
    try:
        return _outcome(example, decoded, decoder, encoder)
    except NOT_READ as error:
        return Outcome(example=example, problem=too_odd(error))


def _outcome(
    example: Example, decoded: Decodes | None, decoder: Decoder, encoder: Encoder | BrokenDecoder | None
) -> Outcome:
    match example.kind:
        case Kind.UPLINK if decoded is not None:
            return _of_uplink(example, decoded)
        case Kind.ENCODE:
            return _of_command(example, encoder)
        case _:
            return _of_downlink(example, decoder)


def _of_uplink(example: Example, decoded: Decodes) -> Outcome:
    if isinstance(decoded, DecodeError):
        return Outcome(example=example, problem=_refused(example, decoded), reason=decoded.reason)
    problems = _departures(example, decoded.fields, decoded.warnings, decoded)
    return Outcome(example=example, problem=next(problems, ""), fields=decoded.fields, warnings=decoded.warnings)


def _refused(example: Example, error: DecodeError) -> str:
    says_nothing = example.expected is None and error.reason in NOTHING_SAID
    return "" if example.fails or says_nothing else f"refused: {error}"


def _departures(example: Example, fields: Any, warnings: Sequence[str], decoded: Decoded | None) -> Iterator[str]:
    if example.fails:
        yield f"an error is expected, {shown(fields)} came"
        return
    if example.expected is not None and (found := _difference(fields, example)):
        yield str(found)
    if example.warnings and warnings and (found := difference(list(warnings), list(example.warnings))):
        yield f"warnings{found}"
    if example.normalised is not None and decoded is not None:
        yield from _not_stated(example, decoded)


def _difference(fields: Any, example: Example) -> Difference | None:
    return difference(fields, as_fields(example.expected), partial=example.partial)


def _not_stated(example: Example, decoded: Decoded) -> Iterator[str]:
    """Yield each reading that the published normalised output states and ``decoded`` does not."""
    expected, _ = normalised_readings(example.normalised, example.received_at or RECEIVED_AT)
    stated = {(one.quantity, one.channel, one.at): one for one in decoded.readings}
    for one in expected:
        got = stated.get((one.quantity, one.channel, one.at))
        if got is None or got.unit != one.unit or not same(got.value, one.value):
            yield f"normalised {one.quantity}: {one.value} {one.unit} is expected, {shown(got and got.value)} came"


def _of_command(example: Example, encoder: Encoder | BrokenDecoder | None) -> Outcome:
    if encoder is None or isinstance(encoder, BrokenDecoder):
        return Outcome(example=example, problem=f"nothing of it encodes{f': {encoder}' if encoder else ''}")
    try:
        encoded = _encode(encoder, example.command, PORT if example.f_port is None else example.f_port)
    except EncodeError as error:
        makes_nothing = example.expected == b"" and error.reason is EncodeReason.EMPTY
        problem = "" if example.fails or makes_nothing else f"refused: {error}"
        return Outcome(example=example, problem=problem, reason=error.reason)
    return Outcome(
        example=example, problem=next(_misencoded(example, encoded.f_port, encoded.data), ""), encoded=encoded
    )


def _encode(encoder: Encoder, command: Any, port: int) -> Encoded:
    """Return ``command`` as octets, for ``port`` where a codec names none; a codec's own encoder takes a list, too."""
    if isinstance(encoder, JavaScriptEncoder):
        return encoder.encode_for(command, port)
    if not isinstance(command, Mapping):
        raise EncodeError(EncodeReason.WRONG_VALUE, f"{shown(command)} is no command; names and values are expected")
    return encoder.encode(command)


def _misencoded(example: Example, port: int, data: bytes) -> Iterator[str]:
    if example.fails:
        yield f"an error is expected, {data.hex()} came"
    elif example.expected is not None and data != example.expected:
        yield f"{example.expected.hex() or 'no octet'} is expected, {data.hex() or 'no octet'} came"
    elif example.expected_port is not None and port != example.expected_port:
        yield f"fPort {example.expected_port} is expected, {port} came"


def _of_downlink(example: Example, decoder: Decoder) -> Outcome:
    if not isinstance(decoder, JavaScriptDecoder):
        return Outcome(example=example, problem="nothing of it decodes downlinks")
    try:
        native = decoder.decode_downlink(PORT if example.f_port is None else example.f_port, example.data)
    except DecodeError as error:
        return Outcome(example=example, problem=_refused(example, error), reason=error.reason)
    fields = as_fields(native.data)
    problems = _departures(example, fields, native.warnings, None)
    return Outcome(example=example, problem=next(problems, ""), fields=fields)
