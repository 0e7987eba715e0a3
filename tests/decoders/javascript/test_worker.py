"""What a worker process has, what it may say, and what is said where there can be none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from decoders.contract import DecodeError, DecodeReason, Payload
from decoders.javascript import process, source
from decoders.javascript.crew import Crew
from decoders.registry import BrokenDecoder, Registry
from tests.decoders.javascript.conftest import CODECS, Load

GOOD = source.of_text("function decodeUplink(i) { return { data: { a: 1 } }; }")
ASKED = {"work": "decode", "bytes": "", "port": 1}


def test_a_worker_has_an_empty_environment_three_files_and_a_session_of_its_own(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRYGGA_SECRET", "secret")
    crew.ask(GOOD, ASKED)
    worker = psutil.Process(*crew.pids)

    assert worker.environ() == {"TZ": "UTC0"}
    assert worker.num_fds() == 3
    assert os.getsid(worker.pid) == worker.pid
    assert worker.cwd() == "/"
    assert worker.nice() == psutil.Process().nice() + 5


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        (psutil.RLIMIT_AS, 160 * 2**20),
        (psutil.RLIMIT_CORE, 0),
        (psutil.RLIMIT_FSIZE, 0),
        (psutil.RLIMIT_NPROC, 0),
        (psutil.RLIMIT_NOFILE, 3),
    ],
)
def test_a_worker_has_limits_of_the_kernel(limit: int, value: int, crew: Crew) -> None:
    crew.ask(GOOD, ASKED)

    assert psutil.Process(*crew.pids).rlimit(limit) == (value, value)


ORPHAN = """
import os, psutil, sys, threading
from decoders.javascript import source
from decoders.javascript.crew import Crew
crew = Crew()
crew.ask(source.of_text("function decodeUplink() { return { data: {} }; }"), {"work": "decode", "bytes": "", "port": 1})
print(*crew.pids, flush=True)
if sys.argv[1] == "busy":
    text = "var a = new Float64Array(1 << 20); function decodeUplink() { for (;;) a.sort(); }"
    asked = {"work": "decode", "bytes": "", "port": 1}
    worker = psutil.Process(*crew.pids)
    before = worker.cpu_times().user
    threading.Thread(target=lambda: crew.ask(source.of_text(text), asked), daemon=True).start()
    while worker.cpu_times().user - before < 0.05:
        pass
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_a_worker_does_not_outlive_the_process_that_it_works_for(state: str) -> None:
    told = subprocess.run([sys.executable, "-c", ORPHAN, state], stdout=subprocess.PIPE, text=True, check=False)

    worker = int(told.stdout)

    assert told.returncode == -signal.SIGKILL
    assert not psutil.pid_exists(worker) or psutil.Process(worker).wait(10) is None


# ── a worker that was taken over ────────────────────────────────────────────────────────────────────────────────

TAKEN_OVER = """
import sys
sys.stdout.buffer.write(b'{"ready":true}\\n')
sys.stdout.buffer.flush()
for _ in sys.stdin.buffer:
    sys.stdout.buffer.write(ANSWER)
    sys.stdout.buffer.flush()
"""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ('b"no json\\n"', "it said what is no JSON"),
        ('b"\\xff\\xfe\\n"', "it said what is no JSON"),
        ('b"[" * 100000 + b"\\n"', "it said what is no JSON"),
        ('b"[1]\\n"', "it said what is no answer"),
        ('b"{}\\n"', "the worker gave no answer that has a meaning"),
        ('b\'{"result": 1, "form": []}\\n\'', "the worker gave no answer that has a meaning"),
        ('b\'{"result": 1, "form": "x", "said": 7}\\n\'', "the worker gave no answer that has a meaning"),
        ('b\'{"result": {"data": {"v": NaN}}, "form": "decodeUplink"}\\n\'', "it said what is no JSON"),
        ('b"x" * 5000000', "it said more than 4194304 octets"),
        ('b\'{"need": "source"}\\n\'', "the worker gave no answer that has a meaning"),
    ],
)
def test_whatever_a_worker_says_it_is_an_answer_or_a_failure(
    answer: str, words: str, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crew: Crew
) -> None:
    codec = load("decode-uplink.js")
    os.kill(crew.pids[0], signal.SIGKILL)
    psutil.Process(crew.pids[0]).wait(10)
    program = tmp_path / "worker.py"
    program.write_text(TAKEN_OVER.replace("ANSWER", answer), encoding="utf-8")
    monkeypatch.setattr(process, "PROGRAM", program)

    with pytest.raises(DecodeError) as caught:
        codec.decode(Payload(b"\0\xea\x82", 2))

    assert (caught.value.reason, caught.value.detail) == (DecodeReason.FAILED, words)


# ── without the engine ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "th-1.js").write_bytes((CODECS / "decode-uplink.js").read_bytes())
    return tmp_path


def test_without_the_engine_a_javascript_decoder_is_broken_and_says_how_to_get_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "engine", lambda: None)
    registry = Registry.load([folder], entry_points=False)

    with pytest.raises(BrokenDecoder, match=r"needs the package quickjs-ng.*pip install 'brygga\[js\]'"):
        registry.get("acme/th-1")
    assert "elsys/ers" in registry.names()
    assert registry.get("elsys/ers").decode(Payload(bytes.fromhex("0100e2"), 5)).readings


def test_an_engine_that_does_not_start_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "engine", lambda: str(folder / "no.so"))
    registry = Registry.load([folder], entry_points=False)

    with pytest.raises(BrokenDecoder, match=r"the JavaScript engine at .*no\.so does not start"):
        registry.get("acme/th-1")
