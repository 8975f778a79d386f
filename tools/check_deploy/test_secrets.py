"""``deploy/make-secrets.sh`` makes what ``compose.yaml`` asks for, once, and for one reader."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from .files import DEPLOY, read_yaml

SECRETS = {name: secret["file"] for name, secret in read_yaml("compose.yaml")["secrets"].items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder in which the script has run."""
    shutil.copy(DEPLOY / "make-secrets.sh", tmp_path)
    make(tmp_path)
    return tmp_path


def make(folder: Path) -> str:
    """Run the script; gives what it prints."""
    script = [folder / "make-secrets.sh"]
    done = subprocess.run(script, capture_output=True, text=True, check=True, umask=0o022)
    return done.stdout


def test_every_secret_is_made_with_mode_0600(folder: Path) -> None:
    """And nothing else is in the folder."""
    assert {path.name for path in (folder / "secrets").iterdir()} == set(SECRETS)
    for file in SECRETS.values():
        assert stat.S_IMODE((folder / file).stat().st_mode) == 0o600
    for name in ("secrets", "keys", "backups", "openbao/data"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700


def test_secrets_are_random_and_the_database_has_its_own(folder: Path) -> None:
    """256 bits each, and no two the same."""
    names = ("postgres_password", "grafana_password", "passphrase")
    made = [(folder / SECRETS[name]).read_text() for name in names]
    assert len(set(made)) == 3
    assert {len(secret) for secret in made} == {43}
    assert f'"postgres://aegis:{made[0]}@postgres:5432/aegis"' in (folder / SECRETS["aegis.toml"]).read_text()


def test_what_is_there_is_kept(folder: Path) -> None:
    """A new password would lock the server out of its database."""
    before = {file: (folder / file).read_text() for file in SECRETS.values()}
    output = make(folder)
    assert {file: (folder / file).read_text() for file in SECRETS.values()} == before
    assert output.count("kept") == len(SECRETS)


def test_what_else_is_in_env_is_kept(folder: Path) -> None:
    """Compose reads it: the version that runs, and which profiles."""
    env = folder / ".env"
    made = env.read_text()
    # As an editor leaves it that ends no last line.
    env.write_text("# ours\nAEGIS_VERSION=0.2.0\nAEGIS_UID=1\nAEGIS_GID=1\nCOMPOSE_PROFILES=openbao")
    for _ in range(2):
        make(folder)
        assert env.read_text() == f"# ours\nAEGIS_VERSION=0.2.0\nCOMPOSE_PROFILES=openbao\n{made}"


def test_no_secret_is_printed(folder: Path) -> None:
    """Not when it is made, nor when it is kept."""
    shutil.rmtree(folder / "secrets")
    output = make(folder)
    assert output.count("made") == len(SECRETS)
    assert not [file for file in SECRETS.values() if (folder / file).read_text().strip() in output]


def test_nothing_runs_as_root(folder: Path) -> None:
    """Secrets made by root are given to a user who is not."""
    settings = dict(line.split("=") for line in (folder / ".env").read_text().split())
    assert settings["AEGIS_UID"] != "0"
    assert settings["AEGIS_UID"] == str(os.getuid() or 65532)
    assert {(folder / file).stat().st_uid for file in SECRETS.values()} == {int(settings["AEGIS_UID"])}
