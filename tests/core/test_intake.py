"""Intake: concurrent calls are decoded together, and none fails because of another."""

import asyncio

import pytest

from shared.intake import MOST_CALLS, PAUSE_SECONDS, Intake


class Decoder:
    """Decodes a text into its length, and remembers the turn of the event loop in which it did."""

    def __init__(self) -> None:
        self.texts: list[str | bytes] = []

    def __call__(self, text: str | bytes) -> int:
        """Decode a text."""
        self.texts.append(text)
        if text == "bug":
            raise ZeroDivisionError
        return len(text)


async def test_calls_that_arrive_together_are_decoded_together() -> None:
    """Nothing is decoded until arrivals pause; then all texts are, in order of arrival."""
    decoder = Decoder()
    intake = Intake(decoder)
    calls = [asyncio.create_task(intake.decoded("x" * number)) for number in range(5)]
    await asyncio.sleep(0)
    assert decoder.texts == []

    assert await asyncio.gather(*calls) == [0, 1, 2, 3, 4]
    assert decoder.texts == ["", "x", "xx", "xxx", "xxxx"]


async def test_a_hundred_calls_wait_for_nobody() -> None:
    """A hundred calls, as many as a transaction holds, are decoded at once."""
    decoder = Decoder()
    intake = Intake(decoder)
    calls = [asyncio.create_task(intake.decoded("x")) for _ in range(MOST_CALLS)]
    for _ in range(3):
        await asyncio.sleep(0)

    assert len(decoder.texts) == MOST_CALLS
    assert await asyncio.gather(*calls) == [1] * MOST_CALLS


async def test_a_megabyte_of_text_waits_for_nobody() -> None:
    """A mebibyte of text is decoded at once, since waiting texts take memory."""
    decoder = Decoder()
    intake = Intake(decoder)
    calls = [asyncio.create_task(intake.decoded("x" * 512 * 1024)) for _ in range(2)]
    for _ in range(3):
        await asyncio.sleep(0)

    assert len(decoder.texts) == 2
    await asyncio.gather(*calls)


async def test_steady_arrivals_are_not_collected_for_ever() -> None:
    """A call waits for others at most ten milliseconds."""
    decoder = Decoder()
    intake = Intake(decoder)
    first = asyncio.create_task(intake.decoded("first"))
    others: list[asyncio.Task[int]] = []
    while not first.done():
        assert len(others) < MOST_CALLS
        others.append(asyncio.create_task(intake.decoded("other")))
        await asyncio.sleep(0.0005)

    assert await first == 5
    await asyncio.gather(*others)


async def test_a_bug_fails_its_own_call_only() -> None:
    """An exception in the decoder fails its own call; the others are decoded."""
    intake = Intake(Decoder())
    calls = [asyncio.create_task(intake.decoded(text)) for text in ("a", "bug", "abc")]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert [outcomes[0], outcomes[2]] == [1, 3]
    assert isinstance(outcomes[1], ZeroDivisionError)


@pytest.mark.promise("Bounded")
async def test_a_call_that_has_gone_is_not_decoded() -> None:
    """A call that was cancelled while it waited is not decoded."""
    decoder = Decoder()
    intake = Intake(decoder)
    calls = [asyncio.create_task(intake.decoded(text)) for text in ("a", "gone", "abc")]
    await asyncio.sleep(0)
    calls[1].cancel()

    assert (await asyncio.gather(*calls, return_exceptions=True))[::2] == [1, 3]
    assert decoder.texts == ["a", "abc"]


async def test_decoding_lets_others_run_in_between() -> None:
    """Decoding many texts does not block the event loop, on which the host's messages arrive."""
    decoded: list[int] = []

    def slowly(text: str | bytes) -> int:
        end = asyncio.get_running_loop().time() + 0.004
        while asyncio.get_running_loop().time() < end:
            pass
        decoded.append(len(text))
        return len(text)

    intake = Intake(slowly)
    calls = [asyncio.create_task(intake.decoded("x")) for _ in range(MOST_CALLS)]
    seen = set()
    while len(decoded) < MOST_CALLS:
        await asyncio.sleep(0)
        seen.add(len(decoded))

    assert len(seen) > MOST_CALLS / 4
    assert await asyncio.gather(*calls) == [1] * MOST_CALLS


@pytest.mark.parametrize("count", [1, MOST_CALLS - 1, MOST_CALLS + 1])
async def test_calls_that_arrived_while_the_loop_was_busy_are_collected_too(count: int) -> None:
    """The alarm that ends the collection rings late then; those whose turn comes right behind it still get on."""
    decoder = Decoder()
    intake = Intake(decoder)
    loop = asyncio.get_running_loop()
    first = asyncio.create_task(intake.decoded("first"))
    await asyncio.sleep(0)
    others: list[asyncio.Task[int]] = []
    for _ in range(count):
        loop.call_soon(lambda: others.append(loop.create_task(intake.decoded("other"))))
    end = loop.time() + 2 * PAUSE_SECONDS
    while loop.time() < end:
        pass
    await first

    assert decoder.texts == ["first", *["other"] * min(count, MOST_CALLS - 1)]
    assert await asyncio.gather(*others) == [5] * count


async def test_a_call_that_goes_while_the_others_are_decoded_leaves_them_alone() -> None:
    """Its result is for nobody."""
    calls: list[asyncio.Task[int]] = []

    def decode(text: str | bytes) -> int:
        if text == "last":
            calls[0].cancel()
        return len(text)

    intake = Intake(decode)
    calls += [asyncio.create_task(intake.decoded(text)) for text in ("gone", "here", "last")]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == [4, 4]
