"""Cities: what is known of each, and what of a destination is therefore the same for all of a city's.

A city's profile says which platform it has and in which words that is told; its connection, beside brygga.toml, where it is
and who we are there. A destination that names a city gets the keys of both as if a person had written them.
"""

from __future__ import annotations
