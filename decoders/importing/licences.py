"""Under which licence a tree's files are published, as an SPDX identifier, by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from decoders.importing.tree import Tree, Unreadable, file_name, folder_of

# What each text says and no other does; the first that fits counts, so that the Lesser and the Affero licence come before the
# GNU General Public License, which they cite.
TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.1", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0", ("gnu general public license", "version 3")),
    ("GPL-2.0", ("gnu general public license", "version 2")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("MPL-2.0", ("mozilla public license", "version 2.0")),
    ("EPL-2.0", ("eclipse public license", "2.0")),
    ("EUPL-1.2", ("european union public licence", "1.2")),
    ("BSL-1.0", ("boost software license", "version 1.0")),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("CC-BY-SA-4.0", ("creative commons attribution-sharealike 4.0",)),
    ("CC-BY-4.0", ("creative commons attribution 4.0",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software for any purpose",)),
    ("ISC", ("permission to use, copy, modify, and distribute this software for any purpose",)),
    ("MIT", ("permission is hereby granted, free of charge, to any person obtaining a copy",)),
)
FILES = re.compile(r"(?:licen[cs]e|copying|unlicense)(?:[.-].*)?", re.IGNORECASE)
HEAD = 4_000  # characters; a licence names itself before that
_IDENTIFIER = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*)")


def identified(text: str) -> str:
    """Return the SPDX identifier of the licence that ``text`` is; "" where it is none of TEXTS."""
    plain = " ".join(text[:HEAD].lower().split())
    return next((name for name, parts in TEXTS if all(part in plain for part in parts)), "")


def by_folder(tree: Tree) -> Mapping[str, str]:
    """Return the licence whose text lies in each folder that has one."""
    found = {}
    for folder, paths in tree.folders.items():
        for path in paths:
            if FILES.fullmatch(file_name(path)):
                found[folder] = _text_in(tree, path)
    return found


def licence_of(tree: Tree, path: str, folders: Mapping[str, str]) -> str:
    """Return the licence of a file: what its head says, else that of its folder or of the nearest one above; "" where none says."""
    try:
        said = _IDENTIFIER.search(tree.text(path)[:HEAD])
    except Unreadable:
        said = None
    return said[1] if said else next((folders[folder] for folder in _upwards(path) if folders.get(folder)), "")


def _upwards(path: str) -> Iterator[str]:
    while path:
        path = folder_of(path)
        yield path


def _text_in(tree: Tree, path: str) -> str:
    try:
        return identified(tree.text(path)) or f"see {path}"
    except Unreadable:
        return ""
