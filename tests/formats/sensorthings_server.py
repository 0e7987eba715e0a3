"""A SensorThings server that nobody here wrote: django-ogc-sensorthings (USU), with SQLite, on a local port.

Run as a program it serves; `serving` runs it so. Its ids are UUIDs in quotes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from simulators.ports import free_tcp_port

START_LIMIT_S = 30.0  # Django and its migrations take 2 s; a machine may be busy
STOP_LIMIT_S = 10.0


@contextlib.asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[str]:
    """Yield the URL below which ``/v1.1`` begins."""
    port = free_tcp_port()
    environment = {**os.environ, "STA_PORT": str(port), "STA_DB": str(folder / "sensorthings.sqlite3")}
    with (folder / "sensorthings.log").open("wb") as log:  # it prints the trace of each refusal
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.formats.sensorthings_server",
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=environment,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_LIMIT_S):
            line = await process.stdout.readline()
        assert line == b"ready\n", (folder / "sensorthings.log").read_text()[-2000:]
        yield f"http://127.0.0.1:{port}/sensorthings"
    finally:
        process.terminate()
        async with asyncio.timeout(STOP_LIMIT_S):
            await process.communicate()


def main() -> None:
    """Serve until terminated."""
    from django.conf import settings  # type: ignore[import-untyped]  # it ships without types

    port = os.environ["STA_PORT"]
    settings.configure(
        SECRET_KEY="of a test",
        ALLOWED_HOSTS=["127.0.0.1"],
        USE_TZ=True,
        ROOT_URLCONF="tests.formats.sensorthings_urls",
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "sensorthings.versions.v1_1",
            "sensorthings.versions.v1_1.backends.django",
            "sensorthings.versions.v1_1.extensions.dataarray",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": os.environ["STA_DB"],
                "OPTIONS": {"timeout": 20},
            }
        },
        MIDDLEWARE=[],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        SENSORTHINGS_V1_1_SERVICE_URL=f"http://127.0.0.1:{port}/sensorthings",
        SENSORTHINGS_V1_1_BACKEND_ADAPTER="sensorthings.versions.v1_1.backends.django.adapter.DjangoBackendAdapter",
        SENSORTHINGS_V1_1_ID_TYPE=UUID,
        SENSORTHINGS_V1_1_ID_DELIMITER="'",
    )
    import django  # type: ignore[import-untyped]

    django.setup()
    from wsgiref.simple_server import make_server

    from django.core.management import call_command  # type: ignore[import-untyped]
    from django.core.wsgi import get_wsgi_application  # type: ignore[import-untyped]

    call_command("migrate", verbosity=0)
    server = make_server("127.0.0.1", int(port), get_wsgi_application())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
