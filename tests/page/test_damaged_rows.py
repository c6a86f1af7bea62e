"""A row that somebody else wrote or damaged hides nothing in any view, and breaks none."""

import html
import re

from azure.data.tables import TableServiceClient

from acsevents.local.azurite import Azurite
from shared.catalogue import TABLES
from shared.storage.account import Account
from tests.cli.test_unreadable_rows import DAMAGED, MINUTE, OUR, THREAD, USER
from tests.page.visiting import record, visitor
from tests.storage.events import chat, event, sms

PARTITIONS = {"Timeline": MINUTE, "DeadLetters": "sms_events", "ChatThreadEvents": THREAD, "ChatUserEvents": USER}
PATHS = ("/", "/sms", "/threads", "/dead-letters", f"/threads?id={THREAD}", f"/threads?id={THREAD}&seen-by={USER}")


async def test_every_view_lives_with_damaged_rows(azurite: Azurite, account: Account) -> None:
    """Those that are whole are shown; the others lead, where they lead anywhere, to what can be read of them."""
    to_user = event("ChatMessageReceived", {"recipientId": USER, "threadId": THREAD, "messageId": "m-1"}, id="u")
    await record(account, sms(), chat(), to_user, "no JSON")
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        for table in TABLES:
            for row in DAMAGED:
                service.get_table_client(table).create_entity({"PartitionKey": PARTITIONS.get(table, OUR), **row})
    async with visitor(account) as page:
        answers = {path: await page.get(path) for path in PATHS}
        opened = [html.unescape(path) for one in answers.values() for path in re.findall(r'href="(/[^"]*)"', one.text)]
        answers |= {path: await page.get(path) for path in opened}

    assert {path: one.status for path, one in answers.items() if one.status not in {200, 404}} == {}
    assert [path for path in PATHS if answers[path].status != 200] == []
    assert len(answers) > 20
