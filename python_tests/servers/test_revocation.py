"""What a list of revoked licenses stops on real servers, by paste and in a license file, and what not."""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.installation import Database, Installation
from servers.licenses import Licenses
from servers.statuses import NOTE, begin_anew, status_of, take_note
from servers.trust import jti_of, root_of_the_partner, roots_of_the_lab, sign_list
from servers.web import Session, is_refused

TRUST = "aegis.trust_tokens"
REVOKED = "withdrawn"
PARTNER_MODULE = "partner_sign"
#: The files are looked at once a second.
MOMENT = 1.3


@dataclasses.dataclass(frozen=True)
class Office:
    """A running server and its administrator.

    Attributes:
        database: its database.
        admin: the administrator.
        file: the license file that the server is told of; it is not there yet.
    """

    database: Database
    admin: Session
    file: Path

    def paste(self, *tokens: str) -> dict[str, object]:
        """Store a bundle, and say what became of the certificates and lists in it."""
        stored = self.admin.call("aegis.license", "store", "\n".join(tokens))
        return {**stored["trust"], "stored": len(stored["trust"]["stored"]), "refused": stored["refused"]}

    def press(self, button: str, text: str) -> str:
        """Paste a text into the settings page and press a button; give what the field keeps."""
        (page,) = self.admin.call("res.config.settings", "create", [{"aegis_text": text}])
        self.admin.call("res.config.settings", button, [page])
        row = self.admin.call("res.config.settings", "read", [page], ["aegis_text"])[0]
        return row["aegis_text"] or ""


@pytest.fixture(scope="module")
def running(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Session, Path]]:
    """Give a server that is told of a license file."""
    database, file = installation.database("revocation"), tmp_path_factory.mktemp("file") / "all.license"
    with database.server(env={"AEGIS_LICENSE_FILE": str(file)}) as server:
        yield database, Session(server.url, database.name, "admin"), file


@pytest.fixture
def office(running: tuple[Database, Session, Path]) -> Office:
    """Give the server with nothing stored."""
    database, admin, file = running
    begin_anew(database, admin)
    return Office(database, admin, file)


def test_a_list_comes_in_the_same_bundle_as_a_renewal(office: Office, licenses: Licenses) -> None:
    """The old license is withdrawn, the new one works: nothing stops."""
    old, new = licenses.license(), licenses.license(500)
    office.paste(old)
    assert status_of(office.admin).code == "valid"
    (root, _other) = roots_of_the_lab()
    assert office.paste(new, root.revocation_list(jti_of(old), seq=1))["stored"] == 1
    status = status_of(office.admin)
    assert (status.code, status.licenses) == ("valid", {jti_of(old): "revoked", jti_of(new): "valid"})
    assert take_note(office.admin)


def test_a_revoked_license_stops_new_records_at_once(office: Office, licenses: Licenses) -> None:
    """There is no count-down; reading, changing and deleting go on, and a new license ends it."""
    license_ = licenses.license()
    office.paste(license_)
    notes = [take_note(office.admin), take_note(office.admin)]
    office.paste(roots_of_the_lab()[0].revocation_list(jti_of(license_), seq=1))
    status = status_of(office.admin)
    assert (status.code, status.ok, status.flags) == ("revoked", False, [])
    time.sleep(1.1)
    assert is_refused(office.admin, NOTE, REVOKED)
    office.admin.call(NOTE, "write", notes, {"name": "changed"})
    assert office.admin.call(NOTE, "read", notes, ["name"])[0]["name"] == "changed"
    office.admin.call(NOTE, "unlink", notes)
    banner = office.admin.banner()
    assert banner
    assert (banner["level"], REVOKED in banner["lines"][0]) == ("danger", True)
    office.paste(licenses.license())
    assert take_note(office.admin)


def test_validate_previews_what_a_list_would_stop_before_it_is_stored(
    office: Office, licenses: Licenses
) -> None:
    """Validate holds the list back and stores the rest; the other button stores it all."""
    license_, other = licenses.license(), licenses.license(module="lab_other")
    office.paste(license_)
    listed = roots_of_the_lab()[0].revocation_list(jti_of(license_), seq=1)
    rest = office.press("aegis_validate", f"{other}\n{listed}")
    assert listed in rest
    assert other in str(office.database.parameter("aegis.license_tokens"))
    assert office.database.parameter(TRUST) is None
    assert status_of(office.admin).code == "valid"
    assert office.press("aegis_store_anyway", rest) == ""
    assert office.database.parameter(TRUST) == listed
    assert status_of(office.admin).code == "revoked"


def test_an_older_list_is_ignored_with_a_note(office: Office, licenses: Licenses) -> None:
    """And so is an equal one; neither brings a license back."""
    license_, root = licenses.license(), roots_of_the_lab()[0]
    newest = root.revocation_list(jti_of(license_), seq=7)
    office.paste(license_)
    office.paste(newest)
    older = office.paste(root.revocation_list(seq=6))
    assert {name: older[name] for name in ("stored", "superseded")} == {"stored": 0, "superseded": 1}
    assert office.paste(newest)["known"] == 1
    assert status_of(office.admin).code == "revoked"
    # A newer one that leaves it out does: the vendor may have erred.
    assert office.paste(root.revocation_list(seq=8))["stored"] == 1
    assert status_of(office.admin).code == "valid"
    assert len(str(office.database.parameter(TRUST)).split()) == 1


def test_a_list_speaks_only_about_its_own_issuer(office: Office, licenses: Licenses) -> None:
    """Another vendor's list revokes neither a license nor a key of this one."""
    license_ = licenses.license()
    office.paste(license_)
    partner = root_of_the_partner()
    keys = (licenses.vendor.kid, *(root.vendor.kid for root in roots_of_the_lab()))
    assert office.paste(partner.revocation_list(jti_of(license_), seq=9, keys=keys))["stored"] == 1
    assert status_of(office.admin).code == "valid"
    forged = sign_list(dataclasses.replace(partner.vendor, issuer=licenses.vendor.issuer), seq=99)
    assert office.paste(forged)["stored"] == 0


def test_a_list_needs_a_key_for_lists(office: Office, licenses: Licenses) -> None:
    """One that a license's key has signed is refused; one of a certified key counts for licenses alone."""
    license_, root = licenses.license(), roots_of_the_lab()[0]
    office.paste(license_)
    by_license_key = office.paste(sign_list(licenses.vendor, jti_of(license_), seq=1))
    assert (by_license_key["stored"], len(str(by_license_key["refused"])) > 2) == (0, True)
    signer = root.certify("revocation")
    other = licenses.license(module="lab_other")
    office.paste(other)
    listed = sign_list(signer.vendor, jti_of(other), seq=2, keys=(licenses.vendor.kid,))
    assert office.paste(signer.certificate, listed)["stored"] == 2
    status = status_of(office.admin)
    assert (status.code, status.licenses.get(jti_of(license_))) == ("valid", "valid")
    assert status_of(office.admin, "lab_other").code == "revoked"


def test_a_list_in_a_license_file(office: Office, licenses: Licenses) -> None:
    """It counts for what is pasted, as if it were pasted too."""
    license_ = licenses.license()
    office.paste(license_)
    office.file.write_text(roots_of_the_lab()[0].revocation_list(jti_of(license_), seq=1))
    time.sleep(MOMENT)
    assert status_of(office.admin).code == "revoked"
    office.file.unlink()
    time.sleep(MOMENT)
    # What a file said once is believed while the file cannot be read, and not when it is gone.
    assert status_of(office.admin).code == "valid"


def test_twenty_thousand_ids(office: Office, licenses: Licenses) -> None:
    """The largest list there may be is pasted, and does not slow the guard down."""
    office.paste(licenses.license())
    others = [f"license-{number}" for number in range(20_000)]
    assert office.paste(roots_of_the_lab()[0].revocation_list(*others, seq=1))["stored"] == 1
    assert status_of(office.admin).code == "valid"
    begin = time.monotonic()
    for _ in range(20):
        take_note(office.admin)
    assert time.monotonic() - begin < 20 * 0.5
