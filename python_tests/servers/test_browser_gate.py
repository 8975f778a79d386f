"""A protected module in Odoo's apps, from the refusal to its first use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from odoo_lab import Server
from playwright.sync_api import Locator, expect
from servers.browser import PICTURE, Chromium, Person
from servers.installation import Database, Installation
from servers.licenses import Licenses

INSTALLING = 120_000


@pytest.fixture(scope="module")
def database(installation: Installation) -> Database:
    """Give a database where the protected module waits to be installed."""
    database = installation.empty("apps")
    done = database.run("-i", "aegis_client")
    assert done.returncode == 0, done.stdout[-2000:]
    return database


@pytest.fixture(scope="module")
def server(database: Database) -> Iterator[Server]:
    """Give its server."""
    with database.server() as running:
        yield running


@pytest.fixture(scope="module")
def profile(chromium: Chromium, server: Server) -> Iterator[Person]:
    """Log the administrator in, once."""
    with chromium.person(server, size=PICTURE) as person:
        yield person


@pytest.fixture
def admin(profile: Person) -> Iterator[Person]:
    """Give the administrator; nothing may go wrong in the browser."""
    profile.errors.clear()
    yield profile
    assert profile.errors == []


def activate(person: Person) -> Locator:
    """Find the button that installs the protected module."""
    card = person.find_app("AEGIS Demo")
    expect(card).to_have_count(1)
    return card.locator("button[name=button_immediate_install]")


def test_without_a_license_it_is_refused(admin: Person, database: Database) -> None:
    """The dialog says what is missing; its button leads to the page; nothing is installed or marked."""
    activate(admin).click()
    expect(admin.dialog).to_contain_text("AEGIS Demo cannot be installed: There is no license")
    expect(admin.dialog).to_contain_text("paste it in Settings")
    admin.follow_the_dialog()
    assert database.leftovers("aegis_demo") == []


def test_an_ended_license_is_the_reason(admin: Person, licenses: Licenses, database: Database) -> None:
    """The dialog says when it ended, not that there is none."""
    admin.put(licenses.license(-3))
    activate(admin).click()
    expect(admin.dialog).to_contain_text("AEGIS Demo cannot be installed: Ended on")
    assert database.leftovers("aegis_demo") == []


def test_picture_of_the_refusal(admin: Person, pictures: Path) -> None:
    """The one called gate-refused."""
    admin.put()
    activate(admin).click()
    expect(admin.dialog).to_be_visible()
    admin.page.mouse.move(0, 0)
    admin.page.screenshot(path=pictures / "gate-refused.png", animations="disabled")


def test_with_a_license_it_installs_and_works(admin: Person, licenses: Licenses, database: Database) -> None:
    """Paste and Validate, install it from the apps, write a note, have it summed up."""
    admin.put()
    admin.open_settings()
    admin.paste(licenses.license())
    admin.validate()
    admin.notification.first.wait_for()
    button = activate(admin)
    with admin.page.expect_navigation(timeout=INSTALLING):
        button.click()
    admin.page.locator(".o_main_navbar").wait_for(timeout=INSTALLING)
    assert database.state("aegis_demo") == "installed"
    expect(admin.banner).to_have_count(0)
    admin.open_action("aegis_demo.action_aegis_demo_note")
    admin.sections.get_by_text("New Note", exact=True).click()
    admin.field_of("name").fill("Minutes")
    admin.field_of("text").fill("three little words")
    admin.page.locator("button[name=action_summarize]").click()
    expect(admin.page.locator(".o_field_widget[name=summary]")).to_have_text("3")
    assert database.query("SELECT name, summary FROM aegis_demo_note") == [("Minutes", "3")]
