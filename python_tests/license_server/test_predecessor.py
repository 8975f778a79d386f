"""Callers of the server before this one go on as they are: its paths, its methods, its header for the key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from license_server.client import BASE, Client, assert_problem, wanted
from license_server.server import Server

UUID, DOMAIN = "a3f1c6de-0d3c-4a53-9d1c-2f64a7f1f5b0", "acme.odoo.com"


@pytest.fixture(scope="module")
def server(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server that was started with nothing configured."""
    with Server(program, tmp_path_factory.mktemp("predecessor")) as running:
        running.client.add_customer()
        yield running


@pytest.fixture
def caller(server: Server) -> Client:
    """Give a caller who knows the header of the older server alone."""
    return Client(server.port, server.key, header="X-API-Key")


def test_the_key_in_its_old_header(caller: Client) -> None:
    """It opens what it opens in the new one, and another opens nothing."""
    assert caller.get("/licenses").status == 200
    assert_problem(Client(caller.port, "aegis_wrong", "X-API-Key").get("/licenses"), 401, "unauthorized")
    assert_problem(caller.anonymous().get("/licenses"), 401, "unauthorized")


def test_the_key_is_in_the_log_once(server: Server, caller: Client) -> None:
    """Where it is announced; no request leaves it there, in whichever header it comes."""
    for client in (server.client, caller):
        assert client.issue()["id"]
        assert client.get(f"/licenses/{server.key}").status == 404
    assert server.log.read_text().count(server.key) == 1


def test_health_needs_no_key(caller: Client) -> None:
    """As balancers ask it."""
    answer = caller.anonymous().send("GET", "/health")
    assert (answer.status, answer.body) == (200, {"status": "ok"})


def test_a_license_is_issued_and_validated(caller: Client) -> None:
    """By its id, and by its token."""
    issued = caller.post("/licenses", wanted())
    assert issued.status == 201
    assert issued.headers["Location"] == f"{BASE}/licenses/{issued.body['id']}"
    situation = {"module": "aegis_demo", "odoo_version": "18.0"}
    by_id = caller.post(f"/licenses/{issued.body['id']}/validate", situation)
    by_token = caller.post("/licenses/validate", {"token": issued.body["token"], "context": situation})
    assert (by_id.status, by_id.body["code"]) == (200, "valid")
    assert by_token.body == by_id.body
    other = caller.post(f"/licenses/{issued.body['id']}/validate", {**situation, "odoo_version": "16.0"})
    assert (other.body["valid"], other.body["code"]) == (False, "wrong_odoo_version")


@pytest.mark.parametrize("way", ["DELETE", "POST"])
def test_a_license_is_revoked(caller: Client, way: str) -> None:
    """By DELETE with the reason in the query, or by POST; either is repeated without harm."""
    path = f"{BASE}/licenses/{caller.issue()['id']}"
    for _ in range(2):
        if way == "DELETE":
            answer = caller.send("DELETE", f"{path}?reason=not%20paid")
        else:
            answer = caller.send("POST", f"{path}/revoke", {"reason": "not paid"})
        assert answer.status == 200
        assert (answer.body["status"], answer.body["status_reason"]) == ("revoked", "not paid")
    validated = caller.send("POST", f"{path}/validate", {"odoo_version": "18.0"})
    assert (validated.body["valid"], validated.body["code"]) == (False, "revoked")


def test_the_list_of_what_is_revoked_is_for_everybody(caller: Client) -> None:
    """One token, without a key; who has it already is told so."""
    caller.send("DELETE", f"{BASE}/licenses/{caller.issue()['id']}?reason=lost")
    first = caller.anonymous().get("/revocations")
    assert (first.status, first.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert len(first.text.split(".")) == 3
    again = caller.anonymous().get("/revocations", {"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.text) == (304, "")
    caller.send("DELETE", f"{BASE}/licenses/{caller.issue()['id']}?reason=lost")
    newer = caller.anonymous().get("/revocations", {"If-None-Match": first.headers["ETag"]})
    assert newer.status == 200
    assert newer.headers["ETag"] != first.headers["ETag"]


def test_a_fingerprint_binds_a_license(caller: Client) -> None:
    """To the instance of which it was made, and to no other."""
    instance = {"database_uuid": UUID, "domain": DOMAIN}
    made = caller.post("/licenses/fingerprint", instance)
    assert made.status == 200
    bound = caller.issue(instance_fingerprint=made.body["fingerprint"])
    path = f"/licenses/{bound['id']}/validate"
    here = caller.post(path, {"odoo_version": "18.0", "instance": instance})
    there = caller.post(path, {"odoo_version": "18.0", "instance": {**instance, "domain": "other.odoo.com"}})
    assert (here.body["code"], there.body["code"]) == ("valid", "wrong_instance")


def test_a_path_of_neither_server_is_a_problem(caller: Client) -> None:
    """Not a page of HTML."""
    assert_problem(caller.get("/license"), 404, "not_found")
    assert_problem(caller.send("PUT", f"{BASE}/licenses"), 405, "method_not_allowed")
