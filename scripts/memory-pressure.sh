#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Shows what the element does while another process takes the memory of their cgroup away.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: sudo scripts/memory-pressure.sh [LIMIT_MB [ISOLATION]]

Puts a live pipeline with captions and a process that eats memory into a cgroup of LIMIT_MB (300), version 1 or
2, prints what happens, and fails unless the pipeline survives without a gap in its frames, warns before the
limit is reached, does less and less, and describes again when the pressure has gone. ISOLATION is none or process.
Run scripts/setup.sh before.
TEXT
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh
# Not any python3: the one that the distribution's GObject bindings are for.
exec /usr/bin/python3 scripts/lib/memory_pressure.py drive "${1:-300}" "${2:-none}"
