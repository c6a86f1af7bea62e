"""Packages, declarations and tables: what is in order, and what is told of what is not."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from acsevents.doctor.finding import Finding, Status
from acsevents.doctor.packages import examine_packages
from acsevents.doctor.subscriptions import examine_declaration
from acsevents.doctor.tables import PROBE_TABLE, examine_tables
from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY
from acsevents.local.ports import listening
from acsevents.subscriptions import load
from shared.sink import Sink
from shared.storage.account import Account, AccountKey, Identity
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Tables
from tests import samples
from tests.storage.edm import by_sdk


def bad(findings: list[Finding]) -> list[tuple[str, Status, str]]:
    """Keep what is not in order, and see that each has its cure."""
    kept = [finding for finding in findings if finding.status is not Status.OK]
    assert all(finding.cure for finding in kept)
    return [(finding.check, finding.status, finding.what) for finding in kept]


def test_the_packages_of_this_environment_are_in_order() -> None:
    """Those that the app is deployed with, and none that breaks it."""
    findings = list(examine_packages())

    assert bad(findings) == []
    assert {"package msgspec", "package azure-functions", "package orjson"} <= {finding.check for finding in findings}


def test_missing_old_and_forbidden_packages_are_found() -> None:
    """By name, with the version that is wanted."""
    versions = {"msgspec": "0.1", "orjson": "3.10", "aiohttp": None}
    findings = bad(list(examine_packages(lambda name: versions.get(name, "99" if name not in versions else None))))

    assert ("package msgspec", Status.WRONG) in [found[:2] for found in findings]
    assert ("package aiohttp", Status.WRONG, "is not installed") in findings
    assert [what for check, _, what in findings if check == "package orjson"] == [
        "must not be installed: azure-functions parses triggers with it, and valid events fail before the app gets them"
    ]


def test_the_declaration_of_this_folder_is_in_order() -> None:
    """Every event type has one subscription."""
    assert bad(list(examine_declaration(load()))) == []


def test_holes_in_the_declaration_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Types without a subscription, with two, new ones, and a stale file for azd."""
    sms, user, thread, new = load()
    reported = bad(list(examine_declaration([sms, thread, new])))
    assert reported[0][2].startswith("no subscription takes Microsoft.Communication.ChatMessageReceived, ")
    twice = bad(list(examine_declaration([sms, msgspec.structs.replace(sms, name="again"), user, thread, new])))
    assert "more than one subscription takes Microsoft.Communication.SMSDeliveryReportReceived" in twice[0][2]
    assert bad(list(examine_declaration([sms, user, thread])))[0][2] == "new event types are dropped"
    stale = tmp_path / "event-filters.json"
    stale.write_text("[]")
    monkeypatch.setattr("acsevents.doctor.subscriptions.FILTERS", stale)
    assert bad(list(examine_declaration(load())))[0][0] == "infra/event-filters.json"


async def examine(account: Account) -> list[Finding]:
    """Examine the tables of an account."""
    return [finding async for finding in examine_tables(account)]


async def record(account: Account, time: str) -> None:
    """Record an event of some time."""
    tables = Tables(account)
    store = GroupCommit(tables)
    event = {**samples.event("2025/SMSReceived"), "eventTime": time}
    await Sink(store).receive(json.dumps(event), function="sms_events")
    await store.close()
    await tables.close()


async def test_tables_that_work_are_in_order(account: Account) -> None:
    """The probe row is gone again, and stands in no table of the app."""
    now = datetime.now(UTC)
    await record(account, "2020-01-01T00:00:00Z")
    await record(account, now.isoformat())
    findings = await examine(account)

    assert bad(findings) == []
    assert [finding.check for finding in findings] == [
        *("setting", "sign-in", "tables", "clock", "probe row", "last event")
    ]
    assert findings[-1].what == f"{now:%Y-%m-%d %H:%M:%S} UTC"
    with by_sdk(account) as service:
        assert list(service.get_table_client(PROBE_TABLE).list_entities()) == []


async def test_tables_without_events_are_no_failure(account: Account) -> None:
    """A new sink has none; an old last event is told."""
    assert bad(await examine(account)) == [("last event", Status.WARNING, "none is recorded")]
    await record(account, "2020-01-01T00:00:00Z")
    assert bad(await examine(account)) == [("last event", Status.WARNING, "2020-01-01 00:00:00 UTC")]


async def test_a_key_that_is_refused_is_told(account: Account) -> None:
    """With its cure, and nothing else is tried."""
    wrong_key = msgspec.structs.replace(account, credential=AccountKey(ACCOUNT, "d3Jvbmc="))
    ((check, status, what),) = bad(await examine(wrong_key))

    assert (check, status) == ("tables", Status.WRONG)
    assert "refuses the credentials" in what


async def test_tables_out_of_reach_are_told() -> None:
    """With what to start."""
    nowhere = Account("EventTables", "http://127.0.0.1:1/devstoreaccount1", AccountKey(ACCOUNT, ACCOUNT_KEY))
    ((check, status, _),) = bad(await examine(nowhere))

    assert (check, status) == ("tables", Status.WRONG)


async def test_who_is_not_signed_in_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By identity only; the tables are not asked then."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    by_identity = Account("EventTables__tableServiceUri", "https://contoso.table.core.windows.net", Identity())
    findings = bad(await examine(by_identity))

    assert [(check, status) for check, status, _ in findings] == [
        ("sign-in", Status.WRONG),
        ("tables", Status.SKIPPED),
    ]


class _Service:
    """A table service that says no, or whose clock is off."""

    def __init__(self, *, ahead: timedelta = timedelta(), refusal: str = "", may_read: bool = False) -> None:
        self._ahead = ahead
        self._refusal = refusal
        self._may_read = may_read

    async def answer(self, request: web.Request) -> web.Response:
        date = format_datetime(datetime.now(UTC) + self._ahead, usegmt=True)
        if self._refusal and not (self._may_read and request.method == "GET"):
            body = {"odata.error": {"code": self._refusal, "message": {"value": "No."}}}
            return web.json_response(body, status=403, headers={"Date": date})
        etag = {"odata.etag": "W/\"datetime'2026-01-01T00%3A00%3A00Z'\"", "Timestamp": "2026-01-01T00:00:00Z"}
        if request.method == "GET" and "probe" in request.path:
            return web.json_response({**etag, "PartitionKey": "probe", "RowKey": "r"}, headers={"Date": date})
        if request.method == "GET":
            return web.json_response({"value": []}, headers={"Date": date})
        return web.Response(status=204, headers={"Date": date, "ETag": etag["odata.etag"]})


async def _examined(service: _Service) -> list[tuple[str, Status, str]]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.answer)
    async with listening(app, 0, patience=1) as url:
        account = Account("EventTables", f"{url}/{ACCOUNT}", AccountKey(ACCOUNT, ACCOUNT_KEY))
        return bad(await examine(account))


@pytest.mark.parametrize(
    ("minutes", "status", "what"),
    [
        (0, None, ""),
        (3, Status.WARNING, "180 s behind the service's"),
        (-3, Status.WARNING, "180 s ahead of the service's"),
        (20, Status.WRONG, "1200 s behind the service's"),
    ],
)
async def test_a_clock_that_is_off_is_told(minutes: int, status: Status | None, what: str) -> None:
    """The service refuses signatures that are a quarter of an hour off."""
    findings = await _examined(_Service(ahead=timedelta(minutes=minutes)))
    clock = [(found, told) for check, found, told in findings if check == "clock"]

    assert [found for found, _ in clock] == ([status] if status else [])
    # The number may be off by the second in which the answer was on its way.
    assert [told.split()[1:] for _, told in clock] == ([what.split()[1:]] if status else [])


async def test_a_missing_role_is_told() -> None:
    """By its name."""
    ((check, status, what),) = await _examined(_Service(refusal="AuthorizationPermissionMismatch"))

    assert (check, status) == ("tables", Status.WRONG)
    assert what.endswith("denies you access")


async def test_who_may_only_read_is_no_failure() -> None:
    """That is the role that a deployment gives to people; what it can tell is told all the same."""
    found = await _examined(_Service(refusal="AuthorizationPermissionMismatch", may_read=True))

    assert [(check, status) for check, status, _ in found] == [
        ("probe row", Status.SKIPPED),
        ("last event", Status.WARNING),
    ]
