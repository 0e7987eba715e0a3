"""Files that change while decoders are in use: what is loaded anew, what stays, and folders that cannot be read."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from decoders import loading
from decoders.contract import Payload
from decoders.registry import BrokenDecoder, Registry
from tests.decoders.test_registry import PYTHON, TABLE, load, put

SHARED = "definitions: {one: [{name: a, type: u8}]}\n"
OTHER = "definitions: {one: [{name: bb, type: u8}]}\n"


def seen(registry: Registry, name: str) -> object:
    return registry.get(name).decode(Payload(b"\x05", 1)).fields


# ── what is loaded anew ─────────────────────────────────────────────────────────────────────────────────────────────


def test_only_what_has_changed_is_loaded_anew(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-2.py", PYTHON)
    registry = load(tmp_path)
    names = ("acme/th-1", "acme/th-2", "elsys/ers")
    before = [registry.get(name) for name in names]
    put(tmp_path, "acme/th-2.py", PYTHON.replace("first", "First"))
    put(tmp_path, "acme/th-3.yaml", TABLE)

    assert registry.look_again()
    assert [registry.get(name) is old for name, old in zip(names, before, strict=True)] == [True, False, True]


def test_metadata_that_comes_changes_the_model_that_it_stands_beside(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-2.py", PYTHON)
    put(tmp_path, "acme/th-2b.py", PYTHON)
    registry = load(tmp_path)
    alone, other = registry.get("acme/th-2"), registry.get("acme/th-2b")
    put(tmp_path, "acme/th-2.meta.yaml", "readings: [{field: first, quantity: co2, unit: '[ppm]'}]\n")

    registry.look_again()

    assert registry.get("acme/th-2") is not alone
    assert registry.get("acme/th-2b") is other


@pytest.mark.parametrize("shared", ["lib/shared/th.yaml", "acme/th-0.yaml", "acme/th.yml", "acme/_th.yaml"])
def test_tables_change_with_the_file_that_they_borrow_from(tmp_path: Path, shared: str) -> None:
    put(tmp_path, shared, SHARED)
    reference = shared.removeprefix("acme/").removeprefix("lib/")
    put(tmp_path, "acme/th-1.yaml", f"fields: [{{$ref: '{reference}#/definitions/one'}}]\n")
    put(tmp_path, "acme/th-1b.yaml", "same_as: acme/th-1\n")
    registry = load(tmp_path)
    before = [seen(registry, name) for name in ("acme/th-1", "acme/th-1b")]
    put(tmp_path, shared, OTHER)

    assert registry.look_again()
    assert before == [{"a": 5}, {"a": 5}]
    assert [seen(registry, name) for name in ("acme/th-1", "acme/th-1b")] == [{"bb": 5}, {"bb": 5}]


def test_a_broken_decoder_is_tried_again_whichever_file_changes(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-1b.yaml", "same_as: acme/th-1\n")
    registry = load(tmp_path)
    registry.get("acme/th-1b")
    put(tmp_path, "acme/th-1.yaml", "fields: [{use: none}]\n")
    registry.look_again()
    registry.get("acme/th-1b")
    broken = set(registry.broken())
    put(tmp_path, "acme/th-9.yaml", TABLE)

    registry.look_again()

    assert broken == {"acme/th-1"}
    assert registry.broken() == {}
    assert seen(registry, "acme/th-1b") == {"a": 5}
    assert set(registry.broken()) == {"acme/th-1"}


def test_a_decoder_in_use_waits_for_none_that_is_being_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-2.py", PYTHON)
    registry = load(tmp_path)
    used = registry.get("acme/th-1")
    begun, opened = threading.Event(), threading.Event()
    load_now = loading.load

    def slowly(*arguments: Any) -> Any:
        begun.set()
        assert opened.wait(5)
        return load_now(*arguments)

    monkeypatch.setattr(loading, "load", slowly)
    found: list[object] = []
    loaders = [threading.Thread(target=lambda: found.append(registry.get("acme/th-2"))) for _ in range(2)]
    for one in loaders:
        one.start()
    assert begun.wait(5)

    meanwhile = registry.get("acme/th-1")
    opened.set()
    for one in loaders:
        one.join(5)

    assert meanwhile is used
    assert found[0] is found[1]


# ── folders that cannot be read ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, int], None]:
    """Return what makes the listing of a folder fail with an errno, as only another user's or a vanishing folder does."""

    def refuse(folder: Path, number: int) -> None:
        def scandir(path: Any) -> Any:
            if Path(path) == folder:
                raise OSError(number, os.strerror(number), str(folder))
            return really(path)

        monkeypatch.setattr(os, "scandir", scandir)

    really = os.scandir
    return refuse


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ENOENT])
def test_a_folder_that_cannot_be_read_takes_no_decoder_along(
    tmp_path: Path, refuse: Callable[[Path, int], None], number: int
) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    registry = load(tmp_path)
    registry.get("acme/th-1")
    before = registry.unread()
    refuse(tmp_path, number)

    assert not registry.look_again()
    assert (before, registry.unread()) == ("", f"{tmp_path}: {os.strerror(number)}")
    assert seen(registry, "acme/th-1") == {"a": 5}


def test_a_disk_that_fails_below_the_folder_takes_no_decoder_along(
    tmp_path: Path, refuse: Callable[[Path, int], None]
) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    registry = load(tmp_path)
    refuse(tmp_path / "acme", errno.EIO)

    assert not registry.look_again()
    assert registry.unread() == f"{tmp_path / 'acme'}: {os.strerror(errno.EIO)}"


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOENT])
def test_a_folder_below_that_is_gone_or_not_ours_is_passed_over(
    tmp_path: Path, refuse: Callable[[Path, int], None], number: int
) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "gone/th-2.yaml", TABLE)
    registry = load(tmp_path)
    refuse(tmp_path / "gone", number)

    assert registry.look_again()
    assert registry.names_in(tmp_path) == ("acme/th-1",)
    assert registry.unread() == ""


def test_a_folder_that_cannot_be_read_at_the_start_is_a_problem(
    tmp_path: Path, refuse: Callable[[Path, int], None]
) -> None:
    refuse(tmp_path, errno.EACCES)

    registry = load(tmp_path)

    assert registry.problems() == [f"{tmp_path}: Permission denied"]
    assert "elsys/ers" in registry.names()


def test_a_pipe_is_no_decoder_and_is_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-3.py", PYTHON)
    os.mkfifo(tmp_path / "acme/th-2.js")
    os.mkfifo(tmp_path / "acme/th-3.meta.yaml")

    registry = load(tmp_path)

    assert registry.names_in(tmp_path) == ("acme/th-1", "acme/th-3")
    assert f"{tmp_path}/acme/th-2.js: a file is expected" in registry.problems()
    with pytest.raises(BrokenDecoder, match=r"th-3\.meta\.yaml: .*a file is expected"):
        registry.get("acme/th-3")
