"""On a phone; and pictures for the documents, which are looked at before they are kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from odoo_lab import Server
from playwright.sync_api import expect
from servers.browser import PHONE, PICTURE, Chromium, Person
from servers.installation import Installation
from servers.licenses import Licenses

LONG_NAME = (
    "Société coopérative des boulangeries réunies de l'Auvergne et du Limousin, établissement secondaire"
)


@pytest.fixture(scope="module")
def server(installation: Installation) -> Iterator[Server]:
    """Give a server for all tests of this file."""
    with installation.database("pictures").server() as running:
        yield running


@pytest.fixture(scope="module")
def admin(chromium: Chromium, server: Server) -> Iterator[Person]:
    """Log the administrator in."""
    with chromium.person(server, size=PICTURE) as person:
        yield person


def test_on_a_phone_nothing_is_cut_off(chromium: Chromium, server: Server, licenses: Licenses) -> None:
    """No scrolling sideways, even with long names; the button can be reached, the banner read."""
    with chromium.person(server, size=PHONE, mobile=True) as person:
        modules = [
            {"technical_name": "aegis_demo_with_a_name_of_some_length_*", "allowed_major_versions": ["19"]}
        ]
        person.put(
            licenses.license(12, customer=LONG_NAME)
            + "\n"
            + licenses.license(9, modules=modules, without=["module"])
        )
        person.open_settings()
        for place in ("html", ".o_content", ".settings", ".o_aegis_overview", ".o_aegis_banner"):
            sizes = person.page.locator(place).first.evaluate("each => [each.scrollWidth, each.clientWidth]")
            assert sizes[0] <= sizes[1], (place, sizes)
        button = person.page.locator("button[name=aegis_validate]")
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport(ratio=1)
        card = person.cards.first
        card.scroll_into_view_if_needed()
        box = card.bounding_box()
        assert box
        assert 250 < box["width"] <= PHONE[0]
        expect(person.banner.locator(".o_aegis_open")).to_be_visible()
        assert person.errors == []


def test_picture_of_a_phone(chromium: Chromium, server: Server, licenses: Licenses, pictures: Path) -> None:
    """The card and the banner."""
    with chromium.person(server, size=PHONE, mobile=True) as person:
        person.put(licenses.license(12))
        person.open_settings()
        person.cards.first.scroll_into_view_if_needed()
        person.page.screenshot(path=pictures / "phone.png", animations="disabled")


STATES = {
    "settings-valid": lambda licenses: licenses.license(400),
    "settings-expiring": lambda licenses: licenses.license(12),
    "settings-expired": lambda licenses: licenses.license(-3),
    "settings-wrong-instance": lambda licenses: licenses.license(instance_fingerprint="sha256:" + 64 * "0"),
}


@pytest.mark.parametrize("name", STATES)
def test_pictures_of_the_page(admin: Person, licenses: Licenses, pictures: Path, name: str) -> None:
    """One for each state."""
    admin.put(STATES[name](licenses))
    admin.open_settings()
    expect(admin.cards).to_have_count(1)
    admin.take_picture(pictures / f"{name}.png")


def test_picture_of_the_banner(admin: Person, licenses: Licenses, pictures: Path) -> None:
    """banner.png, above the list of the protected module."""
    admin.put(licenses.license(12))
    for name in ("Minutes of the meeting", "Letter to the bank"):
        admin.call("aegis.demo.note", "create", {"name": name})
    admin.open("/web#action=aegis_demo.action_aegis_demo_note")
    admin.page.locator(".o_data_row").first.wait_for()
    width = PICTURE[0]
    admin.page.screenshot(
        path=pictures / "banner.png",
        clip={"x": 0, "y": 0, "width": width, "height": 260},
        animations="disabled",
    )
