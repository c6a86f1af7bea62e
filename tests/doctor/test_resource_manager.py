"""Who asks the Resource Manager, and what is told where it does not answer."""

from aiohttp import web

from acsevents.doctor.azure import ResourceManager
from acsevents.doctor.deployed import examine_deployed
from acsevents.subscriptions import load
from tests.doctor.arm import (
    DEPLOYMENT,
    Arm,
    Credential,
)
from tests.doctor.examining import SUBSCRIPTIONS, examine


async def test_who_is_not_signed_in_is_told_once() -> None:
    """With the cure; the credential is closed whatever happens."""
    credential = Credential(token="")
    findings = await examine(Arm(), credential)

    assert [(finding.what, finding.cure) for finding in findings] == [("not signed in to Azure", "run `az login`")]
    assert credential.closed


async def test_a_token_that_is_refused_is_told() -> None:
    """For each part, with the role that reads it."""
    findings = await examine(Arm(), Credential(token="of another tenant"))

    assert {finding.what for finding in findings} == {"cannot be read: access denied (InvalidAuthenticationToken)"}


async def test_a_resource_manager_out_of_reach_is_told_once() -> None:
    """Nobody waits twice."""
    async with ResourceManager(Credential(), "http://127.0.0.1:1") as client:
        findings = [finding async for finding in examine_deployed(client, DEPLOYMENT, load())]

    assert [finding.what for finding in findings] == ["Azure Resource Manager cannot be reached (ClientConnectorError)"]


async def test_the_token_does_not_follow_a_page_elsewhere() -> None:
    """Whoever answers cannot send it away."""
    arm = Arm()
    arm.resources[SUBSCRIPTIONS] = web.json_response({"value": [], "nextLink": "http://127.0.0.2/next"})
    findings = await examine(arm)

    assert findings[-1].what == "cannot be read (the next page is on another host, which must not get the token)"
