"""The source that hears through a LoRa modem on a serial port: one channel, one data rate, and nothing ever goes out.

None of these modems tells a time that an answer could be aimed by, so receptions have neither timestamp nor context.

    source.py    the port opened, the modem found, and again when it was away     session.py   the conversation
    driver.py    what a family of modems is: sans-I/O                             rn2483.py wio_e5.py rak3172.py wimod.py
"""

from __future__ import annotations

from gateway.sources.serial_modem.source import SerialModem

__all__ = ["SerialModem"]
