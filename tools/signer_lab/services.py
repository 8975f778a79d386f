"""The services: each starts on loopback, and gives what to put into the environment."""

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from odoo_lab.server import free_port
from odoo_lab.workspace import Unavailable, end, must, progress, spawn

from signer_lab import programs

START_SECONDS = 60
BAO = """
storage "inmem" {{}}
listener "tcp" {{
  address = "127.0.0.1:{port}"
  tls_disable = true
}}
api_addr = "http://127.0.0.1:{port}"
"""
#: By default it listens on all addresses, and speaks MQTT besides.
KMS = """#!/bin/sh
# Needs GATEWAY_PORT and STATE_DIR.
export BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 IOT_MTLS_ENABLED=0
export SERVICES=kms PERSIST_STATE=1 LOG_LEVEL=WARNING
exec "{program}"
"""
SOFTHSM = """
directories.tokendir = {folder}
objectstore.backend = file
log.level = ERROR
slots.removable = false
"""


@dataclass
class OpenBao:
    """A running OpenBao; see ``openbao``.

    Attributes:
        address: its URL.
        token: of root.
        unseal_key: what unseals it.
        program: what was started.
    """

    address: str
    token: str = field(repr=False)
    unseal_key: str = field(repr=False)
    program: Path


@contextlib.contextmanager
def openbao(folder: Path) -> Iterator[OpenBao]:
    """Run an OpenBao, initialized and unsealed as a new one is.

    Args:
        folder: for its settings and its log.

    Raises:
        Unavailable: it cannot be had here.
    """
    program, port = programs.bao(), free_port()
    settings = folder / "bao.hcl"
    settings.write_text(BAO.format(port=port))
    address = f"http://127.0.0.1:{port}"
    with _running("OpenBao", [program, "server", f"-config={settings}"], folder / "bao.log", {}) as process:
        _wait(process, f"{address}/v1/sys/seal-status", folder / "bao.log")
        made = _put(f"{address}/v1/sys/init", {"secret_shares": 1, "secret_threshold": 1})
        _put(f"{address}/v1/sys/unseal", {"key": made["keys"][0]})
        yield OpenBao(address, made["root_token"], made["keys"][0], program)


@contextlib.contextmanager
def vault(folder: Path) -> Iterator[dict[str, str]]:
    """Run an OpenBao for the tests in Rust."""
    with openbao(folder) as bao:
        yield {
            "AEGIS_TEST_VAULT_ADDR": bao.address,
            "AEGIS_TEST_VAULT_TOKEN": bao.token,
            "AEGIS_TEST_VAULT_PROGRAM": str(bao.program),
        }


@contextlib.contextmanager
def kms(folder: Path) -> Iterator[dict[str, str]]:
    """Run a KMS."""
    program, port = folder / "kms", free_port()
    program.write_text(KMS.format(program=programs.environment() / "bin" / "ministack"))
    program.chmod(0o755)
    state, log = folder / "kms-state", folder / "kms.log"
    variables = {"GATEWAY_PORT": str(port), "STATE_DIR": str(state), "TMPDIR": str(folder)}
    with _running("the KMS", [program], log, variables) as process:
        address = f"http://127.0.0.1:{port}"
        _wait(process, f"{address}/_ministack/health", log)
        yield {
            "AEGIS_TEST_KMS_ENDPOINT": address,
            "AEGIS_TEST_KMS_PROGRAM": str(program),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test-secret-of-nobody",
            "AWS_REGION": "eu-west-1",
            # Nobody is to ask the machine for a role.
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextlib.contextmanager
def pkcs11(folder: Path) -> Iterator[dict[str, str]]:
    """Make a SoftHSM without tokens; there is nothing to run."""
    programs.install_pkcs11()
    tokens, settings = folder / "tokens", folder / "softhsm2.conf"
    tokens.mkdir(mode=0o700)
    settings.write_text(SOFTHSM.format(folder=tokens))
    must(["env", f"SOFTHSM2_CONF={settings}", "softhsm2-util", "--show-slots"], "SoftHSM does not work here")
    yield {
        "AEGIS_TEST_PKCS11_MODULE": str(programs.library("softhsm2")),
        "SOFTHSM2_CONF": str(settings),
        "AEGIS_TEST_PKCS11_REMOTE": str(programs.library("p11-kit-modules")),
        "P11_KIT_SERVER_ADDRESS": f"unix:path={folder / 'p11'}",
    }


@contextlib.contextmanager
def _running(
    name: str, command: list[str | Path], log: Path, variables: dict[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    progress(f"starting {name}")
    with log.open("w") as output:
        process = spawn(command, output=output, env=variables)
        try:
            yield process
        finally:
            end(process)


def _wait(process: "subprocess.Popen[str]", address: str, log: Path) -> None:
    """Wait until a service answers."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - an address of ours
                return
        except (OSError, urllib.error.URLError) as error:
            if process.poll() is not None or time.monotonic() > until:
                last = (log.read_text().strip().splitlines() or ["nothing"])[-1]
                raise Unavailable(f"{address} does not answer; its log ends with: {last}") from error
            time.sleep(0.1)


def _put(address: str, body: dict[str, object]) -> dict[str, Any]:
    request = urllib.request.Request(address, json.dumps(body).encode(), method="PUT")  # noqa: S310 - ours
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - ours
            given: dict[str, Any] = json.load(answer)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Unavailable(f"{address} refuses: {error}") from error
    return given
