"""A real ``aegis serve``, with a folder and an environment of its own."""

import functools
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from license_server.client import HOST, Client
from odoo_lab.server import free_port
from odoo_lab.workspace import CHECKOUT, LAB, lock, must, progress, spawn

START_SECONDS = 60
STOP_SECONDS = 40
#: How it shows the key of an administrator, once.
API_KEY = re.compile(r"^\s+(aegis_[\w-]{8}\.[\w-]+)$", re.MULTILINE)
#: All tests together ask more often than a customer would.
PLENTY = "1000000"


class Server:
    """A server of licenses, as a context manager.

    Attributes:
        data: its folder of data.
        log: the file with all that it printed, over all its starts.
        port: where its API is.
        metrics_port: where its metrics are.
    """

    def __init__(
        self,
        program: Path,
        folder: Path,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        """Take note of what to start; ``prefix`` is a command that starts another."""
        folder.mkdir(parents=True, exist_ok=True)
        self.data, self.log = folder / "data", folder / "server.log"
        self.port, self.metrics_port = free_port(), free_port()
        self._program, self._prefix = program, prefix
        self._env = {
            "AEGIS_DATA": str(self.data),
            "AEGIS_LISTEN": f"{HOST}:{self.port}",
            "AEGIS_METRICS_LISTEN": f"{HOST}:{self.metrics_port}",
            "AEGIS_RATE_PER_KEY": PLENTY,
            "AEGIS_RATE_PER_ADDRESS": PLENTY,
            **(env or {}),
        }
        self._key = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            RuntimeError: it ended or is not ready in time; the message ends with the last lines of its log.
        """
        with self.log.open("a") as log:
            command: list[str | Path] = [*self._prefix, self._program, "serve"]
            self._process = spawn(command, output=log, env=self._env)
        ready = Client(self.port).is_ready
        if not wait_until(lambda: ready() or self._has_ended(), START_SECONDS) or self._has_ended():
            self.kill()
            tail = "\n".join(self.log.read_text().splitlines()[-15:])
            raise RuntimeError(f"the license server does not start. The end of its log:\n{tail}")

    def stop(self) -> int:
        """Ask it to stop, as a service manager does, and give its exit code."""
        assert self._process
        os.kill(self._process.pid, signal.SIGTERM)
        return self._process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """Let it end where it stands."""
        if self._process:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        """The id of its process."""
        assert self._process
        return self._process.pid

    @property
    def key(self) -> str:
        """The API key that it has shown, the only time."""
        if not self._key:
            (self._key,) = API_KEY.findall(self.log.read_text())
        return self._key

    @property
    def client(self) -> Client:
        """An administrator who calls it."""
        return Client(self.port, self.key)

    def command(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run another command of ``aegis`` with the same settings, to its end."""
        return subprocess.run(
            [self._program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **self._env, **(env or {})},
        )

    def must(self, *arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
        """Run another command, which has to succeed, and give what it printed."""
        done = self.command(*arguments, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None


class Start(Protocol):
    """Starts a server with a folder of its own; it ends with the test."""

    def __call__(
        self, name: str = "server", env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
    ) -> Server:
        """Make the tables of a database that is named, start the server and wait until it is ready."""


@functools.cache
def program() -> Path:
    """Give the ``aegis`` command with the server in it, up to date.

    It is a copy: whoever makes keys and licenses by hand builds the command without the server, in its place.

    Raises:
        odoo_lab.Unavailable: it cannot be built.
    """
    target = Path(os.environ.get("CARGO_TARGET_DIR") or CHECKOUT / "target")
    copy = LAB / "programs" / "aegis"
    copy.parent.mkdir(parents=True, exist_ok=True)
    build = ["cargo", "build", "--quiet", "--locked", "-p", "aegis-cli"]
    with lock("license-server"):
        progress("building the license server (the first time takes some minutes)")
        remedy = "the license server cannot be built; Rust 1.94 or newer is needed: see https://rustup.rs"
        must([*build, f"--manifest-path={CHECKOUT / 'Cargo.toml'}"], remedy)
        shutil.copy2(target / "debug" / "aegis", copy.with_suffix(".new"))
        copy.with_suffix(".new").rename(copy)
    return copy


def wait_until(happens: Callable[[], bool], seconds: float) -> bool:
    """Wait until something happens; say whether it did."""
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
