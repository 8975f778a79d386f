"""The two services, side by side: the license server, and the one in Python that does the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from odoo_lab.server import free_port
from odoo_lab.workspace import end, spawn
from server.postgres import Postgres

BENCHES = Path(__file__).resolve().parents[1]
ROOT = BENCHES.parents[1]
AEGIS = ROOT / "target" / "server" / "aegis"
START_SECONDS = 60
ISSUER = "acme.example"
#: More than can be asked in a minute.
UNLIMITED = "1000000000"
#: The license server's folder, and the one in it of the keys that it makes.
DATA = "data"
KEYS = "data/keys"


@dataclass(frozen=True)
class SigningKey:
    """The key with which both sign."""

    kid: str
    file: Path


class Service:
    """A process that answers HTTP on loopback, as a context manager."""

    def __init__(self, command: list[str | Path], port: int, env: dict[str, str], folder: Path) -> None:
        self.address = f"127.0.0.1:{port}"
        self._command = command
        self._env = env
        self._log = folder / f"{port}.log"
        self._output: IO[str] | None = None
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Service:
        self._output = self._log.open("w")
        self._process = spawn(self._command, output=self._output, env=self._env)
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__(None, None, None)
                raise RuntimeError(f"{self._command[0]} did not start: {self._log.read_text().strip()}")
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            end(self._process)
        if self._output is not None:
            self._output.close()

    def ask(self, api_key: str, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Ask below ``/api/v1``.

        Raises:
            RuntimeError: the answer is no success.
        """
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        text = None if body is None else json.dumps(body).encode()
        url = f"http://{self.address}/api/v1{path}"
        request = urllib.request.Request(url, text, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - always http
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from error
        return found

    def said(self) -> str:
        """All that it has written so far."""
        return self._log.read_text()

    def resident(self) -> int:
        """Bytes of its memory that are resident."""
        assert self._process is not None
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("Linux does not tell how much memory is resident")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/health", timeout=1):
                return True
        except OSError:
            return False


def made_keys(service: Service, folder: Path) -> tuple[SigningKey, str]:
    """Give the signing key and the API key that the first start has made, and shown once."""
    file = next((folder / KEYS).glob("*.private.pem"))
    shown = re.search(r"^ +(aegis_\S+)$", service.said(), re.MULTILINE)
    if not shown:
        raise RuntimeError(f"the license server shows no API key: {service.said()}")
    return SigningKey(file.name.removesuffix(".private.pem"), file), shown[1]


def make_database(cluster: Postgres, database: str) -> None:
    """Make a database with the tables of the license server."""
    cluster.make(database)
    _aegis({"AEGIS_DATABASE_URL": cluster.url(database)}, "migrate")


def check_audit_log(cluster: Postgres, database: str) -> int:
    """Walk the whole chain, and give the number of its rows."""
    found = _aegis({"AEGIS_DATABASE_URL": cluster.url(database)}, "audit", "verify", "--json")
    rows: int = json.loads(found)["rows"]
    return rows


def license_server(cluster: Postgres, database: str, folder: Path) -> Service:
    """The license server with its defaults, but without limits of requests and lines of the log for each."""
    port = free_port()
    env = {
        "AEGIS_DATABASE_URL": cluster.url(database),
        "AEGIS_DATA": str(folder / DATA),
        "AEGIS_ISSUER": ISSUER,
        "AEGIS_LISTEN": f"127.0.0.1:{port}",
        "AEGIS_METRICS_LISTEN": "off",
        "AEGIS_LOG": "warn",
        "AEGIS_RATE_PER_KEY": UNLIMITED,
        "AEGIS_RATE_PER_ADDRESS": UNLIMITED,
    }
    return Service([AEGIS, "serve"], port, env, folder)


def peer(cluster: Postgres, database: str, key: SigningKey, folder: Path, workers: int) -> Service:
    """The service in Python, with so many processes."""
    port = free_port()
    env = {
        "PEER_DATABASE": cluster.sqlalchemy_url(database),
        "PEER_ISSUER": ISSUER,
        "PEER_KID": key.kid,
        "PEER_KEY": str(key.file),
    }
    options = (
        "--loop=uvloop",
        "--http=httptools",
        "--no-access-log",
        "--log-level=warning",
        "--backlog=2048",
    )
    place = (f"--app-dir={BENCHES}", "--host=127.0.0.1", f"--port={port}", f"--workers={workers}")
    command: list[str | Path] = [sys.executable, "-m", "uvicorn", *options, *place, "server.peer:app"]
    return Service(command, port, env, folder)


def _aegis(env: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [AEGIS, *arguments], check=False, capture_output=True, text=True, env={**os.environ, **env}
    )
    if done.returncode:
        raise RuntimeError(f"aegis {arguments[0]}: {done.stderr.strip()}")
    return done.stdout
