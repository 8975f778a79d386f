#!/usr/bin/env bash
# Issues one license on a running server, reads, validates and revokes it: smoke.sh [URL], with an API key that has the
# scopes issue, read and revoke in API_KEY. The customer and the license stay: not for a server that is in use.
set -euo pipefail

url=${1:-http://127.0.0.1:8750}
module=${SMOKE_MODULE:-aegis_smoke}
: "${API_KEY:?put the API key into API_KEY}"
name=smoke-$(date +%s)-$$

fail() {
    echo "error: $1" >&2
    exit 1
}

call() { # METHOD PATH [BODY]: prints the answer. The key is in a file descriptor, not in the list of processes.
    local body=()
    [ $# -lt 3 ] || body=(--header "Content-Type: application/json" --data "$3")
    curl --silent --show-error --fail-with-body --max-time 30 --request "$1" "$url$2" \
        --header @<(printf 'Authorization: Bearer %s\n' "$API_KEY") \
        --header "Idempotency-Key: $name" "${body[@]}" || fail "$1 $2 was refused"
}

member() { # NAME: the first text of this name in the JSON that comes in
    grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4
}

says() { # PART JSON: this part is in the answer
    [[ $2 == *"$1"* ]] || fail "expected $1 in $2"
}

says '"status":"ok"' "$(curl --silent --show-error --max-time 30 "$url/health")"
call POST /api/v1/customers "{\"id\":\"$name\",\"name\":\"Smoke test\"}" >/dev/null
wanted="{\"customer_id\":\"$name\",\"license_type\":\"demo\",\"days\":365,
    \"modules\":[{\"technical_name\":\"$module\",\"allowed_major_versions\":[\"19\"]}]}"
license=$(call POST /api/v1/licenses "$wanted")
id=$(member id <<<"$license")
again=$(call POST /api/v1/licenses "$wanted" | member id)
[ "$again" = "$id" ] || fail "the repeated request made another license: $id, $again"
[[ $(call GET "/api/v1/licenses/$id/token") == *eyJ* ]] || fail "what is kept of $id is no token"
context="{\"module\":\"$module\",\"odoo_version\":\"19.0\"}"
says '"valid":true,"code":"valid"' "$(call POST "/api/v1/licenses/$id/validate" "$context")"
call POST "/api/v1/licenses/$id/revoke" '{"reason":"smoke test"}' >/dev/null
says '"status":"revoked"' "$(call GET "/api/v1/licenses/$id")"
[[ $(call GET /api/v1/revocations) == *eyJ* ]] || fail "there is no signed list of what was revoked"
echo "License $id was issued, stored once, read, found valid, and revoked; the list is signed."
