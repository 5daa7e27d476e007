#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds and measures how long captions take and how much memory they need.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/bench.sh [BENCH_OPTION...]
       scripts/bench.sh --peers [OPTION...]

Runs scripts/setup.sh, then `jetsoncaption bench` with the options, for example
  scripts/bench.sh --captions 10000 --json
With --peers, compares with ONNX Runtime on the same network; scripts/bench.sh --peers --help says more.
docs/performance.md says what is measured and how to read it.
TEXT
}

if [[ "${1:-}" == --peers ]]; then
  exec "$(dirname "${BASH_SOURCE[0]}")/peers/peers.sh" "${@:2}"
fi
if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Standard output is for the figures alone.
scripts/setup.sh >&2
# shellcheck source=scripts/env.sh
. scripts/env.sh
jetsoncaption bench "$@"
