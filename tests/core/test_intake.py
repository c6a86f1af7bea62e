"""Intake: concurrent calls are decoded together and go on together."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.intake import MOST_CALLS, PAUSE_SECONDS, Intake


class Call:
    """A call that waits for the length of its text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.length: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def is_abandoned(self) -> bool:
        """Whether the caller waits no more."""
        return self.length.done()


class Decoder:
    """Decodes a text into its length, and remembers what was decoded and what was handed on."""

    def __init__(self) -> None:
        self.texts: list[str | bytes] = []
        self.handed_on: list[str] = []
        self.intake = Intake(self._decode, self._hand_on)

    def call(self, text: str, *, is_alone: bool = False) -> "asyncio.Future[int]":
        """Hand in a text; the future becomes its length."""
        call = Call(text)
        self.intake.take(call, is_alone=is_alone)
        return call.length

    def _decode(self, texts: Sequence[str | bytes]) -> list[int]:
        self.texts += texts
        return [len(text) for text in texts]

    def _hand_on(self, call: Call, length: int) -> None:
        self.handed_on.append(call.text)
        call.length.set_result(length)


async def test_calls_that_arrive_together_are_decoded_together() -> None:
    """Nothing is decoded until arrivals pause; then all texts are, in order of arrival."""
    decoder = Decoder()
    calls = [decoder.call("x" * number) for number in range(5)]
    await asyncio.sleep(0)
    assert decoder.texts == []

    assert await asyncio.gather(*calls) == [0, 1, 2, 3, 4]
    assert decoder.texts == ["", "x", "xx", "xxx", "xxxx"]


async def test_a_call_that_is_alone_waits_for_nobody() -> None:
    """It is decoded in the next turn of the event loop."""
    decoder = Decoder()
    decoder.call("alone", is_alone=True)
    await asyncio.sleep(0)

    assert decoder.handed_on == ["alone"]


@pytest.mark.parametrize("count", [2, MOST_CALLS])
async def test_calls_that_begin_in_the_same_turn_are_not_alone(count: int) -> None:
    """The first of a burst, which cannot know of the others yet, is decoded together with them."""
    decoder = Decoder()
    calls = [decoder.call("x", is_alone=number == 0) for number in range(count)]
    for _ in range(2):
        await asyncio.sleep(0)
    assert len(decoder.texts) in {0, MOST_CALLS}

    assert await asyncio.gather(*calls) == [1] * count
    assert await decoder.call("alone", is_alone=True) == 5


async def test_a_lone_call_that_has_gone_is_not_decoded() -> None:
    """A call that is cancelled in the very turn that it came in is not decoded."""
    decoder = Decoder()
    decoder.call("gone", is_alone=True).cancel()
    await asyncio.sleep(0)

    assert decoder.texts == []


async def test_a_hundred_calls_wait_for_nobody() -> None:
    """A hundred calls, as many as a transaction holds, are decoded at once."""
    decoder = Decoder()
    calls = [decoder.call("x") for _ in range(MOST_CALLS)]
    await asyncio.sleep(0)

    assert len(decoder.texts) == MOST_CALLS
    assert await asyncio.gather(*calls) == [1] * MOST_CALLS


async def test_a_megabyte_of_text_waits_for_nobody() -> None:
    """A mebibyte of text is decoded at once, since waiting texts take memory."""
    decoder = Decoder()
    calls = [decoder.call("x" * 512 * 1024) for _ in range(2)]
    await asyncio.sleep(0)

    assert len(decoder.texts) == 2
    await asyncio.gather(*calls)


async def test_steady_arrivals_are_not_collected_for_ever() -> None:
    """A call waits for others at most ten milliseconds."""
    decoder = Decoder()
    first = decoder.call("first")
    others: list[asyncio.Future[int]] = []
    while not first.done():
        assert len(others) < MOST_CALLS
        others.append(decoder.call("other"))
        await asyncio.sleep(0.0005)

    assert await first == 5
    await asyncio.gather(*others)


async def test_calls_that_keep_arriving_are_collected_further() -> None:
    """Each look that finds another call waits once more, so that all of them are decoded together."""
    decoder = Decoder()
    loop = asyncio.get_running_loop()
    first = decoder.call("first")
    for pauses in (0.5, 1.5, 2.5):
        loop.call_later(pauses * PAUSE_SECONDS, decoder.call, "other")
    await first

    assert decoder.texts == ["first", "other", "other", "other"]


@pytest.mark.promise("Bounded")
async def test_a_call_that_has_gone_is_not_decoded() -> None:
    """A call that was cancelled while it waited is not decoded."""
    decoder = Decoder()
    calls = [decoder.call(text) for text in ("a", "gone", "abc")]
    calls[1].cancel()

    assert (await asyncio.gather(*calls, return_exceptions=True))[::2] == [1, 3]
    assert decoder.texts == ["a", "abc"]


@pytest.mark.parametrize(("length", "count", "turns"), [(1, MOST_CALLS, 4), (30_000, 34, 34)], ids=["short", "long"])
async def test_decoding_lets_others_run_in_between(length: int, count: int, turns: int) -> None:
    """Decoding many texts, or long ones, does not block the event loop, on which the host's messages arrive."""
    decoded: list[str | bytes] = []

    def slowly(texts: Sequence[str | bytes]) -> list[int]:
        end = asyncio.get_running_loop().time() + 0.006
        while asyncio.get_running_loop().time() < end:
            pass
        decoded.extend(texts)
        return [len(text) for text in texts]

    intake = Intake[Call, int](slowly, lambda call, length: call.length.set_result(length))
    calls = [Call("x" * length) for _ in range(count)]
    for call in calls:
        intake.take(call)
    seen = set()
    while len(decoded) < count:
        await asyncio.sleep(0)
        seen.add(len(decoded))

    assert len(seen - {0}) == turns
    assert await asyncio.gather(*(call.length for call in calls)) == [length] * count


@pytest.mark.parametrize("count", [1, MOST_CALLS - 1, MOST_CALLS + 1])
async def test_calls_that_arrived_while_the_loop_was_busy_are_collected_too(count: int) -> None:
    """The alarm that ends the collection rings late then; those whose turn comes right behind it still get on."""
    decoder = Decoder()
    loop = asyncio.get_running_loop()
    first = decoder.call("first")
    others: list[asyncio.Future[int]] = []
    for _ in range(count):
        loop.call_soon(lambda: others.append(decoder.call("other")))
    end = loop.time() + 2 * PAUSE_SECONDS
    while loop.time() < end:
        pass
    await first

    assert decoder.texts == ["first", *["other"] * min(count, MOST_CALLS - 1)]
    assert await asyncio.gather(*others) == [5] * count


async def test_a_collection_that_is_full_when_it_is_to_end_leaves_the_next_one_open() -> None:
    """Its last calls come between the look that finds a pause and the end: the call after them has its own pause."""
    decoder = Decoder()
    loop = asyncio.get_running_loop()
    calls = [decoder.call("first")]
    texts = [*["other"] * (MOST_CALLS - 1), "next"]
    loop.call_later(PAUSE_SECONDS, lambda: calls.extend([decoder.call(text) for text in texts]))
    end = loop.time() + 2 * PAUSE_SECONDS
    while loop.time() < end:  # the look and these calls are due in the same turn
        pass
    await calls[0]

    assert decoder.texts == ["first", *texts[:-1]]
    assert await asyncio.gather(*calls) == [5, *[5] * (MOST_CALLS - 1), 4]


async def test_a_call_that_goes_while_the_others_are_decoded_is_not_handed_on() -> None:
    """Its result is for nobody, and the others have theirs."""
    handed_on: list[str] = []

    def decode(texts: Sequence[str | bytes]) -> list[int]:
        calls[0].length.cancel()
        return [len(text) for text in texts]

    def hand_on(call: Call, length: int) -> None:
        handed_on.append(call.text)
        call.length.set_result(length)

    intake = Intake(decode, hand_on)
    calls = [Call(text) for text in ("gone", "here", "there")]
    for call in calls:
        intake.take(call)
    await asyncio.gather(*(call.length for call in calls[1:]))

    assert handed_on == ["here", "there"]
