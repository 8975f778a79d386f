"""In Chromium: a list that would stop something, a move, the activation request, the daily fetch."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from odoo_lab import Server
from playwright.sync_api import expect
from servers.browser import PICTURE, Chromium, Person
from servers.desk import Desk
from servers.installation import Installation
from servers.licenses import Licenses
from servers.trust import jti_of, parts_of, roots_of_the_lab

COPY = ".o_clipboard_button"


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[Server]:
    """Give a server for all tests of this file."""
    with installation.database("years").server() as running:
        yield running


@pytest.fixture(scope="module")
def admin(chromium: Chromium, server: Server) -> Iterator[Person]:
    """Log the administrator in."""
    with chromium.person(server, size=PICTURE) as person:
        yield person


@pytest.fixture
def page(admin: Person) -> Iterator[Person]:
    """Give the administrator a database with nothing stored, and watch the browser."""
    for name in ("license_tokens", "trust_tokens", "trust_url", "domain", "instance_id"):
        admin.call("ir.config_parameter", "set_param", f"aegis.{name}", False)
    admin.errors.clear()
    yield admin
    assert admin.errors == []


def test_a_list_that_would_stop_something_is_stored_only_if_one_says_so(
    page: Person, licenses: Licenses, pictures: Path
) -> None:
    """What would stop is said before, Validate leaves it alone, and the other button stores it."""
    license_ = licenses.license(400)
    page.put(license_)
    page.open_settings()
    root, _other = roots_of_the_lab()
    withdrawal = root.revocation_list(jti_of(license_), seq=1)
    page.paste(withdrawal)
    expect(page.preview).to_contain_text("would stop what works now")
    expect(page.preview).to_contain_text("only if you say so")
    page.page.mouse.move(0, 0)
    page.page.screenshot(path=pictures / "list-stops.png", animations="disabled")

    page.validate()
    expect(page.cards.first).to_contain_text("Valid")
    expect(page.field).to_have_value(re.compile(withdrawal[:40]))

    page.page.locator("button[name=aegis_store_anyway]").click()
    expect(page.cards.first).to_contain_text("Withdrawn")
    expect(page.banner).to_contain_text("AEGIS Demo")
    expect(page.field).to_have_value("")


def test_a_list_that_stops_nothing_is_stored_at_once(page: Person, licenses: Licenses) -> None:
    """With the renewal in the same message."""
    root, _other = roots_of_the_lab()
    page.open_settings()
    page.paste(f"Dear customer,\n{root.revocation_list(str(uuid.uuid4()), seq=2)}\n{licenses.license(300)}")
    expect(page.preview).to_contain_text("number 2")
    expect(page.page.locator("button[name=aegis_store_anyway]")).to_be_hidden()
    page.validate()
    expect(page.cards.first).to_contain_text("Valid")
    expect(page.field).to_have_value("")
    page.overview.locator(".o_aegis_keys summary").first.click()
    expect(page.overview).to_contain_text("number 2")


def test_a_move_is_shown_with_what_changed_and_until_when_it_works(
    page: Person, licenses: Licenses, pictures: Path
) -> None:
    """On the card, in the banner and under "What happens when"; and it is over when the instance is back."""
    page.open_settings()
    fingerprint = page.page.locator("[name=aegis_fingerprint]").inner_text().strip()
    page.paste(licenses.license(400, instance_fingerprint=fingerprint))
    expect(page.preview).to_contain_text("will be stored")
    page.validate()
    expect(page.cards.first).to_contain_text("Valid")

    home = page.call("ir.config_parameter", "get_param", "database.uuid")
    page.call("ir.config_parameter", "set_param", "database.uuid", str(uuid.uuid4()))
    # What the guard notes when the module is used.
    page.call("aegis.demo.note", "create", {"name": "After the move"})
    page.open_settings()
    expect(page.cards.first).to_contain_text("Instance changed")
    expect(page.cards.first).to_contain_text("the database's id")
    expect(page.cards.first).to_contain_text("in 14 days")
    expect(page.cards.first).to_contain_text("Since ")
    expect(page.overview).to_contain_text("The license no longer works here")
    expect(page.banner).to_contain_text("activation request")
    page.take_picture(pictures / "settings-moving.png")

    page.call("ir.config_parameter", "set_param", "database.uuid", home)
    page.open_settings()
    expect(page.cards.first).to_contain_text("Valid")
    expect(page.banner).to_be_hidden()


def test_the_vendor_binds_a_license_to_the_request_that_is_copied(page: Person, tmp_path: Path) -> None:
    """From the copy button through the ``aegis`` command into the field again."""
    page.open_settings()
    page.page.locator(f"[name=aegis_activation] {COPY}").click()
    request = page.page.evaluate("navigator.clipboard.readText()")
    assert request.startswith("aegis-request.")
    desk = Desk(tmp_path)
    desk.generate("year-2027")
    desk.certify("year-2027", "lab-root-1")
    bundle = desk.issue("year-2027", "--bind-request", f"Ours is {request}, regards")
    assert len(parts_of(bundle)) == 2

    page.paste(bundle)
    expect(page.preview).to_contain_text("year-2027")
    page.validate()
    expect(page.cards.first).to_contain_text("Valid")
    expect(page.cards.first).to_contain_text("Bound to")
    page.overview.locator(".o_aegis_keys summary").first.click()
    expect(page.overview).to_contain_text("year-2027")


def test_the_address_of_the_daily_fetch_is_an_https_address(page: Person) -> None:
    """Anything else is refused with a sentence, and nothing is stored."""
    page.open_settings()
    field = page.page.locator("[name=aegis_trust_url] input")
    field.fill("http://lists.example.com/aegis")
    page.save()
    expect(page.dialog).to_contain_text("https")
    page.dialog.get_by_role("button").first.click()
    assert not page.call("ir.config_parameter", "get_param", "aegis.trust_url")
    page.errors.clear()
    field.fill("https://lists.example.com/aegis")
    # What is saved is there when Odoo loads the page anew.
    with page.page.expect_event("load"):
        page.save()
    page.open_settings()
    expect(page.page.locator("[name=aegis_trust_url] input")).to_have_value("https://lists.example.com/aegis")
