#!/usr/bin/env bash
# Prints an interpreter for each supported version of Python that this machine has, one "version path" a line.
set -euo pipefail

for version in 3.10 3.11 3.12 3.13; do
    candidates=("python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version"*/bin/python)
    for candidate in "${candidates[@]}"; do
        # A pyenv shim answers to a name without having the version behind it.
        if found=$(command -v "$candidate") && "$found" -c "import sys; sys.exit(sys.version_info[:2] != (${version/./, }))" 2>/dev/null; then
            echo "$version $found"
            break
        fi
    done
done
