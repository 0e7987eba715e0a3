"""What hangs on a serial port: modems and GNSS receivers."""

from typing import Final

from gateway.commands.source_words.words import Meaning, SourceWords

_LINE: Final = "nothing, where they are few; else another cable, a shorter one, or the key baud"
_PORT: Final = (
    (
        "Is it plugged in, and is it {port}? `ls -l /dev/serial/by-id/` shows what hangs on USB, with names that stay the same; "
        "`dmesg | tail` tells what happened when it was plugged in."
    ),
    (
        "May the agent's user open it? It must be in the group dialout: `sudo usermod -aG dialout brygga`, then start the agent "
        "again. No other program may have it open: `sudo fuser -v {port}`."
    ),
)

MODEM: Final = SourceWords(
    what="a LoRa modem on a serial port: it hears one channel at one data rate, and answers nobody",
    where="is connected to",
    signs=("checked",),
    answers=True,
    checks=(
        *_PORT,
        (
            'Is it the right modem, with the firmware for commands by text? modem = "auto" tries each; baud is asked for only where '
            "somebody has changed it in the modem."
        ),
    ),
    dropped={
        "hex": Meaning("frames that came through the line damaged", _LINE),
        "length": Meaning("frames that are not as long as the modem says", _LINE),
        "signal": Meaning("frames without their strength: a line before them was lost", _LINE),
        "overlong": Meaning("lines without an end", _LINE),
        "checksum": Meaning("frames whose checksum is wrong", _LINE),
        "escape": Meaning("frames with a character that there is not", _LINE),
        "not_understood": Meaning("lines that this modem does not say", _LINE),
        "overflow": Meaning(
            "frames that came while too many others waited for the disk: they are lost", "`brygga status` tells why"
        ),
    },
    page="serial-modem",
)

GNSS: Final = SourceWords(
    what="a GNSS receiver on a serial port: place and time of this box",
    where="is connected to",
    signs=("sentences", "fixes"),
    checks=(
        *_PORT,
        "Does it speak NMEA 0183? `cat {port}` shows lines that begin with $G; without baud each usual speed is tried.",
    ),
    dropped={
        "no_sentence": Meaning("lines that are no sentence of NMEA", _LINE),
        "checksum": Meaning("sentences whose checksum is wrong", _LINE),
        "fields": Meaning("sentences of which a part is missing or cannot be", _LINE),
        "overlong": Meaning("lines without an end", _LINE),
        "wrong_date": Meaning(
            "fixes with a date that cannot be", "the receiver has forgotten the week's number: update it, or replace it"
        ),
    },
    page="gnss",
)
