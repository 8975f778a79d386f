#!/usr/bin/env bash
# Fuzzes each target for so many seconds (60). The instrumentation is a nightly feature, which RUSTC_BOOTSTRAP lends.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
cargo_fuzz=.cache/cargo/bin/cargo-fuzz
if [ ! -x "$cargo_fuzz" ]; then
    echo "== Installing cargo-fuzz (once)"
    cargo install --quiet --locked --root .cache/cargo cargo-fuzz@0.13.2
fi
export RUSTC_BOOTSTRAP=1 PATH="$PWD/.cache/cargo/bin:$PATH"

# Key files to start from: throw-away private keys, made here and never kept.
mkdir -p fuzz/corpus/key_file
openssl genpkey -algorithm ed25519 -out fuzz/corpus/key_file/plain
openssl pkcs8 -topk8 -in fuzz/corpus/key_file/plain -out fuzz/corpus/key_file/encrypted -passout pass:x -v2 aes-256-cbc
openssl pkcs8 -topk8 -in fuzz/corpus/key_file/plain -out fuzz/corpus/key_file/scrypt -passout pass:x -scrypt

for target in token claims key_file; do
    echo "== Fuzzing $target for $seconds seconds"
    mkdir -p "fuzz/corpus/$target"
    cargo fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
