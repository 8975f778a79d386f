"""A protected module whose license has ended, or has vanished: what goes on, and what does not."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from odoo_lab import Server
from playwright.sync_api import Download, Locator, expect
from servers.browser import PICTURE, Chromium, Person
from servers.installation import Database, Installation
from servers.licenses import Licenses

NOTES = "aegis_demo.action_aegis_demo_note"
#: Has the trouble be there for some days.
EARLIER = "UPDATE aegis_countdown SET since = since - %s * 86400 RETURNING module"


@pytest.fixture(scope="module")
def database(installation: Installation) -> Database:
    """Give a database with the protected module."""
    return installation.database("guard")


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


@pytest.fixture(scope="module")
def colleague(chromium: Chromium, server: Server) -> Iterator[Person]:
    """Log one in who is no administrator."""
    with chromium.person(server, "user", size=PICTURE) as person:
        yield person


@pytest.fixture
def admin(profile: Person) -> Iterator[Person]:
    """Give the administrator; nothing may go wrong in the browser."""
    yield from used(profile)


@pytest.fixture
def user(colleague: Person) -> Iterator[Person]:
    """Give the one who is no administrator; nothing may go wrong in the browser."""
    yield from used(colleague)


def used(person: Person) -> Iterator[Person]:
    """Let a test use a person, who then discards what is not saved: on leaving Odoo tries to save it."""
    person.errors.clear()
    yield person
    if is_open(person.dialog):
        person.dialog.locator(".modal-footer .btn-secondary, .modal-footer .btn-primary").last.click()
    discard = person.page.locator(".o_form_status_indicator .o_form_button_cancel")
    if discard.is_visible():
        discard.click()
        expect(discard).to_be_hidden()
    assert person.errors == []


def is_open(dialog: Locator) -> bool:
    """Whether a dialog stays: one that was just closed takes a moment to go."""
    try:
        expect(dialog).to_have_count(0, timeout=2000)
    except AssertionError:
        return True
    return False


@pytest.fixture
def ended(admin: Person, licenses: Licenses) -> Person:
    """Give the administrator when the license has ended."""
    admin.put(licenses.license(-3))
    return admin


@pytest.fixture
def vanished(admin: Person, licenses: Licenses) -> Person:
    """Give the administrator when the license that let the module work is not there any more."""
    admin.put(licenses.license())
    admin.call("aegis.demo.note", "create", {"name": "It works"})
    admin.put()
    return admin


@pytest.fixture
def note(database: Database) -> int:
    """Give the only note there is; written past Odoo, which may refuse it."""
    database.query("DELETE FROM aegis_demo_note RETURNING id")
    values = ("Letter to the bank", "Dear Sir")
    rows = database.query("INSERT INTO aegis_demo_note (name, text) VALUES (%s, %s) RETURNING id", *values)
    found: int = rows[0][0]
    return found


def count(database: Database) -> int:
    """Count the notes that there are."""
    found: int = database.query("SELECT count(*) FROM aegis_demo_note")[0][0]
    return found


def write_note(person: Person, text: str = "A long text that took an hour") -> None:
    """Begin a new note from the list, fill it in, and press Save."""
    person.open_action(NOTES)
    person.page.locator(".o_list_button_add:visible").click()
    person.field_of("name").fill("Minutes")
    person.field_of("text").fill(text)
    person.save()


def choose(person: Person, action: str) -> None:
    """Select all rows of the list of notes, and choose an action."""
    person.open_action(NOTES)
    person.page.locator("thead .o_list_record_selector").click()
    person.page.locator(".o_cp_action_menus").get_by_text("Actions", exact=True).click()
    person.page.locator(".o_menu_item", has_text=re.compile(rf"^\s*{action}\s*$")).click()


def read(download: Download) -> str:
    """Give the text of a downloaded file."""
    return Path(download.path()).read_text()


def test_notes_can_be_opened_and_changed(ended: Person, note: int, database: Database) -> None:
    """From the list; what was there stays the customer's."""
    ended.open_action(NOTES)
    ended.page.locator(".o_data_row").click()
    expect(ended.field_of("text")).to_have_value("Dear Sir")
    ended.field_of("text").fill("Dear Madam")
    ended.save()
    expect(ended.page.locator(".o_form_button_save")).to_be_hidden()
    assert database.query("SELECT text FROM aegis_demo_note WHERE id = %s", note) == [("Dear Madam",)]


def test_notes_can_be_exported(ended: Person, note: int) -> None:
    """With the list's own dialog."""
    choose(ended, "Export")
    ended.dialog.get_by_label("CSV").check()
    with ended.page.expect_download() as download:
        ended.dialog.locator(".o_select_button").click()
    rows = list(csv.reader(io.StringIO(read(download.value))))
    assert any("Letter to the bank" in row for row in rows), rows


def test_notes_can_be_deleted(ended: Person, note: int, database: Database) -> None:
    """From the list; it asks as ever."""
    choose(ended, "Delete")
    ended.dialog.locator(".btn-primary").click()
    expect(ended.page.locator(".o_data_row")).to_have_count(0)
    assert count(database) == 0


def test_a_new_note_is_refused_and_its_text_stays(
    ended: Person, note: int, licenses: Licenses, database: Database
) -> None:
    """The dialog says why; once it is closed the form is as it was, and is saved when there is a license."""
    write_note(ended)
    expect(ended.dialog).to_contain_text("AEGIS Demo: Ended on")
    expect(ended.dialog).to_contain_text("paste it in Settings")
    ended.dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(ended.dialog).to_have_count(0)
    expect(ended.field_of("text")).to_have_value("A long text that took an hour")
    assert count(database) == 1
    ended.put(licenses.license())
    ended.save()
    expect(ended.page.locator(".o_form_button_save")).to_be_hidden()
    assert count(database) == 2


def test_leaving_a_refused_note_asks_first(ended: Person) -> None:
    """By another menu: the text is given up only when one says so."""
    write_note(ended)
    ended.dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(ended.dialog).to_have_count(0)
    ended.sections.get_by_text("Notes", exact=True).click()
    expect(ended.dialog).to_contain_text("AEGIS Demo: Ended on")
    ended.dialog.get_by_role("button", name="Stay here").click()
    expect(ended.field_of("text")).to_have_value("A long text that took an hour")


def test_the_way_to_the_page_keeps_the_text(ended: Person) -> None:
    """The page opens beside the form, so that the note can be saved afterwards."""
    write_note(ended)
    ended.follow_the_dialog()
    expect(ended.dialog).to_have_count(0)
    expect(ended.field_of("text")).to_have_value("A long text that took an hour")


@pytest.mark.usefixtures("ended")
def test_users_get_the_reason_without_the_way(user: Person) -> None:
    """One who is no administrator is refused too, and keeps the text."""
    write_note(user)
    expect(user.dialog).to_contain_text("AEGIS Demo: Ended on")
    expect(user.dialog.get_by_role("button", name="Open AEGIS License")).to_have_count(0)
    user.dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(user.field_of("text")).to_have_value("A long text that took an hour")


def test_the_menu_for_new_notes_comes_and_goes(admin: Person, user: Person, licenses: Licenses) -> None:
    """For everybody, with the next loading of the page; the one that leads to what is there stays."""
    for days, shown in ((200, 1), (-3, 0), (200, 1)):
        admin.put(licenses.license(days))
        for person in (admin, user):
            person.open_action(NOTES)
            expect(person.sections.get_by_text("Notes", exact=True)).to_have_count(1)
            expect(person.sections.get_by_text("New Note", exact=True)).to_have_count(shown)


def test_the_banner_names_the_module(ended: Person, user: Person) -> None:
    """In red, for everybody, with the reason; it cannot be put away."""
    for person in (ended, user):
        person.open_action(NOTES)
        expect(person.banner).to_contain_text("AEGIS Demo: Ended on")
        expect(person.banner).to_have_class(re.compile("alert-danger"))
        expect(person.banner.locator(".btn-close")).to_have_count(0)


def test_everything_else_goes_on(ended: Person, database: Database) -> None:
    """A partner is created as ever."""
    ended.open_action("base.action_partner_form")
    ended.page.locator(".o-kanban-button-new:visible, .o_list_button_add:visible").click()
    ended.field_of("name").fill("Deco Addict")
    ended.save()
    expect(ended.page.locator(".o_form_button_save")).to_be_hidden()
    assert database.query("SELECT count(*) FROM res_partner WHERE name = 'Deco Addict'") == [(1,)]


def test_other_settings_are_saved(ended: Person, database: Database) -> None:
    """On the page that has the licenses too; the one that Odoo has anywhere is for developers."""
    ended.open("/web?debug=1#action=base_setup.action_general_configuration")
    box = ended.page.locator("[name=show_effect] input")
    wanted = not box.is_checked()
    box.set_checked(wanted)
    with ended.page.expect_navigation():
        ended.save()
    ended.open("/web?debug=0")
    assert bool(database.parameter("base_setup.show_effect")) is wanted


def test_a_license_that_vanished_counts_down(vanished: Person, database: Database) -> None:
    """The banner warns, with the days; notes are written, the menu is there."""
    vanished.open_action(NOTES)
    expect(vanished.banner).to_have_class(re.compile("alert-warning"))
    expect(vanished.banner).to_contain_text("AEGIS Demo: There is no license for this module.")
    expect(vanished.banner).to_contain_text("(in 14 days)")
    expect(vanished.sections.get_by_text("New Note", exact=True)).to_have_count(1)
    before = count(database)
    write_note(vanished)
    expect(vanished.page.locator(".o_form_button_save")).to_be_hidden()
    assert count(database) == before + 1


def test_the_days_are_counted_from_the_first_sight(vanished: Person, database: Database) -> None:
    """After eleven days three are left; after fifteen none."""
    write_note(vanished)
    expect(vanished.page.locator(".o_form_button_save")).to_be_hidden()
    assert database.query("SELECT module FROM aegis_countdown WHERE since IS NOT NULL") == [("aegis_demo",)]
    for days, said in ((11, "(in 3 days)"), (4, "no license")):
        database.query(EARLIER, days)
        # Odoo forgets what it knew.
        vanished.put()
        vanished.open_action(NOTES)
        expect(vanished.banner).to_contain_text(said)
    expect(vanished.banner).not_to_contain_text("goes on working")
    write_note(vanished)
    expect(vanished.dialog).to_contain_text("AEGIS Demo: There is no license for this module.")


def test_picture_of_a_refused_note(ended: Person, pictures: Path) -> None:
    """The one called create-refused."""
    write_note(ended)
    expect(ended.dialog).to_be_visible()
    ended.page.mouse.move(0, 0)
    ended.page.screenshot(path=pictures / "create-refused.png", animations="disabled")


def test_picture_of_a_count_down(vanished: Person, note: int, pictures: Path) -> None:
    """The one called countdown-banner, above the list."""
    vanished.open_action(NOTES)
    vanished.page.locator(".o_data_row").first.wait_for()
    vanished.page.screenshot(
        path=pictures / "countdown-banner.png",
        clip={"x": 0, "y": 0, "width": PICTURE[0], "height": 260},
        animations="disabled",
    )
