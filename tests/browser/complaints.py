"""What a browser says against a page: errors in its console, scripts that failed, requests to elsewhere."""

import re
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, WebError

OWN_HOST = "127.0.0.1"


class Complaints:
    """Collects the complaints of all pages of a context."""

    def __init__(self, context: BrowserContext) -> None:
        self._heard: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.on("console", self._console)
        context.on("weberror", self._web_error)
        context.on("request", self._request)

    def expect(self, pattern: str) -> None:
        """Allow complaints that match the regular expression `pattern` somewhere, such as those about a lost server."""
        self._expected.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        """What was heard so far and not allowed."""
        return [text for text in self._heard if not any(pattern.search(text) for pattern in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self._heard.append(f"console {message.type}: {message.text} at {message.location.get('url')}")

    def _web_error(self, error: WebError) -> None:
        self._heard.append(f"page error: {error.error}")

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in {"data", "blob"} and url.hostname != OWN_HOST:
            self._heard.append(f"request to another host: {request.url}")
