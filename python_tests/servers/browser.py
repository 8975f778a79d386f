"""Odoo's web client in Chromium, as a person uses it."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from odoo_lab import Server
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, Playwright, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = (1280, 900)
PHONE = (390, 844)
PICTURE = (1180, 800)
FLAGS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    # Whatever a page or the browser itself may want, it reaches this machine only.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
#: What the console says of Odoo itself, and why.
HARMLESS = {
    "mail/static/lib/selfie_segmentation": "Debian's package of Odoo leaves this library out",
}
PATIENCE = 15_000


def find() -> str | None:
    """Find the browser of this machine; none is ever downloaded."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Chromium:
    """A running browser, as a context manager; each person gets a profile of their own in it."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._people: list[Person] = []

    def __enter__(self) -> "Chromium":
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=self._program, args=FLAGS, chromium_sandbox=False
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._browser:
            self._browser.close()
        if self._playwright:
            self._playwright.stop()

    @contextlib.contextmanager
    def person(
        self, server: Server, login: str = "admin", size: tuple[int, int] = DESKTOP, mobile: bool = False
    ) -> Iterator["Person"]:
        """Log somebody in, through the login page; their profile is gone afterwards."""
        assert self._browser
        width, height = size
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, is_mobile=mobile, has_touch=mobile
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        try:
            person = Person(context, server, login)
            self._people.append(person)
            yield person
        finally:
            self._people = [each for each in self._people if each.page.context is not context]
            context.close()

    def take_pictures(self, folder: Path, name: str) -> None:
        """Keep what everybody sees, for the one who asks why a test failed."""
        folder.mkdir(parents=True, exist_ok=True)
        for at, person in enumerate(self._people):
            person.page.screenshot(path=folder / f"{name}-{at}.png")


class Person:
    """Somebody in front of the web client.

    Attributes:
        page: Playwright's page.
        errors: what went wrong in the browser: lines of the console, exceptions.
        dialogs: what ``alert`` and its like said.
    """

    def __init__(self, context: BrowserContext, server: Server, login: str) -> None:
        self.server = server
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self._note_error(str(error)))
        self.page.on("console", lambda said: self._note_error(said.text) if said.type == "error" else None)
        self.page.on("dialog", self._note_dialog)
        self._log_in(login)

    @property
    def banner(self) -> Locator:
        """The banner, present or not."""
        return self.page.locator(".o_aegis_banner")

    @property
    def field(self) -> Locator:
        """Where a license is pasted."""
        return self.page.locator("[name=aegis_text] textarea")

    @property
    def preview(self) -> Locator:
        """The status of what was pasted."""
        return self.page.locator("[name=aegis_preview]")

    @property
    def overview(self) -> Locator:
        """What is stored, and where it leads."""
        return self.page.locator("[name=aegis_overview]")

    @property
    def cards(self) -> Locator:
        """The cards of the stored licenses."""
        return self.overview.locator(".o_aegis_card")

    @property
    def notification(self) -> Locator:
        """What came of Validate."""
        return self.page.locator(".o_notification")

    @property
    def dialog(self) -> Locator:
        """The dialog in front, present or not."""
        return self.page.locator(".modal:not(.o_inactive_modal)")

    @property
    def sections(self) -> Locator:
        """The menu of the application that is open."""
        return self.page.locator(".o_menu_sections")

    def field_of(self, name: str) -> Locator:
        """Where a field of a form is filled in."""
        field = self.page.locator(f".o_form_view .o_field_widget[name={name}]")
        return field.locator("input, textarea").first

    def open(self, path: str = "/web") -> None:
        """Load a page of the web client anew, and wait until it stands."""
        # A change of the fragment alone would not load anything.
        self.page.goto("about:blank")
        self.page.goto(self.server.url + path)
        self.page.locator(".o_main_navbar").wait_for()

    def open_settings(self) -> None:
        """Open the settings page by its address."""
        self.open(f"/web#action={self._action('action_settings')}")
        self.overview.locator(".o_aegis_overview").wait_for()

    def open_action(self, name: str) -> None:
        """Open an action by its full name."""
        self.open(f"/web#action={self._action(name)}")

    def open_record(self, action: str, model: str, record: int) -> None:
        """Open the form of a record."""
        self.open(f"/web#id={record}&model={model}&view_type=form&action={self._action(action)}")
        self.page.locator(".o_form_view").wait_for()

    def find_app(self, title: str) -> Locator:
        """Look for a module in Odoo's apps, as they come up; give its card."""
        self.open_action("base.open_module_tree")
        self.page.locator(".o_searchview_input").fill(title)
        self.page.locator(".o_searchview_input").press("Enter")
        return self.page.locator(".o_kanban_record:not(.o_kanban_ghost)", has_text=title)

    def follow_the_dialog(self) -> None:
        """Press the dialog's way to the settings page, see it in a tab of its own, and close that tab."""
        with self.page.context.expect_page() as opened:
            self.dialog.get_by_role("button", name="Open AEGIS License").click()
        opened.value.locator("[name=aegis_text] textarea").wait_for()
        opened.value.close()

    def save(self) -> None:
        """Press the button that saves a form."""
        self.page.locator(".o_form_button_save").click()

    def call(self, model: str, method: str, *args: object) -> Any:  # noqa: ANN401 - whatever it answers
        """Call a method on the server as this person."""
        params = {"model": model, "method": method, "args": args, "kwargs": {}}
        body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}
        address = f"{self.server.url}/web/dataset/call_kw/{model}/{method}"
        answer = self.page.request.post(address, data=body).json()
        assert "error" not in answer, answer["error"]["data"]["message"]
        # Odoo leaves None out.
        return answer.get("result")

    def store(self, text: str) -> None:
        """Store licenses, past the page."""
        assert self.call("aegis.license", "store", text)["stored"]

    def get(self, path: str) -> bytes:
        """Download what is at a path as this person."""
        answer = self.page.request.get(self.server.url + path, timeout=120_000)
        body: bytes = answer.body()
        assert answer.ok, (answer.status, body[:2000])
        return body

    def put(self, text: str = "") -> None:
        """Put licenses where they are stored, in place of what is there, whatever they are worth."""
        self.call("ir.config_parameter", "set_param", "aegis.license_tokens", text)

    def paste(self, text: str) -> None:
        """Put a text into the field, as from the clipboard, and leave it."""
        self.field.fill(text)
        self.field.blur()

    def validate(self) -> None:
        """Press Validate."""
        self.page.locator("button[name=aegis_validate]").click()

    def take_picture(self, file: Path) -> None:
        """Take a picture of the settings page, as high as it is."""
        settings = self.page.locator(".settings")
        hidden = settings.evaluate("element => element.scrollHeight - element.clientHeight")
        width, height = PICTURE
        self.page.set_viewport_size({"width": width, "height": height + max(0, hidden)})
        self.page.mouse.move(0, 0)
        self.page.screenshot(path=file, animations="disabled")
        self.page.set_viewport_size({"width": width, "height": height})

    def _action(self, name: str) -> str:
        module, _, rest = name.rpartition(".")
        return f"{module or 'aegis_client'}.{rest}"

    def _log_in(self, login: str) -> None:
        self.page.goto(f"{self.server.url}/web/login")
        self.page.locator("input[name=login]").fill(login)
        self.page.locator("input[name=password]").fill(login)
        self.page.locator(".oe_login_form button[type=submit]").first.click()
        self.page.locator(".o_main_navbar").wait_for()

    def _note_error(self, text: str) -> None:
        if not any(part in text for part in HARMLESS):
            self.errors.append(text)

    def _note_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()
