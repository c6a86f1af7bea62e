"""Check that the app and the topic have the roles that they need on the account with the data.

https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from acsevents.doctor.azure import ResourceManager, part
from acsevents.doctor.finding import Finding, ok, warning, wrong

ROLE_IDS: Final = Path(__file__).parents[2] / "infra" / "role-ids.json"
_VERSION: Final = "2022-04-01"
_CURE: Final = "run `azd provision`, or assign it by hand as in docs/deployment.md; it takes effect within ten minutes"


async def examine_role(
    arm: ResourceManager, check: str, principal: str, role: str, scope: str
) -> AsyncIterator[Finding]:
    """Check that a principal has a role on a scope or above it; raise as `ResourceManager.get` does."""
    wanted = json.loads(ROLE_IDS.read_text(encoding="utf-8"))[role]
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments"
    assigned = await arm.children(path, _VERSION, where=f"atScope() and assignedTo('{principal}')")
    ids = {str(part(one, "properties", "roleDefinitionId")).rpartition("/")[2].lower() for one in assigned}
    where = scope.rpartition("/")[2]
    if wanted in ids:
        yield ok(check, f"{role} on {where}")
    elif ids:
        yield warning(check, f"has roles on {where}, but not {role}", f"check that they suffice, or: {_CURE}")
    else:
        yield wrong(check, f"has no role on {where}: {role} is missing", _CURE)
