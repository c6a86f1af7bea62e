"""Parse requests to Table Storage: rows, transactions and OData queries.

https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api
"""

import functools
import re
import time
import uuid
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import msgspec

from acsevents.local.azurite import ACCOUNT
from benchmarks.wire import Request

TRANSACTION_BYTES = 4 * 1024 * 1024

_TARGET = re.compile(
    rf"(?:https?://[^/]+)?/{ACCOUNT}/(\$batch|\w+)"
    r"(?:\(\)|\(PartitionKey='((?:[^']|'')*)',\s*RowKey='((?:[^']|'')*)'\))?"
)
_BOUNDARY = re.compile(rb'boundary="?([^"\s;]+)')
_COMPARISON = re.compile(r"[\s(]*(PartitionKey|RowKey)\s+(eq|ge|gt|le|lt)\s+'((?:[^']|'')*)'[\s)]*(?:\band\b|$)")
_OPERATIONS = {
    ("POST", "$batch"): "transaction",
    ("POST", "Tables"): "create_table",
    ("POST", "table"): "insert",
    ("GET", "table"): "query",
    ("PUT", "entity"): "replace",
    ("PATCH", "entity"): "merge",
    ("MERGE", "entity"): "merge",
    ("GET", "entity"): "get",
}


class Refusal(Exception):  # noqa: N818  the service refuses; nothing here has failed
    """An unsuccessful answer in the service's wording."""

    def __init__(self, status: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self, where: str = "") -> bytes:
        """Return the OData error document; `where` prefixes its message, as transactions need."""
        message = {"lang": "en-US", "value": f"{where}{self}\nRequestId:{uuid.uuid4()}\nTime:{timestamp()}"}
        return msgspec.json.encode({"odata.error": {"code": self.code, "message": message}})


class Call(NamedTuple):
    """A parsed request; the keys are empty if the operation has none."""

    operation: str
    table: str
    partition: str
    row: str
    options: dict[str, str]
    body: bytes
    quiet: bool  # whether the client prefers an answer without the created row
    content_id: bytes


def parse_call(request: Request, content_id: bytes = b"") -> Call:
    """Read the operation, the table and the keys from a request, or refuse it."""
    path, _, query = request.target.partition("?")
    match = _TARGET.fullmatch(path)
    if match is None:
        raise invalid_input(f"no resource of {ACCOUNT} has this path")
    table, partition, row = match.groups()
    named = table if table in ("$batch", "Tables") else "table" if partition is None else "entity"
    operation = _OPERATIONS.get((request.method, named))
    if operation is None or b"\nif-match:" in request.head:
        raise Refusal("501 Not Implemented", "NotImplemented", "The stand-in does not support this: use Azurite.")
    if operation == "insert":
        columns = decode(request.body)
        partition, row = columns.get("PartitionKey"), columns.get("RowKey")
        if not isinstance(partition, str) or not isinstance(row, str):
            raise Refusal("400 Bad Request", "PropertiesNeedValue", "PartitionKey and RowKey need a value.")
    else:
        partition, row = _key(partition or ""), _key(row or "")
    options = dict(parse_qsl(query)) if query else {}
    quiet = b"return-no-content" in request.head
    return Call(operation, table, partition, row, options, request.body, quiet, content_id)


def parse_transaction(body: bytes) -> list[Call]:
    """Read the operations of an entity group transaction: one changeset of writes, without queries."""
    if len(body) > TRANSACTION_BYTES:
        raise Refusal("413 Request Entity Too Large", "RequestBodyTooLarge", "The request body is too large.")
    # The first boundary named in the body is the changeset's: the batch's own is in the request's head.
    boundary = _BOUNDARY.search(body)
    parts = body.split(b"--" + boundary[1])[1:-1] if boundary else []
    calls = [_parse_part(part) for part in parts]
    if not calls or any(call.operation not in ("insert", "replace", "merge") for call in calls):
        raise invalid_input("the batch is not one changeset of writes")
    return calls


def _parse_part(part: bytes) -> Call:
    envelope, _, content = part.partition(b"\r\n\r\n")
    head, _, body = content.partition(b"\r\n\r\n")
    method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
    lower = b"%s\r\n%s\r\n" % (envelope.lower(), head.lower())
    _, found, rest = lower.partition(b"\ncontent-id:")
    content_id = b"Content-ID:%s\r\n" % rest.partition(b"\r")[0] if found else b""
    return parse_call(Request(method, target, lower, body), content_id)


@functools.lru_cache(maxsize=1024)  # the rows of a transaction share their partition
def _key(quoted: str) -> str:
    return unescape(unquote(quoted))


def parse_filter(text: str) -> list[tuple[str, str, str]]:
    """Read a `$filter` of key comparisons joined with `and` into (key, operator, value) triples."""
    comparisons = []
    position = 0
    while position < len(text):
        match = _COMPARISON.match(text, position)
        if match is None:
            raise invalid_input("the stand-in filters by comparisons of PartitionKey and RowKey joined with `and`")
        comparisons.append((match[1], match[2], unescape(match[3])))
        position = match.end()
    return comparisons


def decode(body: bytes) -> dict[str, Any]:
    """Read a JSON object without its nulls, which the service ignores; refuse anything else."""
    try:
        members = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise invalid_input(str(error)) from error
    return {name: value for name, value in members.items() if value is not None}


def unescape(key: str) -> str:
    """Undo the doubling of quotes in an OData string."""
    return key.replace("''", "'")


def invalid_input(why: str) -> Refusal:
    """Return the service's refusal of a malformed request."""
    return Refusal("400 Bad Request", "InvalidInput", f"One of the request inputs is not valid: {why}.")


def timestamp() -> str:
    """Return the current time as the service writes a row's Timestamp."""
    seconds, ticks = divmod(time.time_ns() // 100, 10_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{ticks:07}Z"
