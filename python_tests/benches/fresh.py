"""What only a fresh process can tell, one figure a process: ``import MODULE``, or ``memory NAME FOLDER``.

Prints nanoseconds, or bytes. Imports next to nothing, so as to take nothing away from what is measured.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import time

import material
import peers


def import_time(module: str) -> int:
    """Measure the first import of ``module``, in nanoseconds."""
    # Python lists the folders of its path once a process, whoever asks first; let that not be `module`.
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module("a_module_that_is_not_there")
    start = time.perf_counter_ns()
    importlib.import_module(module)
    return time.perf_counter_ns() - start


def memory(name: str, folder: str) -> int:
    """Measure what import and first check of ``name`` (``aegis``, ``PyJWT``) add to the memory, in bytes."""
    pem = "\n".join(material.read_lines(f"{folder}/key.pem"))
    token = material.read_lines(f"{folder}/tokens.txt")[0]
    before = resident()
    if name == "aegis":
        aegis = importlib.import_module("aegis_license")
        keyring = aegis.Keyring.from_pem({material.KID: pem}, issuer=material.ISSUER)
        aegis.verify_license(token, material.MODULE, material.ODOO_VERSION, keyring=keyring)
    else:
        peers.PEERS[name](pem, material.ISSUER)(token)
    return resident() - before


def resident() -> int:
    """Resident memory in bytes; where there is no ``/proc``, the most there ever was."""
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as file:  # noqa: PTH123 (pathlib takes memory)
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Rss:"))
    except OSError:
        resource = importlib.import_module("resource")
        unit = 1 if sys.platform == "darwin" else 1024
        peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * unit


if __name__ == "__main__":
    print(import_time(sys.argv[2]) if sys.argv[1] == "import" else memory(sys.argv[2], sys.argv[3]))
