#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds and runs every test.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/test.sh [MESON_TEST_OPTION...]

Runs scripts/setup.sh --all, then every test. Options are handed to `meson test`, for example
  scripts/test.sh --suite unit        only the tests that need neither model nor GStreamer element
  scripts/test.sh search --verbose    one test, with its output
TEXT
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh --all
if tests=$(meson test -C build --no-rebuild --list 2>/dev/null) && [[ -n "$tests" && "$tests" != "No tests defined."* ]]; then
  meson test -C build --no-rebuild --print-errorlogs "$@"
else
  echo "test.sh: there are no tests in build/; meson setup --reconfigure build says what is missing." >&2
  exit 1
fi
