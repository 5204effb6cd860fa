#!/bin/sh
# Runs every step of the Dockerfile without Docker, in an empty prefix, from the files that .dockerignore lets in.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/source"
# shellcheck disable=SC2046 -- the paths of .dockerignore hold no blanks
git ls-files -z --cached --others --exclude-standard -- $(sed -n 's/^!//p' .dockerignore) | tar --null -T - -cf - | tar -xf - -C "$scratch/source"
cd "$scratch/source"
scripts/image/install-dependencies.sh
scripts/image/build.sh "$scratch/packed"
cd "$scratch"
source/scripts/image/install.sh packed prefix
source/scripts/image/smoke.sh prefix
source/scripts/image/data-folder.sh data "$(id -un)"
echo 'image: every step passed in an empty prefix'
