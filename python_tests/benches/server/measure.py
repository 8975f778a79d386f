"""What is measured, and in which order: all contestants in turn, round for round."""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from server import fill
from server.contestants import (
    ROOT,
    Service,
    check_audit_log,
    license_server,
    made_keys,
    make_database,
    peer,
)
from server.postgres import Postgres

LOAD = ROOT / "target" / "benches" / "release" / "aegis-bench-load"
#: The concurrency that counts, and those for the table.
CONNECTIONS = 32
OTHERS = (1, 128)
WORKERS = (1, 2)
REST_SECONDS = 10
AEGIS, PEER, LARGE = "aegis", "FastAPI", "large"
PGBENCH = {"inserts": "pgbench", "pipelined": "pgbench", "chained": "pgbench_chained"}
LICENSE = {
    "license_type": "subscription",
    "modules": [{"technical_name": "acme_sale", "allowed_major_versions": ["18", "19"]}],
    "days": 365,
    "grace_days": 14,
}


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    rounds: int
    other_rounds: int
    seconds: float
    warm_up: float
    licenses: int


FULL = Extent(rounds=7, other_rounds=3, seconds=5, warm_up=1.5, licenses=1_000_000)
QUICK = Extent(rounds=1, other_rounds=1, seconds=1, warm_up=0.5, licenses=20_000)


@dataclass(frozen=True)
class Sample:
    """One round: answers a second, microseconds, and the processors that the generator took."""

    per_second: float
    p50: float | None = None
    p99: float | None = None
    generator: float | None = None


@dataclass
class Figures:
    """All samples by what was done, by whom, over how many connections; in the order of the rounds."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    workers: dict[str, int] = field(default_factory=dict)
    resident: dict[str, int] = field(default_factory=dict)
    audit_rows: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, who: str, connections: int, sample: Sample) -> None:
        """Keep a sample."""
        self.samples.setdefault(f"{what} {who} {connections}", []).append(sample)

    def of(self, what: str, who: str, connections: int = CONNECTIONS) -> list[Sample]:
        """Give the samples of the rounds."""
        return self.samples[f"{what} {who} {connections}"]


#: By name, what takes a sample over so many connections.
Contestants = dict[str, Callable[[int], Sample]]


class Stage:
    """The databases, the services, and what takes samples of them."""

    def __init__(self, cluster: Postgres, folder: Path, extent: Extent) -> None:
        self.cluster = cluster
        self.folder = folder
        self.extent = extent
        self.api_key = ""
        self.figures = Figures()
        self.services: dict[str, Service] = {}
        self._plans = 0

    @contextlib.contextmanager
    def set_up(self) -> Iterator[None]:
        """Fill the databases, all from one, and start the services."""
        say("filling the databases")
        make_database(self.cluster, AEGIS)
        self.cluster.sql(AEGIS, fill.ADD_CUSTOMERS.format(customers=1, big=fill.BIG))
        with license_server(self.cluster, AEGIS, self.folder) as service:
            key, self.api_key = made_keys(service, self.folder)
            self.issued_by(service)
        fill.fill(self.cluster, AEGIS, fill.FEW)
        for database in (PEER, LARGE, *dict.fromkeys(PGBENCH.values())):
            self.cluster.sql("postgres", f'CREATE DATABASE "{database}" TEMPLATE "{AEGIS}"')
        fill.fill(self.cluster, LARGE, self.extent.licenses)
        with contextlib.ExitStack() as stack:
            for database in (AEGIS, LARGE):
                service = license_server(self.cluster, database, self.folder)
                self.services[database] = stack.enter_context(service)
            for workers in WORKERS:
                service = peer(self.cluster, PEER, key, self.folder, workers)
                self.services[f"{PEER} {workers}"] = stack.enter_context(service)
            yield

    def issued_by(self, service: Service) -> dict[str, Any]:
        """Issue one license."""
        return service.ask(self.api_key, "POST", "/licenses", {"customer_id": "customer-1", **LICENSE})

    def load(self, service: Service, plan: Path, connections: int) -> Sample:
        """Let the generator send requests."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds, warm_up = self.extent.seconds, self.extent.warm_up
        numbers = (str(connections), str(warm_up), str(seconds))
        command: list[str | Path] = [LOAD, plan, service.address, *numbers]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{service.address}: {done.stderr.strip()}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found = json.loads(done.stdout)
        return Sample(found["per_second"], found["p50"], found["p99"], used / (seconds + warm_up))

    def reading(self, paths: Sequence[str]) -> Path:
        """Write a plan that reads."""
        return self._plan(200, [{"method": "GET", "path": f"/api/v1{path}"} for path in paths])

    def issuing(self) -> Path:
        """Write a plan that issues, each license for another customer."""
        return self._plan(
            201,
            [
                {
                    "method": "POST",
                    "path": "/api/v1/licenses",
                    "body": {"customer_id": f"customer-{number}", **LICENSE},
                }
                for number in range(1, fill.CUSTOMERS + 1)
            ],
        )

    def _plan(self, status: int, requests: list[dict[str, object]]) -> Path:
        self._plans += 1
        path = self.folder / f"plan-{self._plans}.json"
        headers = {"authorization": f"Bearer {self.api_key}"}
        path.write_text(json.dumps({"headers": headers, "status": status, "requests": requests}))
        return path

    def best_workers(self, what: str, plan: Path) -> None:
        """See with how many processes the service in Python is at its best."""
        rates = {}
        for workers in WORKERS:
            say(f"{what}: FastAPI with {workers} process(es)")
            sample = self.load(self.services[f"{PEER} {workers}"], plan, CONNECTIONS)
            self.figures.add(what, f"{PEER} with {workers}", CONNECTIONS, sample)
            rates[workers] = sample.per_second
        best = max(rates, key=lambda workers: rates[workers])
        self.figures.workers[what] = best
        self.services[PEER] = self.services[f"{PEER} {best}"]

    def in_turn(
        self, what: str, contestants: dict[str, Callable[[int], Sample]], others: Sequence[int]
    ) -> None:
        """Measure all contestants, round for round."""
        for connections in (CONNECTIONS, *others):
            rounds = self.extent.rounds if connections == CONNECTIONS else self.extent.other_rounds
            for number in range(rounds):
                for who, sample in contestants.items():
                    say(f"{what}: {who}, {connections} connections, round {number + 1} of {rounds}")
                    self.cluster.sql("postgres", "CHECKPOINT")
                    self.figures.add(what, who, connections, sample(connections))


def measure(cluster: Postgres, folder: Path, extent: Extent) -> Figures:
    """Measure all there is."""
    stage = Stage(cluster, folder, extent)
    with stage.set_up():
        same_answers(stage)
        read(stage)
        find(stage)
        issue(stage)
        say("letting the servers rest")
        time.sleep(REST_SECONDS)
        for database in (AEGIS, LARGE):
            stage.figures.resident[database] = stage.services[database].resident()
    for database in (AEGIS, PEER):
        stage.figures.audit_rows[database] = check_audit_log(cluster, database)
    return stage.figures


def same_answers(stage: Stage) -> None:
    """Make sure that both answer the same members, and issue what the license server takes for valid."""
    ours = stage.services[AEGIS]
    services = (ours, stage.services[f"{PEER} 1"])
    issued = [stage.issued_by(service) for service in services]
    for license_ in issued:
        asked = {
            "token": license_["bundle"],
            "context": {"module": "acme_sale", "odoo_version": "19.0"},
        }
        found = ours.ask(stage.api_key, "POST", "/licenses/validate", asked)
        if not found["valid"]:
            raise RuntimeError(f"what was issued is not valid: {license_}, {found}")
    read_back = [
        service.ask(stage.api_key, "GET", f"/licenses/{license_['id']}")
        for service, license_ in zip(services, issued, strict=True)
    ]
    for left, right in (issued, read_back):
        if left.keys() != right.keys():
            raise RuntimeError(f"the answers differ: {sorted(left)}, {sorted(right)}")


def read(stage: Stage) -> None:
    """Read one license, by its id."""
    plans = {
        who: stage.reading(fill.paths_of_licenses(stage.cluster, database))
        for who, database in ((AEGIS, AEGIS), (PEER, PEER))
    }
    stage.best_workers("reading", plans[PEER])
    stage.in_turn("reading", loads(stage, plans), OTHERS)


def find(stage: Stage) -> None:
    """Read and find licenses among few and among many."""
    few, many = fill.FEW, stage.extent.licenses
    for what, plans in {
        "one": {
            database: stage.reading(fill.paths_of_licenses(stage.cluster, database))
            for database in (AEGIS, LARGE)
        },
        "page": {
            AEGIS: stage.reading(fill.paths_of_pages(few)),
            LARGE: stage.reading(fill.paths_of_pages(many)),
        },
        "big page": dict.fromkeys((AEGIS, LARGE), stage.reading(fill.paths_of_big_pages())),
    }.items():
        stage.in_turn(what, loads(stage, plans), (1,))


def issue(stage: Stage) -> None:
    """Issue licenses, and let pgbench store as many rows."""
    plan = stage.issuing()
    stage.best_workers("issuing", plan)
    contestants = loads(stage, {AEGIS: plan, PEER: plan})
    values = prepare_pgbench(stage.cluster)
    for script, database in PGBENCH.items():
        contestants[script] = pgbench(stage, database, script, values)
    stage.in_turn("issuing", contestants, OTHERS)


def loads(stage: Stage, plans: dict[str, Path]) -> Contestants:
    """Give what takes a sample of each service."""
    return {who: _load(stage, stage.services[who], plan) for who, plan in plans.items()}


def _load(stage: Stage, service: Service, plan: Path) -> Callable[[int], Sample]:
    return lambda connections: stage.load(service, plan, connections)


def pgbench(stage: Stage, database: str, script: str, values: dict[str, str]) -> Callable[[int], Sample]:
    """Give what takes a sample of pgbench."""
    return lambda connections: Sample(
        stage.cluster.pgbench(database, script, connections, stage.extent.seconds, values)
    )


def prepare_pgbench(cluster: Postgres) -> dict[str, str]:
    """Make what numbers the rows, and give what they hold: the same as a license that was issued."""
    for database in dict.fromkeys(PGBENCH.values()):
        cluster.sql(
            database,
            "CREATE SEQUENCE license_seq; CREATE SEQUENCE audit_seq;"
            "SELECT setval('license_seq', license_seq), setval('audit_seq', audit_seq) FROM heads;",
        )
    row = cluster.sql(
        AEGIS,
        "SELECT l.issuer, l.kid, l.customer_name, l.module_names, l.token, a.actor, a.detail, a.hash "
        "FROM audit_log a JOIN licenses l ON l.id = a.subject_id WHERE a.action = 'license.issue' LIMIT 1",
    )[0]
    names = ("issuer", "kid", "name", "module", "token", "actor", "detail", "hash")
    return {**dict(zip(names, row, strict=True)), "customers": str(fill.CUSTOMERS)}


def ratio(over: list[Sample], under: list[Sample], value: Callable[[Sample], float]) -> float:
    """Divide within each round, then take the median over the rounds."""
    return median(value(left) / value(right) for left, right in zip(over, under, strict=True))


def say(text: str) -> None:
    """Tell what is being done."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
