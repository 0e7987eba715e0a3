"""A tree of strangers is read within bounds, and no link leads out of it."""

import os
from pathlib import Path

import pytest

from decoders.importing import tree as trees
from decoders.importing.tree import Unreadable, open_tree
from tests.decoders.importing.trees import at_most, lay


def test_names_the_files_that_may_matter_and_passes_over_the_rest(tmp_path: Path) -> None:
    lay(tmp_path, {"a/x.js": "1", "a/photo.png": "2", ".git/config": "3", "a/node_modules/y.js": "4", "LICENSE": "5"})

    tree = open_tree(tmp_path)

    assert tree.files == ("LICENSE", "a/x.js")
    assert tree.folders == {"": ("LICENSE",), "a": ("a/x.js",)}


def test_follows_a_link_within_the_tree_and_none_that_leads_out(tmp_path: Path) -> None:
    outside = lay(tmp_path / "outside", {"secret.js": "key"})
    tree = lay(tmp_path / "tree", {"a/x.js": "1"})
    (tree / "inside.js").symlink_to(tree / "a/x.js")
    (tree / "leak.js").symlink_to(outside / "secret.js")
    (tree / "folder").symlink_to(outside)
    (tree / "round").symlink_to(tree)

    assert open_tree(tree).files == ("a/x.js", "inside.js")


def test_a_link_that_leads_to_itself_is_passed_over(tmp_path: Path) -> None:
    lay(tmp_path, {"x.js": "1"})
    (tmp_path / "round.js").symlink_to("round.js")

    assert open_tree(tmp_path).files == ("x.js",)


@pytest.mark.parametrize("path", ["../secret.js", "a/../../secret.js", "/etc/passwd", "a/../a/x.js", "a", "", "a/y.js"])
def test_reads_nothing_but_the_files_that_it_lists(tmp_path: Path, path: str) -> None:
    lay(tmp_path, {"secret.js": "key", "tree/a/x.js": "1"})

    with pytest.raises(Unreadable, match="there is no such file in the tree"):
        open_tree(tmp_path / "tree").content(path)


def test_waits_for_no_pipe_that_a_file_became(tmp_path: Path) -> None:
    lay(tmp_path, {"x.js": "1"})
    tree = open_tree(tmp_path)
    (tmp_path / "x.js").unlink()
    os.mkfifo(tmp_path / "x.js")

    with at_most(5), pytest.raises(Unreadable, match=r"x\.js: no regular file"):
        tree.content("x.js")


def test_refuses_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {"x.js": "12345"})
    monkeypatch.setattr(trees, "LARGEST", 4)

    with pytest.raises(Unreadable, match=r"x\.js: 5 octets; at most 4 are read"):
        open_tree(tmp_path).text("x.js")


def test_refuses_a_tree_of_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, {"a.js": "", "b.js": "", "c.js": ""})
    monkeypatch.setattr(trees, "MOST_FILES", 2)

    with pytest.raises(Unreadable, match="more than 2 files"):
        open_tree(tmp_path)


def test_opens_a_single_file(tmp_path: Path) -> None:
    lay(tmp_path, {"a.js": "x", "b.js": "y"})

    assert open_tree(tmp_path / "a.js").files == ("a.js",)


def test_finds_what_another_file_names_and_nothing_outside(tmp_path: Path) -> None:
    tree = open_tree(lay(tmp_path, {"vendor/acme/a.yaml": "", "vendor/lib/c.js": ""}))

    assert tree.resolve("vendor/acme", "../lib/c.js") == "vendor/lib/c.js"
    assert tree.resolve("vendor/acme", "../../../etc/passwd") is None
    assert tree.resolve("vendor/acme", "/etc/passwd") is None


def test_says_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="there is no such folder or file"):
        open_tree(tmp_path / "gone")
