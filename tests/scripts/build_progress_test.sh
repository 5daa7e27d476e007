#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What setup.sh builds, and what it says meanwhile: build_progress_test.sh SOURCES BUILD
set -euo pipefail

source=$1
build=$2
# shellcheck source=scripts/lib/build.sh
. "$source/scripts/lib/build.sh"

expect() {
  if [[ "$2" != "$3" ]]; then
    printf '%s:\n  expected: %s\n  but got:  %s\n' "$1" "$2" "$3" >&2
    exit 1
  fi
}

# Neither tests nor the trainer are needed for captions.
if ninja -C "$build" -t commands runtime | grep --quiet --extended-regexp '[ /]tests/|libtrain|train_main'; then
  echo "the target runtime builds tests or the trainer" >&2
  exit 1
fi

# Ten steps of one weight, of which the third warns.
steps() {
  local i
  for ((i = 1; i <= 10; i++)); do
    echo "[$i/10] Compiling C++ object a.p/$i.cpp.o"
    if ((i == 3)); then echo "3.cpp:1: warning: this is shown"; fi
  done
}
expect "progress at each tenth, and warnings" \
  "$(for i in 1 2 3; do echo "Compiling: $i of 10, about 0 s left"; done
    echo "3.cpp:1: warning: this is shown"
    for i in 4 5 6 7 8 9 10; do echo "Compiling: $i of 10, about 0 s left"; done)" \
  "$(steps | show_progress 100)"

expect "a few steps that take long count for more" "60 25 10 2" "$(
  for step in "[1/9] Precompiling header ../src/train/pch/torch.h" \
    "[2/9] Compiling C++ object src/torch/libtorch-network.a.p/network.cpp.o" \
    "[3/9] Compiling C++ object src/text/libtext.a.p/cider.cpp.o" "[4/9] Linking target x"; do
    step_weight "$step"
    printf '%s ' "$weight"
  done | sed 's/ $//'
)"
expect "durations" "89 s, 2 min, 12 min" "$(duration 89), $(duration 90), $(duration 700)"

# What fails is seen, and ends the script that builds.
failing() {
  echo "[1/2] Compiling C++ object a.p/a.cpp.o"
  echo "FAILED: a.p/a.cpp.o"
  return 1
}
if failed=$(failing | show_progress 20); then
  echo "a build that fails is taken for one that succeeds" >&2
  exit 1
fi
expect "the reason of a failure" "FAILED: a.p/a.cpp.o" "$(grep FAILED <<<"$failed")"
