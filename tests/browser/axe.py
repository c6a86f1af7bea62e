"""What axe, the checker of accessibility, finds wrong with a page."""

from typing import Final

from playwright.async_api import Page

from acsevents import setup

_AXE: Final = setup.BROWSER / "node_modules" / "axe-core" / "axe.min.js"
_RUN: Final = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`))"""


async def violations(page: Page) -> list[str]:
    """Return a line for each element that breaks a rule: the rule, where it stands, and what to do."""
    # Evaluated by the browser's debugger, which the page's content security policy does not bind.
    await page.evaluate(_AXE.read_text("utf-8"))
    found: list[str] = await page.evaluate(_RUN)
    return found
