#!/usr/bin/env bash
# Builds the baselines, sets up the peers, and measures the wheel of dist/ beside them.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=.cache/bench
tools/venv.sh .cache/tools/bin/python "$environment" python_tests/benches/requirements.txt
echo "== Building the baselines"
for baseline in baseline_empty baseline_verify; do
    (cd "python_tests/benches/$baseline" && CARGO_TARGET_DIR=../../../target/benches \
        ../../../.cache/tools/bin/maturin build --quiet --release --locked --out ../../../target/benches/wheels)
done
"$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-index --force-reinstall \
    dist/*.whl target/benches/wheels/*.whl
failed=0
"$environment/bin/python" python_tests/benches/run.py "$@" || failed=1
"$environment/bin/python" python_tests/benches/odoo.py "$@" || failed=1
exit $failed
