"""The runbooks of ``docs/operate.md``, followed word for word, and then seen with the customer's eyes.

Every shell block is run as it stands, in order; the block after it, if it is of no language, is what it
prints. There ``…`` stands for anything; ids, times, thumbprints and numbers of lists are others on each run.
Each runbook starts from "How it is set up", as its reader does.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aegis_license as aegis
import pytest
from support import DAY, ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the runbooks are written for a Linux shell")

PAGE = ROOT / "docs" / "operate.md"
SET_UP, LAST = "How it is set up", "The calendar of a vendor"
PASSPHRASE = "correct horse"  # noqa: S105

GLOBEX = aegis.Instance(database_uuid="7c0e4b1a-5b0e-4f5e-9d53-3f6f2f7f0a11", domain="erp.globex.example")
INITECH = aegis.Instance(database_uuid="10f9a98c-4e41-490e-809d-8172aacc2595", domain="odoo.initech.example")
MOVED = aegis.Instance(database_uuid="b1f7c9d2-0c53-4c0e-8d6b-5a7b7f3e2c44", domain="erp.globex.example")

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
VOLATILE = {
    "uuid": UUID,
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?: \(\d{4}-\d\d-\d\d \d\d:\d\d [+-]\d\d:\d\d local time\))?",
    "thumbprint": r"(?<![\w-])[\w-]{43}(?![\w-])",
    "number": r"\b\d{10}\b",
    "anything": r"\s*…\s*",
    "space": r"[ ]+",
}


@dataclass
class Step:
    """A shell block, and what it is said to print; ``None`` where nothing is said."""

    commands: str
    printed: str | None = None


@dataclass
class World:
    """A home folder in which a runbook was followed, and what the ids of the page are called there."""

    home: Path
    names: dict[str, str] = field(default_factory=dict)

    def follow(self, steps: list[Step], bin_folder: Path) -> None:
        """Run all steps; an assertion fails at the first that does not do as the page says."""
        for step in steps:
            output = self._run(step, bin_folder)
            if step.printed is not None:
                self._compare(step.printed, output)

    def _run(self, step: Step, bin_folder: Path) -> str:
        commands = re.sub(UUID, lambda found: self.names.get(found[0], found[0]), step.commands)
        here = self.home / "acme" if (self.home / "acme").exists() else self.home
        environment = {
            **os.environ,
            "HOME": str(self.home),
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "AEGIS_PASSPHRASE": PASSPHRASE,
            "AEGIS_ROOT_PASSPHRASE": PASSPHRASE,
        }
        done = subprocess.run(
            ["bash", "-u", "-c", commands],
            cwd=here,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=120,
        )
        output = done.stdout.decode()
        assert "error: " not in output, f"{commands}\n{output}"
        assert done.returncode == 0 or step.printed is not None, f"{commands}\n{output}"
        return output

    def _compare(self, printed: str, output: str) -> None:
        found = re.fullmatch(pattern(printed, self.names), output.strip(), re.DOTALL)
        assert found, f"the page says:\n{printed}\nand it prints:\n{output}"
        self.names |= {_uuid(group): name for group, name in found.groupdict().items()}

    def text(self, *names: str) -> list[str]:
        """Read files that the runbook has made; patterns are allowed."""
        folder = self.home / "acme"
        return [file.read_text(encoding="utf-8") for name in names for file in sorted(folder.glob(name))]

    @property
    def keyring(self) -> aegis.Keyring:
        """What a wheel trusts that is built from the folder ``public``."""
        keys = sorted((self.home / "acme" / "public").glob("*.public.pem"))
        pems = {file.name.removesuffix(".public.pem"): file.read_text(encoding="utf-8") for file in keys}
        use, modules = ["certify", "revocation"], ["acme_*"]
        return aegis.Keyring.from_pem(pems, issuer="Acme Modules", use=use, modules=modules)


def pattern(printed: str, names: dict[str, str]) -> str:
    """Write a regular expression for what a block is said to print.

    Args:
        printed: the block of the page
        names: what ids of the page are called in this run, as far as known
    """
    bound: set[str] = set()
    parts, end = [], 0
    for found in re.finditer("|".join(f"(?P<{kind}>{text})" for kind, text in VOLATILE.items()), printed):
        parts += [re.escape(printed[end : found.start()]), _volatile(found, names, bound)]
        end = found.end()
    return "".join([*parts, re.escape(printed[end:])])


def _volatile(found: re.Match[str], names: dict[str, str], bound: set[str]) -> str:
    if found.lastgroup == "uuid":
        return _id(found[0], names, bound)
    if found.lastgroup == "anything":
        return ".*"
    return VOLATILE[found.lastgroup or "space"]


def _id(uuid: str, names: dict[str, str], bound: set[str]) -> str:
    """Take the same id for the same, wherever it stands."""
    if uuid in names:
        return names[uuid]
    group = f"id_{uuid.replace('-', '_')}"
    known = group in bound
    bound.add(group)
    return f"(?P={group})" if known else f"(?P<{group}>{UUID})"


def _uuid(group: str) -> str:
    return group.removeprefix("id_").replace("_", "-")


def sections() -> dict[str, list[Step]]:
    """Read the page: for each heading its shell blocks."""
    parts = re.split(r"^## (.*)\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {title: _steps(text) for title, text in zip(parts[::2], parts[1::2], strict=True)}


def _steps(text: str) -> list[Step]:
    steps: list[Step] = []
    for indent, language, body in re.findall(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        block = re.sub(f"^{indent}", "", body, flags=re.MULTILINE)
        if language == "sh":
            steps.append(Step(block))
        elif steps:
            steps[-1].printed = block.strip()
    return steps


SECTIONS = sections()
RUNBOOKS = [title for title, steps in SECTIONS.items() if steps and title != SET_UP]


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with the page's commands: ``aegis`` as built last, and the Python that has the wheel."""
    named = os.environ.get("AEGIS_BIN")
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    places = [Path(named)] if named else [target / profile / "aegis" for profile in ("debug", "release")]
    built = [place for place in places if place.is_file()]
    if not built:
        pytest.fail("the aegis command is not there; build it first: cargo build -p aegis-cli", pytrace=False)
    folder = tmp_path_factory.mktemp("bin")
    (folder / "aegis").symlink_to(max(built, key=lambda place: place.stat().st_mtime).resolve())
    (folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    (folder / "python").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def set_up(bin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Follow "How it is set up"."""
    world = World(tmp_path_factory.mktemp("home"))
    world.follow(SECTIONS[SET_UP], bin_folder)
    # What is issued later has a later time of issue.
    time.sleep(1.1)
    return world


@pytest.fixture(scope="module")
def followed(
    set_up: World, bin_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], World]:
    """Follow a runbook, once for all tests that ask for it."""
    worlds: dict[str, World] = {}

    def follow(title: str) -> World:
        if title not in worlds:
            home = tmp_path_factory.mktemp("copy") / "home"
            shutil.copytree(set_up.home, home)
            happen(title, home / "acme")
            world = World(home, dict(set_up.names))
            world.follow(SECTIONS[title], bin_folder)
            worlds[title] = world
        return worlds[title]

    return follow


def happen(title: str, folder: Path) -> None:
    """Let happen what the runbook is about: a text is found, a mail comes in, a folder is gone."""
    if title == "License leaked":
        shutil.copy(folder / "initech.license", folder / "leaked.txt")
        (folder / "initech-request.txt").write_text(aegis.activation_request(INITECH), encoding="utf-8")
    elif title == "Customer moved":
        request = aegis.activation_request(MOVED)
        mail = f"Dear Acme,\n\nwe have moved:\n\n{request[:76]}\n{request[76:]}\n\nGlobex\n"
        (folder / "moved.txt").write_text(mail, encoding="utf-8")
    elif title == "Folder lost":
        shutil.rmtree(folder / "keys")
        (folder / "sent").mkdir()
        for file in folder.glob("*.license"):
            file.rename(folder / "sent" / file.name)


def ask(
    texts: list[str],
    keyring: aegis.Keyring,
    *,
    days: float = 0,
    at: int | None = None,
    version: str = "18.0",
    instance: aegis.Instance | None = None,
    state: aegis.State | None = None,
    database_date: int | None = None,
    neutralized: bool = False,
) -> aegis.Report:
    """Ask as the addon of a customer does: at an instant, or so many days from now."""
    now = at if at is not None else int(time.time() + days * DAY)
    return aegis.evaluate(
        texts,
        module="acme_sign",
        odoo_version=version,
        instance=instance,
        now=now,
        neutralized=neutralized,
        state=state,
        database_date=database_date,
        keyring=keyring,
    )


def built_in(world: World) -> list[str]:
    """Read what the next wheel brings along; its build refuses what does not count."""
    text = world.text("public/trust.jwt")
    trust = ask(text, world.keyring).trust
    assert trust
    assert all(token.ok and token.in_force for token in trust)
    return text


def test_the_page_has_every_runbook() -> None:
    """Those that the table at its top promises, and each says how to know that it worked."""
    text = PAGE.read_text(encoding="utf-8")
    promised = re.findall(r"^\|[^|]*\| \[([^]]*)\]", text, re.MULTILINE)
    assert [*promised, LAST] == RUNBOOKS
    assert text.count("**What the customer sees:**") == len(promised)
    assert text.count("**It worked when**") == len(promised)


@pytest.mark.parametrize("title", RUNBOOKS)
def test_it_prints_what_the_page_says(title: str, followed: Callable[[str], World]) -> None:
    """Word for word."""
    followed(title)


def test_key_stolen(followed: Callable[[str], World]) -> None:
    """What was stored has 30 days from the list's arrival, what comes later none; no gap with the new one."""
    world = followed("Key stolen")
    old, withdrawn = world.text("globex.license"), world.text("stolen.list")
    before = ask(old, world.keyring, instance=GLOBEX)
    assert before.code == "valid"
    arrived = ask(old + withdrawn, world.keyring, days=10, instance=GLOBEX, state=before.state)
    assert arrived.code == "grace"
    for days, code in ((39.9, "grace"), (40.1, "revoked")):
        later = ask(old + withdrawn, world.keyring, days=days, instance=GLOBEX, state=arrived.state)
        assert later.code == code
    assert ask(old + withdrawn, world.keyring, instance=GLOBEX).code == "revoked"
    pasted = ask(old + world.text("reissued/C-1-*"), world.keyring, instance=GLOBEX, state=before.state)
    assert (pasted.code, len(pasted.assessments)) == ("valid", 2)
    assert ask(built_in(world) + old, world.keyring, instance=GLOBEX).code == "revoked"


def test_key_lost(followed: Callable[[str], World]) -> None:
    """What the old key signed stands, and what the new one signs works beside it."""
    world = followed("Key lost")
    assert ask(world.text("hooli.license"), world.keyring, version="19.0").code == "valid"
    assert ask(world.text("globex.license"), world.keyring, instance=GLOBEX).code == "valid"


def test_folder_lost(followed: Callable[[str], World], set_up: World) -> None:
    """What was sold before and what was withdrawn stands."""
    world = followed("Folder lost")
    assert ask(world.text("sent/globex.license"), world.keyring, instance=GLOBEX).code == "valid"
    again = ask(world.text("sent/initech.license", "newest.list"), world.keyring)
    assert (again.code, [token.code for token in again.trust]) == ("revoked", ["valid"] * len(again.trust))
    assert len(set_up.keyring.keys) == len(world.keyring.keys)


def test_root_lost(followed: Callable[[str], World], set_up: World) -> None:
    """The wheel of before, which knows two roots, takes what the other one certified; so does the next."""
    world = followed("Root lost")
    assert len(world.keyring.keys) == len(set_up.keyring.keys) + 1
    for keyring in (set_up.keyring, world.keyring):
        assert ask(world.text("hooli.license"), keyring, version="19.0").code == "valid"
        assert ask(world.text("globex.license"), keyring, instance=GLOBEX).code == "valid"


def test_root_stolen(followed: Callable[[str], World], set_up: World) -> None:
    """The next wheel brings the new certificate along, and takes nothing by the stolen root."""
    world = followed("Root stolen")
    old = world.text("globex.license")
    assert ask(old + built_in(world), world.keyring, instance=GLOBEX).code == "valid"
    assert ask(old, set_up.keyring, instance=GLOBEX).code == "valid"
    assert ask(old, world.keyring, instance=GLOBEX).code == "unknown_key"


def test_license_leaked(followed: Callable[[str], World]) -> None:
    """It is withdrawn wherever the list arrives, at once; the new one is for one instance only."""
    world = followed("License leaked")
    leaked, honest = world.text("leaked.txt"), world.text("initech-new.txt")
    before = ask(leaked, world.keyring, instance=INITECH)
    assert before.code == "valid"
    stopped = ask(leaked + world.text("leaked.list"), world.keyring, instance=INITECH, state=before.state)
    assert stopped.code == "revoked"
    assert ask(leaked + honest, world.keyring, instance=INITECH, state=before.state).code == "valid"
    assert ask(honest, world.keyring, instance=GLOBEX).code == "wrong_instance"
    assert ask(world.text("globex.license") + honest, world.keyring, instance=GLOBEX).code == "valid"
    assert ask(built_in(world) + leaked, world.keyring, instance=INITECH).code == "revoked"


def test_customer_moved(followed: Callable[[str], World]) -> None:
    """14 days where it fitted before, none where it never did; the new license fits at once."""
    world = followed("Customer moved")
    old, new = world.text("globex.license"), world.text("globex-moved.license")
    before = ask(old, world.keyring, instance=GLOBEX)
    moving = ask(old, world.keyring, instance=MOVED, state=before.state)
    assert (moving.code, moving.changed) == ("moving", ("database_uuid",))
    assert moving.next_change == moving.now + 14 * DAY
    assert ask(old, world.keyring, days=15, instance=MOVED, state=moving.state).code == "wrong_instance"
    assert ask(old, world.keyring, instance=MOVED).code == "wrong_instance"
    assert ask(old + new, world.keyring, instance=MOVED, state=moving.state).code == "valid"
    ends = {
        each.license.exp for each in ask(old + new, world.keyring, instance=MOVED).assessments if each.license
    }
    assert len(ends) == 1
    address = aegis.Instance(database_uuid=GLOBEX.database_uuid, domain="erp2.globex.example")
    assert ask(old, world.keyring, instance=address, state=before.state).code == "valid"


def test_customer_restored_a_backup(followed: Callable[[str], World]) -> None:
    """As the table of the runbook says."""
    world = followed("Customer restored a backup")
    again = world.text("globex-again.txt")
    before = ask(again, world.keyring, instance=GLOBEX)
    assert before.code == "valid"
    copy = ask(again, world.keyring, instance=MOVED, state=before.state)
    assert copy.code == "moving"
    staging = ask(again, world.keyring, instance=MOVED, state=before.state, neutralized=True)
    assert (staging.code, staging.flags) == ("valid", ("staging",))
    assert ask([], world.keyring, instance=GLOBEX).code == "missing"


def test_customers_clock_is_wrong(followed: Callable[[str], World]) -> None:
    """It goes on for 14 days; a list that was signed since settles it for good."""
    world = followed("Customer's clock is wrong")
    old, cure = world.text("globex.license"), world.text("clock.list")
    (signed,) = (token.iat for token in ask(cure, world.keyring).trust if token.seq)
    assert signed
    how: dict[str, Any] = {"instance": GLOBEX, "database_date": signed + 700 * DAY}
    doubtful = ask(old, world.keyring, at=signed - 1, **how)
    assert (doubtful.code, doubtful.flags) == ("valid", ("clock_suspect", "counting_down"))
    assert doubtful.next_change == signed - 1 + 14 * DAY
    assert ask(old, world.keyring, days=14.1, state=doubtful.state, **how).code == "expired"
    for days in (0.1, 100):
        cured = ask(old + cure, world.keyring, days=days, state=doubtful.state, **how)
        assert (cured.code, cured.flags) == ("valid", ())
    assert ask(old, world.keyring, state=cured.state, **how).flags == ()
    put_right = ask(old, world.keyring, state=doubtful.state, instance=GLOBEX, database_date=signed)
    assert (put_right.code, put_right.flags) == ("valid", ())


def test_renewal_late(followed: Callable[[str], World]) -> None:
    """Grace after the end, then none; renewed or bridged, there is no gap."""
    world = followed("Renewal late")
    old = world.text("umbrella.license")
    for days, code in ((1, "expiring"), (21, "grace"), (35, "expired")):
        assert ask(old, world.keyring, days=days, version="19.0").code == code
    for name, days in (("umbrella-renewed.license", 35), ("umbrella-bridge.license", 5)):
        assert ask(old + world.text(name), world.keyring, days=days, version="19.0").code == "valid"
