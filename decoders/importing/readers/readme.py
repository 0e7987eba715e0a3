"""Examples as Milesight writes them into a README: a payload in a comment, then what it says.

```json
// 01755C 036734 01
{"battery": 92, "temperature": 30.8}
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from decoders.importing import examples, notation
from decoders.importing.notation import NOT_READ
from decoders.importing.published import Example, Kind
from decoders.importing.tree import Tree, Unreadable

PORT: Final = 85  # the application port of Milesight's devices as they are delivered
_BLOCK: Final = re.compile(r"^```\w*[ \t]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PAYLOAD: Final = re.compile(r"^[ \t]*//[ \t]*((?:[0-9a-fA-F]{2}[ \t]*){2,})$", re.MULTILINE)


def read(tree: Tree, path: str) -> examples.Read:
    """Return the examples in the README at ``path``; a line for each whose output is no JSON."""
    try:
        blocks = _BLOCK.findall(tree.text(path).replace("\r\n", "\n"))
    except Unreadable as error:
        return examples.Read(notes=(str(error),))
    return examples.joined(_example(path, payload, said) for block in blocks for payload, said in _pairs(block))


def _pairs(block: str) -> Iterator[tuple[str, str]]:
    """Yield each payload of a block and the text up to the next."""
    found = list(_PAYLOAD.finditer(block))
    for number, one in enumerate(found, start=1):
        end = found[number].start() if number < len(found) else len(block)
        yield one[1], block[one.end() : end]


def _example(path: str, payload: str, said: str) -> examples.Read:
    if "{" not in said:
        return examples.Read()  # several payloads in a row: a list of commands, no example
    try:
        expected = notation.from_json(said)
    except NOT_READ as error:
        return examples.Read(notes=(f"{path}: the example of {''.join(payload.split())}: {error}",))
    data = examples.octets(payload)
    return examples.Read(
        (Example(kind=Kind.UPLINK, name="README", place=path, data=data, f_port=PORT, expected=expected),)
    )
