"""The command of the lab: run."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from odoo_lab.workspace import Unavailable, progress

from signer_lab import services

#: How long a command may take to end when it is told to.
STOP_SECONDS = 15


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; give its exit code. Whatever goes wrong is told in a sentence."""
    chosen = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        return run(chosen.program)
    except (Unavailable, OSError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: stopped", file=sys.stderr)
        return 130


def run(program: Sequence[str]) -> int:
    """Run a program beside the services; what cannot be had here is told, and in CI is an error."""
    variables = dict(os.environ)
    # The path of a Unix socket is short: so is the folder's.
    with tempfile.TemporaryDirectory(prefix="aegis-lab-") as folder, contextlib.ExitStack() as running:
        for service in (services.pkcs11, services.vault, services.kms):
            try:
                variables |= running.enter_context(service(Path(folder)))
            except Unavailable as error:
                if os.environ.get("CI"):
                    raise
                progress(f"without {service.__name__}: {error}")
        return _foreground(program, variables)


def _foreground(program: Sequence[str], variables: dict[str, str]) -> int:
    process = subprocess.Popen(program, env=variables)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()
            process.wait()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Once is enough: what follows is the tidying up."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="signer_lab", description="Places for signing keys, for tests.")
    commands = parser.add_subparsers(required=True)
    beside = commands.add_parser("run", help=run.__doc__)
    beside.add_argument("program", nargs=argparse.REMAINDER, help="the program and its arguments")
    return parser
