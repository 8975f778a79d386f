#!/usr/bin/env bash
# Builds the wheel into the folder given. Paths of the building machine are kept out of it.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo_home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$cargo_home=cargo --remap-path-prefix=$PWD=aegis"
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
.cache/tools/bin/maturin build --quiet --release --locked --out "$new"
# The wheel before is replaced only now that there is a new one.
mkdir -p "$1"
rm -f "$1"/aegis_license-*.whl
mv "$new"/*.whl "$1"/
