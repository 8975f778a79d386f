#!/usr/bin/env bash
# Builds the license server and what sends requests to it, and measures it beside its peers.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=.cache/bench-server
tools/venv.sh .cache/tools/bin/python "$environment" python_tests/benches/server/requirements.txt
echo "== Building the server and the generator"
cargo build --quiet --locked --profile server -p aegis-cli
(cd python_tests/benches/server/load && CARGO_TARGET_DIR=../../../../target/benches cargo build --quiet --release --locked)
exec "$environment/bin/python" python_tests/benches/license_server.py "$@"
