"""The commands beside ``aegis serve``, while the server is at work."""

import json
from pathlib import Path
from typing import Any

import pyrage
from license_server.client import BASE, Client
from license_server.load import Load
from license_server.proof import assert_audit_holds, assert_nothing_lost
from license_server.server import Server, Start, wait_until
from license_server.stores import PostgreSql, Sqlite, Store

#: Licenses that a server has when a command begins, at least.
SOME = 30


def asked(server: Server, *arguments: str | Path) -> Any:  # noqa: ANN401 - any JSON
    """Run a command that has to succeed, and give its answer."""
    return json.loads(server.must(*arguments, "--json"))


def issued(load: Load) -> dict[str, set[tuple[str, str]]]:
    """Wait until there are some licenses, and give what is acknowledged by then."""
    assert wait_until(lambda: len(load.acknowledged) >= SOME, 30)
    return load.acknowledged


def ids(kept: dict[str, set[tuple[str, str]]]) -> set[str]:
    """Give the ids of the acknowledged licenses."""
    return {license_id for found in kept.values() for license_id, _token in found}


def assert_serves(client: Client, kept: dict[str, set[tuple[str, str]]]) -> None:
    """Another server has what was acknowledged, to the letter."""
    for license_id, token in (pair for found in kept.values() for pair in found):
        assert client.get(f"/licenses/{license_id}/token").body == {"token": token}


def test_doctor_finds_a_working_server_well(start: Start, store: Store) -> None:
    """Under load too; one that has ended is told from it."""
    server = start(env=store.env)
    server.client.add_customer()
    with Load(server.client) as load:
        issued(load)
        said = asked(server, "doctor")
        assert asked(server, "doctor", "--quick")["ok"] is True
    assert said["ok"] is True
    assert {"database", "migrations", "clock", "trust", "signer"} <= {each["name"] for each in said["checks"]}
    shown = {each["name"]: each["value"] for each in said["settings"]}
    assert shown["data"] == str(server.data)
    assert_nothing_lost(load, server, store)
    server.kill()
    ended = server.command("doctor", "--quick", "--json")
    assert ended.returncode != 0
    assert json.loads(ended.stdout)["ok"] is False


def test_doctor_says_what_is_wrong(start: Start, postgres: PostgreSql) -> None:
    """With a remedy, and without the password."""
    server = start(env=postgres.env)
    password = "hush-hush"  # noqa: S105 - nobody's
    wrong = {"AEGIS_DATABASE_URL": f"postgres://nobody:{password}@127.0.0.1:9/none"}
    done = server.command("doctor", "--json", env=wrong)
    assert done.returncode != 0
    (database,) = [each for each in json.loads(done.stdout)["checks"] if each["name"] == "database"]
    assert database["state"] == "error"
    assert database["remedy"]
    assert password not in done.stdout + done.stderr


def test_migrate_changes_nothing_under_a_running_server(start: Start, store: Store) -> None:
    """The server serves on."""
    server = start(env=store.env)
    server.client.add_customer()
    with Load(server.client) as load:
        issued(load)
        assert asked(server, "migrate", "--check") == {"done": 0, "pending": 0}
        assert asked(server, "migrate") == {"done": 0, "pending": 0}
        issued_then = len(load.acknowledged)
        assert wait_until(lambda: len(load.acknowledged) > issued_then, 10)
    assert_nothing_lost(load, server, store)


def test_a_backup_of_a_server_at_work_is_a_server_again(start: Start, tmp_path: Path) -> None:
    """With its licenses, its signing key and its API keys; what is in it nobody else can read."""
    identity = pyrage.x25519.Identity.generate()
    secret, backup = tmp_path / "identity.txt", tmp_path / "backup.age"
    secret.write_text(f"{identity}\n")
    server = start()
    server.client.add_customer()
    with Load(server.client) as load:
        before = issued(load)
        asked(server, "backup", "--to", backup, "--recipient", str(identity.to_public()))
    assert_nothing_lost(load, server, Sqlite(server.data / "aegis.db"))
    content = backup.read_bytes()
    assert content.startswith(b"age-encryption.org/v1")
    assert b"SQLite format 3" in pyrage.decrypt(content, [identity])
    server.kill()
    asked(server, "restore", "--from", backup, "--identity", secret, "--into", tmp_path / "again")
    again = start("again", env={"AEGIS_DATA": str(tmp_path / "again")})
    client = Client(again.port, server.key)
    assert_serves(client, before)
    assert_audit_holds(again)
    assert client.issue()["kid"] == client.licenses()[-1]["kid"]


def test_an_export_of_a_server_at_work_is_imported_elsewhere(
    start: Start, postgres: PostgreSql, tmp_path: Path
) -> None:
    """From SQLite to PostgreSQL, twice; what was revoked stays revoked."""
    server = start()
    server.client.add_customer()
    revoked = server.client.issue()["id"]
    assert server.client.send("DELETE", f"{BASE}/licenses/{revoked}?reason=lost").status == 200
    listed = server.client.revocations()
    with Load(server.client) as load:
        before = issued(load)
        said = asked(server, "export", "--to", tmp_path / "ledger")
    assert said["licenses"] >= len(before)
    keys = server.data / "keys"
    env = {**postgres.env, "AEGIS_SIGNER": f"file:{keys}", "AEGIS_TRUST": str(keys)}
    other = start("other", env=env)
    ledger = tmp_path / "ledger" / "licenses.jsonl"
    first = asked(other, "import", "--ledger", ledger)
    assert (first["licenses"]["added"], first["licenses"]["known"]) == (said["licenses"], 0)
    assert (first["revocations"]["added"], first["refused"]) == (1, 0)
    again = asked(other, "import", "--ledger", ledger)
    assert (again["licenses"]["added"], again["licenses"]["known"]) == (0, said["licenses"])
    assert_serves(other.client, before)
    assert len(other.client.licenses()) == said["licenses"]
    assert other.client.get(f"/licenses/{revoked}").body["status"] == "revoked"
    relisted = other.client.revocations()
    assert relisted["revoked"] == listed["revoked"]
    assert relisted["seq"] >= listed["seq"]
    assert_audit_holds(other)
