#!/bin/sh
# Image step 4: smoke.sh PREFIX runs the installed program, away from any checkout.
set -eu
mailtrace=$(cd "${1:?usage: smoke.sh PREFIX}" && pwd)/bin/mailtrace
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
cd "$elsewhere"
"$mailtrace" --help | grep -q '^Usage: mailtrace'
"$mailtrace" explain 5.1.1 | grep -q '5\.1\.1'
