"""What the views need to answer: the tables to ask, what happens there now, and what may be done."""

from typing import Final, NamedTuple

from aiohttp import web

from acsevents.page.live import Live
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
    """What a page is about.

    Attributes:
        account: whose tables are shown.
        lookups: the questions to them.
        live: what is written there now.
        local: the stack that writes there, if that runs on this machine.
        read_only: whether nothing may be replayed or sent.
    """

    account: Account
    lookups: Lookups
    live: Live
    local: Local | None
    read_only: bool


SITE: Final = web.AppKey("SITE", Site)


def site_of(request: web.Request) -> Site:
    """Return what the page of a request is about."""
    return request.app[SITE]
