"""The lab's throw-away vendor: a key pair, a wheel that trusts it, and licenses for the asking."""

import os
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path

from odoo_lab.workspace import CHECKOUT, LAB, building, digest, lock, must, progress

ISSUER = "AEGIS Lab"
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
    folder = _vendor()
    key = next((folder / "keys").glob("*.private.pem"))
    signer = ("--key", key, "--keyring", folder / "public_keys", "--passphrase-file", folder / "passphrase")
    covered = [argument for module in modules for argument in ("--module", module)]
    sold = ("--customer-id", "LAB-1", "--customer-name", customer, "--type", kind, *covered, *more)
    command = [str(part) for part in (_command(), "license", "issue", *signer, *sold)]
    # The token alone is on standard output, a summary for people on standard error.
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    return done.stdout.strip()


def wheel() -> Path:
    """Build the wheel that trusts the lab's vendor, unless its sources are those of the one that is there.

    Raises:
        Unavailable: it cannot be built.
    """
    keys = _vendor() / "public_keys"
    folder = LAB / "dist"
    now, marker = digest([CHECKOUT / source for source in SOURCES] + [keys]), folder / "sources"
    with lock("wheel"):
        if not (marker.is_file() and marker.read_text() == now):
            progress("building the wheel that trusts the lab's vendor (the first time takes some minutes)")
            marker.unlink(missing_ok=True)
            must(["make", "--silent", "-C", CHECKOUT, ".cache/tools/ready"], "the tools cannot be set up")
            environment = {"AEGIS_PUBLIC_KEYS": str(keys), "CARGO_TARGET_DIR": str(_target())}
            must([CHECKOUT / "tools" / "wheel.sh", folder], "the wheel cannot be built", env=environment)
            marker.write_text(now)
    return next(folder.glob("aegis_license-*.whl"))


def _vendor() -> Path:
    """The vendor's folder, made on first use: keys, passphrase, and the public half as a wheel wants it."""
    target = LAB / "vendor"
    with lock("vendor"):
        if not target.is_dir():
            progress("making the lab's vendor")
            with building(target) as work:
                work.chmod(0o700)
                _make_keys(work)
    return target


def _make_keys(folder: Path) -> None:
    kid, passphrase = f"lab-{secrets.token_hex(4)}", folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(secrets.token_hex(16) + "\n")
    keys = ("--kid", kid, "--issuer", ISSUER, "--dir", folder / "keys", "--passphrase-file", passphrase)
    must([_command(), "keys", "generate", *keys], "the lab's keys cannot be made")
    public = folder / "public_keys"
    public.mkdir()
    (folder / "keys" / f"{kid}.public.pem").rename(public / f"{kid}.public.pem")
    (public / "keyring.toml").write_text(f'[{kid}]\nissuer = "{ISSUER}"\n')


def _command() -> Path:
    """The ``aegis`` command of this checkout, up to date."""
    build = ("cargo", "build", "--quiet", "--locked", "-p", "aegis-cli")
    manifest = f"--manifest-path={CHECKOUT / 'Cargo.toml'}"
    if not (_target() / "debug" / "aegis").exists():
        progress("building the aegis command (once)")
    remedy = "the aegis command cannot be built; Rust 1.89 or newer is needed: see https://rustup.rs"
    must([*build, manifest], remedy, env={"CARGO_TARGET_DIR": str(_target())})
    return _target() / "debug" / "aegis"


def _target() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR") or CHECKOUT / "target")
