"""Starts the browser of the tests: on Linux x64 the Chromium of package.json, elsewhere one that is installed."""

import os
import shutil
from typing import Final

from playwright.async_api import Browser, BrowserType
from playwright.async_api import Error as PlaywrightError

from acsevents import setup

# Where Playwright finds an installed browser by itself; Chromium has no such name.
CHANNELS: Final = ("chrome", "msedge")
_PROGRAMS: Final = ("chromium", "chromium-browser")


async def start(chromium: BrowserType) -> Browser:
    """Start a browser without window.

    Raises:
        RuntimeError: there is none; the message names the cure.
    """
    if setup.browser_is_packed():
        return await _packed(chromium)
    for channel in CHANNELS:
        try:
            return await chromium.launch(channel=channel)
        except PlaywrightError as error:
            if "is not found" not in str(error):
                raise
    for program in filter(None, map(shutil.which, _PROGRAMS)):
        return await chromium.launch(executable_path=program)
    raise RuntimeError("the tests of the page need a browser: install Google Chrome, Microsoft Edge or Chromium")


async def _packed(chromium: BrowserType) -> Browser:
    program = setup.UNPACKED / "chromium"
    if not program.exists():
        raise RuntimeError("the tests' browser is not installed: run `make test`, which installs it first")
    libraries = [str(setup.UNPACKED / "al2023" / "lib"), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    return await chromium.launch(
        executable_path=program,
        env={
            **os.environ,
            "LD_LIBRARY_PATH": os.pathsep.join(libraries),
            "FONTCONFIG_FILE": str(setup.BROWSER / "fonts.conf"),
        },
    )
