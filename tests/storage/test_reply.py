"""Replies in bytes: what is one, where it ends, and what is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.storage.reply import MOST_BYTES, BadReply, Reply, ReplyReader

EMPTY = b"HTTP/1.1 204 No Content\r\nServer: s\r\n\r\n"
_TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_", min_size=1).filter(
    lambda name: name.lower() not in {"connection", "upgrade", "content-length", "transfer-encoding"}
)
_VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E))


def read(*pieces: bytes) -> Reply | None:
    """Read one reply from pieces."""
    reader = ReplyReader()
    replies = [reader.feed(piece) for piece in pieces]
    return replies[-1]


def _lines(headers: list[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode()


@st.composite
def replies(draw: st.DrawFn) -> tuple[bytes, Reply]:
    """A reply on the wire and what it says; interim replies may come before it."""
    status = draw(st.integers(200, 599).filter(lambda status: status not in {204, 304}))
    headers = draw(st.lists(st.tuples(_TOKEN, _VALUE), max_size=5))
    chunks = draw(st.lists(st.binary(min_size=1, max_size=50), max_size=5))
    body = b"".join(chunks)
    if draw(st.booleans()):
        framing = ("Transfer-Encoding", "chunked")
        content = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    else:
        framing, content = ("Content-Length", str(len(body))), body
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * draw(st.integers(0, 2))
    head = f"HTTP/1.1 {status} Whatever\r\n".encode() + _lines([framing, *headers])
    said: dict[bytes, bytes] = {}
    for name, value in [framing, *headers]:
        said.setdefault(name.encode(), value.encode())
    return interim + head + b"\r\n" + content, Reply(status, said, body)


@given(replies(), st.data())
def test_a_reply_is_the_same_however_it_is_cut_up(reply: tuple[bytes, Reply], data: st.DataObject) -> None:
    """Complete with its last byte and not before; then the next request may follow."""
    wire, said = reply
    cuts = sorted(data.draw(st.sets(st.integers(1, len(wire) - 1), max_size=8)))
    reader = ReplyReader()
    *early, complete = [reader.feed(wire[start:end]) for start, end in pairwise([0, *cuts, len(wire)])]

    assert complete == said
    assert early == [None] * len(cuts)
    assert reader.reusable


@given(
    st.lists(st.binary(max_size=60), max_size=5), st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n", EMPTY])
)
def test_whatever_comes_is_a_reply_or_refused(pieces: list[bytes], start: bytes) -> None:
    """No bytes raise anything but `BadReply`, and none make the reader take up what belongs to no reply."""
    reader = ReplyReader()
    try:
        found = [reader.feed(piece) for piece in [start, *pieces]]
    except BadReply:
        assert not reader.reusable
    else:
        assert found[-1] is None or found[-1].status >= 0


def test_a_reader_reads_one_reply_after_the_other() -> None:
    """Nothing of a reply is left in the next."""
    reader = ReplyReader()
    first = reader.feed(b"HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 3\r\n\r\none")
    reader.begin()
    assert not reader.reusable
    second = reader.feed(b"HTTP/1.1 500 No\r\nB: 2\r\nContent-Length: 0\r\n\r\n")

    assert first == Reply(200, {b"A": b"1", b"Content-Length": b"3"}, b"one")
    assert second == Reply(500, {b"B": b"2", b"Content-Length": b"0"}, b"")


INTERIM = {
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n",
    "early hints with headers": b"HTTP/1.1 103 Early Hints\r\nServer: interim\r\n\r\n",
    "several": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n",
}


@pytest.mark.parametrize("interim", INTERIM.values(), ids=INTERIM)
def test_an_interim_reply_is_passed_over(interim: bytes) -> None:
    """Neither its status nor its headers are the reply's."""
    assert read(interim) is None
    assert read(interim + EMPTY) == read(interim, EMPTY) == Reply(204, {b"Server": b"s"}, b"")


def test_a_header_is_found_whatever_its_case() -> None:
    """Asked for in lower case; one that is not there is empty."""
    reply = read(b"HTTP/1.1 503 Busy\r\nReTry-AFTER: 7\r\nContent-Length: 0\r\n\r\n")

    assert reply is not None
    assert (reply.header(b"retry-after"), reply.header(b"date")) == (b"7", b"")


def test_of_a_repeated_header_the_first_value_counts() -> None:
    """The service repeats none; it must only be certain which one is believed."""
    head = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nRetry-After: 9\r\n"
    reply = read(head, b"Content-Length: 0\r\n\r\n")

    assert reply is not None
    assert reply.header(b"retry-after") == b"7"


LAST = {
    "it says so": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    "it says so among others": b"HTTP/1.1 204 No Content\r\nConnection: foo, Close\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 204 No Content\r\n\r\n",
    "HTTP/1.0 that is kept": b"HTTP/1.0 204 No Content\r\nConnection: keep-alive\r\n\r\n",
    "a second reply": EMPTY + EMPTY,
    "the start of a second reply": EMPTY + b"H",
    "more than its length": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc",
    "a body where there is none": b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
    "more than its chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
}


@pytest.mark.parametrize("wire", LAST.values(), ids=LAST)
def test_after_any_doubt_no_request_may_follow(wire: bytes) -> None:
    """The reply itself counts."""
    reader = ReplyReader()
    reply = reader.feed(wire)

    assert reply is not None
    assert reply.status in {200, 204}
    assert not reader.reusable


REFUSED = {
    "no HTTP": b"\x16\x03\x01\x02\x00",
    "another protocol": b"ICY 200 OK\r\n\r\n",
    "no version": b"HTTP/ 200 OK\r\n\r\n",
    "HTTP/3": b"HTTP/3.0 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "lines without returns": b"HTTP/1.1 204 No Content\n\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "a length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nab",
    "a chunk without a size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a chunk longer than its size": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    "a space in a header's name": b"HTTP/1.1 200 OK\r\nContent Length: 2\r\n\r\nab",
    "a folded header": b"HTTP/1.1 200 OK\r\n folded: 1\r\n\r\n",
    "another protocol from here on": b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
}


@pytest.mark.parametrize("wire", REFUSED.values(), ids=REFUSED)
def test_what_is_no_reply_is_refused(wire: bytes) -> None:
    """As soon as it is seen, without waiting for more; the error quotes none of it."""
    reader = ReplyReader()
    with pytest.raises(BadReply, match=r"^HttpParser\w+$"):
        reader.feed(wire)

    assert not reader.reusable


ENDLESS = {
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Filler: %s\r\n" % (b"x" * 1000)),
    "one header": (b"HTTP/1.1 200 OK\r\nX-Filler: ", b"x" * 1000),
    "a reason": (b"HTTP/1.1 200 ", b"x" * 1000),
    "a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 1000),
    "a body until the end": (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;%s\r\nx\r\n" % (b"x" * 990)),
    "interim replies": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40),
}


@pytest.mark.parametrize(("start", "more"), ENDLESS.values(), ids=ENDLESS)
def test_a_reply_that_does_not_end_is_refused(start: bytes, more: bytes) -> None:
    """Whatever part of it grows, it takes no more memory than a large reply."""
    pieces = [start, *[more] * (MOST_BYTES // len(more) + 1)]
    with pytest.raises(BadReply, match="too large"):
        read(*pieces)


def test_large_replies_are_read_whole() -> None:
    """Many times what the service answers to the largest transaction, and one after the other."""
    body = b"x" * (MOST_BYTES - 100)
    reader = ReplyReader()
    for _ in range(3):
        reader.begin()
        reply = reader.feed(b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        assert reply is not None
        assert reply.body == body
