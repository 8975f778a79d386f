#!/usr/bin/env bash
# Makes a virtual environment after a file of requirements, unless it was made after the same ones: PYTHON FOLDER FILE.
set -euo pipefail

python=$1 environment=$2 requirements=$3
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    echo "== Setting up $environment (once)"
    rm -rf "$environment"
    "$python" -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    cp "$requirements" "$environment/requirements.txt"
fi
