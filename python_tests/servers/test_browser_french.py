"""The same in French: no English word of the addon is left."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from odoo_lab import CHECKOUT, Server
from playwright.sync_api import Locator, expect
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


def left(person: Person, place: str = "body") -> list[str]:
    """Give the English terms that stand on the page; words, not parts of others, and not of names."""
    text = person.page.locator(place).last.inner_text().replace("AEGIS Demo", "")
    return [term for term in english() if re.search(rf"(?<!\w){re.escape(term)}(?!\w)", text)]


def assert_french(place: Locator, term: str) -> None:
    """Expect a term of the addon in French, in all its parts."""
    for piece in split(dict(terms(TERMS.read_text()))[term]):
        expect(place).to_contain_text(piece.strip())


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


def test_a_refused_button(admin: Person, licenses: Licenses, database: Database) -> None:
    """The dialog of a protected method."""
    admin.put(licenses.license(-3))
    # Past Odoo, which refuses it.
    sql = "INSERT INTO aegis_demo_note (name) VALUES ('Note') RETURNING id"
    note = database.query(sql)[0][0]
    admin.open_record("aegis_demo.action_aegis_demo_note", "aegis.demo.note", note)
    admin.page.locator("button[name=action_summarize]").click()
    assert_french(admin.dialog, "Ended on %(end)s (%(left)s).")
    assert left(admin) == []


def test_a_refused_record(admin: Person, licenses: Licenses) -> None:
    """The dialog of the guard."""
    admin.put(licenses.license(-3))
    admin.open_action("aegis_demo.action_aegis_demo_new")
    admin.field_of("name").fill("Compte rendu")
    admin.save()
    assert_french(admin.dialog, "Ended on %(end)s (%(left)s).")
    assert left(admin) == []


def test_picture_of_the_page(chromium: Chromium, server: Server, licenses: Licenses, pictures: Path) -> None:
    """The one called settings-valid-fr."""
    with chromium.person(server, size=PICTURE) as person:
        person.put(licenses.license(400))
        person.open_settings()
        person.take_picture(pictures / "settings-valid-fr.png")


def test_a_count_down(admin: Person, licenses: Licenses) -> None:
    """What the banner says of a module whose license has vanished."""
    admin.put(licenses.license())
    admin.call("aegis.demo.note", "create", {"name": "Compte rendu"})
    admin.put()
    admin.open("/web#action=aegis_demo.action_aegis_demo_note")
    assert_french(admin.banner, "The module goes on working until %(day)s (%(left)s).")
    expect(admin.banner).to_contain_text("dans 14 jours")
    assert left(admin) == []


def test_a_watermark(admin: Person, licenses: Licenses, database: Database) -> None:
    """The words across a report."""
    admin.put(licenses.license(-3))
    note = database.query("SELECT max(id) FROM aegis_demo_note")[0][0]
    admin.page.goto(f"{admin.server.url}/report/html/aegis_demo.report_note/{note}")
    assert_french(admin.page.locator(".o_aegis_watermark"), "NO VALID LICENSE")


def test_a_refused_installation(admin: Person, database: Database) -> None:
    """The dialog in Odoo's apps, once the module is uninstalled."""
    admin.put()
    found = admin.call("ir.module.module", "search", [("name", "=", "aegis_demo")])
    admin.call("ir.module.module", "button_immediate_uninstall", found)
    assert database.state("aegis_demo") == "uninstalled"
    admin.find_app("AEGIS Demo").locator("button[name=button_immediate_install]").click()
    assert_french(admin.dialog, "%(module)s cannot be installed: %(reason)s")
    assert left(admin, ".modal") == []
