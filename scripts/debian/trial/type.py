"""A person at a terminal: runs a command there and answers what it asks, mostly by Enter; `type.py LINE`.

Where the wizard waits for the first observation the file /tmp/press is made: somebody presses the sensor's button (first.py).
"""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import time
from pathlib import Path

SECRET = "a-word-of-this-trial"
ANSWERS = (  # what a line of a question begins with, in either language, and what is typed
    (r"What is this gateway called|Vad heter denna gateway", "library-roof"),
    (r"Where is it\?|Var står den\?", "57.70887, 11.97456"),
    (r"Which city|Vilken stad", "lund"),
    (r"Address of its|Plattformens adress", "mqtt://127.0.0.1:18831"),
    (r"User name|Användarnamn", "roof"),
    (r"What is it called\?|Vad heter den\?", "First floor"),
    (r"Its AppKey|Dess AppKey", "00112233445566778899aabbccddeeff"),
    (r"Its decoder|Dess avkodare", "elsys/ers"),
    (r"Its clock is not set|Klockan är inte ställd", "system"),  # nothing here will ever set it
    (r"(Its |new |)[Pp]assword|(the same|once more|again)|(Dess )?[Ll]ösenord", SECRET),
)
ONCE = {
    r"A device: its label|En enhet: etikettens": "LW:D0:70B3D57ED0000001:A81758FFFE0A00FF:00000001"
}  # then Enter: no more
PRESS = Path("/tmp/press")
WATCHING = re.compile(r"Waiting for the first|Väntar på den första")
LEAVE_S = 120.0  # of the watching: what has not come then does not come
LIMIT_S = 400.0


def main(line: str) -> int:
    """Run ``line``, return its exit code; 0 too where it was left while it watched."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvp("bash", ["bash", "-c", line])
    asked, began, left, once = "", time.monotonic(), None, dict(ONCE)
    while time.monotonic() - began < LIMIT_S:
        if select.select([terminal], [], [], 1.0)[0]:
            try:
                octets = os.read(terminal, 65536)
            except OSError:  # EIO: it has ended
                break
            sys.stdout.write(octets.decode("utf-8", "replace"))
            asked += re.sub(r"\x1b\[[\d;]*m|\r", "", octets.decode("utf-8", "replace"))
        elif asked.rstrip().endswith((">", ":")) and left is None:
            answers = [
                (words, text)
                for words, text in (*once.items(), *ANSWERS)
                if re.search(f"^({words})", asked, re.MULTILINE)
            ]
            words, text = answers[0] if answers else ("", "")
            once.pop(words, None)
            os.write(terminal, f"{text}\n".encode())
            asked = ""
        if left is None and WATCHING.search(asked):
            left = time.monotonic() + LEAVE_S
            PRESS.touch()
        if left is not None and time.monotonic() > left:
            os.write(terminal, b"\x03")
            left = time.monotonic() + LIMIT_S
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return 0 if left is not None and code in {0, 1, 130} else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
