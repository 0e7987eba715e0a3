"""Licence, repository and commit are read from a tree's files; git is not run."""

import os
from pathlib import Path

import pytest

from decoders.importing import licences
from decoders.importing.licences import identified, licence_of
from decoders.importing.origin import origin_of
from decoders.importing.tree import open_tree
from tests.decoders.importing.trees import APACHE, MIT, at_most, lay

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        (MIT, "MIT"),
        (APACHE, "Apache-2.0"),
        ("GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007\n", "GPL-3.0"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\n   Version 3 … the GNU General Public License …", "AGPL-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 3 … supplemented by the GNU General Public License", "LGPL-3.0"),
        ("Redistribution and use in source and binary forms … Neither the name of Acme nor", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms …", "BSD-2-Clause"),
        ("Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee", "ISC"),
        ("All rights reserved.", ""),
    ],
)
def test_knows_a_licence_by_its_text(text: str, identifier: str) -> None:
    assert identified(text) == identifier


def test_the_nearest_licence_counts_and_a_files_own_words_before_it(tmp_path: Path) -> None:
    files = {
        "LICENSE": MIT, "a.js": "", "acme/COPYING.txt": APACHE, "acme/x/b.js": "",
        "acme/c.js": "// SPDX-License-Identifier: GPL-2.0-only\n", "odd/LICENSE.md": "Ask us.", "odd/d.js": "",
    }  # fmt: skip
    tree = open_tree(lay(tmp_path, files))

    folders = licences.by_folder(tree)

    assert {path: licence_of(tree, path, folders) for path in tree.files if path.endswith(".js")} == {
        "a.js": "MIT", "acme/x/b.js": "Apache-2.0", "acme/c.js": "GPL-2.0-only", "odd/d.js": "see odd/LICENSE.md",
    }  # fmt: skip


def test_where_nobody_says_there_is_no_licence(tmp_path: Path) -> None:
    tree = open_tree(lay(tmp_path, {"a.js": ""}))

    assert licence_of(tree, "a.js", licences.by_folder(tree)) == ""


@pytest.mark.parametrize(
    "files",
    [
        {"HEAD": f"{COMMIT}\n"},
        {"HEAD": "ref: refs/heads/main\n", "refs/heads/main": f"{COMMIT}\n"},
        {"HEAD": "ref: refs/heads/a/b-1\n", "packed-refs": f"# pack-refs\n{'f' * 40} refs/heads/a/b\n{COMMIT} refs/heads/a/b-1\n"},
    ],
)  # fmt: skip
def test_reads_the_commit_of_a_checkout(tmp_path: Path, files: dict[str, str]) -> None:
    lay(
        tmp_path / "decoders" / ".git",
        {**files, "config": '[remote "origin"]\n\turl = https://github.com/acme/decoders.git\n'},
    )

    origin = origin_of(tmp_path / "decoders")

    assert origin.of("th/th.js") == f"github.com/acme/decoders/th/th.js @ {COMMIT}"
    assert origin.owner == "acme"


@pytest.mark.parametrize("head", ["ref: ../../secret", "ref: refs/heads/gone", "rubbish", ""])
def test_a_head_that_leads_nowhere_is_no_commit(tmp_path: Path, head: str) -> None:
    lay(tmp_path, {"x/.git/HEAD": head, "secret": COMMIT})

    assert origin_of(tmp_path / "x").of("a.js") == "x/a.js"


@pytest.mark.parametrize(
    "url", ["https://me:s3cret@git.example/acme/x.git", "ssh://me@git.example:22/acme/x", "me@git.example:acme/x.git"]
)
def test_no_password_of_a_checkouts_address_is_told(tmp_path: Path, url: str) -> None:
    lay(tmp_path, {".git/HEAD": COMMIT, ".git/config": f'[core]\n\tbare\n[remote "origin"]\n\turl = {url}\n'})

    assert origin_of(tmp_path).repository == "git.example/acme/x"


def test_a_folder_within_a_checkout_says_where_it_lies(tmp_path: Path) -> None:
    lay(tmp_path / "x", {".git/HEAD": COMMIT, "vendor/acme/a.js": ""})

    assert origin_of(tmp_path / "x" / "vendor").of("acme/a.js") == f"x/vendor/acme/a.js @ {COMMIT}"


def test_waits_for_no_pipe_where_a_commit_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    os.mkfifo(tmp_path / ".git/HEAD")

    with at_most(5):
        assert origin_of(tmp_path).commit == ""


def test_a_configuration_that_no_git_wrote_names_no_repository(tmp_path: Path) -> None:
    lay(tmp_path, {".git/config": "[core]\nbare\n\tx = 1\n"})

    assert origin_of(tmp_path).repository == tmp_path.name


def test_a_folder_whose_name_no_text_can_hold_can_be_written_down(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()

    assert origin_of(folder).of("x.js") == "caf�/x.js"
