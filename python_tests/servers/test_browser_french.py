"""The same in French: no English word of the addon is left."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from odoo_lab import CHECKOUT, Server
from playwright.sync_api import expect
from servers.browser import PICTURE, Chromium, Person
from servers.installation import Database, Installation
from servers.licenses import Licenses, of_a_stranger

TERMS = CHECKOUT / "aegis_client" / "i18n" / "fr.po"


@pytest.fixture(scope="module")
def database(installation: Installation) -> Database:
    """Give a database whose people speak French."""
    database = installation.database("french")
    done = database.run("--load-language=fr_FR", "-u", "aegis_client")
    assert done.returncode == 0, done.stdout[-2000:]
    database.query("UPDATE res_partner SET lang = 'fr_FR' WHERE id IN (SELECT partner_id FROM res_users)")
    return database


@pytest.fixture(scope="module")
def server(database: Database) -> Iterator[Server]:
    """Give its server."""
    with database.server() as running:
        yield running


@pytest.fixture(scope="module")
def admin(chromium: Chromium, server: Server) -> Iterator[Person]:
    """Log the administrator in."""
    with chromium.person(server) as person:
        yield person


def terms(text: str) -> list[tuple[str, str]]:
    """Give the terms of a .po file with their translations."""
    joined = re.sub(r'"\n"', "", text)
    return re.findall(r'^msgid "(.*)"\nmsgstr "(.*)"$', joined, re.MULTILINE)


def english() -> list[str]:
    """Give the addon's terms that are other words in French, in pieces without markup and placeholders."""
    pairs = terms(TERMS.read_text())
    pieces = {piece.strip(" .,:;()") for term, french in pairs if term != french for piece in split(term)}
    words = sorted(piece for piece in pieces if len(piece) > 3)
    assert len(words) > 50, f"{TERMS} could not be read"
    return words


def split(term: str) -> list[str]:
    """Give the parts of a term between tags and placeholders."""
    return re.split(r"<[^>]*>|%\(\w+\)s|%s|\\n", term)


def left(person: Person) -> list[str]:
    """Give the English terms that stand on the page; words, not parts of others, and not of names."""
    text = person.page.locator("body").inner_text().replace("AEGIS Demo", "")
    return [term for term in english() if re.search(rf"(?<!\w){re.escape(term)}(?!\w)", text)]


def test_page_and_banner(admin: Person, licenses: Licenses) -> None:
    """With a card of each kind, and nothing stored."""
    elsewhere = licenses.license(instance_fingerprint="sha256:" + 64 * "0", customer="Autre")
    everything = [licenses.license(12), licenses.license(-3), elsewhere, licenses.license(versions=["16"])]
    for text in ("", "\n".join(everything)):
        admin.put(text)
        admin.open_settings()
        expect(admin.banner).to_be_visible()
        assert left(admin) == []
    expect(admin.overview).to_contain_text("dans 12 jours")


def test_preview_and_answer(admin: Person, licenses: Licenses) -> None:
    """What is said of a pasted text, and what Validate says."""
    admin.put()
    for text in ("rien", of_a_stranger().license(), licenses.license()):
        admin.open_settings()
        admin.paste(text)
        expect(admin.preview).not_to_be_empty()
        assert left(admin) == []
        admin.validate()
        admin.notification.first.wait_for()
        assert left(admin) == []


def test_dialogs_and_list(admin: Person, licenses: Licenses) -> None:
    """Removing, the list of what was seen, the form of one."""
    admin.put()
    admin.store(licenses.license())
    admin.open_settings()
    admin.overview.locator(".o_aegis_remove").click()
    admin.page.locator(".modal .modal-footer button").first.wait_for()
    assert left(admin) == []
    admin.open_action("action_aegis_license")
    admin.page.locator(".o_data_row").first.click()
    admin.page.locator(".o_form_view").wait_for()
    assert left(admin) == []


def test_a_refused_button(admin: Person) -> None:
    """The dialog of a protected method."""
    admin.put()
    note = admin.call("aegis.demo.note", "create", {"name": "Note"})
    admin.open(
        f"/web#id={note}&model=aegis.demo.note&view_type=form&action=aegis_demo.action_aegis_demo_note"
    )
    admin.page.locator("button[name=action_summarize]").click()
    admin.page.locator(".modal .modal-footer button").first.wait_for()
    assert left(admin) == []


def test_picture_of_the_page(chromium: Chromium, server: Server, licenses: Licenses, pictures: Path) -> None:
    """The one called settings-valid-fr."""
    with chromium.person(server, size=PICTURE) as person:
        person.put(licenses.license(400))
        person.open_settings()
        person.take_picture(pictures / "settings-valid-fr.png")
