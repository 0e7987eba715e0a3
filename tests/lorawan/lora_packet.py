"""Asking npm's lora-packet, an implementation of the ciphers that is not ours (tests/oracles/lora_packet.js)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.model import Key, SessionKeys

FOLDER = Path(__file__).parent.parent / "oracles"
ANSWER_TIME = 120.0  # seconds; a thousand questions take about two

Question = dict[str, Any]
Answer = dict[str, Any]


def missing() -> str:
    """Return what is missing to ask; "" where nothing is."""
    if shutil.which("node") is None:
        return "there is no node: scripts/test installs it"
    if not (FOLDER / "node_modules" / "lora-packet").is_dir():
        return "lora-packet is not installed: scripts/test does that, or `npm ci` in tests/oracles"
    return ""


def ask(questions: Mapping[str, Sequence[Question]]) -> dict[str, list[Answer]]:
    """Ask all questions, of any number of kinds, in one run of node; the answers are in the questions' order."""
    lines = [json.dumps(question) for many in questions.values() for question in many]
    run = subprocess.run(
        ["node", "lora_packet.js"],
        cwd=FOLDER,
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=ANSWER_TIME,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(lines)
    left = iter(answers)
    return {kind: [next(left) for _ in many] for kind, many in questions.items()}


def hexed(keys: SessionKeys) -> dict[str, str]:
    """Return a session's keys as questions have them."""
    names = ("f_nwk_s_int_key", "s_nwk_s_int_key", "nwk_s_enc_key", "app_s_key")
    return {name: hex_of(getattr(keys, name)) for name in names}


def hex_of(key: Key) -> str:
    """Return a key's digits."""
    return key.reveal().hex()
