#!/bin/sh
# Image step 3: install.sh FOLDER PREFIX puts the packed package of FOLDER into PREFIX, with its dependencies as locked
# and without the development ones. The program is PREFIX/bin/mailtrace. Runs no script of any dependency.
set -eu
folder=$(cd "${1:?usage: install.sh FOLDER PREFIX}" && pwd)
prefix=${2:?usage: install.sh FOLDER PREFIX}
mkdir -p "$prefix/lib/mailtrace" "$prefix/bin"
prefix=$(cd "$prefix" && pwd)
tar -xzf "$folder/mailtrace.tgz" -C "$prefix/lib/mailtrace" --strip-components=1 --no-same-owner
cp "$folder/package-lock.json" "$prefix/lib/mailtrace/package-lock.json"
(cd "$prefix/lib/mailtrace" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund)
chmod 0755 "$prefix/lib/mailtrace/dist/bin/mailtrace.js"
ln -sf ../lib/mailtrace/dist/bin/mailtrace.js "$prefix/bin/mailtrace"
