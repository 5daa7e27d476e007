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
Leaves build/memory-pressure/ISOLATION.csv and, where gnuplot is, a drawing of it.
Run scripts/setup.sh --all before: the pipeline is a program in Python.
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
limit=${1:-300}
mode=${2:-none}
mkdir -p build/memory-pressure
result=0
/usr/bin/python3 scripts/lib/memory_pressure.py drive "$limit" "$mode" "build/memory-pressure/$mode.csv" || result=$?
if command -v gnuplot >/dev/null; then
  gnuplot <<TEXT
set terminal svg size 900,360 background "white"
set output "build/memory-pressure/$mode.svg"
set datafile separator ","
set key outside bottom center horizontal
set xlabel "seconds"
set ylabel "MB"
set yrange [0:*]
set y2label "captions"
set y2tics
set ytics nomirror
set y2range [0:*]
set grid
plot "build/memory-pressure/$mode.csv" every ::1 using 1:2 with lines lw 2 title "left of the cgroup's $limit MB", \
  "" every ::1 using 1:3 with lines lw 2 title "the pipeline", \
  "" every ::1 using 1:($limit/3) with lines dt 2 title "memory-reserve", \
  "" every ::1 using 1:4 axes x1y2 with lines title "captions so far"
TEXT
  echo "build/memory-pressure/$mode.svg has the memory of both."
fi
exit "$result"
