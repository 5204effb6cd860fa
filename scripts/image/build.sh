#!/bin/sh
# Image step 2: builds the package and packs it: build.sh FOLDER writes FOLDER/mailtrace.tgz and its lock file.
set -eu
folder=${1:?usage: build.sh FOLDER}
mkdir -p "$folder"
node scripts/build.mjs
packed=$(npm pack --ignore-scripts --silent --pack-destination "$folder")
mv "$folder/$packed" "$folder/mailtrace.tgz"
cp package-lock.json "$folder/package-lock.json"
