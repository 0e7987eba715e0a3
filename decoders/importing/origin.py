"""Where a tree comes from: the repository and the commit of a git checkout, read from its files; git is not run."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from pathlib import Path

from decoders.importing.tree import Unreadable, in_words, regular

MOST = 4 << 20  # octets; packed-refs of a repository with many tags
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REMOTE = re.compile(r"(?:\w+://)?(?:[^@/]*@)?(?P<host>[\w.-]+)(?::\d+(?=/))?[:/](?P<path>.+?)(?:\.git)?/?")


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository ("github.com/owner/name", or the folder's name) and a commit; "" where unknown."""

    repository: str
    commit: str = ""
    inside: str = ""  # where in the repository the tree lies: "vendor/elsys"; "" is the whole

    @property
    def owner(self) -> str:
        """Return the owner of the repository; "" where unknown."""
        parts = self.repository.split("/")
        return parts[-2] if len(parts) > 2 else ""

    def of(self, path: str) -> str:
        """Return where ``path`` of the tree comes from, in a line: repository, path, commit."""
        whole = "/".join(part for part in (self.repository, self.inside, path) if part)
        return f"{whole} @ {self.commit}" if self.commit else whole


def origin_of(place: Path) -> Origin:
    """Return the origin of the folder ``place``, which may lie within a checkout."""
    folder = place.resolve()
    for above in (folder, *folder.parents):
        if (above / ".git").is_dir():
            inside = in_words(folder.relative_to(above).as_posix())
            repository = _remote(above / ".git") or in_words(above.name)
            return Origin(repository, _commit(above / ".git"), "" if inside == "." else inside)
    return Origin(in_words(folder.name))


def _commit(git: Path) -> str:
    head = _text(git / "HEAD").strip()
    if _COMMIT.fullmatch(head):
        return head
    reference = head.removeprefix("ref:").strip()
    if not re.fullmatch(r"refs/[\w./+-]+", reference) or ".." in reference:
        return ""
    found = _text(git / reference).strip() or _packed(git, reference)
    return found if _COMMIT.fullmatch(found) else ""


def _packed(git: Path, reference: str) -> str:
    lines = (line.split(" ", 1) for line in _text(git / "packed-refs").splitlines())
    return next((parts[0] for parts in lines if len(parts) == 2 and parts[1].strip() == reference), "")


def _remote(git: Path) -> str:
    """Return where the checkout was cloned from, without the name and password that its address may hold."""
    config = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        config.read_string(_text(git / "config"))
    except (configparser.Error, AttributeError):  # the latter for a line that continues a key without a value
        return ""
    address = config.get('remote "origin"', "url", fallback=None) or ""
    found = _REMOTE.fullmatch(address.strip())
    return f"{found['host']}/{found['path']}" if found else ""


def _text(path: Path) -> str:
    try:
        return "" if path.is_symlink() else regular(path, MOST).decode("utf-8", "replace")
    except (OSError, Unreadable):
        return ""
