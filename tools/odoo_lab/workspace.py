"""Where the lab keeps its things, and how steps are done: whole or not at all, and one at a time."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

CHECKOUT = Path(__file__).resolve().parents[2]
LAB = CHECKOUT / ".cache" / "lab"
STOP_SECONDS = 15


class Unavailable(Exception):  # noqa: N818 - it is a state of the machine, and reads so where it is caught
    """Something that the lab needs is not to be had here; the message is one sentence with the remedy."""


def progress(text: str) -> None:
    """Tell on standard error which step begins."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Keep other processes of this checkout out of the step ``name``; a process that dies gives it back."""
    folder = LAB / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def building(target: Path) -> Iterator[Path]:
    """Give a temporary folder, which becomes ``target`` if the block succeeds and vanishes if it does not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{target.name}.*"):
        remove(leftover)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    work.chmod(0o755)
    try:
        yield work
        remove(target)
        work.rename(target)
    finally:
        remove(work)


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def digest(paths: Sequence[Path]) -> str:
    """Sum up the names and contents of files, and of all files in folders that are sources."""
    total = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix not in {".pyc", ".so"}:
                total.update(f"{file}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def spawn(
    command: Sequence[str | Path],
    *,
    output: int | IO[str],
    env: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
) -> "subprocess.Popen[str]":
    """Start ``command`` in a process group of its own; if the lab just dies, it is told to end."""
    guard = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    return subprocess.Popen(
        [*guard, *map(str, command)],
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(env or {})},
        text=True,
        start_new_session=True,
    )


def end(process: "subprocess.Popen[str]") -> None:
    """End a process and its group: asked first, forced after ``STOP_SECONDS``."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    timeout: float | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run ``command`` to its end and capture what it prints; none of it outlives an interrupted lab.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``timeout`` seconds.
    """
    process = spawn(command, output=subprocess.PIPE, env=env, stdin=subprocess.PIPE)
    try:
        output, _ = process.communicate(text, timeout)
    finally:
        end(process)
    return subprocess.CompletedProcess(command, process.returncode, output)


def must(command: Sequence[str | Path], otherwise: str, *, env: Mapping[str, str] | None = None) -> str:
    """Run ``command`` and return what it printed.

    Raises:
        Unavailable: it failed or is not there; the message is ``otherwise`` and the last line it printed.
    """
    try:
        done = run(command, env=env)
    except OSError as error:
        raise Unavailable(f"{otherwise} ({error.strerror}: {command[0]})") from error
    if done.returncode:
        raise Unavailable(f"{otherwise} ({_last_line(done.stdout)})")
    return done.stdout


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _signal(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
