"""Reports of a protected module: the watermark, on paper and on the screen."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from odoo_lab import Server, environment
from playwright.sync_api import expect
from servers.browser import PICTURE, Chromium, Person
from servers.installation import Database, Installation
from servers.licenses import Licenses

REPORT = "aegis_demo.report_note"
WORDS = "NO VALID LICENSE"
#: More than fits on a page.
TEXT = "Dear Sir\n" * 90
#: Runs in Odoo's environment, which can read PDFs; prints the texts of the pages, as far as they are texts.
READ = """
import io, json, sys
from PyPDF2 import PdfReader
pages = PdfReader(io.BytesIO(sys.stdin.buffer.read())).pages
print(json.dumps([" ".join(page.extract_text().split()) for page in pages]))
"""
#: Of 255.
BLACK, GRAY = 60, 120


@pytest.fixture(scope="module")
def database(installation: Installation) -> Database:
    """Give a database with the protected module."""
    return installation.database("report")


@pytest.fixture(scope="module")
def server(database: Database) -> Iterator[Server]:
    """Give its server."""
    with database.server() as running:
        yield running


@pytest.fixture(scope="module")
def note(database: Database) -> int:
    """Give a note of some pages; written past Odoo, which may refuse it."""
    values = ("Letter to the bank", TEXT)
    rows = database.query("INSERT INTO aegis_demo_note (name, text) VALUES (%s, %s) RETURNING id", *values)
    found: int = rows[0][0]
    return found


@pytest.fixture(scope="module")
def admin(chromium: Chromium, server: Server) -> Iterator[Person]:
    """Log the administrator in."""
    with chromium.person(server, size=PICTURE) as person:
        yield person


def marks(content: bytes) -> list[int]:
    """Count how often the words stand on each page of a PDF."""
    done = subprocess.run([environment(), "-c", READ], input=content, check=True, capture_output=True)
    return [page.count(WORDS) for page in json.loads(done.stdout)]


def pixels(content: bytes) -> bytes:
    """Draw the first page of a PDF; a byte for each pixel."""
    command = ["pdftoppm", "-gray", "-r", "50", "-singlefile", "-"]
    image = subprocess.run(command, input=content, check=True, capture_output=True).stdout
    return image.split(b"\n", 3)[3]


@pytest.fixture
def report(admin: Person) -> Iterator[int]:
    """Give the action of the report, which a test may change."""
    found: list[int] = admin.call("ir.actions.report", "search", [("report_name", "=", REPORT)])
    yield found[0]
    admin.call("ir.actions.report", "write", found, {"attachment": False})


@pytest.mark.usefixtures("printing")
def test_each_page_carries_it_once(admin: Person, licenses: Licenses, note: int) -> None:
    """None with a license. When it has ended the same report is there, and all of it can be read."""
    admin.put(licenses.license(200))
    clean = admin.get(f"/report/pdf/{REPORT}/{note}")
    pages = len(marks(clean))
    assert pages > 1
    assert marks(clean) == [0] * pages
    admin.put(licenses.license(-3))
    stamped = admin.get(f"/report/pdf/{REPORT}/{note}")
    assert marks(stamped) == [1] * pages
    pairs = list(zip(pixels(clean), pixels(stamped), strict=True))
    assert sum(before < BLACK for before, _after in pairs) > 100
    assert all(after < GRAY for before, after in pairs if before < BLACK)
    assert all(after > GRAY for before, after in pairs if before == 255)


@pytest.mark.usefixtures("printing")
def test_a_kept_report_carries_none(admin: Person, licenses: Licenses, note: int, report: int) -> None:
    """What Odoo stores as an attachment would carry it for ever; neither the first time nor from there."""
    admin.put(licenses.license(-3))
    admin.call("ir.actions.report", "write", [report], {"attachment": "'note.pdf'", "attachment_use": True})
    for _time in range(2):
        assert set(marks(admin.get(f"/report/pdf/{REPORT}/{note}"))) == {0}
    assert admin.call("ir.attachment", "search_count", [("name", "=", "note.pdf")]) == 1


@pytest.mark.usefixtures("printing")
def test_printing_from_the_list(admin: Person, licenses: Licenses, note: int) -> None:
    """The menu of the list hands out the same PDF."""
    admin.put(licenses.license(-3))
    admin.open_action("aegis_demo.action_aegis_demo_note")
    admin.page.locator(".o_data_row", has_text="Letter").locator(".o_list_record_selector").click()
    admin.page.locator(".o_cp_action_menus").get_by_text("Print", exact=True).click()
    with admin.page.expect_download(timeout=60_000) as download:
        admin.page.locator(".dropdown-item", has_text=re.compile(r"^\s*Note\s*$")).click()
    assert set(marks(Path(download.value.path()).read_bytes())) == {1}


def test_on_the_screen(admin: Person, licenses: Licenses, note: int) -> None:
    """The report as a page has it too, in sight but in nobody's way; not with a license."""
    for days, times in ((-3, 1), (200, 0)):
        admin.put(licenses.license(days))
        admin.page.goto(f"{admin.server.url}/report/html/{REPORT}/{note}")
        expect(admin.page.get_by_text("Letter to the bank")).to_be_visible()
        expect(admin.page.get_by_text(WORDS)).to_have_count(times)
        if times:
            expect(admin.page.get_by_text(WORDS)).to_be_in_viewport()
            admin.page.get_by_text("Letter to the bank").click(timeout=2000)


def test_while_it_counts_down_there_is_none(admin: Person, licenses: Licenses, note: int) -> None:
    """The module works, and so do its reports."""
    admin.put(licenses.license())
    admin.call("aegis.demo.note", "create", {"name": "It works"})
    admin.put()
    assert WORDS not in admin.get(f"/report/html/{REPORT}/{note}").decode()


@pytest.mark.usefixtures("printing")
def test_picture_of_the_watermark(
    admin: Person, licenses: Licenses, database: Database, pictures: Path
) -> None:
    """The one called report-watermark, of a note of one page."""
    values = ("Minutes of the meeting", "Present: all of us.\nWe agreed to meet again.")
    rows = database.query("INSERT INTO aegis_demo_note (name, text) VALUES (%s, %s) RETURNING id", *values)
    admin.put(licenses.license(-3))
    content = admin.get(f"/report/pdf/{REPORT}/{rows[0][0]}")
    target = str(pictures / "report-watermark")
    subprocess.run(["pdftoppm", "-png", "-r", "60", "-singlefile", "-", target], input=content, check=True)
