"""`acsevents page`: the page of the tables that the settings name, until Ctrl-C."""

from acsevents.asking import account
from acsevents.local.lifetime import Lifetime
from acsevents.local.ports import require_free
from acsevents.page.key import key_of
from acsevents.page.server import serving
from acsevents.page.site import Local
from acsevents.running import FOLDER, find
from shared.storage.account import Account
from shared.storage.connection_string import parse_connection_string


async def run(port: int, *, read_only: bool) -> None:
    """Serve the page until Ctrl-C.

    Raises:
        SettingsError: nothing names an account.
        LocalStackError: the port is taken.
    """
    require_free("--port", port)
    tables = account()
    lifetime = Lifetime()
    async with serving(
        tables, key=key_of(FOLDER), port=port, local=_writing_to(tables), read_only=read_only
    ) as address:
        print(f"the page is at {address}", flush=True)
        print("Ctrl-C stops it", flush=True)
        await lifetime.end()


def _writing_to(tables: Account) -> Local | None:
    """Return the local stack of this folder if the page shows its tables."""
    running = find()
    if running is None or parse_connection_string(running.tables).endpoint != tables.endpoint:
        return None
    return Local(running.topic, running.host)
