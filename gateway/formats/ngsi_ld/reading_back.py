"""Asking a broker for what it was told (GS CIM 009, 5.7.1; NGSIv2 has the same path)."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from gateway.formats.ngsi_ld.entities import Naming, instances
from gateway.formats.ngsi_ld.letters import Way
from gateway.model import Item, Request

OF_A_BODY: Final = "Link"  # explains a body that is sent; in a question it would choose the answer's words


def asking(item: Item, naming: Naming, way: Way) -> Request | None:
    """Return the request for the first entity that ``item`` speaks of; its `source` has the uplink's id."""
    said = instances(item, naming)
    if not said:
        return None
    headers = {name: value for name, value in way.headers.items() if name != OF_A_BODY}
    return Request(
        method="GET",
        target=f"{way.path}/entities/{quote(said[0].id, safe=':')}",
        body=b"",
        content_type="",
        headers={**headers, "Accept": "application/json"},
    )
