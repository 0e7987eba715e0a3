"""The places of all decoders: those that never change while the process runs, and the installer's folders, which may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from decoders.changes import Changes
from decoders.places import Place, Stamps, in_folder, stamps


class Shelves:
    """What lies where, as it was at the last look; a folder that cannot be read stays what it was."""

    def __init__(self, places: Mapping[str, Place], problems: Sequence[str], folders: Sequence[Path]) -> None:
        self._fixed, self._fixed_problems = dict(places), tuple(problems)
        self.folders = tuple(folders)
        self.places: Mapping[str, Place] = {}
        self.problems: Sequence[str] = ()
        self.unread = ""  # why the folders could not be read at the last look
        self._stamps: Stamps = {}
        self.renew(self.look() or {})

    def look(self) -> Stamps | None:
        """Return the stamps of the files in the folders; None where they are what they were, or a folder cannot be read."""
        try:
            found = stamps(self.folders)
        except OSError as error:
            self.unread = f"{error.filename}: {error.strerror}"
            return None
        self.unread = ""
        return None if found == self._stamps else found

    def renew(self, found: Stamps) -> Changes:
        """Take the folders as ``found``; return what has changed."""
        changes = Changes.between(self._stamps, found, self.folders)
        self._stamps = found
        self._list()
        return changes

    def _list(self) -> None:
        places, problems = dict(self._fixed), list(self._fixed_problems)
        for folder in self.folders:
            places.update(in_folder(folder, problems))
        self.places, self.problems = places, problems
