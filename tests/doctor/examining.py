"""An examination of what a Resource Manager says is deployed."""

from acsevents.doctor.deployed import examine_deployed
from acsevents.doctor.finding import Finding, Status
from acsevents.subscriptions import load
from tests.doctor.arm import (
    DEPLOYMENT,
    TOPIC,
    Arm,
    Credential,
    running,
)

SUBSCRIPTIONS = f"{TOPIC}/eventSubscriptions"


async def examine(arm: Arm, credential: Credential | None = None) -> list[Finding]:
    """Examine what is deployed."""
    async with running(arm, credential or Credential()) as client:
        return [finding async for finding in examine_deployed(client, DEPLOYMENT, load())]


def of_bad(findings: list[Finding]) -> list[tuple[str, Status, str]]:
    """Keep what is not in order, and see that each has its cure."""
    bad = [finding for finding in findings if finding.status is not Status.OK]
    assert all(finding.cure for finding in bad)
    return [(finding.check, finding.status, finding.what) for finding in bad]
