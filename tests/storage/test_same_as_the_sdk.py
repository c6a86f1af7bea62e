"""azure-data-tables and the app's write path interpret responses of the service alike."""

import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableErrorCode, UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.errors import StorageError
from shared.storage.tables import Patience, Tables
from tests.storage.misbehaving import MisbehavingServer, Script, Step, answer, error, transaction
from tests.storage.rows import encode

ENTITIES = [{"PartitionKey": "p", "RowKey": str(number)} for number in range(2)]
ONCE = Patience(attempts=1, attempt=15, whole=15)
# What Table Storage documents for writes of entities.
# https://learn.microsoft.com/rest/api/storageservices/table-service-error-codes
ERRORS = [
    (400, "EntityTooLarge"),
    (400, "InvalidInput"),
    (400, "OutOfRangeInput"),
    (400, "PropertyNameTooLong"),
    (400, "PropertyValueTooLarge"),
    (400, "TooManyProperties"),
    (400, "InvalidDuplicateRow"),
    (403, "AuthenticationFailed"),
    (403, "InsufficientAccountPermissions"),
    (404, "TableNotFound"),
    (409, "TableBeingDeleted"),
    (412, "UpdateConditionNotSatisfied"),
    (413, "RequestBodyTooLarge"),
    (500, "InternalError"),
    (500, "OperationTimedOut"),
    (503, "ServerBusy"),
]


def always(step: Step) -> Script:
    """Return a script that answers every write alike; tables exist."""
    return lambda request: error(409, "TableAlreadyExists") if request.table == "Tables" else step


async def sdk_says(server: MisbehavingServer, *, together: bool) -> str:
    """Write through azure-data-tables; return its error code, empty for success."""
    async with TableServiceClient.from_connection_string(server.connection_string, retry_total=0) as service:
        table = service.get_table_client("SmsEvents")
        try:
            if together:
                await table.submit_transaction([("upsert", entity, {"mode": "replace"}) for entity in ENTITIES])
            else:
                await table.upsert_entity(ENTITIES[0], mode=UpdateMode.REPLACE)
        except HttpResponseError as failure:
            code = getattr(failure, "error_code", None) or "failed"
            return str(code.value if isinstance(code, TableErrorCode) else code)
    return ""


async def we_say(server: MisbehavingServer, *, together: bool) -> str:
    """Write as the app does; return the error, empty for success."""
    tables = Tables(server.account, ONCE)
    rows = [encode("SmsEvents", {**entity}) for entity in ENTITIES]
    try:
        await (tables.upsert_together(rows) if together else tables.upsert(rows[0]))
    except StorageError as failure:
        return str(failure)
    finally:
        await tables.close()
    return ""


@pytest.mark.parametrize("together", [False, True], ids=["alone", "together"])
@pytest.mark.parametrize(("status", "code"), ERRORS)
async def test_the_same_error_is_read_from_the_same_answer(status: int, code: str, *, together: bool) -> None:
    """Both name the service's code; the app raises RowRefused exactly if the content is at fault."""
    step = transaction(status, code=code) if together and status != 413 else error(status, code)
    async with MisbehavingServer.start(always(step)) as server:
        assert await sdk_says(server, together=together) == code
        said = await we_say(server, together=together)

    assert said.endswith(code)
    assert said.startswith("Table Storage refused the row") == (status in {400, 413})


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 206])
async def test_the_same_answers_are_success(status: int) -> None:
    """Of all 2xx statuses, both accept only 204 for a row."""
    async with MisbehavingServer.start(always(answer(status))) as server:
        assert (await sdk_says(server, together=False) == "") == (status == 204)
        assert (await we_say(server, together=False) == "") == (status == 204)


@pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 206])
async def test_the_same_answers_are_a_written_transaction(status: int) -> None:
    """Both accept 202 with a 204 for each row."""
    step = answer(204) if status == 204 else transaction(204, 204, status=status)
    async with MisbehavingServer.start(always(step)) as server:
        assert (await sdk_says(server, together=True) == "") == (status == 202)
        assert (await we_say(server, together=True) == "") == (status == 202)


async def test_both_send_the_same_rows() -> None:
    """Path and entity of one upsert are the same on the wire, and so is the operation."""
    async with MisbehavingServer.start(always(answer(204))) as server:
        await sdk_says(server, together=False)
        await we_say(server, together=False)
    by_sdk, ours = server.requests

    assert (ours.method, ours.target) == (by_sdk.method, by_sdk.target)
    assert ours.headers["x-ms-version"] == by_sdk.headers["x-ms-version"]
    assert ours.headers["dataserviceversion"] == by_sdk.headers["dataserviceversion"]
    assert ours.headers["content-type"] == by_sdk.headers["content-type"]
