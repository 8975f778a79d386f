"""Odoo's processes: one command to its end, or a server that answers."""

import http.client
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from odoo_lab.cluster import Cluster
from odoo_lab.series import Odoo
from odoo_lab.workspace import LAB, end, run, spawn

START_SECONDS = 180


def data_folder(database: str) -> Path:
    """Where Odoo keeps the files of a database: attachments, sessions."""
    return LAB / "data" / database


def run_odoo(
    odoo: Odoo,
    cluster: Cluster,
    database: str,
    *args: str,
    addons: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    timeout: float = 1800,
) -> "subprocess.CompletedProcess[str]":
    """Run ``odoo-bin`` to its end: ``-i module``, ``-u module``, ``--test-enable``, ``shell``.

    Args:
        odoo: which Odoo.
        cluster: where the database is; Odoo makes the database if it does not exist.
        database: its name.
        args: arguments of odoo-bin, first a subcommand if there is one.
        addons: further folders of addons, which go before Odoo's own.
        env: environment variables to set besides.
        text: standard input, such as a script for ``shell``.
        timeout: seconds after which it is stopped.

    Returns:
        The exit code, and all that was printed as ``stdout``; it is also in ``.cache/lab/logs/``.

    Raises:
        subprocess.TimeoutExpired: it took too long.
    """
    subcommand = args[:1] if args and not args[0].startswith("-") else ()
    rest = args[len(subcommand) :]
    once = () if subcommand else ("--stop-after-init",)
    command = [
        *odoo.command,
        *subcommand,
        *_options(odoo, cluster, database, addons, free_port()),
        *once,
        *rest,
    ]
    done = run(command, env=env, text=text, timeout=timeout)
    with _log(database, "run").open("a") as log:
        log.write(done.stdout)
    return done


class Server:
    """A running Odoo with one database, as a context manager.

    Attributes:
        url: its address, without a slash at the end.
        log: the file with its log.
        process: the running process, once started.
    """

    def __init__(
        self,
        odoo: Odoo,
        cluster: Cluster,
        database: str,
        *,
        addons: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
        port: int | None = None,
    ) -> None:
        """Take note of what to start; ``args`` go to odoo-bin (``--max-cron-threads=1`` for its crons)."""
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = _log(database, "server")
        self.process: subprocess.Popen[str] | None = None
        self._command = [*odoo.command, *_options(odoo, cluster, database, addons, self.port), *args]
        self._env = env

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it ended or did not answer in time; the message ends with the last lines of its log.
        """
        with self.log.open("w") as log:
            self.process = spawn(self._command, output=log, env=self._env)
        try:
            self._answer()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it and all that it started."""
        if self.process:
            end(self.process)

    def wait(self) -> None:
        """Wait until it ends by itself."""
        if self.process:
            self.process.wait()

    def _answer(self) -> None:
        assert self.process
        deadline = time.monotonic() + START_SECONDS
        # The login page comes only when the registry is loaded. The icon has Odoo read the manifests of all
        # modules, by one request: Python 3.11 may fail where several threads parse at once.
        for page in ("/web/health", "/web/login", "/web/static/img/favicon.ico"):
            while not _answers(self.url + page):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    tail = "\n".join(self.log.read_text().splitlines()[-15:])
                    raise RuntimeError(f"Odoo does not answer at {self.url}. The end of {self.log}:\n{tail}")
                time.sleep(0.2)


def free_port(preferred: int = 0) -> int:
    """Find a port of this machine that nobody uses: the preferred one if it is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            return free_port()
        port: int = probe.getsockname()[1]
        return port


def _options(
    odoo: Odoo, cluster: Cluster, database: str, addons: Sequence[Path], port: int
) -> tuple[str, ...]:
    """What every process gets: its database only, files of its own, no limits that would stop a slow test."""
    rc = LAB / "odoo.conf"
    rc.touch()
    data = data_folder(database)
    data.mkdir(parents=True, exist_ok=True)
    return (
        f"--config={rc}",
        *cluster.options,
        f"--database={database}",
        f"--db-filter=^{database}$",
        f"--addons-path={','.join(map(str, (*addons, *odoo.addons)))}",
        f"--data-dir={data}",
        "--http-interface=127.0.0.1",
        f"--http-port={port}",
        "--max-cron-threads=0",
        # Not 0: that means "no limit" with threads, and "at once" with workers.
        "--limit-time-real=86400",
        "--limit-time-cpu=86400",
        "--limit-memory-hard=0",
        *(() if odoo.number == "19" else ("--without-demo=all",)),
    )


def _log(database: str, kind: str) -> Path:
    folder = LAB / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{database}.{kind}.log"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=60) as response:  # noqa: S310 - the lab's own server
            return bool(response.status == 200)
    except (OSError, http.client.HTTPException):
        return False
