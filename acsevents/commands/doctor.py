"""`acsevents doctor`."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from acsevents.asking import account
from acsevents.commands import command_app, examples
from acsevents.doctor.azure import ResourceManager
from acsevents.doctor.deployed import examine_deployed
from acsevents.doctor.deployment import HOW, find_deployment
from acsevents.doctor.finding import Finding, Status, skipped, wrong
from acsevents.doctor.packages import examine_packages
from acsevents.doctor.subscriptions import examine_declaration
from acsevents.doctor.tables import examine_tables
from acsevents.failures import Refused
from acsevents.loop import run
from acsevents.output import AsJson, rows
from acsevents.subscriptions import EventSubscription, load
from shared.errors import SettingsError

app = command_app()

_COLUMNS: Final = {"status": 7, "check": 27, "what": None, "cure": None}


@app.command(epilog=examples("doctor", "doctor --json"))
def doctor(*, as_json: AsJson = False) -> None:
    """Check settings, packages, tables, subscriptions and the deployment, and say how to fix each problem.

    A probe row is written to a table of its own and removed again. If azd's environment names deployed resources,
    they are read through Azure Resource Manager and not changed.
    """
    if failed := run(lambda: _print(as_json=as_json)):
        raise Refused(f"wrong: {', '.join(failed)}")


async def _print(*, as_json: bool) -> list[str]:
    failed: list[str] = []

    async def noted() -> AsyncIterator[Finding]:
        async for finding in _findings():
            if finding.status is Status.WRONG:
                failed.append(finding.check)
            yield finding

    await rows(noted(), _COLUMNS, as_json=as_json)
    return failed


async def _findings() -> AsyncIterator[Finding]:
    for finding in examine_packages():
        yield finding
    declared: list[EventSubscription] = []
    try:
        declared = load()
        for finding in examine_declaration(declared):
            yield finding
    except SettingsError as error:
        yield _of_setting("infra/subscriptions.json", error)
    try:
        async for finding in examine_tables(account()):
            yield finding
    except SettingsError as error:
        yield _of_setting("setting", error)
    deployment = find_deployment(os.environ, Path())
    if deployment is None:
        yield skipped("deployment", "azd's environment names no resources in Azure: the deployment is not checked", HOW)
        return
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415  needed only for a deployment

    async with ResourceManager(DefaultAzureCredential()) as arm:
        async for finding in examine_deployed(arm, deployment, declared):
            yield finding


def _of_setting(check: str, error: SettingsError) -> Finding:
    what, _, cure = str(error).partition(": ")
    return wrong(check, what, cure)
