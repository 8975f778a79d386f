"""What has to be true when a fault is over, whatever it was."""

import json
from datetime import datetime

from license_server.client import Client, assert_unavailable
from license_server.load import Load, days_of
from license_server.server import Server
from license_server.stores import Store

LICENSES = "SELECT id, token FROM licenses"
REQUESTS = "SELECT key, license_id FROM idempotency"
NOTES = "SELECT count(*) FROM audit_log WHERE action = 'license.issue'"


def assert_nothing_lost(load: Load, server: Server, store: Store) -> None:
    """Every acknowledged license is there and reads the same, once for each key, and the audit log holds."""
    kept = _one_license_each(load)
    tokens = dict(kept.values())
    assert_read_back(server.client, kept)
    assert dict(store.rows(LICENSES)) == tokens
    assert dict(store.rows(REQUESTS)) == {key: license_id for key, (license_id, _token) in kept.items()}
    assert store.rows(NOTES) == [(len(kept),)]
    assert_audit_holds(server)


def assert_read_back(client: Client, kept: dict[str, tuple[str, str]]) -> None:
    """The API gives what it has acknowledged, and it is what was asked for."""
    listed = {license_["id"]: license_ for license_ in client.licenses()}
    assert listed.keys() == {license_id for license_id, _token in kept.values()}
    for key, (license_id, token) in kept.items():
        assert client.get(f"/licenses/{license_id}/token").body == {"token": token}
        assert _days(listed[license_id]) == days_of(key)


def assert_audit_holds(server: Server) -> None:
    """No row of the audit log is missing or was changed."""
    said = json.loads(server.must("audit", "verify", "--json"))
    assert said["holds"] is True, said


def assert_refused_properly(load: Load) -> None:
    """Whatever was not acknowledged was refused with a problem document that says when to try again."""
    for answer in load.refusals:
        assert_unavailable(answer)


def _one_license_each(load: Load) -> dict[str, tuple[str, str]]:
    """Give the license of each Idempotency-Key: there is exactly one, however often it was answered."""
    twice = {key: found for key, found in load.acknowledged.items() if len(found) != 1}
    assert not twice
    return {key: next(iter(found)) for key, found in load.acknowledged.items()}


def _days(license_: dict[str, str]) -> int:
    issued, expires = (datetime.fromisoformat(license_[name][:19]) for name in ("issued_at", "expires_at"))
    return (expires - issued).days
