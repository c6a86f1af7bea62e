"""Answer requests as a Table Storage endpoint does.

It supports clients that upsert, insert, get and query, with minimal metadata only. It does not check authorization.
"""

import math
import time
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from benchmarks.partition_faults import Gate, PartitionFaults
from benchmarks.table_requests import (
    Call,
    Refusal,
    decode,
    invalid_input,
    parse_call,
    parse_filter,
    parse_transaction,
    timestamp,
)
from benchmarks.table_rows import Partition, Row, Table, encode, within
from benchmarks.wire import Request

PAGE = 1000  # rows, the service's limit
TRANSACTION = 100  # operations, the service's limit

_JSON = b"Content-Type: application/json;odata=minimalmetadata;streaming=true;charset=utf-8\r\n"
_QUIET = b"Preference-Applied: return-no-content\r\n"


class Answer(NamedTuple):
    """An HTTP answer, with the operation it belongs to and the number of rows written or returned."""

    operation: str
    rows: int
    status: str
    headers: bytes = b""
    body: bytes = b""
    seconds: float = 0.0  # in addition to the usual latency


class TableService:
    """One account's tables; without `store`, rows are acknowledged and dropped, so that memory does not grow."""

    def __init__(self, *, store: bool) -> None:
        self.store = store
        self.gate = Gate(PartitionFaults())
        self.tables: dict[str, Table] = {}

    def answer(self, request: Request) -> Answer:
        """Carry out a request, or refuse it with the service's status, code and error document."""
        operation = "other"
        handlers = {
            "transaction": self._transaction,
            "create_table": self._create_table,
            "get": self._get,
            "query": self._query,
        }
        try:
            call = parse_call(request)
            operation = call.operation
            return handlers.get(operation, self._write)(call)
        except (Refusal, ValueError) as error:  # ValueError: not a number, not base64, not UTF-8
            refusal = error if isinstance(error, Refusal) else invalid_input(str(error))
            headers = b"x-ms-error-code: %s\r\n%s" % (refusal.code.encode(), _JSON)
            return Answer(operation, 0, refusal.status, headers, refusal.body())

    def load(self, table: str, entities: Iterable[dict[str, Any]]) -> int:
        """Store rows, given as the service's JSON objects, in a table, and return their number."""
        stamp = timestamp()
        loaded: dict[str, dict[str, Row]] = {}
        for entity in entities:
            rows = loaded.setdefault(entity["PartitionKey"], {})
            rows[entity["RowKey"]] = Row(stamp, encode(entity))
        partitions = self.tables.setdefault(table, Table())
        for key, rows in loaded.items():
            partitions.setdefault(key, Partition()).put(rows)
        return sum(map(len, loaded.values()))

    def _create_table(self, call: Call) -> Answer:
        name = decode(call.body).get("TableName")
        if not isinstance(name, str):
            raise invalid_input("TableName is missing")
        if name in self.tables:
            raise Refusal("409 Conflict", "TableAlreadyExists", "The table specified already exists.")
        self.tables[name] = Table()
        if call.quiet:
            return Answer(call.operation, 0, "204 No Content", _QUIET)
        return Answer(call.operation, 0, "201 Created", _JSON, msgspec.json.encode({"TableName": name}))

    def _write(self, call: Call) -> Answer:
        row = self._row(call, timestamp())
        seconds = self._put(call, {call.row: row})
        headers = _etag(row.stamp)
        if call.operation == "insert" and not call.quiet:
            created = Row(row.stamp, encode(decode(call.body)))
            return Answer(call.operation, 1, "201 Created", headers + _JSON, created.json(), seconds)
        headers += _QUIET if call.quiet else b""
        return Answer(call.operation, 1, "204 No Content", headers, seconds=seconds)

    def _transaction(self, call: Call) -> Answer:
        writes = parse_transaction(call.body)
        stamp = timestamp()
        rows: dict[str, Row] = {}
        for index, write in enumerate(writes):
            try:
                _check_place(write, writes[0], rows)
                rows[write.row] = self._row(write, stamp)
            except Refusal as refusal:
                return _changeset(0, [_refused(write, index, refusal)])
        seconds = self._put(writes[0], rows)
        etag = _etag(stamp)
        return _changeset(len(writes), [_accepted(write, etag) for write in writes])._replace(seconds=seconds)

    def _row(self, call: Call, stamp: str) -> Row:
        """Return the row that results from a write, or refuse the write."""
        partitions = self._partitions(call)
        if not self.store:
            return Row(stamp, b"")
        partition = partitions.get(call.partition)
        old = partition.rows.get(call.row) if partition else None
        columns = decode(call.body) | {"PartitionKey": call.partition, "RowKey": call.row}
        if old and call.operation == "insert":
            raise Refusal("409 Conflict", "EntityAlreadyExists", "The specified entity already exists.")
        if old and call.operation == "merge":
            kept = decode(b"{%s}" % old.columns)
            columns = {name: value for name, value in kept.items() if name.partition("@")[0] not in columns} | columns
        return Row(stamp, encode(columns))

    def _put(self, call: Call, rows: dict[str, Row]) -> float:
        """Store rows in the partition that the call names, and return the seconds to wait beyond the latency."""
        seconds = self.gate.enter(call.table, call.partition, len(rows), time.monotonic())
        if self.store and seconds < math.inf:
            self.tables[call.table].setdefault(call.partition, Partition()).put(rows)
        return seconds

    def _get(self, call: Call) -> Answer:
        partition = self._partitions(call).get(call.partition)
        row = partition.rows.get(call.row) if partition else None
        if row is None:
            raise Refusal("404 Not Found", "ResourceNotFound", "The specified resource does not exist.")
        return Answer("get", 1, "200 OK", _etag(row.stamp) + _JSON, row.json(_selected(call)))

    def _query(self, call: Call) -> Answer:
        comparisons = parse_filter(call.options.get("$filter", ""))
        of_partitions = [comparison for comparison in comparisons if comparison[0] == "PartitionKey"]
        of_rows = [comparison for comparison in comparisons if comparison[0] == "RowKey"]
        first = _position(call)
        if first is not None:
            of_partitions.append(("PartitionKey", "ge", first[0]))
        most, selected = min(PAGE, int(call.options.get("$top", PAGE))), _selected(call)
        found: list[bytes] = []
        headers = b""
        for key, partition in self._partitions(call).between(of_partitions):
            again = [("RowKey", "ge", first[1])] if first is not None and key == first[0] else []
            start, stop = within(partition.keys, [*of_rows, *again])
            end = min(stop, start + most - len(found))
            found += [partition.rows[row].json(selected) for row in partition.keys[start:end]]
            if end < stop:
                headers = _continuation(key, partition.keys[end])
                break
        return Answer("query", len(found), "200 OK", headers + _JSON, b'{"value":[%s]}' % b",".join(found))

    def _partitions(self, call: Call) -> Table:
        partitions = self.tables.get(call.table)
        if partitions is None:
            raise Refusal("404 Not Found", "TableNotFound", "The table specified does not exist.")
        return partitions


def _selected(call: Call) -> set[str] | None:
    return set(call.options["$select"].split(",")) if "$select" in call.options else None


def _position(call: Call) -> tuple[str, str] | None:
    """Return the keys that a page begins with, None for the first page."""
    if "NextPartitionKey" not in call.options:
        return None
    partition, row = (urlsafe_b64decode(call.options[f"Next{name}"]).decode() for name in ("PartitionKey", "RowKey"))
    return partition, row


def _continuation(partition: str, row: str) -> bytes:
    tokens = urlsafe_b64encode(partition.encode()), urlsafe_b64encode(row.encode())
    return b"x-ms-continuation-NextPartitionKey: %s\r\nx-ms-continuation-NextRowKey: %s\r\n" % tokens


def _check_place(call: Call, first: Call, rows: dict[str, Row]) -> None:
    """Refuse what a transaction may not contain: a second partition, a row twice, more than 100 operations."""
    if (call.table, call.partition) != (first.table, first.partition):
        code = "CommandsInBatchActOnDifferentPartitions"
        raise Refusal("400 Bad Request", code, "All commands in a batch must operate on one partition.")
    if call.row in rows:
        raise Refusal("400 Bad Request", "InvalidDuplicateRow", "The batch names this row more than once.")
    if len(rows) >= TRANSACTION:
        raise invalid_input("the batch has more than 100 operations")


def _changeset(rows: int, parts: list[bytes]) -> Answer:
    """Wrap the answers of a transaction's operations in a changeset in a batch."""
    name = uuid.uuid4().hex.encode()
    start = b"--changesetresponse_%s\r\nContent-Type: application/http\r\n" % name
    start += b"Content-Transfer-Encoding: binary\r\n\r\n"
    body = b"--batchresponse_%s\r\n" % name
    body += b"Content-Type: multipart/mixed; boundary=changesetresponse_%s\r\n\r\n" % name
    body += b"".join(start + part + b"\r\n" for part in parts)
    body += b"--changesetresponse_%s--\r\n--batchresponse_%s--\r\n" % (name, name)
    headers = b"Content-Type: multipart/mixed; boundary=batchresponse_%s\r\n" % name
    return Answer("transaction", rows, "202 Accepted", headers, body)


def _accepted(call: Call, etag: bytes) -> bytes:
    headers = b"X-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\nDataServiceVersion: 3.0;\r\n"
    return b"HTTP/1.1 204 No Content\r\n%s%s%s\r\n" % (call.content_id, headers, etag)


def _refused(call: Call, index: int, refusal: Refusal) -> bytes:
    status, body = refusal.status.encode(), refusal.body(f"{index}:")
    return b"HTTP/1.1 %s\r\n%sDataServiceVersion: 3.0;\r\n%s\r\n%s" % (status, call.content_id, _JSON, body)


def _etag(stamp: str) -> bytes:
    return b"ETag: W/\"datetime'%s'\"\r\n" % stamp.replace(":", "%3A").encode()
