"""A table or a function whose ``.meta.yaml`` says what its fields mean, or where it is from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from decoders import door, metadata
from decoders.contract import Decoded, DecodeError, Decoder, DecodeReason, Payload
from decoders.mapping import Mapping, compile_mapping
from decoders.metadata import Metadata
from decoders.vocabulary.persons import are_personal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A decoder, and what its metadata adds: readings of its fields, the ports it reads."""

    inner: Decoder
    metadata: Metadata
    mapping: Mapping

    @property
    def name(self) -> str:
        """Return the decoder's."""
        return self.inner.name

    @property
    def revision(self) -> str:
        """Return what changes with the decoder's file and with its metadata."""
        return hashlib.sha256(f"{self.inner.revision} {self.metadata.digest}".encode()).hexdigest()[:12]

    @property
    def is_personal(self) -> bool:
        """Tell whether it tells of persons wherever its device hangs."""
        declared = self.metadata.personal or getattr(self.inner, "is_personal", False)
        return are_personal(self.mapping.quantities, declared=declared)

    def decode(self, payload: Payload) -> Decoded:
        """Return what ``payload`` says, the metadata's reading in the place of one the decoder states itself; raise DecodeError."""
        ports = self.metadata.ports
        if ports and payload.f_port not in ports:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: {', '.join(map(str, ports))}")
        return self._stated(payload, self.inner.decode(payload))

    async def decode_all(self, payloads: Sequence[Payload]) -> Sequence[Decoded | DecodeError]:
        """Return what each payload says, in order, or why it cannot be read; awaits a decoder that works elsewhere."""
        outcomes = await door.decode_all(self.inner, payloads)
        return [self._outcome(payload, outcome) for payload, outcome in zip(payloads, outcomes, strict=True)]

    def _outcome(self, payload: Payload, outcome: Decoded | DecodeError) -> Decoded | DecodeError:
        ports = self.metadata.ports
        if ports and payload.f_port not in ports:
            return DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: {', '.join(map(str, ports))}")
        return outcome if isinstance(outcome, DecodeError) else self._stated(payload, outcome)

    def _stated(self, payload: Payload, decoded: Decoded) -> Decoded:
        readings, warnings = self.mapping.readings(decoded.fields, payload.received_at)
        stated = {(one.quantity, one.channel, one.at): one for one in (*decoded.readings, *readings)}
        return replace(decoded, readings=tuple(stated.values()), warnings=(*decoded.warnings, *warnings))


def with_metadata(decoder: Decoder, path: Path) -> Decoder:
    """Return ``decoder``, of the file ``path``, with the metadata beside it where there is some; raises ValueError for a broken one."""
    beside = metadata.beside(path)
    if not beside.exists():
        return decoder
    found = metadata.read(beside)
    return Mapped(inner=decoder, metadata=found, mapping=compile_mapping(found))
