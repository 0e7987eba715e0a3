"""Write the manual page or the bash completion of the brygga command, from the table of its commands.

scripts/debian/pages.py man|completion
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
os.environ["COLUMNS"] = "102"  # what argparse takes for the terminal's width

from gateway import __version__  # noqa: E402 - the path comes first
from gateway.commands.command_line import COMMANDS, parser  # noqa: E402

HEAD: Final = f""".TH BRYGGA 1 "" "brygga {__version__}" "User Commands"
.SH NAME
brygga \\- agent on a LoRaWAN gateway
.SH SYNOPSIS
.B brygga
.I command
.RI [ options ]
.SH DESCRIPTION
Hears sensors over LoRaWAN, decodes what they say, keeps it on disk and delivers it to cities. As a service it is
.BR brygga.service ;
.B brygga init
sets it up. Each command has
.BR \\-\\-help .
"""

TAIL: Final = """.SH FILES
.TP
.I /etc/brygga/brygga.toml
the configuration; /usr/share/doc/brygga/examples has one to begin with
.TP
.I /usr/share/doc/brygga/docs/installer
the installer's guide, in English and Swedish
.TP
.I /var/lib/brygga
journal and key file
.TP
.I /var/backups/brygga
the journal before the last upgrade that changed its form
.SH EXIT STATUS
0 done; 1 not done; 2 wrong usage; 78 a configuration, a file or a name that is wrong.
.SH SEE ALSO
.BR systemctl (1),
.BR journalctl (1)
"""

COMPLETION: Final = """# bash completion of brygga; written by scripts/debian/pages.py
_brygga() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} said="" one
    for one in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case $one in -*) ;; *) said="${{said:+$said }}$one" ;; esac
    done
    case $said in
{cases}
    *) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    esac
}}
complete -o filenames -F _brygga brygga
"""


def manual() -> str:
    """Return the manual page in man(7)."""
    lines = [line for command in COMMANDS for line in _entry(command.words, command.description, command.example)]
    return "\n".join([HEAD + ".SH COMMANDS", *lines, TAIL])


def _entry(words: str, description: str, example: str) -> Iterator[str]:
    yield ".TP"
    yield f".B brygga {_roff(words)}"
    yield _roff(" ".join(description.split()))
    yield ".br"
    yield f".I {_roff(example.splitlines()[0])}"


def _roff(text: str) -> str:
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


def completion() -> str:
    """Return what bash sources: the words after each beginning of a command, and its options."""
    cases = [f"    {_quoted(said)}) {_reply(words)} ;;" for said, words in sorted(_following().items())]
    return COMPLETION.format(cases="\n".join(cases))


def _quoted(said: str) -> str:
    return f'"{said}"' if not said or " " in said else said


def _reply(words: list[str]) -> str:
    return f'mapfile -t COMPREPLY < <(compgen -W "{" ".join(words)}" -- "$word")'


def _following() -> dict[str, list[str]]:
    """Return the words that may follow each beginning of a command, as it was typed so far."""
    return dict(_walk(parser(), ""))


def _walk(one: argparse.ArgumentParser, said: str) -> Iterator[tuple[str, list[str]]]:
    words = [name for action in one._actions for name in action.option_strings if name.startswith("--")]  # noqa: SLF001 - argparse has no public way
    for action in one._actions:  # noqa: SLF001 - the same
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            words = [*action.choices, *words]
            for name, inner in action.choices.items():
                yield from _walk(inner, f"{said} {name}".strip())
    yield said, words


def main() -> int:
    """Write what the first argument names to standard output."""
    writers = {"man": manual, "completion": completion}
    if len(sys.argv) != 2 or sys.argv[1] not in writers:
        print(__doc__, file=sys.stderr)
        return 2
    sys.stdout.write(writers[sys.argv[1]]())
    return 0


if __name__ == "__main__":
    sys.exit(main())
