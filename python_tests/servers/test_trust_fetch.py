"""The daily fetch of certificates and lists, from a real server over https; nothing is asked otherwise."""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.installation import Database, Installation
from servers.licenses import Licenses
from servers.statuses import begin_anew, status_of, take_note
from servers.trust import jti_of, roots_of_the_lab
from servers.web import Session
from servers.web_servers import HOST, WebServer, redirect, silence, sized, text

URL, TRUST = "aegis.trust_url", "aegis.trust_tokens"
CRON = "SELECT res_id FROM ir_model_data WHERE module = 'aegis_client' AND name = 'ir_cron_watch'"
MIB = 1024 * 1024
#: In Odoo's own process: what comes of each address.
FETCH = """
import json
from odoo.addons.aegis_client.trust_fetch import FetchError, fetch
def attempt(address):
    try:
        return len(fetch(address))
    except FetchError as error:
        return str(error)
print("ANSWER", json.dumps([attempt(address) for address in {addresses!r}]))
"""
#: Python imports it when it starts; it notes all to whom a connection is opened.
WATCH = """
import sys
def note(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        # Where Odoo itself listens.
        if args[0] == {host!r}:
            return
        with open({file!r}, "a") as file:
            print(event, args[1:] if event.startswith("socket.connect") else args, file=file)
sys.addaudithook(note)
"""


@dataclasses.dataclass(frozen=True)
class Office:
    """A running Odoo whose administrator may set an address, and the server at that address."""

    database: Database
    admin: Session
    site: WebServer
    log: Path

    def watch(self) -> None:
        """Let the daily cron run now."""
        ((cron,),) = self.database.query(CRON)
        self.admin.call("ir.cron", "method_direct_trigger", [cron])

    def notes_of_failures(self) -> list[str]:
        """Give what the log says about fetches that failed."""
        return re.findall(r"AEGIS: nothing could be fetched.*", self.log.read_text())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Give a server that speaks https."""
    with WebServer(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def running(installation: Installation, site: WebServer) -> Iterator[Office]:
    """Give an Odoo that trusts the certificate of that server."""
    database = installation.database("fetch")
    with database.server(env={"REQUESTS_CA_BUNDLE": str(site.certificate)}) as server:
        yield Office(database, Session(server.url, database.name, "admin"), site, server.log)


@pytest.fixture
def office(running: Office) -> Office:
    """Give it with nothing stored and no address set."""
    begin_anew(running.database, running.admin)
    running.admin.set(URL, False)
    running.site.asked.clear()
    return running


def test_what_the_administrator_set_is_fetched_by_the_daily_cron(office: Office, licenses: Licenses) -> None:
    """Certificates and lists alone: a license that is fetched is none that was bought."""
    license_, other = licenses.license(), licenses.license(500)
    office.admin.put(license_)
    key = roots_of_the_lab()[0].certify()
    listed = roots_of_the_lab()[0].revocation_list(jti_of(license_), seq=1)
    office.site.pages["/trust"] = text(f"News:\n{other}\n{listed}\n{key.certificate}\n")
    office.watch()
    assert office.site.asked == []
    office.admin.set(URL, f"{office.site.url}/trust")
    office.watch()
    assert office.site.asked == ["/trust"]
    stored = str(office.database.parameter(TRUST)).split()
    assert sorted(stored) == sorted([listed, key.certificate])
    assert office.database.parameter("aegis.license_tokens") == license_
    assert status_of(office.admin).code == "revoked"
    office.watch()
    assert sorted(str(office.database.parameter(TRUST)).split()) == sorted(stored)


def test_twenty_thousand_ids_are_fetched(office: Office, licenses: Licenses) -> None:
    """The largest list there may be."""
    license_ = licenses.license()
    office.admin.put(license_)
    others = [f"license-{number}" for number in range(19_999)]
    listed = roots_of_the_lab()[0].revocation_list(*others, jti_of(license_), seq=1)
    office.site.pages["/large"] = text(listed)
    office.admin.set(URL, f"{office.site.url}/large")
    office.watch()
    assert status_of(office.admin).code == "revoked"


def test_a_failure_is_logged_once_and_stops_nothing(office: Office, licenses: Licenses) -> None:
    """The cron does its other work, and the address is not in the log: there may be a password in it."""
    office.admin.set(URL, f"{office.site.url}/not-there?secret=42".replace("https://", "https://who:pass@"))
    license_ = licenses.license(customer="After the failure")
    office.admin.put(license_)
    for _ in range(2):
        office.watch()
    assert len(office.site.asked) == 2
    (note,) = office.notes_of_failures()
    assert "404" in note
    assert not {"secret", "pass@"} & set(re.findall(r"secret|pass@", office.log.read_text()))
    rows = office.admin.call("aegis.license", "search_read", [["jti", "=", jti_of(license_)]], ["code"])
    assert [row["code"] for row in rows] == ["valid"]
    assert take_note(office.admin)


def test_what_is_no_list_replaces_none(office: Office, licenses: Licenses) -> None:
    """A page that says sorry, a list that somebody else has signed, an older one."""
    license_, root = licenses.license(), roots_of_the_lab()[0]
    listed = root.revocation_list(jti_of(license_), seq=5)
    for token in (license_, listed):
        office.admin.call("aegis.license", "store", token)
    for body in ("<h1>Sorry</h1>", listed[:-6] + "AAAAAA", root.revocation_list(seq=4)):
        office.site.pages["/trust"] = text(body)
        office.admin.set(URL, f"{office.site.url}/trust")
        office.watch()
        assert office.database.parameter(TRUST) == listed
    assert status_of(office.admin).code == "revoked"


def test_the_settings_page_takes_https_alone(office: Office) -> None:
    """Whatever is written into the parameter by hand, no other address is asked."""
    page = {"aegis_trust_url": "http://lists.example.com/trust"}
    made = office.admin.call("res.config.settings", "create", [page])
    with pytest.raises(RuntimeError, match="https://"):
        office.admin.call("res.config.settings", "execute", made)
    with WebServer() as plain:
        office.admin.set(URL, f"{plain.url}/trust")
        office.watch()
        assert plain.asked == []


def test_a_staging_copy_asks_nobody(office: Office) -> None:
    """Neutralising takes the address away."""
    office.admin.set(URL, f"{office.site.url}/trust")
    assert office.database.run("neutralize").returncode == 0
    assert office.database.parameter(URL) is None


def fetched(database: Database, addresses: list[str], **env: str) -> list[int | str]:
    """Fetch from addresses in Odoo's process: the length of each text, or why there is none."""
    said = database.execute(FETCH.format(addresses=addresses), env)
    answer: list[int | str] = json.loads(said.split("ANSWER ", 1)[1].splitlines()[0])
    return answer


def test_sizes_redirects_and_times(office: Office) -> None:
    """At most 4 MiB, by https all the way, within seconds."""
    with WebServer() as plain:
        plain.pages["/trust"] = text("not over this line")
        office.site.pages.update(
            {
                "/full": sized(b"x" * 4 * MIB),
                "/too-large": sized(b"x" * (4 * MIB + 1)),
                "/round": redirect("/round"),
                "/to-https": redirect(f"{office.site.url}/full"),
                "/to-http": redirect(f"{plain.url}/trust"),
                "/slow": silence(30),
            }
        )
        paths = ("full", "too-large", "round", "to-https", "to-http", "slow")
        addresses = [f"{office.site.url}/{path}" for path in paths] + [f"{plain.url}/trust"]
        answers = fetched(office.database, addresses, REQUESTS_CA_BUNDLE=str(office.site.certificate))
        assert plain.asked == []
    full, too_large, around, to_https, to_http, slow, http = answers
    assert (full, to_https) == (4 * MIB, 4 * MIB)
    assert "more than" in str(too_large)
    assert "one address to another" in str(around)
    assert "https://" in str(to_http)
    assert str(to_http) == str(http)
    assert "Timeout" in str(slow) or "ConnectionError" in str(slow)


def test_certificates_are_checked(office: Office, tmp_path: Path) -> None:
    """A server that shows another one than is trusted is not believed."""
    with WebServer(tmp_path) as other:
        other.pages["/trust"] = text("trust me")
        trusted = {"REQUESTS_CA_BUNDLE": str(office.site.certificate)}
        assert fetched(office.database, [f"{other.url}/trust"], **trusted) == ["SSLError"]
        assert other.asked == []


def test_proxies_of_the_environment(office: Office) -> None:
    """Are used, and left out where the environment says so."""
    office.site.pages["/trust"] = text("by way of a proxy")
    address = f"{office.site.url}/trust"
    place = office.site.url.removeprefix("https://")
    with WebServer() as proxy:
        env = {"REQUESTS_CA_BUNDLE": str(office.site.certificate), "HTTPS_PROXY": proxy.url}
        assert fetched(office.database, [address], **env) == [17]
        assert proxy.asked == [place]
        assert fetched(office.database, [address], **env, NO_PROXY="127.0.0.1") == [17]
        assert proxy.asked == [place]


def test_an_untouched_installation_opens_no_connection(
    installation: Installation, licenses: Licenses, tmp_path: Path
) -> None:
    """Through install, paste, list, check, page, cron, upgrade; PostgreSQL is reached without Python."""
    seen = tmp_path / "seen"
    (tmp_path / "sitecustomize.py").write_text(WATCH.format(file=str(seen), host=HOST))
    file = tmp_path / "demo.license"
    file.write_text(licenses.license())
    env = {"PYTHONPATH": str(tmp_path), "AEGIS_LICENSE_FILE": str(file)}
    database = installation.empty("no_connection")
    done = database.run("-i", "aegis_client,aegis_demo", env=env)
    assert done.returncode == 0, done.stdout[-2000:]
    with database.server(env=env) as server:
        admin = Session(server.url, database.name, "admin")
        license_ = licenses.license(200)
        listed = roots_of_the_lab()[0].revocation_list(jti_of(license_), seq=1)
        admin.call("aegis.license", "store", f"{license_}\n{listed}")
        assert status_of(admin).code == "valid"
        assert take_note(admin)
        assert "Azure Interior" in admin.page()
        Office(database, admin, WebServer(), server.log).watch()
    assert database.run("-u", "aegis_client", env=env).returncode == 0
    assert (tmp_path / "sitecustomize.py").exists()
    assert not seen.exists(), seen.read_text()
    # The watcher sees what there is to see.
    database.execute("import socket; socket.socket().connect_ex(('127.0.0.1', 9))", env)
    assert "socket.connect" in seen.read_text()
