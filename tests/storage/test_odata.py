"""The wire format, byte for byte, and what is understood of the service's answers."""

import base64
import json
from email import message_from_bytes
from email.message import Message
from typing import cast
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.numbers import Int64
from shared.rows.columns import COLUMNS, Edm, Entity
from shared.storage import odata
from shared.storage.lane import MOST_BYTES, MOST_ROWS
from shared.storage.odata import error_code, outcome
from tests.storage.rows import encode

ENDPOINT = "https://contoso.table.core.windows.net"
KEYS: Entity = {"PartitionKey": "p", "RowKey": "r"}
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def test_every_type_is_spelled_as_the_service_reads_it() -> None:
    """Strings and Int32 stand for themselves; Int64, DateTime and Binary are texts with their type beside them."""
    row = encode(
        "T",
        {
            **KEYS,
            "Body": "x",
            "SegmentCount": 1,
            "Version": Int64(2),
            "EventTime": "2026-01-01",
            "RawZ0": b"a",
            "RawZ1": b"b",
        },
    )

    assert json.loads(row.body) == {
        **KEYS,
        "Body": "x",
        "SegmentCount": 1,
        "Version": "2",
        "Version@odata.type": "Edm.Int64",
        "EventTime": "2026-01-01",
        "EventTime@odata.type": "Edm.DateTime",
        "RawZ0": "YQ==",
        "RawZ0@odata.type": "Edm.Binary",
        "RawZ1": "Yg==",
        "RawZ1@odata.type": "Edm.Binary",
    }


def test_what_is_no_column_value_is_refused() -> None:
    """A value of another type is a bug; it must not be written as its text."""
    with pytest.raises(NotImplementedError, match="no column holds a complex"):
        encode("T", cast("Entity", {**KEYS, "Body": 1j}))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_path_and_body_say_the_keys_and_nothing_else(partition: str, row_key: str) -> None:
    """Whatever characters keys have, both name exactly them: one URL segment in ASCII, and JSON in ASCII."""
    row = encode("T", {"PartitionKey": partition, "RowKey": row_key})
    path = row.path
    doubled = [key.replace("'", "''") for key in (partition, row_key)]

    assert path.isascii()
    assert not set(' /\\?#&"<>\r\n') & set(path)
    assert unquote(path) == f"T(PartitionKey='{doubled[0]}',RowKey='{doubled[1]}')"
    assert row.body.isascii()
    assert json.loads(row.body) == {"PartitionKey": partition, "RowKey": row_key}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_a_transaction_is_one_changeset_of_puts(bodies: list[str]) -> None:
    """A strict MIME reader finds each row once, whole, whatever lines and boundaries its text imitates."""
    boundary = odata.TRANSACTION_TYPE.partition("boundary=")[2]
    rows = [
        encode("T", {"PartitionKey": "p", "RowKey": str(number), "Body": f"{body}\r\n--{boundary}--\r\n"})
        for number, body in enumerate(bodies)
    ]
    sent = odata.transaction(rows, ENDPOINT)
    batch = message_from_bytes(f"Content-Type: {odata.TRANSACTION_TYPE}\r\n\r\n".encode() + sent)
    changeset = next(part for part in batch.walk() if part is not batch)
    assert isinstance(changeset, Message)
    requests = [part.get_payload(decode=True) for part in changeset.walk() if not part.is_multipart()]

    for row, request in zip(rows, requests, strict=True):
        assert isinstance(request, bytes)
        assert request.startswith(f"PUT {ENDPOINT}/{row.path.decode()} HTTP/1.1\r\n".encode())
        assert request.partition(b"\r\n\r\n")[2].rstrip(b"\r\n") == row.body


@pytest.mark.parametrize(("character", "size"), [("x", 1), ("한", 6), ("🌻", 12)])
def test_the_size_of_a_row_is_never_less_than_what_it_takes(character: str, size: int) -> None:
    """A transaction that is full by our count is still within the service's 4 MiB, with the longest endpoint too."""
    longest = f"https://{'a' * 24}.table.core.chinacloudapi.cn"
    fixed = encode("ChatThreadEvents", {**KEYS, "Body": ""}).size
    body = character * ((MOST_BYTES // MOST_ROWS - fixed) // size)
    rows = [encode("ChatThreadEvents", {**KEYS, "Body": body}) for _ in range(MOST_ROWS)]

    assert sum(row.size for row in rows) <= MOST_BYTES
    assert len(odata.transaction(rows, longest)) <= MOST_BYTES


@given(st.text(st.characters(exclude_categories=["Cs"])), st.binary())
def test_a_body_is_ascii_and_means_the_same(text: str, chunk: bytes) -> None:
    """Whatever characters a text has, beside a binary chunk; every size counts what goes over the wire."""
    row = encode("T", {**KEYS, "Body": text, "RawZ0": chunk})
    read = json.loads(row.body)

    assert row.body.isascii()
    assert (read["Body"], base64.b64decode(read["RawZ0"])) == (text, chunk)
    assert row.size > len(row.body) + len(row.path)


@pytest.mark.parametrize(
    ("answer", "rows", "expected"),
    [
        (OK * 3, 3, (204, "")),
        (
            b'HTTP/1.1 400 Bad Request\r\n\r\n{"odata.error":{"code":"PropertyValueTooLarge"',
            3,
            (400, "PropertyValueTooLarge"),
        ),
        (b'HTTP/1.1 404 Not Found\r\n\r\n{"odata.error": {"code": "TableNotFound"', 3, (404, "TableNotFound")),
        (OK + b"HTTP/1.1 503 Busy\r\n\r\n", 2, (503, "")),
        (OK * 2, 3, (500, "UnreadableAnswer")),
        (OK * 4, 3, (500, "UnreadableAnswer")),
        (b"", 1, (500, "UnreadableAnswer")),
        (b"<html>fine</html>", 1, (500, "UnreadableAnswer")),
    ],
    ids=["all", "one refused", "no table", "busy in a part", "a part short", "a part over", "empty", "html"],
)
def test_an_answer_counts_as_success_only_when_it_says_so_of_every_row(
    answer: bytes, rows: int, expected: tuple[int, str]
) -> None:
    """A failed part speaks for all, and an answer that cannot be read is trouble of the service, never success."""
    assert outcome(answer, rows) == expected


@pytest.mark.parametrize("garbage", [b"", b"{}", b"\xff\xfe", b'{"code":7}', b'"code":"no letters 1"'])
def test_an_error_that_cannot_be_read_has_no_code(garbage: bytes) -> None:
    """Whatever the body of an error holds, nothing of it but a code gets into messages."""
    assert error_code(garbage) == ""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"odata.error":{"code":"InvalidInput","message":{"lang":"en-US","value":"no"}}}', "InvalidInput"),
        (b'{"odata.error": {"code" : "InvalidInput"}}', "InvalidInput"),
        (
            b'<?xml version="1.0"?><error xmlns="x"><code>InvalidInput</code><message>no</message></error>',
            "InvalidInput",
        ),
        (b'<m:error xmlns:m="x"><m:code>AuthenticationFailed</m:code></m:error>', "AuthenticationFailed"),
        (
            b'\xef\xbb\xbf<?xml version="1.0"?><Error><Code>ServerBusy</Code><Message>no</Message></Error>',
            "ServerBusy",
        ),
        (b"<Error>\r\n  <Code>AccountRequiresHttps</Code>\r\n</Error>", "AccountRequiresHttps"),
    ],
)
def test_the_code_of_an_error_is_read_from_json_and_from_xml(body: bytes, code: str) -> None:
    """The service writes JSON, the gateways in front of it XML with small or capital letters."""
    assert error_code(body) == code


def test_the_types_that_are_spelled_out_are_those_that_json_has_not() -> None:
    """Who adds a column of another type must teach `encode` to spell it."""
    assert set(COLUMNS.values()) <= {Edm.STRING, Edm.INT32, Edm.INT64, Edm.DATE_TIME}


@pytest.mark.promise("Quiet")
def test_a_row_in_an_error_names_its_table_only() -> None:
    """Keys and body are personal data."""
    assert (
        repr(encode("SmsEvents", {"PartitionKey": "+15550002222", "RowKey": "r", "Body": "hello"}))
        == "<Row of SmsEvents>"
    )
