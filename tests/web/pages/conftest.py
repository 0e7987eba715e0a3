"""One browser and one street of boxes for all tests of pages."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.web.pages.boxes import Street


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium; scripts/test installs it")
    with sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield one
        one.close()


@pytest.fixture(autouse=True)
def no_threads_left() -> None:
    """Leave threads to the street: those of its boxes come and go, and it looks at its end that all have ended."""


@pytest.fixture(scope="package")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    before = set(threading.enumerate())
    with Street(tmp_path_factory.mktemp("street")).open() as street:
        yield street
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(timeout=5)
    assert [thread.name for thread in left if thread.is_alive()] == []
