"""The API does what its description says, to whatever Schemathesis thinks of."""

import re
import subprocess
import sys
from pathlib import Path

from license_server.client import BASE, HOST, Client
from license_server.server import Server, Start
from license_server.stores import Store

SECONDS = 40
#: A request may be refused with 422 although its form is right; what is deleted is revoked or deactivated,
#: and can still be read; and this is what there is to be found.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "422", "429"]

[[operations]]
include-path-regex = "/licenses/|/bundle/"
parameters = {{ "path.id" = {license!r} }}

[[operations]]
include-path-regex = "/customers/"
include-method = ["GET", "PATCH"]
parameters = {{ "path.id" = "C1" }}
"""


def test_the_api_is_as_described(start: Start, store: Store, tmp_path: Path) -> None:
    """All phases, with an administrator's key; what is found is printed with a way to repeat it."""
    server = start(env=store.env)
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS.format(license=something_to_find(server.client)))
    done = run(settings, server)
    report = done.stdout + done.stderr
    assert done.returncode == 0, report
    tested = re.search(r"Tested: (\d+)", report)
    assert tested, report
    assert int(tested[1]) == operations(server.client), report
    assert server.client.is_ready()


def something_to_find(client: Client) -> str:
    """Add a customer with a license, and give its id."""
    client.add_customer()
    found: str = client.issue()["id"]
    return found


def operations(client: Client) -> int:
    """Count what the description describes."""
    paths = client.get("/openapi.json").body["paths"].values()
    methods = {"get", "post", "put", "patch", "delete"}
    return sum(name in methods for path in paths for name in path)


def run(settings: Path, server: Server) -> "subprocess.CompletedProcess[str]":
    """Run Schemathesis for about a minute; what it sends is random, and different each time."""
    location = f"http://{HOST}:{server.port}{BASE}/openapi.json"
    program = Path(sys.executable).parent / "schemathesis"
    how = (
        "--checks",
        "all",
        "--exclude-checks",
        "use_after_free",
        "--max-time",
        str(SECONDS),
        "--no-color",
        "--warnings",
        "off",
    )
    key = ("--header", f"Authorization: Bearer {server.key}")
    command: list[str | Path] = [program, f"--config-file={settings}", "run", location, *key, *how]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=settings.parent, timeout=240
    )
