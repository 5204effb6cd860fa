#!/bin/sh
# Image step 1: what the build needs, as locked. Reads package.json and package-lock.json of the current folder.
set -eu
npm ci --ignore-scripts --no-audit --no-fund
