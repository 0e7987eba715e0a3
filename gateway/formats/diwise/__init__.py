"""diwise's iot-agent: a SenML pack for each LwM2M object, over HTTP, each answer judged by itself."""

from __future__ import annotations

from gateway.formats.diwise.format import Diwise

__all__ = ["Diwise"]
