"""The settings page, as an administrator uses it."""

import re
from collections.abc import Callable, Iterator

import pytest
from odoo_lab import Server
from playwright.sync_api import expect
from servers.browser import Chromium, Person
from servers.installation import Database, Installation
from servers.licenses import Licenses, of_a_stranger, wrapped

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)><b>bold</b> & Söhne"
RIGHT_TO_LEFT = "شركة المثال المحدودة"


@pytest.fixture(scope="module", params=["without_mail", "with_mail"])
def database(request: pytest.FixtureRequest, installation: Installation) -> Database:
    """Give a database for all tests of this file; with the module mail the page is made of other widgets."""
    if request.param == "without_mail":
        return installation.database("page")
    database: Database = request.getfixturevalue("with_mail")
    return database


@pytest.fixture(scope="module")
def server(database: Database) -> Iterator[Server]:
    """Give its server."""
    with database.server() as running:
        yield running


@pytest.fixture(scope="module")
def profile(chromium: Chromium, server: Server) -> Iterator[Person]:
    """Log the administrator in, once."""
    with chromium.person(server) as person:
        yield person


@pytest.fixture
def admin(profile: Person) -> Iterator[Person]:
    """Give the administrator on the settings page, without a license; nothing may go wrong in the browser."""
    profile.put()
    profile.errors.clear()
    profile.dialogs.clear()
    profile.open_settings()
    yield profile
    assert profile.errors == []
    assert profile.dialogs == []


def text_of(person: Person) -> str:
    """Give what stands on the page, as read."""
    return " ".join(person.overview.inner_text().split())


def test_menu_and_tab_lead_to_the_page(admin: Person) -> None:
    """AEGIS License in the menu of Settings; the tab on the page of the settings."""
    admin.open_action("base_setup.action_general_configuration")
    tab = admin.page.locator(".settings_tab .tab", has_text="AEGIS License")
    tab.click()
    expect(admin.field).to_be_visible()
    admin.open_action("base_setup.action_general_configuration")
    admin.page.locator(".o_menu_sections").get_by_text("AEGIS License", exact=True).click()
    expect(admin.field).to_be_visible()


def test_paste_look_validate(admin: Person, licenses: Licenses) -> None:
    """Status when the field is left; then, without reload, the card is there, field and banner are empty."""
    expect(admin.banner).to_contain_text("no license")
    admin.paste(licenses.license())
    expect(admin.preview).to_contain_text("Valid")
    expect(admin.preview).to_contain_text("will be stored")
    expect(admin.cards).to_have_count(0)
    admin.page.evaluate("window.notReloaded = true")
    admin.validate()
    expect(admin.cards).to_have_count(1)
    expect(admin.cards).to_have_attribute("data-code", "valid")
    expect(admin.cards.locator(".badge.text-bg-success")).to_have_text("Valid")
    expect(admin.field).to_have_value("")
    expect(admin.preview.locator(".o_aegis_card")).to_have_count(0)
    expect(admin.banner).to_have_count(0)
    expect(admin.notification).to_contain_text("tored: 1")
    assert admin.page.evaluate("window.notReloaded") is True


def test_card_says_what_is_covered(admin: Person, licenses: Licenses) -> None:
    """Customer, type, end, modules with a tick, versions, issuer, where it came from."""
    admin.store(licenses.license(90))
    admin.open_settings()
    said = text_of(admin)
    for part in (
        "Azure Interior",
        "Subscription",
        "in 90 days",
        "aegis_demo",
        "17, 18, 19",
        "AEGIS Lab",
        "Pasted",
    ):
        assert part in said, part
    expect(admin.cards.locator(".fa-check")).to_have_count(1)
    expect(admin.overview.locator(".o_aegis_changes")).to_contain_text("in 60 days")


def test_line_breaks_in_a_token_are_healed(admin: Person, licenses: Licenses) -> None:
    """As mail programs make them each 60 characters."""
    admin.paste("Dear customer,\nyour license:\n\n" + wrapped(licenses.license()) + "\n\nBest regards")
    expect(admin.preview).to_contain_text("will be stored")
    admin.validate()
    expect(admin.cards).to_have_attribute("data-code", "valid")


def test_several_licenses_in_one_paste(admin: Person, licenses: Licenses) -> None:
    """Each gets a card; what is refused among them stays in the field."""
    bad = of_a_stranger().license()
    admin.paste("\n".join([licenses.license(10), licenses.license(400), bad]))
    expect(admin.preview.locator(".o_aegis_card")).to_have_count(3)
    admin.validate()
    expect(admin.cards).to_have_count(2)
    expect(admin.notification).to_contain_text("not trusted")
    assert bad in admin.field.input_value()


#: What is pasted, and what is said of it; nothing in particular where the text may be read in several ways.
BAD: dict[str, tuple[Callable[[Licenses], str], str]] = {
    "empty": (lambda _: "", "no license in this text"),
    "spaces": (lambda _: "   \n\t ", "no license in this text"),
    "a_mebibyte": (lambda _: "x" * 2**20, "no license in this text"),
    "a_mebibyte_like_a_license": (lambda _: "eyJ" + "A" * 2**20, ""),
    "html": (lambda _: "<script>alert(3)</script><h1>License</h1>", "no license in this text"),
    "unknown_key": (lambda _: of_a_stranger().license(), "not trusted"),
    "expired": (lambda made: made.license(-3), "Ended on"),
    "changed": (lambda made: made.license()[:-6] + "AAAAAA", "changed, or damaged"),
    "cut": (lambda made: made.license()[:-20], ""),
    "revocation_list": (lambda made: made.revocation_list(), ""),
    "another_series": (lambda made: made.license(versions=["16"]), "does not cover Odoo"),
    "another_instance": (
        lambda made: made.license(instance_fingerprint="sha256:" + 64 * "0"),
        "issued for another instance",
    ),
    "another_module": (lambda made: made.license(module="lab_another"), "Not installed here"),
}
#: Worth nothing here and now, but stored beside the others: an upgrade, a move, an installation changes that.
KEPT = ("another_series", "another_instance", "another_module")


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named_and_the_old_license_stays(admin: Person, licenses: Licenses, case: str) -> None:
    """The message says why, the text stays; what is worth keeping is stored beside the old one."""
    good = licenses.license(customer="The Old One")
    admin.store(good)
    admin.open_settings()
    make, reason = BAD[case]
    text = make(licenses)
    admin.paste(text)
    if reason and text.strip():
        expect(admin.preview).to_contain_text(reason)
    admin.validate()
    admin.notification.first.wait_for()
    kept = case in KEPT
    expect(admin.cards).to_have_count(2 if kept else 1)
    expect(admin.cards.first).to_contain_text("The Old One")
    expect(admin.cards.first).to_have_attribute("data-code", "valid")
    expect(admin.banner).to_have_count(0)
    if not kept:
        expect(admin.notification.first).to_contain_text(reason or "Not stored")
        assert admin.field.input_value().strip() == text.strip()


def test_markup_in_a_name_is_text(admin: Person, licenses: Licenses) -> None:
    """No script runs, no element comes of it: in the preview, on the card, in the list."""
    admin.paste(licenses.license(customer=SCRIPT))
    expect(admin.preview.locator(".o_aegis_card")).to_contain_text(SCRIPT)
    admin.validate()
    expect(admin.cards).to_contain_text(SCRIPT)
    for place in (admin.preview, admin.overview):
        expect(place.locator("script, img, b")).to_have_count(0)
    admin.page.get_by_role("button", name="All licenses seen").click()
    expect(admin.page.locator(".o_list_view td", has_text=SCRIPT)).to_be_visible()


def test_right_to_left_name(admin: Person, licenses: Licenses) -> None:
    """It is set in its own direction, and the rest of the card keeps its own."""
    admin.store(licenses.license(customer=RIGHT_TO_LEFT))
    admin.open_settings()
    name = admin.cards.get_by_text(RIGHT_TO_LEFT)
    assert name.evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert admin.cards.evaluate("element => getComputedStyle(element).direction") == "ltr"


def test_removing_asks_first(admin: Person, licenses: Licenses) -> None:
    """Cancel does nothing; Remove takes the license and brings the banner back without reload."""
    admin.store(licenses.license())
    admin.open_settings()
    dialog = admin.page.locator(".modal")
    admin.cards.get_by_text(re.compile("Remove")).click()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    expect(admin.cards).to_have_count(1)
    admin.cards.get_by_text(re.compile("Remove")).click()
    dialog.get_by_role("button", name="Remove").click()
    expect(admin.cards).to_have_count(0)
    expect(admin.banner).to_contain_text("no license")
    expect(admin.field).to_be_visible()


@pytest.mark.parametrize("name", ["aegis_activation", "aegis_fingerprint"])
def test_copy_buttons(admin: Person, name: str) -> None:
    """They copy what they stand beside."""
    place = admin.page.locator(f".o_field_widget[name={name}]")
    place.locator(".o_clipboard_button").click()
    copied = admin.page.evaluate("navigator.clipboard.readText()")
    assert copied
    assert copied in place.inner_text()


def test_keys_are_shown_on_request(admin: Person) -> None:
    """Which ones this wheel trusts."""
    keys = admin.overview.locator(".o_aegis_keys")
    expect(keys.locator("li").first).to_be_hidden()
    keys.locator("summary").click()
    expect(keys.locator("li", has_text="AEGIS Lab").first).to_be_visible()


def test_leaving_with_a_pasted_text_stores_nothing_unasked(admin: Person, licenses: Licenses) -> None:
    """Discarding the page's changes discards the text too."""
    admin.paste(licenses.license())
    expect(admin.preview).to_contain_text("will be stored")
    admin.page.locator(".o_form_button_cancel").click()
    expect(admin.field).to_have_value("")
    admin.open_settings()
    expect(admin.cards).to_have_count(0)


def test_save_stores_as_validate_does(admin: Person, licenses: Licenses) -> None:
    """The page's own button takes the same path, and says what it refuses."""
    admin.paste(licenses.license())
    expect(admin.preview).to_contain_text("will be stored")
    with admin.page.expect_navigation():
        admin.page.locator(".o_form_button_save").click()
    admin.open_settings()
    expect(admin.cards).to_have_attribute("data-code", "valid")
    expect(admin.field).to_have_value("")


def test_validate_after_a_change_elsewhere_on_the_page(admin: Person, licenses: Licenses) -> None:
    """No dialog asks whether to save, and the click is not lost."""
    admin.paste(licenses.license())
    admin.validate()
    expect(admin.cards).to_have_attribute("data-code", "valid")
    expect(admin.page.locator(".modal")).to_have_count(0)
