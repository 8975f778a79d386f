#!/usr/bin/env bash
# The wheel must stay small enough to be read: no signing, no RSA, no TLS, no async runtime, none of the vendor's crates.
set -euo pipefail
cd "$(dirname "$0")/.."

crates=$(cargo tree --quiet --locked -p aegis-license -e normal --prefix none --format '{p}' | awk '{print $1}' | sort -u)
unwanted='^(aegis-issuer|aegis-signers|aegis-storage|aegis-cli|jsonwebtoken|rsa|ring|aws-lc.*|openssl.*|rustls.*|native-tls|tokio|async-std|smol|hyper|reqwest|rand.*|getrandom|pkcs5|toml|clap|rpassword)$'
if found=$(grep -E "$unwanted" <<<"$crates"); then
    echo "error: the wheel must not depend on:" $found >&2
    exit 1
fi
echo "The wheel depends on $(wc -l <<<"$crates") crates, itself included."
