"""From the license server to Odoo: issued over the API, pasted, revoked over the API, fetched by the cron."""

import dataclasses
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from license_server.client import BASE, Client, assert_problem
from license_server.server import Server, program
from odoo_lab import vendor
from servers.desk import Desk
from servers.installation import Database, Installation
from servers.licenses import Licenses
from servers.statuses import NOTE, begin_anew, status_of, take_note
from servers.trust import parts_of
from servers.web import Session, is_refused
from servers.web_servers import Page, WebServer

URL, TRUST = "aegis.trust_url", "aegis.trust_tokens"
CRON = "SELECT res_id FROM ir_model_data WHERE module = 'aegis_client' AND name = 'ir_cron_watch'"
LIST = f"{BASE}/revocations"
KEY = "server-2026"
#: The guard does not ask again for each record.
MOMENT = 1.1


@dataclasses.dataclass(frozen=True)
class Office:
    """A customer's Odoo, and the vendor's license server behind what speaks https.

    Attributes:
        database: the database of the Odoo.
        admin: its administrator.
        vendor: who calls the license server with a key that opens all of it.
        site: what the Odoo can reach of the license server.
    """

    database: Database
    admin: Session
    vendor: Client
    site: WebServer

    def paste(self, text: str) -> int:
        """Store what the customer got, and say how many licenses were in it."""
        stored: int = self.admin.call("aegis.license", "store", text)["stored"]
        return stored

    def watch(self) -> None:
        """Let the daily cron run now."""
        ((cron,),) = self.database.query(CRON)
        self.admin.call("ir.cron", "method_direct_trigger", [cron])


def forward(client: Client) -> Page:
    """Answer as the license server does, to whoever asks without a key."""

    def page(handler: BaseHTTPRequestHandler) -> None:
        asked = {name: handler.headers[name] for name in ("If-None-Match",) if name in handler.headers}
        answer = client.anonymous().send("GET", handler.path, headers=asked)
        handler.send_response(answer.status)
        for name in ("Content-Type", "ETag", "Cache-Control"):
            if name in answer.headers:
                handler.send_header(name, answer.headers[name])
        handler.end_headers()
        handler.wfile.write(answer.text.encode())

    return page


@pytest.fixture(scope="module")
def license_server(licenses: Licenses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a license server with a key that a root of the lab has certified; no wheel knows that key."""
    assert licenses
    folder = tmp_path_factory.mktemp("license-server")
    desk = Desk(folder)
    desk.generate(KEY)
    desk.certify(KEY, vendor.ROOTS[0], "--use", "license,revocation")
    settings = {
        "AEGIS_ISSUER": vendor.ISSUER,
        "AEGIS_SIGNER": f"file:{desk.keys / KEY}.private.pem",
        "AEGIS_TRUST": str(vendor.folder() / "public_keys"),
        "AEGIS_PASSPHRASE_FILE": str(vendor.folder() / "passphrase"),
    }
    with Server(program(), folder / "server", settings) as running:
        running.client.add_customer()
        yield running


@pytest.fixture(scope="module")
def site(license_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Give what stands before the license server: it speaks https, and lets through what is for everybody."""
    with WebServer(tmp_path_factory.mktemp("site")) as running:
        running.pages[LIST] = forward(license_server.client)
        yield running


@pytest.fixture(scope="module")
def running(installation: Installation, license_server: Server, site: WebServer) -> Iterator[Office]:
    """Give an Odoo that trusts the certificate of the site."""
    database = installation.database("license_server")
    with database.server(env={"REQUESTS_CA_BUNDLE": str(site.certificate)}) as server:
        yield Office(database, Session(server.url, database.name, "admin"), license_server.client, site)


@pytest.fixture
def office(running: Office) -> Office:
    """Give it with nothing stored and no address set."""
    begin_anew(running.database, running.admin)
    running.admin.set(URL, False)
    running.site.asked.clear()
    return running


def test_a_license_works_until_the_server_revokes_it(office: Office) -> None:
    """Nobody pastes a list: the daily cron fetches it. A new license ends the trouble."""
    sold = office.vendor.issue()
    assert office.paste(sold["bundle"]) == 1
    assert status_of(office.admin).licenses == {sold["id"]: "valid"}
    assert take_note(office.admin)
    office.admin.set(URL, f"{office.site.url}{LIST}")
    office.watch()
    assert status_of(office.admin).code == "valid"
    assert revoke(office.vendor, sold["id"]) == "revoked"
    assert status_of(office.admin).code == "valid"
    office.watch()
    assert office.site.asked == [LIST, LIST]
    assert status_of(office.admin).licenses == {sold["id"]: "revoked"}
    time.sleep(MOMENT)
    assert is_refused(office.admin, NOTE, "withdrawn")
    assert office.paste(office.vendor.issue()["bundle"]) == 1
    assert status_of(office.admin).code == "valid"
    assert take_note(office.admin)


def test_what_is_stored_is_the_newest_list_and_the_certificate(office: Office) -> None:
    """The certificate came with the license, and an older list does not come back."""
    sold = office.vendor.issue()
    license_, certificate = parts_of(sold["bundle"])
    assert license_ == sold["token"]
    office.paste(sold["bundle"])
    office.admin.set(URL, f"{office.site.url}{LIST}")
    office.watch()
    before = office.vendor.get("/revocations").text.split()
    assert before[0] == certificate
    assert sorted(str(office.database.parameter(TRUST)).split()) == sorted(before)
    revoke(office.vendor, sold["id"])
    office.watch()
    after = office.vendor.get("/revocations").text.split()
    assert after != before
    assert sorted(str(office.database.parameter(TRUST)).split()) == sorted(after)


def test_what_was_revoked_is_not_renewed(office: Office) -> None:
    """Before it was: the renewal works beside the first one."""
    sold = office.vendor.issue()
    path = f"/licenses/{sold['id']}/renew"
    renewed = office.vendor.post(path, {"days": 400})
    assert renewed.status == 201, renewed.text
    assert office.paste(f"{sold['bundle']}\n{renewed.body['bundle']}") == 2
    assert status_of(office.admin).licenses == {sold["id"]: "valid", renewed.body["id"]: "valid"}
    revoke(office.vendor, sold["id"])
    assert_problem(office.vendor.post(path, {"days": 400}), 409, "revoked")


def test_a_list_that_one_has_is_not_sent_again(office: Office) -> None:
    """To whoever says so; the addon does not, and gets all of it."""
    trusting = ssl.create_default_context(cafile=office.site.certificate)
    address = f"{office.site.url}{LIST}"
    with urllib.request.urlopen(address, timeout=30, context=trusting) as first:  # noqa: S310 - the lab's own
        tag = first.headers["ETag"]
    again = urllib.request.Request(address, headers={"If-None-Match": tag})  # noqa: S310 - the same
    with pytest.raises(urllib.error.HTTPError) as not_modified:
        urllib.request.urlopen(again, timeout=30, context=trusting)  # noqa: S310 - the same
    assert (not_modified.value.code, not_modified.value.read()) == (304, b"")


def revoke(client: Client, license_id: str) -> str:
    """Revoke a license over the API, and give what it is then."""
    answer = client.send("DELETE", f"{BASE}/licenses/{license_id}?reason=not%20paid")
    assert answer.status == 200, answer.text
    status: str = answer.body["status"]
    return status
