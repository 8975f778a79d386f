#!/usr/bin/env bash
# Builds the source distribution, builds a wheel from that alone, and tries it.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== The source distribution, built on its own"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
maturin=$PWD/.cache/tools/bin/maturin
"$maturin" sdist --out "$work" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
# -m: the dates in the archive are years old, and cargo would take what it built before for newer.
tar -xmzf "$work"/*.tar.gz -C "$work"
(cd "$work"/aegis_license-*/ && CARGO_TARGET_DIR="$OLDPWD/target/sdist" "$maturin" build --quiet --release --out "$work/dist")
names() { .cache/tools/bin/python -m zipfile --list "$1" | awk '{print $1}' | sort; }
if ! diff <(names dist/*.whl) <(names "$work"/dist/*.whl); then
    echo "error: this wheel and the one of dist/ do not hold the same files" >&2
    exit 1
fi
.cache/tools/bin/python -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$work"/dist/*.whl
"$work/venv/bin/python" -m aegis_license verify --module aegis_demo --odoo-version 19.0 examples/licenses/perpetual.license
