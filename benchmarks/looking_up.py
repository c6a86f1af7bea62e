"""What a question costs: the state of one SMS among 100,000 reports, the transcript of a thread of 10,000 events."""

import asyncio
import http.client
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec

from benchmarks.events import OWN_NUMBER, THREAD, sms_reports, thread_messages
from benchmarks.table_server import TableServer
from shared.decoder import decode
from shared.lookups import Lookups
from shared.odata import encode
from shared.settings import Account

REPORTS = 100_000
THREAD_EVENTS = 10_000
_LOADED_AT_ONCE = 1_000


class Question(msgspec.Struct):
    """What one question took."""

    requests: int
    seconds: float


def ask(progress: Callable[[str], None]) -> dict[str, Question]:
    """Fill the stand-in and ask it both questions."""
    with TableServer.start(latency=0, store=True) as server:
        progress(f"a partition of {REPORTS:,} reports")
        _load(server, "SmsMessages", sms_reports(REPORTS))
        progress(f"a thread of {THREAD_EVENTS:,} events")
        _load(server, "ChatThreadEvents", thread_messages(THREAD_EVENTS))
        return asyncio.run(_ask(server))


async def _ask(server: TableServer) -> dict[str, Question]:
    answers = {}
    async with Lookups(Account("benchmark", connection_string=server.connection_string)) as lookups:
        message = f"0f8fad5b-d9cb-469f-a165-{REPORTS // 2:012x}"
        for name, question in (
            (f"state of one SMS among {REPORTS:,} reports", lambda: lookups.sms(OWN_NUMBER, message)),
            (f"transcript of a thread of {THREAD_EVENTS:,} events", lambda: lookups.thread(THREAD)),
        ):
            server.reset()
            start = time.perf_counter()
            story = await question()
            seconds = time.perf_counter() - start
            if story is None:
                raise RuntimeError(f"{name}: nothing was found")
            answers[name] = Question(server.stats().requests, seconds)
    return answers


def _load(server: TableServer, table: str, texts: Iterable[str]) -> None:
    rows = (encode(name, entity).body for text in texts for name, entity in decode(text).entities() if name == table)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for batch in _batches(rows):
        connection.request("POST", f"/__rows/{table}", b"[" + b",".join(batch) + b"]")
        connection.getresponse().read()
    connection.close()


def _batches(rows: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(rows, _LOADED_AT_ONCE)):
        yield batch
