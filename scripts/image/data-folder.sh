#!/bin/sh
# Image step 5: data-folder.sh FOLDER USER makes the folder for the embedded databases and the audit log.
set -eu
mkdir -p "${1:?usage: data-folder.sh FOLDER USER}"
chown "${2:?usage: data-folder.sh FOLDER USER}" "$1"
chmod 0700 "$1"
