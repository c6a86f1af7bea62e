"""Check the tables: access, writing and removing rows, the clock, and the age of the latest event."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import inf
from typing import Any, Final
from uuid import uuid4

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.data.tables.aio import TableServiceClient

from acsevents.azure_failures import explanation_of_azure
from acsevents.doctor.finding import Finding, ok, skipped, warning, wrong
from shared.catalogue import TABLES, TIMELINE
from shared.errors import SinkError
from shared.lookups.reader import moment
from shared.rows.keys import ticks_and_digest
from shared.rows.timeline import SHARDS
from shared.storage.account import Account, AccountKey, Identity, Signature
from shared.storage.authorization import NoToken, authorization
from shared.storage.connection import connect, disconnect

PROBE_TABLE: Final = "DoctorProbe"
_SLOW_CLOCK: Final = timedelta(minutes=1)
_WRONG_CLOCK: Final = timedelta(minutes=10)  # the service refuses signatures that are 15 minutes off
_QUIET_AFTER: Final = timedelta(days=1)
_ACCESS: Final = {AccountKey: "by account key", Signature: "by shared access signature", Identity: "by identity"}


async def examine_tables(account: Account) -> AsyncIterator[Finding]:
    """Check the tables of an account; write a probe row to a table of its own and remove it again."""
    yield ok("setting", f"{account.setting} names {account.endpoint}, reached {_ACCESS[type(account.credential)]}")
    signed_in = await _sign_in(account)
    yield signed_in
    if signed_in.cure is not None:
        yield skipped("tables", "not signed in", signed_in.cure)
        return
    client = connect(account, retries=1)
    try:
        async for finding in _examine(client):
            yield finding
    except AzureError as error:
        failure = explanation_of_azure(error, account)
        what, _, cure = str(failure or type(error).__name__).partition(": ")
        yield wrong("tables", what, cure or "check that the account exists and is a storage account")
    finally:
        await disconnect(client)


async def _sign_in(account: Account) -> Finding:
    """Check that a token is available; keys and signatures need no sign-in."""
    try:
        proof = authorization(account)
        try:
            await proof.headers("/", inf)
        finally:
            await proof.close()
    except NoToken as error:
        return wrong("sign-in", f"no token ({error})", "run `az login`, or set EventTables to a connection string")
    except SinkError as error:
        return wrong("sign-in", str(error), "correct the setting")
    return ok("sign-in", "credentials are available")


async def _examine(client: TableServiceClient) -> AsyncIterator[Finding]:
    there = {table.name async for table in client.list_tables()}
    missing = [table for table in TABLES if table not in there]
    yield ok("tables", f"not yet created by a first row: {', '.join(missing)}" if missing else "all exist")
    try:
        skew = await _probe(client)
    except HttpResponseError as error:
        if error.status_code != HTTPStatus.FORBIDDEN:
            raise
        what = "not written: you may read these tables but not write to them; the app's own role is checked below"
        yield skipped(
            "probe row", what, "to test writing, assign yourself the role Storage Table Data Contributor for a while"
        )
    else:
        yield _clock(skew)
        yield ok("probe row", f"written to {PROBE_TABLE}, read and removed")
    yield await _last_event(client)


async def _probe(client: TableServiceClient) -> timedelta:
    """Write, read and remove a row; return how far the service's clock is ahead."""
    skew = timedelta()

    def hear_clock(answer: Any) -> None:
        nonlocal skew
        date = answer.http_response.headers.get("Date")
        skew = parsedate_to_datetime(date) - datetime.now(UTC) if date else skew

    table = await client.create_table_if_not_exists(PROBE_TABLE)
    row = {"PartitionKey": "probe", "RowKey": uuid4().hex}
    await table.create_entity(row)
    try:
        await table.get_entity(row["PartitionKey"], row["RowKey"], raw_response_hook=hear_clock)
    finally:
        await table.delete_entity(row["PartitionKey"], row["RowKey"])
    return skew


def _clock(skew: timedelta) -> Finding:
    off = abs(skew)
    what = f"{off.total_seconds():.0f} s {'behind' if skew > timedelta() else 'ahead of'} the service's"
    cure = "synchronize this machine's clock by NTP"
    if off > _WRONG_CLOCK:
        return wrong("clock", what, cure)
    return warning("clock", what, cure) if off > _SLOW_CLOCK else ok("clock", f"within {off.total_seconds():.0f} s")


async def _last_event(client: TableServiceClient) -> Finding:
    """Return how old the latest event in the time line is."""
    newest = 0
    for shard in range(SHARDS):
        first, end = f"{shard}~", f"{shard}~:"
        rows = client.get_table_client(TIMELINE).query_entities(
            "PartitionKey ge @first and PartitionKey lt @end",
            parameters={"first": first, "end": end},
            select=["PartitionKey", "RowKey"],
            results_per_page=1,
        )
        newest = max(newest, await _first_ticks(rows))
    if not newest:
        return warning("last event", "none is recorded", "check that ACS sends events, and the subscriptions below")
    age = datetime.now(UTC) - moment(newest)
    what = f"{moment(newest):%Y-%m-%d %H:%M:%S} UTC"
    if age > _QUIET_AFTER:
        return warning(
            "last event", what, "if ACS has sent events since then, check the subscriptions, then the app's log"
        )
    return ok("last event", what)


async def _first_ticks(rows: Any) -> int:
    try:
        async for row in rows:
            return ticks_and_digest(row["RowKey"])[0]
    except (ValueError, ResourceNotFoundError):  # a row that this app did not write, or no table yet
        return 0
    return 0
