"""The context of the views: the tables, the stream of new events, the local stack, and what is allowed."""

from typing import Final, NamedTuple

from aiohttp import web

from acsevents.page.live import Live
from acsevents.page.outcomes import Outcomes
from shared.lookups import Lookups
from shared.storage.account import Account


class Local(NamedTuple):
    """The parts of a local stack that belong to the tables.

    Attributes:
        topic: URL of the local Event Grid's topic.
        host: URL of the Functions host.
    """

    topic: str
    host: str


class Site(NamedTuple):
    """The context of one page.

    Attributes:
        account: the storage account.
        lookups: queries of its tables.
        live: new events in its tables.
        outcomes: of the last replays.
        local: the local stack that writes to its tables, if there is one.
        read_only: whether replaying and sending are refused.
    """

    account: Account
    lookups: Lookups
    live: Live
    outcomes: Outcomes
    local: Local | None
    read_only: bool


SITE: Final = web.AppKey("SITE", Site)


def site_of(request: web.Request) -> Site:
    """Return the context of a request."""
    return request.app[SITE]
