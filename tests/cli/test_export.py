"""`acsevents export --format csv`: every text is read back as it was, by any reader and from any terminal."""

import asyncio
import csv
import io
import json
import os
import subprocess

from tests import samples
from tests.cli.conftest import record
from tests.cli.running import COMMAND, ROOT, SECONDS

BODIES = ["hello\rworld", "hello\nworld", "hello\r\nworld", 'comma, "quote"', "🌻 €, привет", "\\U0001f33b"]


def test_a_csv_export_keeps_every_character(tables: str) -> None:
    """Line breaks of all kinds, and characters that the encoding of the terminal lacks."""
    event = samples.event("2025/SMSReceived")
    texts = [
        json.dumps({**event, "id": f"export {number}", "data": {**event["data"], "message": body}}, ensure_ascii=False)
        for number, body in enumerate(BODIES)
    ]
    asyncio.run(record(tables, *texts))
    ran = subprocess.run(
        [*COMMAND, "export", "--format", "csv"],
        cwd=ROOT,
        env={**os.environ, "EventTables": tables, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    rows = {row["EventId"]: row for row in csv.DictReader(io.StringIO(ran.stdout.decode(), newline=""))}

    assert [rows[f"export {number}"]["Body"] for number in range(len(BODIES))] == BODIES
    assert [rows[f"export {number}"]["Raw"] for number in range(len(BODIES))] == texts
