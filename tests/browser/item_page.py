"""A page with nothing on it but items, under the policy the candidate's page has.

Everything is served from memory to a host that does not exist, so no port is opened and nothing
of the network is needed; https makes it a secure context, which hashing of files needs.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

from appliance.formats.authored_exam import AuthoredExam
from appliance.rendering.item_html import render_item
from appliance.rendering.texts import texts_for

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/lib/chromium/chromium")
TOKENS = ROOT / "appliance/web/static/tokens.css"
STATIC = ROOT / "appliance/rendering/static"
WAITS_MAX, WAIT_MILLISECONDS = 250, 20
HOST = "https://items.example"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
STYLE = "main { max-width: 1000px; padding: 24px 48px; }"
START = """
import { mountItem } from "/static/item.js";
const texts = JSON.parse(document.getElementById("texts").textContent);
const root = document.querySelector("main");
window.changes = [];
window.mount = (readOnly = false) => {
  window.item = mountItem(root, {
    texts, readOnly, onChange: (response, value) => window.changes.push([response, value]),
  });
};
window.mount();
"""


class ItemPage:
    """One browser tab that shows one item after the other."""

    def __init__(self, page: Page, authored: AuthoredExam) -> None:
        self.page = page
        self.authored = authored
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._heard)
        page.route(f"{HOST}/**", self._serve)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def show(self, item_id: str) -> None:
        """Load the page of one item and mount it."""
        self.page.goto(f"{HOST}/item/{item_id}")
        self.until("window.item !== undefined")

    def until(self, statement: str) -> None:
        """Wait until a statement holds; the policy forbids Playwright's own way of waiting."""
        for _ in range(WAITS_MAX):
            if self.page.evaluate(statement):
                return
            self.page.wait_for_timeout(WAIT_MILLISECONDS)
        raise AssertionError(f"never true: {statement}")

    def values(self) -> dict[str, Any]:
        """Return what `getValues` says."""
        return dict(self.page.evaluate("item.getValues()"))

    def last_change(self) -> Any:
        """Return the last [responseId, value] that onChange was given."""
        return self.page.evaluate("changes.at(-1)")

    def remount(self, values: dict[str, Any], *, read_only: bool = False) -> dict[str, Any]:
        """Load the page afresh, restore values as the candidate's page does, and read them."""
        self.page.reload()
        self.until("window.item !== undefined")
        self.page.evaluate("readOnly => { item.destroy(); mount(readOnly); }", read_only)
        self.page.evaluate(
            "values => Object.entries(values).forEach(([r, v]) => item.setValue(r, v))", values
        )
        return self.values()

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOST)
        if path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            kind = mimetypes.guess_type(file.name)[0] or "text/plain"
            route.fulfill(body=file.read_bytes(), content_type=kind)
        elif path.startswith("/media/"):
            name = path.removeprefix("/media/")
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            route.fulfill(body=self.authored.media[name], content_type=kind)
        elif path == "/style.css":
            tokens = TOKENS.read_text() if TOKENS.exists() else ""
            route.fulfill(body=tokens + STYLE, content_type="text/css")
        elif path == "/start.js":
            route.fulfill(body=START, content_type="text/javascript")
        elif path.startswith("/item/"):
            route.fulfill(
                body=self._html(path.removeprefix("/item/")),
                content_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy": POLICY},
            )
        else:
            route.fulfill(status=204 if path == "/favicon.ico" else 404)

    def _html(self, item_id: str) -> str:
        item = self.authored.exam.item(item_id)
        if item is None:
            raise LookupError(item_id)
        body = render_item(item, self.authored.exam, seed="one", media_base="/media")
        texts = json.dumps(texts_for(str)).replace("<", "\\u003c")
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{item_id}</title>'
            '<link rel="stylesheet" href="/style.css">'
            '<link rel="stylesheet" href="/static/items.css"></head>'
            f"<body><main><h1>{item.title or item_id}</h1>{body}</main>"
            f'<script type="application/json" id="texts">{texts}</script>'
            '<script type="module" src="/start.js"></script></body></html>'
        )


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium for as long as it is needed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
