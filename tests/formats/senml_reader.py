"""A reader of SenML that shares nothing with the writer: proved on the RFC's examples, then turned on our packs."""

from __future__ import annotations

import json
import re
from typing import Any

import cbor2

LABELS = {-1: "bver", -2: "bn", -3: "bt", -4: "bu", 0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 6: "t", 8: "vd"}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*")  # RFC 8428, section 4.5.1
VALUES = ("v", "vs", "vb", "vd")

Resolved = tuple[str, str, float, Any]  # name, unit, time, value


def read(body: bytes, content_type: str) -> list[dict[str, Any]]:
    """Return the records of a pack with the labels of JSON."""
    if content_type == "application/senml+json":
        records = json.loads(body)
    else:
        assert content_type == "application/senml+cbor"
        records = [{LABELS[label]: value for label, value in record.items()} for record in cbor2.loads(body)]
    assert isinstance(records, list)
    return records


def resolve(records: list[dict[str, Any]]) -> list[Resolved]:
    """Return what the records say (RFC 8428, section 4.6)."""
    base: dict[str, Any] = {}
    resolved = []
    for record in records:
        base |= {label: value for label, value in record.items() if label.startswith("b")}
        assert set(record) <= {"bver", "bn", "bt", "bu", "n", "u", "t", *VALUES}
        said = [label for label in VALUES if label in record]
        assert len(said) == 1, record
        name = base.get("bn", "") + record.get("n", "")
        assert NAME.fullmatch(name), name
        time = round(base.get("bt", 0) + record.get("t", 0), 3)
        unit = record.get("u", base.get("bu", "") if "v" in record else "")
        resolved.append((name, unit, time, record[said[0]]))
    return resolved
