"""A transaction is written only when every part says so: a real server that answers otherwise."""

import pytest

from shared.errors import RowRefused, StorageError
from tests.storage.misbehaving import (
    ServerBesideTheTimeLine,
    Step,
    answer,
    error,
    hang_up,
    in_turn,
    reset,
    transaction,
    truncated,
)
from tests.storage.weather import WRITTEN, write_together

TOGETHER_RECOVERED = {
    "503": error(503, "ServerBusy"),
    "a part that is busy": transaction(503, code="ServerBusy"),
    "a part short": transaction(204),
    "no parts": answer(202, b"--batchresponse_1--\r\n", Content_Type="multipart/mixed; boundary=batchresponse_1"),
    "202 with HTML": answer(202, b"<html></html>"),
    "200 with what reads like success": answer(200, b"HTTP/1.1 204 No Content\r\n" * 2),
    "204": WRITTEN,
    "reply lost after the write": hang_up,
    "half an answer": truncated(202),
    "connection reset": reset,
}


@pytest.mark.parametrize("first", TOGETHER_RECOVERED.values(), ids=TOGETHER_RECOVERED)
@pytest.mark.promise("Kept")
async def test_a_transaction_is_written_only_when_every_part_says_so(first: Step) -> None:
    """Anything else is sent again, since repeating a replacement changes nothing, until all parts are 204."""
    async with ServerBesideTheTimeLine.start(in_turn(first, transaction(204, 204))) as server:
        await write_together(server)

    assert [request.table for request in server.requests] == ["$batch", "$batch"]
    assert server.requests[0].body == server.requests[1].body


@pytest.mark.parametrize(
    "step", [answer(200, b"<html></html>"), WRITTEN, transaction(204)], ids=["200", "204", "short"]
)
async def test_a_transaction_that_is_never_confirmed_fails(step: Step) -> None:
    """A proxy that answers success to anything confirms nothing."""
    async with ServerBesideTheTimeLine.start(in_turn(step)) as server:
        with pytest.raises(StorageError, match="UnreadableAnswer"):
            await write_together(server)


@pytest.mark.parametrize("refusal", [transaction(400, code="EntityTooLarge"), error(413, "EntityTooLarge")])
async def test_a_refused_transaction_names_the_reason(refusal: Step) -> None:
    """Refused within a part or as a whole, the service's code is told and nothing is sent again."""
    async with ServerBesideTheTimeLine.start(in_turn(refusal)) as server:
        with pytest.raises(RowRefused, match="EntityTooLarge"):
            await write_together(server)

    assert len(server.requests) == 1


@pytest.mark.parametrize("missing", [error(404, "TableNotFound"), transaction(404, code="TableNotFound")])
async def test_a_transaction_on_a_missing_table_creates_it(missing: Step) -> None:
    """Missed as a whole or within a part, the table is created and the transaction sent again."""
    async with ServerBesideTheTimeLine.start(
        in_turn(missing, error(409, "TableAlreadyExists"), transaction(204, 204))
    ) as server:
        await write_together(server)

    assert [request.table for request in server.requests] == ["$batch", "Tables", "$batch"]
