"""Split a JSON stream of any size into the texts of its events, each unchanged.

A stream is one event, an array of events, JSON Lines, or a sequence of these. Event Grid's dead-letter files are
arrays of events with added members; these are removed again.
"""

import codecs
import json
import re
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Final

LONGEST: Final = 4 * 1024 * 1024  # characters; Event Grid takes events up to 1 MB
_SPACE: Final = re.compile(r"[ \t\n\r]*")
# Members that Event Grid adds to an event that it could not deliver; in CloudEvents they are in lower case.
# https://learn.microsoft.com/azure/event-grid/manage-event-delivery
_OF_DEAD_LETTERS: Final = frozenset(
    {
        *("deadletterreason", "deliveryattempts", "lastdeliveryoutcome", "lasthttpstatuscode"),
        *("publishtime", "lastdeliveryattempttime"),
    }
)
# parse_int: an integer of 5,000 digits is valid JSON, but int() refuses it.
_DECODER: Final = json.JSONDecoder(parse_int=float)


class Malformed(ValueError):  # noqa: N818  says what is wrong with the stream
    """The stream is not JSON; the message says where."""


async def event_texts(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """Yield the texts of a stream's events, and keep only a few of them in memory.

    Raises:
        Malformed: the stream is not JSON from some point on; the events before it have been yielded.
    """
    decoder: codecs.IncrementalDecoder | None = None
    cutter = _Splitter()
    try:
        async for chunk in chunks:
            # A BOM determines the encoding; without one it is UTF-8, or what the first zero bytes imply.
            decoder = decoder or codecs.getincrementaldecoder(json.detect_encoding(chunk))()
            for text in cutter.feed(decoder.decode(chunk)):
                yield text
        rest = decoder.decode(b"", final=True) if decoder else ""
    except UnicodeDecodeError as error:
        line = cutter.last_line + error.object[: error.start].count(b"\n")
        raise Malformed(f"line {line}: not {error.encoding.upper()}: save the file as UTF-8") from None
    for text in cutter.feed(rest, last=True):
        yield text


def without_dead_letter_members(text: str) -> str:
    """Return the text of an event without the members that Event Grid added to the dead letter."""
    if not text.lstrip().startswith("{") or "deadletterreason" not in text.lower():
        return text
    members = list(_members(text))
    if "deadletterreason" not in {name.lower() for name, _ in members}:
        return text
    kept = [f"{json.dumps(name)}:{value}" for name, value in members if name.lower() not in _OF_DEAD_LETTERS]
    return f"{{{','.join(kept)}}}"


class _Splitter:
    """Splits JSON that arrives in pieces.

    Attributes:
        line: the line up to which the stream was split, from 1.
    """

    def __init__(self) -> None:
        self.line = 1
        self._buffer = ""
        self._in_array = False
        self._wants_comma = False  # between two elements, or after the last
        self._wants_value = False  # after a comma: the array cannot end here

    @property
    def last_line(self) -> int:
        """The line up to which the stream was received."""
        return self.line + self._buffer.count("\n")

    def feed(self, piece: str, *, last: bool = False) -> Iterator[str]:
        """Add a piece and yield the texts that it completes."""
        self._buffer += piece
        at = 0
        try:
            while (at := self._skip(at)) < len(self._buffer):
                if self._skip_mark(self._buffer[at]):
                    at += 1
                    continue
                end = self._end_of_value(at, last=last)
                if end is None:
                    break
                yield self._buffer[at:end]
                self.line += self._buffer.count("\n", at, end)
                at = end
                self._wants_comma, self._wants_value = self._in_array, False
        finally:
            self._buffer = self._buffer[at:]
        if last and self._in_array:
            raise Malformed(f"line {self.line}: the array has no end: is the file truncated?")

    def _skip(self, at: int) -> int:
        found = _SPACE.match(self._buffer, at)
        end = found.end() if found else at
        self.line += self._buffer.count("\n", at, end)
        return end

    def _skip_mark(self, mark: str) -> bool:
        """Skip a bracket or comma of the array around the events; return whether there was one."""
        if not self._in_array and mark == "[":
            self._in_array = True
        elif self._in_array and mark == "]" and not self._wants_value:
            self._in_array = self._wants_comma = False
        elif self._wants_comma and mark == ",":
            self._wants_comma, self._wants_value = False, True
        elif self._wants_comma:
            raise Malformed(f"line {self.line}: expected a comma or the end of the array")
        else:
            return False
        return True

    def _end_of_value(self, at: int, *, last: bool) -> int | None:
        """Return where the value that begins here ends, None if that depends on the next piece."""
        try:
            end = _DECODER.raw_decode(self._buffer, at)[1]
        except json.JSONDecodeError as error:
            if last or len(self._buffer) - at > LONGEST:
                line = self.line + self._buffer.count("\n", at, error.pos)
                raise Malformed(f"line {line}: {error.msg}") from None
            return None
        except RecursionError:
            raise Malformed(f"line {self.line}: nested too deeply") from None
        return end if last or end < len(self._buffer) else None  # a number may go on in the next piece


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each member of a JSON object that is known to be valid."""
    at = text.index("{") + 1
    while (at := _skip_space(text, at)) < len(text) and text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _skip_space(text, _skip_space(text, at) + 1)  # after the colon
        end = _DECODER.raw_decode(text, at)[1]
        yield name, text[at:end]
        at = _skip_space(text, end)
        at += text[at] == ","


def _skip_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
