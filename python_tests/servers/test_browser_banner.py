"""The banner across the web client: who sees it, what it says, when it goes away."""

import itertools
import time
from collections.abc import Iterator

import pytest
from odoo_lab import Server
from playwright.sync_api import Page, expect
from servers.browser import Chromium, Person
from servers.installation import Database, Installation
from servers.licenses import Licenses
from support import DAY


@pytest.fixture(scope="module")
def database(installation: Installation) -> Database:
    """Give a database for all tests of this file."""
    return installation.database("banner")


@pytest.fixture(scope="module")
def server(database: Database) -> Iterator[Server]:
    """Give its server."""
    with database.server() as running:
        yield running


@pytest.fixture(scope="module")
def administrator(chromium: Chromium, server: Server) -> Iterator[Person]:
    """Log the administrator in, once."""
    with chromium.person(server) as person:
        yield person


@pytest.fixture(scope="module")
def colleague(chromium: Chromium, server: Server) -> Iterator[Person]:
    """Log one in who is no administrator."""
    with chromium.person(server, "user") as person:
        yield person


@pytest.fixture
def admin(administrator: Person) -> Iterator[Person]:
    """Give the administrator, before any license; nothing may go wrong in the browser."""
    administrator.page.evaluate("localStorage.clear()")
    administrator.put()
    administrator.errors.clear()
    yield administrator
    assert administrator.errors == []


@pytest.fixture
def user(colleague: Person) -> Iterator[Person]:
    """Give the one who is no administrator; nothing may go wrong in the browser."""
    colleague.errors.clear()
    yield colleague
    assert colleague.errors == []


def test_none_while_all_is_well(admin: Person, user: Person, licenses: Licenses) -> None:
    """Nobody sees one."""
    admin.put(licenses.license(200))
    for person in (admin, user):
        person.open()
        expect(person.banner).to_have_count(0)


def test_before_the_end_administrators_see_it(admin: Person, user: Person, licenses: Licenses) -> None:
    """It names the module and the time, and leads to the page; users are not bothered."""
    admin.put(licenses.license(12))
    admin.open()
    expect(admin.banner).to_contain_text("AEGIS Demo")
    expect(admin.banner).to_contain_text("in 12 days")
    admin.banner.locator(".o_aegis_open").click()
    expect(admin.field).to_be_visible()
    expect(admin.banner).to_have_count(1)
    user.open()
    expect(user.banner).to_have_count(0)


def test_dismissed_until_tomorrow(admin: Person, licenses: Licenses) -> None:
    """A reload does not bring it back; another day, or another state of things, does."""
    admin.put(licenses.license(12))
    admin.open()
    admin.banner.locator(".btn-close").click()
    expect(admin.banner).to_have_count(0)
    admin.open()
    expect(admin.banner).to_have_count(0)
    tomorrow(admin.page)
    expect(admin.banner).to_contain_text("AEGIS Demo")
    admin.page.clock.set_system_time(time.time())
    admin.put(licenses.license(3))
    admin.open()
    expect(admin.banner).to_contain_text("in 3 days")


def test_users_see_it_when_the_license_says_so(admin: Person, user: Person, licenses: Licenses) -> None:
    """Without a way to a page that they may not open."""
    admin.put(licenses.license(12, notify_users_from=int(time.time()) - DAY))
    user.open()
    expect(user.banner).to_contain_text("AEGIS Demo")
    expect(user.banner.locator(".o_aegis_open")).to_have_count(0)


@pytest.mark.parametrize("grace", [True, False], ids=["grace", "expired"])
def test_after_the_end_it_stays(admin: Person, user: Person, licenses: Licenses, grace: bool) -> None:
    """For everybody, in the grace period too, and it cannot be put away."""
    later = int(time.time()) + 5 * DAY
    admin.put(licenses.license(-2, grace_until=later) if grace else licenses.license(-2))
    for person in (admin, user):
        person.open()
        expect(person.banner).to_contain_text("nded on")
        expect(person.banner.locator(".btn-close")).to_have_count(0)


def test_it_pushes_the_page_down(admin: Person) -> None:
    """Nothing of the web client is covered by it."""
    admin.open_settings()
    banner, bar = admin.banner.bounding_box(), admin.page.locator(".o_main_navbar").bounding_box()
    panel = admin.page.locator(".o_control_panel").bounding_box()
    assert banner
    assert bar
    assert panel
    spans = sorted((box["y"], box["y"] + box["height"]) for box in (banner, bar, panel))
    assert all(before[1] <= after[0] + 1 for before, after in itertools.pairwise(spans)), spans


def test_users_have_neither_menu_nor_page(user: Person) -> None:
    """No entry in their menus; the address of the page leads nowhere."""
    user.open()
    user.page.locator(".o_navbar_apps_menu button").click()
    menu = user.page.locator(".dropdown-menu, .o-dropdown--menu").first
    expect(menu).to_contain_text("AEGIS Demo")
    expect(menu).not_to_contain_text("Settings")
    user.open_action("action_settings")
    expect(user.page.locator(".modal, .o_error_dialog").first).to_be_visible()
    expect(user.field).to_have_count(0)
    user.errors.clear()


@pytest.fixture
def note(database: Database) -> int:
    """Give a note of the protected module; written past Odoo, which refuses it without a license."""
    sql = "INSERT INTO aegis_demo_note (name, text) VALUES ('Note', 'three little words') RETURNING id"
    found: int = database.query(sql)[0][0]
    return found


def summarize(person: Person, note: int) -> None:
    """Press the protected button."""
    person.open_record("aegis_demo.action_aegis_demo_note", "aegis.demo.note", note)
    person.page.locator("button[name=action_summarize]").click()


def test_a_protected_button_without_license(admin: Person, user: Person, note: int) -> None:
    """It refuses with the reason; administrators are offered the page, users are not."""
    for person in (admin, user):
        summarize(person, note)
        expect(person.dialog).to_contain_text("AEGIS Demo")
        expect(person.dialog).to_contain_text("no license")
        way = person.dialog.get_by_role("button", name="Open AEGIS License")
        expect(way).to_have_count(1 if person is admin else 0)
    admin.follow_the_dialog()


def test_a_protected_button_with_a_license(
    admin: Person, user: Person, licenses: Licenses, note: int
) -> None:
    """It does what it was bought for, for everybody."""
    admin.put(licenses.license())
    for person in (admin, user):
        summarize(person, note)
        expect(person.page.locator(".o_field_widget[name=summary]")).to_contain_text("3")


def tomorrow(page: Page) -> None:
    """Load the page as on the next day."""
    page.clock.set_system_time(time.time() + DAY)
    page.reload()
    page.locator(".o_main_navbar").wait_for()
