"""What the tests on real servers share, and one line for each series at the end."""

import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from odoo_lab import CHECKOUT, LAB, SERIES, Cluster, prepare, vendor
from odoo_lab.workspace import lock
from servers import browser
from servers.browser import Chromium
from servers.installation import Database, Installation, engine_only
from servers.licenses import Licenses, of_the_lab

IN_CI = bool(os.environ.get("CI"))
#: 19 can always be had; the others are where the environment says.
CHOSEN = [number for number in SERIES if number == "19" or os.environ.get(f"AEGIS_ODOO_{number}")]
#: What is tried on some series only: the documents show one, and 17 has none before it.
ONLY = {"pictures": ("19",), "older": ("18", "19")}
#: How often what came out, for each series; the addon's own tests, and those in a browser, on their own.
outcomes: dict[str, dict[str, int]] = {number: {} for number in SERIES}
own_tests: dict[str, int] = {}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Give a private PostgreSQL."""
    with Cluster() as running:
        yield running


@pytest.fixture(scope="session")
def wheel() -> Path:
    """Give the wheel that trusts the lab's vendor."""
    return vendor.wheel()


@pytest.fixture(scope="session")
def licenses(wheel: Path) -> Licenses:
    """Give the vendor that the servers trust; it comes with the wheel."""
    return of_the_lab()


@pytest.fixture(scope="session", params=CHOSEN)
def installation(
    request: pytest.FixtureRequest,
    cluster: Cluster,
    wheel: Path,
    licenses: Licenses,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """Give an Odoo of each series, with a database to copy from."""
    number: str = request.param
    with lock(f"suite-{number}"):
        odoo = prepare(number).using(engine_only(wheel))
        made = Installation(odoo, cluster, licenses)
        made.make_template(tmp_path_factory.mktemp("install"))
        yield made
        made.discard_all()


@pytest.fixture(scope="session")
def with_mail(installation: Installation) -> Database:
    """Give a database that has Odoo's module for e-mails too, which changes much of the web client."""
    database = installation.database("mail")
    done = database.run("-i", "mail")
    assert done.returncode == 0, done.stdout[-2000:]
    return database


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """Give a browser. Where there is none the test is skipped, but fails in continuous integration."""
    program = browser.find()
    if program is None:
        (pytest.fail if IN_CI else pytest.skip)(
            "there is no Chromium; install your system's chromium package"
        )
    with Chromium(program) as running:
        yield running


@pytest.fixture(scope="session")
def printing() -> None:
    """Have what makes a PDF and what draws one; where they are missing it is as without a browser."""
    for program, package in (("wkhtmltopdf", "wkhtmltopdf"), ("pdftoppm", "poppler-utils")):
        if shutil.which(program) is None:
            (pytest.fail if IN_CI else pytest.skip)(
                f"there is no {program}; install your system's package {package}"
            )


@pytest.fixture
def pictures() -> Path:
    """Give the folder for pictures."""
    folder = (
        CHECKOUT / "docs" / "images" if os.environ.get("AEGIS_SCREENSHOTS") == "1" else LAB / "screenshots"
    )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def record_own_tests(installation: Installation) -> Iterator[list[int]]:
    """Take note of how many of the addon's own tests passed."""
    passed: list[int] = []
    yield passed
    own_tests[installation.number] = sum(passed)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what makes no sense on a series."""
    items[:] = [item for item in items if isinstance(item, pytest.Function) and _makes_sense(item)]


def _makes_sense(item: pytest.Function) -> bool:
    number = item.callspec.params.get("installation") if hasattr(item, "callspec") else None
    return all(number in ONLY[name] for name in item.fixturenames if number and name in ONLY)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep pictures of what failed in a browser, in .cache/lab/failures."""
    report = yield
    running = item.funcargs.get("chromium") if isinstance(item, pytest.Function) else None
    if report.failed and isinstance(running, Chromium):
        name = re.sub(r"\W+", "-", item.name).strip("-")
        running.take_pictures(LAB / "failures", f"{name}-{call.when}")
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count what came out, by series."""
    if report.when != "call" and report.passed:
        return
    for number in SERIES:
        if f"[{number}" in report.nodeid:
            counts = outcomes[number]
            counts[report.outcome] = counts.get(report.outcome, 0) + 1
            if "/test_browser_" in report.nodeid and report.when == "call":
                counts["browser"] = counts.get("browser", 0) + 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail in continuous integration unless the browser was used on each series."""
    unseen = [number for number in CHOSEN if not outcomes[number].get("browser")]
    if IN_CI and unseen and not session.config.option.collectonly:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say for each series what passed, or why it was left out."""
    terminalreporter.section("series")
    for number in SERIES:
        terminalreporter.write_line(_summary(number))


def _summary(number: str) -> str:
    if number not in CHOSEN:
        return f"Odoo {number}: skipped: set AEGIS_ODOO_{number} to the folder of a source checkout of it"
    counts = outcomes[number]
    parts = [f"{counts.get('passed', 0)} passed"]
    parts += [f"{counts[name]} {name}" for name in ("failed", "skipped") if counts.get(name)]
    parts += [f"{counts.get('browser', 0)} in the browser", f"{own_tests.get(number, 0)} of the addon's own"]
    return f"Odoo {number}: {', '.join(parts)}"
