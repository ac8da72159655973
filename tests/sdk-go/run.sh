#!/usr/bin/env bash
# Plays the steps with the official SDK for Go. Start it through tests/conformance/with-sandbox.mjs.
# The modules are fetched before, because in the sandbox's environment nothing else is reached.
set -euo pipefail
cd "$(dirname "$0")"
program=$(mktemp)
log=$(mktemp)
trap 'rm -f "$program" "$log"' EXIT
env -u HTTPS_PROXY -u https_proxy -u SSL_CERT_FILE go test -c -o "$program" .
status=0
"$program" -test.v >"$log" || status=1
if [ "$status" -ne 0 ]; then cat "$log"; fi
# As the other suites say it, for the count at the end of a whole run.
echo "ℹ pass $(grep -c '^    --- PASS' "$log" || true)"
echo "ℹ fail $(grep -c '^    --- FAIL' "$log" || true)"
exit "$status"
