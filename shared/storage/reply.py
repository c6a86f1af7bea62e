"""The replies in a stream of bytes, read with httptools; pure.

https://www.rfc-editor.org/rfc/rfc9112
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MOST_BYTES: Final = 2**20  # a transaction of 100 rows is answered with 40 KB
_INTERIM: Final = range(100, 200)


class BadReply(ConnectionError):  # noqa: N818  an outcome: the request may have been obeyed
    """What the server sent is no reply of HTTP/1.1, or larger than any reply should be."""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What the server answered; of a header that is repeated, the first value."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes

    def header(self, name: bytes) -> bytes:
        """Return the value of a header, asked for in lower case; empty where there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name), b"")


class ReplyReader:
    """Reads one reply after the other.

    A reply that ends with its connection is never complete, since it may have been cut.

    Attributes:
        reusable: whether another request may follow the last reply; not if it is in doubt where that ended.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._headers: dict[bytes, bytes] = {}
        self.on_header = self._headers.setdefault  # in C, since it is called most often: once for each header
        self._parser = HttpResponseParser(self)
        self.begin()

    def begin(self) -> None:
        """Prepare for the next reply."""
        self.reusable = False
        self._received = 0
        self._headers.clear()
        self._body: list[bytes] = []
        self._reply: Reply | None = None

    def feed(self, data: bytes | memoryview) -> Reply | None:
        """Read bytes, and return the reply once it is complete.

        Raises:
            BadReply: the bytes are no reply of HTTP/1.1.
        """
        self._received += len(data)
        if self._received > self._most_bytes:
            raise BadReply("the reply is too large")
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.reusable = False  # if the reply is complete, these bytes belong to nothing
            if self._reply is None:
                raise BadReply(type(error).__name__) from None  # its text quotes no more than the grammar
        return self._reply

    # Callbacks of the parser.

    def on_message_begin(self) -> None:
        """Refuse a second reply to one request."""
        if self._reply is not None:
            raise BadReply("a second reply")

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of the body."""
        self._body.append(piece)

    def on_message_complete(self) -> None:
        """Finish the reply; an interim one is passed over."""
        status = self._parser.get_status_code()
        if status in _INTERIM:
            self._headers.clear()
        else:
            self.reusable = self._parser.should_keep_alive() and self._parser.get_http_version() == "1.1"
            self._reply = Reply(status, self._headers.copy(), b"".join(self._body))
