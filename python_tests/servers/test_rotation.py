"""Keys grow old, are lost and stolen; the wheel on the server stays the one it was, with two roots in it.

All that the vendor does here the real ``aegis`` command does, from making keys to the text that is mailed.
"""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from odoo_lab import vendor
from servers.desk import Desk
from servers.installation import Database, Installation
from servers.licenses import Licenses
from servers.statuses import NOTE, begin_anew, let_pass, remembered, status_of, take_note
from servers.trust import jti_of, parts_of, root_of_the_partner, roots_of_the_lab
from servers.web import Session, is_refused
from support import DAY

FIRST_ROOT, SECOND_ROOT = vendor.ROOTS
OLD, NEW = "lab-2026", "lab-2027"


@dataclasses.dataclass(frozen=True)
class Office:
    """A running server and its administrator."""

    database: Database
    admin: Session

    def paste(self, text: str) -> dict[str, object]:
        """Store a bundle."""
        stored: dict[str, object] = self.admin.call("aegis.license", "store", text)
        return stored


@pytest.fixture(scope="module")
def running(installation: Installation) -> Iterator[Office]:
    """Give a server."""
    database = installation.database("rotation")
    with database.server() as server:
        yield Office(database, Session(server.url, database.name, "admin"))


@pytest.fixture
def office(running: Office) -> Office:
    """Give the server with nothing stored."""
    begin_anew(running.database, running.admin)
    return running


@pytest.fixture
def desk(licenses: Licenses, tmp_path: Path) -> Desk:
    """Give the vendor's desk with a key that the first root has certified; no wheel knows that key."""
    assert licenses
    made = Desk(tmp_path)
    made.generate(OLD)
    made.certify(OLD, FIRST_ROOT)
    return made


def test_rotation_needs_neither_a_new_wheel_nor_a_network(office: Office, desk: Desk) -> None:
    """The license of a key that was made today works; what the key before it signed stands."""
    assert office.paste(desk.issue(OLD))["stored"] == 1
    assert status_of(office.admin).code == "valid"
    desk.rotate(OLD, NEW, FIRST_ROOT)
    bundle = desk.issue(NEW)
    stored = office.paste(f"Dear customer,\n\n{bundle}\n\nRegards")
    assert (stored["stored"], stored["refused"]) == (1, [])
    status = status_of(office.admin)
    assert (status.code, sorted(status.licenses.values())) == ("valid", ["valid", "valid"])
    assert take_note(office.admin)


def test_one_root_can_be_lost(office: Office, desk: Desk) -> None:
    """The second root certifies the next key, and the wheel that is installed accepts it."""
    assert office.paste(desk.issue(OLD))["stored"] == 1
    desk.lose(FIRST_ROOT)
    desk.generate(NEW)
    desk.certify(NEW, SECOND_ROOT)
    assert office.paste(desk.issue(NEW))["stored"] == 1
    assert sorted(status_of(office.admin).licenses.values()) == ["valid", "valid"]
    (first, second) = [entry["jti"] for entry in desk.issued()]
    desk.revoke(first)
    office.paste(desk.sign_list(SECOND_ROOT))
    assert status_of(office.admin).licenses == {first: "revoked", second: "valid"}


def test_a_stolen_key_leaves_30_days_for_what_was_stored_before(office: Office, desk: Desk) -> None:
    """What comes after the list is refused; what the vendor issues again works, and ends the warning."""
    office.paste(desk.issue(OLD))
    stolen = desk.issue(OLD)
    notes_made = take_note(office.admin)
    desk.rotate(OLD, NEW, SECOND_ROOT)
    desk.revoke(f"--kid={OLD}")
    # What comes within one second counts as having come together.
    time.sleep(1.1)
    office.paste(desk.sign_list(SECOND_ROOT))
    status = status_of(office.admin)
    assert (status.code, status.ok) == ("grace", True)
    assert status.next_change
    assert abs(status.next_change - time.time() - 30 * DAY) < 120
    assert take_note(office.admin) > notes_made
    # The thief may date it back as he likes.
    assert office.paste(stolen)["stored"] == 0
    let_pass(office.database, office.admin, 31)
    time.sleep(1.1)
    assert status_of(office.admin).code == "revoked"
    assert is_refused(office.admin, NOTE, "withdrawn")
    again = desk.reissue(OLD, NEW)
    assert len(again) == 2
    for text in again:
        assert office.paste(text)["stored"] == 1
    assert status_of(office.admin).code == "valid"
    assert take_note(office.admin)


def test_what_was_stolen_revokes_nobody_else(office: Office, desk: Desk) -> None:
    """Lists of the stolen key are discarded, whatever their number; other keys go on."""
    desk.certify(OLD, FIRST_ROOT, "--use", "license,revocation")
    desk.rotate(OLD, NEW, FIRST_ROOT)
    office.paste(desk.issue(NEW))
    (good,) = [entry["jti"] for entry in desk.issued()]
    desk.revoke(good)
    by_the_thief = desk.sign_list(OLD)
    office.paste(by_the_thief)
    assert status_of(office.admin).code == "revoked"
    root = roots_of_the_lab()[1]
    office.paste(root.revocation_list(seq=1, keys=(desk.thumbprint(OLD),)))
    assert status_of(office.admin).code == "valid"
    assert take_note(office.admin)


def test_the_order_of_pastes_loses_nothing(office: Office, desk: Desk) -> None:
    """A license without the certificate of its key is refused with a remedy, and works once that is there."""
    token, certificate = parts_of(desk.issue(OLD))
    before = office.paste(token)
    assert (before["stored"], before["rest"]) == (0, token)
    assert before["refused"]
    assert office.paste(certificate)["trust"] == {
        "stored": [{"kind": "key_certificate", "issuer": vendor.ISSUER, "name": OLD, "seq": None}],
        "known": 0,
        "superseded": 0,
    }
    assert office.paste(token)["stored"] == 1
    assert status_of(office.admin).code == "valid"


def test_what_a_retired_key_signed_inside_its_window_stands(office: Office) -> None:
    """The window is one for the ``iat`` of a license, not for today."""
    now = int(time.time())
    key = roots_of_the_lab()[0].certify(nbf=now - 900 * DAY, exp=now - 100 * DAY)
    inside, outside = key.license(iat=now - 200 * DAY), key.license(iat=now - 50 * DAY)
    office.paste(key.with_certificate(inside))
    assert status_of(office.admin).code == "valid"
    assert office.paste(outside)["stored"] == 0
    assert list(status_of(office.admin).licenses) == [jti_of(inside)]


def test_none_of_several_issuers_can_sign_for_another(office: Office) -> None:
    """One wheel trusts two vendors, each for its own modules."""
    lab, partner = roots_of_the_lab()[0], root_of_the_partner()
    own, foreign = partner.certify(), lab.certify()
    assert office.paste(own.with_certificate(own.license(module="partner_sign")))["stored"] == 1
    assert status_of(office.admin, "partner_sign").code == "valid"
    for key, module in ((own, "aegis_demo"), (foreign, "partner_sign")):
        assert office.paste(key.with_certificate(key.license(module=module)))["stored"] == 0
    forged = dataclasses.replace(own, vendor=dataclasses.replace(own.vendor, issuer=vendor.ISSUER))
    assert office.paste(forged.license())["stored"] == 0
    wider = partner.certify(modules=["aegis_*"])
    assert office.paste(wider.with_certificate(wider.license()))["stored"] == 0
    assert status_of(office.admin).code == "missing"


def test_a_root_is_withdrawn_by_a_new_wheel_alone(office: Office, desk: Desk) -> None:
    """No list takes a root away, not even one of the other root."""
    office.paste(desk.issue(OLD))
    office.paste(roots_of_the_lab()[1].revocation_list(seq=1, keys=vendor.ROOTS))
    assert status_of(office.admin).code == "valid"
    assert FIRST_ROOT not in remembered(office.database).get("revoked_keys", {})
