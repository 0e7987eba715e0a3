"""The telling: one loop per destination, from the journal's cursor to the platform's receipt."""

from gateway.delivery.destination import Destination, FindDevice
from gateway.delivery.strikes import STRIKES
from gateway.delivery.telling import Telling
from gateway.transports.jitter import pause_s

__all__ = ["STRIKES", "Destination", "FindDevice", "Telling", "pause_s"]
