"""The wire format of the two writes that this app makes: upsert-replace of one row, and a transaction of them.

https://learn.microsoft.com/rest/api/storageservices/insert-or-replace-entity
https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from urllib.parse import quote
from uuid import uuid4

import msgspec

from shared.events.numbers import Int64
from shared.rows.columns import Edm, Entity, edm_type
from shared.rows.records import TableRow

_UNQUOTED = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.~:@-"
_BOUNDARY = uuid4().hex  # no row can hold a line that starts with it: JSON has no line breaks inside
_STATUS = re.compile(rb"HTTP/1\.1 ([0-9]{3})")
_ERROR_CODE = re.compile(rb'(?:"code"\s*:\s*"|[Cc]ode>)([A-Za-z]+)["<]')  # JSON, or XML from the gateways in front

TRANSACTION_TYPE = f"multipart/mixed; boundary=batch_{_BOUNDARY}"
_HEAD = (f"--batch_{_BOUNDARY}\r\nContent-Type: multipart/mixed; boundary=changeset_{_BOUNDARY}\r\n\r\n").encode()
_OPERATION = (
    f"--changeset_{_BOUNDARY}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nPUT "
).encode()
_OPERATION_HEADERS = (
    b" HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json;odata=minimalmetadata\r\n"
    b"DataServiceVersion: 3.0\r\n\r\n"
)
_TAIL = f"--changeset_{_BOUNDARY}--\r\n--batch_{_BOUNDARY}--\r\n".encode()
OPERATION_BYTES = len(_OPERATION) + len(_OPERATION_HEADERS) + len("\r\n") + 2 * 64  # with room for the endpoint


LaneKey = tuple[str, str]
"""Table and PartitionKey; rows of one transaction share them."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row ready to be sent.

    Attributes:
        lane: table and PartitionKey.
        row_key: the RowKey.
        path: `Table(PartitionKey='…',RowKey='…')`, percent-encoded as it goes over the wire.
        body: the entity as JSON.
        size: bytes that the row takes in a transaction.
    """

    lane: LaneKey
    row_key: str
    path: bytes
    body: bytes
    size: int

    @property
    def table(self) -> str:
        """The table's name."""
        return self.lane[0]

    @property
    def partition(self) -> str:
        """The PartitionKey."""
        return self.lane[1]

    def __repr__(self) -> str:
        """Name the table only: keys and body are personal data."""
        return f"<Row of {self.table}>"


def encode_rows(rows: Sequence[TableRow]) -> list[Row]:
    """Write the rows of one event as the service reads them; columns that rows share are written once."""
    encoded: list[Row] = []
    rest, columns = b"", None
    for row in rows:
        if row.columns is not columns:
            columns = row.columns
            rest = _encoded(columns)
        row_key = row.row_key
        lane, path, keys = _of_partition(row.table, row.partition)
        written = quoted = row_key.encode()
        if written.translate(None, _UNQUOTED):  # something is left
            written, quoted = _ascii_text(row_key)[1:-1], _quoted(row_key).encode()
        path = path + quoted + b"')"
        body = keys + written + rest
        encoded.append(Row(lane, row_key, path, body, len(body) + len(path) + OPERATION_BYTES))
    return encoded


def _encoded(columns: Entity) -> bytes:
    """Return what follows the RowKey in a row's JSON object: its closing quote, the columns and their types."""
    types = _types_of(tuple(columns))
    return b"".join((b'",' if columns else b'"', _ascii_object(columns)[1:-1], types, b"}"))


@lru_cache(maxsize=1_024)  # events of one type mostly have the same columns
def _types_of(names: tuple[str, ...]) -> bytes:
    """Return the JSON that names the types of columns.

    Strings and Int32 are what plain JSON strings and numbers mean. The other types are named beside their value.
    """
    types = {name: edm for name in names if (edm := edm_type(name)) not in {Edm.STRING, Edm.INT32}}
    written = "".join(f',"{name}@odata.type":"{edm}"' for name, edm in types.items())
    return written.encode()


def _int64_text(value: object) -> str:
    """Return an Int64 as the service reads it: a string, since not every reader of JSON has numbers of 64 bits.

    Raises:
        NotImplementedError: the value is of a type that no column has.
    """
    if isinstance(value, Int64):
        return str(value)
    raise NotImplementedError(f"no column holds a {type(value).__name__}")


_JSON = msgspec.json.Encoder(enc_hook=_int64_text)


def _ascii_object(values: Mapping[str, object]) -> bytes:
    """Write an object of texts and numbers as JSON in ASCII; msgspec itself does not escape.

    Azurite decodes what it receives piece by piece, and breaks a character of several bytes that a piece ends in.
    """
    text = values.get("Raw")
    if not isinstance(text, str) or text.isascii():  # else there is no need to try
        body = _JSON.encode(values)
        if body.isascii():
            return body
    escaped = {
        name: msgspec.Raw(_ascii_text(value)) if isinstance(value, str) and not value.isascii() else value
        for name, value in values.items()
    }
    return _JSON.encode(escaped)


def _ascii_text(text: str) -> bytes:
    return encode_basestring_ascii(text).encode()


def transaction(rows: Iterable[Row], endpoint: str) -> bytes:
    """Write the body of one entity group transaction that upserts and replaces all rows or none."""
    base = f"{endpoint}/".encode()
    parts = [_HEAD]
    for row in rows:
        parts += (_OPERATION, base, row.path, _OPERATION_HEADERS, row.body, b"\r\n")
    parts.append(_TAIL)
    return b"".join(parts)


def outcome(answer: bytes, rows: int) -> tuple[int, str]:
    """Return the HTTP status in the multipart answer to a transaction, and the error code of a failed one.

    The service answers a failed transaction with one part, whose status holds for all rows.
    """
    statuses = [int(status) for status in _STATUS.findall(answer)]
    failed = [status for status in statuses if not 200 <= status < 300]  # noqa: PLR2004  the range of success
    if failed:
        return failed[0], error_code(answer)
    if len(statuses) != rows:
        return 500, "UnreadableAnswer"
    return 204, ""


def error_code(answer: bytes) -> str:
    """Return the service's error code in an error body; empty if there is none."""
    found = _ERROR_CODE.search(answer)
    return found[1].decode() if found else ""


@lru_cache(maxsize=1_024)  # a burst is of few numbers, users or threads
def _of_partition(table: str, partition: str) -> tuple[LaneKey, bytes, bytes]:
    """Return what the rows of a partition share: the lane, and what their paths and bodies begin with."""
    path = f"{table}(PartitionKey='{_quoted(partition)}',RowKey='"
    return (table, partition), path.encode(), b'{"PartitionKey":%b,"RowKey":"' % _ascii_text(partition)


def _quoted(key: str) -> str:
    # A path may hold `:` and `@` as they are, and the ids of users and threads are full of them.
    return quote(key.replace("'", "''"), safe=":@")
