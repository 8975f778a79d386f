"""Measures the wheel side by side with its peers, and holds the figures against the targets.

``PYTHON run.py [--quick] [--json]`` in an environment with the wheel, the two baselines beside this file and
``requirements.txt``. The baselines are linked like the wheel and optimised for speed throughout; built inside
the repository, they follow its ``.cargo/config.toml`` too, where there is one.

Absolute times vary from machine to machine, so the targets are ratios within one process. 15 fresh processes
run one after the other; each takes the minimum over interleaved rounds; the figures are medians over the
processes. An import can be timed only once a process: there, five rounds of processes count as one.

Exit codes: 0 every *must* is met, 1 one is missed, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import json
import platform
import re
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import material
from peers import PEERS

HERE = Path(__file__).resolve().parent
PROCESSES = 15
QUICK_PROCESSES = 3
IMPORT_ROUNDS = 5

AEGIS = "aegis_license"
EMPTY = "aegis_bench_empty"
PYJWT = "jwt"
MEMORY_OF = ("aegis", "PyJWT")
LOADED = f"`evaluate` over {material.BUNDLE_TOKENS} licenses and a {material.REVOKED:,}-entry list, warm"
LOOKUP = "look-up in the loaded list: what it adds, a license"

Sample = dict[str, float]


@dataclass(frozen=True)
class Row:
    """One target: a figure, and the limits it has to keep."""

    what: str
    measured: float
    must: float
    aim: float
    at_most: bool
    unit: str = ""

    def keeps(self, limit: float) -> bool:
        """Whether the figure keeps ``limit``."""
        return self.measured <= limit if self.at_most else self.measured >= limit

    def verdict(self) -> str:
        """Say which of the limits are kept."""
        if not self.keeps(self.must):
            return "NO"
        return "yes, and the aim" if self.keeps(self.aim) else "yes"

    def cells(self) -> list[str]:
        """Lay it out for the table."""
        sign = "≤" if self.at_most else "≥"
        must, aim = (f"{sign} {limit:g}{self.unit}" for limit in (self.must, self.aim))
        digits = 0 if self.measured >= 100 else 1 if self.measured >= 20 else 2
        return [self.what, f"{self.measured:.{digits}f}{self.unit}", must, aim, self.verdict()]


@dataclass(frozen=True)
class Figures:
    """All that was measured, one sample a process: nanoseconds, or bytes of memory (resident, its own)."""

    calls: list[Sample]
    imports: list[Sample]
    memory: list[Sample]
    own_memory: list[Sample]
    engine_bytes: int


def measure(processes: int) -> Figures:
    """Run the processes one after the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        material.write(folder)
        calls, imports, memory, own = [], [], [], []
        for number in range(processes):
            print(f"\rprocess {number + 1} of {processes}", end="", file=sys.stderr, flush=True)
            calls.append(json.loads(output("worker.py", name)))
            rounds = [
                {module: float(output("fresh.py", "import", module)) for module in (EMPTY, AEGIS, PYJWT)}
                for _ in range(IMPORT_ROUNDS)
            ]
            imports.append({module: min(each[module] for each in rounds) for module in rounds[0]})
            added = {peer: output("fresh.py", "memory", peer, name).split() for peer in MEMORY_OF}
            memory.append({peer: float(both[0]) for peer, both in added.items()})
            own.append({peer: float(both[1]) for peer, both in added.items()})
        print(file=sys.stderr)
    return Figures(calls, imports, memory, own, engine_size())


def output(script: str, *arguments: str) -> str:
    """Run one of the scripts beside this one in a fresh process of the same Python."""
    command = [sys.executable, str(HERE / script), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def ratio(samples: list[Sample], over: str, under: str) -> float:
    """Divide within each process, then take the median over the processes."""
    return median(sample[over] / sample[under] for sample in samples)


def microseconds(samples: list[Sample], name: str) -> float:
    """Take the median over the processes."""
    return median(sample[name] for sample in samples) / 1000


def lookup(samples: list[Sample]) -> float:
    """Share what a list adds among the licenses looked up in it, in microseconds."""
    added = median(sample["evaluate_list"] - sample["evaluate"] for sample in samples)
    return max(added, 0) / material.BUNDLE_TOKENS / 1000


def engine_size() -> int:
    """Weigh the installed engine as in a wheel, in bytes, without the addon's files and the metadata."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in importlib.metadata.files("aegis-license") or ():
            if file.parts[0] == AEGIS and "__pycache__" not in file.parts:
                wheel.write(Path(file.locate()), file.as_posix())
    return archive.getbuffer().nbytes


def target_rows(figures: Figures, avx512: bool) -> list[Row]:
    """Hold the figures against the targets."""
    calls, imports = figures.calls, figures.imports
    memory = ratio(figures.memory, "PyJWT", "aegis")
    aim = 6 if avx512 else 4.2
    return [
        Row("cold `verify_license` ÷ bare `verify_strict`", ratio(calls, "cold", "bare"), 1.10, 1.05, True),
        Row("PyJWT ÷ cold", ratio(calls, "PyJWT", "cold"), 3.5, aim, False),
        Row(
            "warm ÷ empty PyO3 call with the same arguments",
            ratio(calls, "warm", "noop_verify"),
            2.5,
            1.6,
            True,
        ),
        Row("import ÷ import of an empty PyO3 module", ratio(imports, AEGIS, EMPTY), 1.3, 1.1, True),
        Row("import of PyJWT[crypto] ÷ ours", ratio(imports, PYJWT, AEGIS), 75, 115, False),
        Row("memory of import + first check, PyJWT[crypto] ÷ ours", memory, 15, 35, False),  # ADR 13
        Row(LOADED, microseconds(calls, "evaluate_list"), 200, 50, True, " µs"),
        Row(LOOKUP, lookup(calls), 1, 0.1, True, " µs"),
        Row("size of the engine in the wheel", figures.engine_bytes / 1000, 500, 330, True, " KB"),
    ]


def information(figures: Figures) -> list[list[str]]:
    """Lay out the absolute times, and the peers against ours."""
    calls = figures.calls
    rows = []
    for peer in PEERS:
        if all(peer in sample for sample in calls):
            name = f"{peer} {importlib.metadata.version(peer)}"
            rows.append([name, f"{microseconds(calls, peer):.1f} µs", f"{ratio(calls, peer, 'cold'):.2f}"])
        else:
            rows.append([peer, "not installed", ""])
    for name, title in [
        ("cold", "cold `verify_license`"),
        ("bare", "bare `verify_strict`"),
        ("warm", "warm `verify_license`"),
        ("noop_verify", "empty PyO3 call with the same arguments"),
        ("noop", "empty PyO3 call with one `str`"),
        ("evaluate", f"`evaluate` over {material.BUNDLE_TOKENS} licenses and no list, warm"),
    ]:
        took = microseconds(calls, name)
        rows.append([title, f"{took:.{1 if took >= 1 else 3}f} µs", f"{ratio(calls, name, 'cold'):.3g}"])
    for module in (AEGIS, EMPTY, PYJWT):
        rows.append([f"`import {module}`", f"{microseconds(figures.imports, module):.0f} µs", ""])
    for name in MEMORY_OF:
        added, own = (
            median(sample[name] for sample in samples) / 1000
            for samples in (figures.memory, figures.own_memory)
        )
        rows.append([f"memory added, {name}", f"{added:.0f} KB", ""])
        rows.append([f"of it shared with no other process, {name}", f"{own:.0f} KB", ""])
    return rows


def notes(avx512: bool) -> list[str]:
    """Say what one has to know to read the figures."""
    said = [
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()};"
        f" the processor has {'' if avx512 else 'no '}AVX-512 IFMA.",
        "Every peer has its key ready, checks the EdDSA signature, issuer and expiry, and reads every claim;"
        " each was first seen to refuse a forged token.",
    ]
    if not Path("/proc/self/smaps_rollup").exists():
        said.append("No /proc here: memory is the growth of the peak, not of what is resident.")
    drift = drifted_crates()
    if drift:
        said.append(f"The baselines are built with other versions than the wheel: {', '.join(drift)}.")
    return said


def has_avx512_ifma() -> bool:
    """Whether the processor has what the fastest backend of the signature check uses."""
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.exists() and "avx512ifma" in cpuinfo.read_text("utf-8", "replace")


def drifted_crates() -> list[str]:
    """Crates that a baseline locks in a version that the wheel's workspace does not."""
    wheel = locked_crates(HERE.parent.parent / "Cargo.lock")
    baselines = [locked_crates(HERE / name / "Cargo.lock") for name in ("baseline_empty", "baseline_verify")]
    return sorted(
        f"{name} {version}"
        for name, version in set().union(*baselines) - wheel
        if not name.startswith("aegis-bench-")
    )


def locked_crates(path: Path) -> set[tuple[str, str]]:
    """Read names and versions from a ``Cargo.lock``."""
    return set(re.findall(r'^name = "(.+)"\nversion = "(.+)"$', path.read_text("utf-8"), re.MULTILINE))


def table(header: list[str], rows: list[list[str]]) -> str:
    """Lay out a table in Markdown."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in [header, ["-" * width for width in widths], *rows]
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK_PROCESSES} processes")
    parser.add_argument("--json", action="store_true", help="print the rows and all samples as JSON")
    arguments = parser.parse_args()
    figures = measure(QUICK_PROCESSES if arguments.quick else PROCESSES)
    avx512 = has_avx512_ifma()
    rows = target_rows(figures, avx512)
    if arguments.json:
        targets = [{**asdict(row), "met": row.verdict()} for row in rows]
        print(json.dumps({"targets": targets, "figures": asdict(figures), "notes": notes(avx512)}, indent=2))
    else:
        print(table(["what", "measured", "must", "aim", "met"], [row.cells() for row in rows]))
        print()
        print(table(["for information", "median", "÷ cold"], information(figures)))
        print()
        print("\n".join(notes(avx512)))
    return 0 if all(row.keeps(row.must) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
