#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs the Debian packages that are missing and builds into build/.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/setup.sh [--all] [MESON_OPTION...]

Installs what Debian 12 lacks (as root or through sudo; nothing is asked for when all is there), then
builds the element and the program `jetsoncaption` into build/. Can be run again at any time.
--all  also precision fp32 and the program that trains models, which need LibTorch, the tests, the
       examples, and what Python needs
Options such as -Db_sanitize=address are handed to meson when build/ is made for the first time.
TEXT
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
all=false
if [[ "${1:-}" == --all ]]; then
  all=true
  shift
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/lib/build.sh
. scripts/lib/build.sh
if ! command -v dpkg-query >/dev/null; then
  echo "setup.sh: this machine has no Debian packages; docs/dependencies.md lists what to install." >&2
  exit 1
fi
if $all; then
  install_packages "${runtime_packages[@]}" "${further_packages[@]}"
  configure "$@"
  compile
else
  install_packages "${runtime_packages[@]}"
  configure "$@"
  compile runtime
fi
