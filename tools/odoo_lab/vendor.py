"""The lab's throw-away vendor: a key and two roots, a wheel that trusts them, and licenses for the asking.

The wheel trusts a second vendor too, the partner, for modules of its own.
"""

import functools
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from odoo_lab.workspace import CHECKOUT, LAB, building, digest, lock, must, progress

ISSUER, PARTNER = "AEGIS Lab", "AEGIS Lab Partner"
ROOTS = ("lab-root-1", "lab-root-2")
PARTNER_ROOT = "partner-root"
#: What each of them may license.
PATTERNS = {ISSUER: ["aegis_*", "lab_*"], PARTNER: ["partner_*"]}
MODULES = ("aegis_demo:17,18,19",)
#: What goes into the wheel.
SOURCES = (
    "Cargo.lock",
    "Cargo.toml",
    "build.rs",
    "pyproject.toml",
    "src",
    "crates/aegis-core",
    "python",
    "aegis_client",
)


def issue(
    *more: str,
    customer: str = "Azure Interior",
    kind: str = "subscription",
    modules: Sequence[str] = MODULES,
) -> str:
    """Issue a license and give the token.

    Args:
        more: further arguments of ``aegis license issue``, such as ``"--days", "60"``.
        customer: the customer's name.
        kind: ``perpetual``, ``subscription`` or ``demo``; the latter two need an end among ``more``.
        modules: what it covers, as ``name:versions``.

    Raises:
        Unavailable: the ``aegis`` command cannot be built.
        RuntimeError: the command refused; the message is what it said.
    """
    keys = folder() / "keys"
    key = next(path for path in keys.glob("lab-*.private.pem") if kid_of(path) not in ROOTS)
    signer = ("--key", key, "--passphrase-file", folder() / "passphrase")
    covered = [argument for module in modules for argument in ("--module", module)]
    sold = ("--customer-id", "LAB-1", "--customer-name", customer, "--type", kind, *covered, *more)
    return aegis("license", "issue", *signer, *sold)


def aegis(*arguments: str | Path) -> str:
    """Run the ``aegis`` command and give what it printed, without the notes for people.

    Raises:
        Unavailable: the command cannot be built.
        RuntimeError: the command refused; the message is what it said.
    """
    # What is asked for is on standard output, the rest on standard error.
    done = subprocess.run([_command(), *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return done.stdout.strip()


def folder() -> Path:
    """Give the vendor's folder, made on first use.

    In it are ``passphrase``, which is that of all keys; ``keys``; ``partner`` with the partner's key; and
    ``public_keys``, the public halves as a wheel wants them.
    """
    target = LAB / "vendor"
    with lock("vendor"):
        # It may have been made when there were no roots yet.
        if not (target / "partner").is_dir():
            progress("making the lab's vendor")
            with building(target) as work:
                work.chmod(0o700)
                _make_keys(work)
    return target


def kid_of(path: Path) -> str:
    """Give the id of the key that a file belongs to."""
    return path.name.split(".")[0]


def wheel() -> Path:
    """Build the wheel that trusts the lab's vendor, unless its sources are those of the one that is there.

    Raises:
        Unavailable: it cannot be built.
    """
    keys = folder() / "public_keys"
    target = LAB / "dist"
    now, marker = digest([CHECKOUT / source for source in SOURCES] + [keys]), target / "sources"
    with lock("wheel"):
        if not (marker.is_file() and marker.read_text() == now):
            progress("building the wheel that trusts the lab's vendor (the first time takes some minutes)")
            marker.unlink(missing_ok=True)
            must(["make", "--silent", "-C", CHECKOUT, ".cache/tools/ready"], "the tools cannot be set up")
            environment = {"AEGIS_PUBLIC_KEYS": str(keys), "CARGO_TARGET_DIR": str(_target())}
            must([CHECKOUT / "tools" / "wheel.sh", target], "the wheel cannot be built", env=environment)
            marker.write_text(now)
    return next(target.glob("aegis_license-*.whl"))


def _make_keys(work: Path) -> None:
    (work / "passphrase").touch(mode=0o600)
    (work / "passphrase").write_text(secrets.token_hex(16) + "\n")
    (work / "public_keys").mkdir()
    _make_key(work, "keys", f"lab-{secrets.token_hex(4)}", ISSUER)
    for root in ROOTS:
        _make_key(work, "keys", root, ISSUER, "--root")
    _make_key(work, "partner", PARTNER_ROOT, PARTNER, "--root")


def _make_key(work: Path, name: str, kid: str, issuer: str, *more: str) -> None:
    """Make a key in a folder of ``work``, and have wheels trust it."""
    keys, public = work / name, work / "public_keys"
    what = ("--kid", kid, "--issuer", issuer, "--dir", keys, "--passphrase-file", work / "passphrase")
    made = json.loads(aegis("keys", "generate", *what, *more, "--json"))
    shutil.copy(keys / f"{kid}.public.pem", public)
    with (public / "keyring.toml").open("a") as keyring:
        keyring.write(f"{made['keyring_toml']}modules = {json.dumps(PATTERNS[issuer])}\n\n")


@functools.cache
def _command() -> Path:
    """The ``aegis`` command of this checkout, up to date."""
    build = ("cargo", "build", "--quiet", "--locked", "-p", "aegis-cli", "--no-default-features")
    manifest = f"--manifest-path={CHECKOUT / 'Cargo.toml'}"
    if not (_target() / "debug" / "aegis").exists():
        progress("building the aegis command (once)")
    remedy = "the aegis command cannot be built; Rust 1.89 or newer is needed: see https://rustup.rs"
    must([*build, manifest], remedy, env={"CARGO_TARGET_DIR": str(_target())})
    return _target() / "debug" / "aegis"


def _target() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR") or CHECKOUT / "target")
