#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Feeds what reads files of strangers, and shows what their models say, with millions of inputs, in
# search of one that ends it.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/fuzz.sh [MINUTES] [TARGET...]

Builds the fuzz targets with clang and libFuzzer, and the address and undefined behaviour sanitizers,
into build-fuzz/, and runs each for so many minutes (10), all of them unless some are named:
caption_text, captions, config, picture_header, safetensors_header, vocabulary, worker_answer,
worker_request. Inputs that found something new stay in build-fuzz/corpus/, an input that ends a target in
build-fuzz/crash-*. Needs clang, and caption_text what the plugin is built with.
TEXT
}

is_built() {
  grep -q "^build tests/fuzz/$1_fuzz:" build-fuzz/build.ninja
}

# No input is longer: a worker_ target takes a byte and a whole message (kWorkerMaxMessage of
# src/worker/protocol.h), caption_text two bytes and a whole text (JETSONCAPTION_ENGINE_TEXT_SIZE).
longest_input() {
  case $1 in
    worker_*) echo 220001 ;;
    caption_text) echo 1026 ;;
    *) echo 65536 ;;
  esac
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
minutes=${1:-10}
if [[ ! "$minutes" =~ ^[0-9]+([.][0-9]+)?$ ]]; then
  echo "fuzz.sh: '$minutes' is no number of minutes." >&2
  usage >&2
  exit 2
fi
shift || true
targets=("$@")
if ! command -v clang++ >/dev/null; then
  echo "fuzz.sh: clang is missing; apt-get install clang." >&2
  exit 2
fi
if [[ ! -f build-fuzz/build.ninja ]]; then
  CC=clang CXX=clang++ meson setup build-fuzz -Dfuzz=true -Dtorch=disabled -Dplugin=auto \
    -Dexamples=disabled -Dintrospection=disabled -Db_sanitize=address,undefined -Db_lundef=false \
    -Dc_args=-fsanitize=fuzzer-no-link -Dcpp_args=-fsanitize=fuzzer-no-link >/dev/null
fi
if ((${#targets[@]} == 0)); then
  targets=(captions config picture_header safetensors_header vocabulary worker_answer worker_request)
  if is_built caption_text; then
    targets=(caption_text "${targets[@]}")
  else
    echo "fuzz.sh: caption_text is left out: build-fuzz/ was made without the plugin." >&2
  fi
fi
programs=()
for target in "${targets[@]}"; do
  programs+=("tests/fuzz/${target}_fuzz")
done
ninja -C build-fuzz "${programs[@]}"

export LSAN_OPTIONS=suppressions=$PWD/tests/suppressions/lsan.supp
failed=0
for target in "${targets[@]}"; do
  corpus=build-fuzz/corpus/$target
  mkdir -p "$corpus"
  log=build-fuzz/$target.log
  words=tests/fuzz/dictionaries/$target.dict
  options=(-max_len="$(longest_input "$target")")
  if [[ -f "$words" ]]; then
    options+=(-dict="$words")
  fi
  seconds=$(awk -v minutes="$minutes" 'BEGIN { print int(minutes * 60 + 0.5) }')
  if "build-fuzz/tests/fuzz/${target}_fuzz" "$corpus" "tests/fuzz/seeds/$target" \
    "${options[@]}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -artifact_prefix=build-fuzz/crash-"$target"- -print_final_stats=1 >"$log" 2>&1; then
    verdict="nothing found"
  else
    verdict="FOUND SOMETHING, see $log"
    failed=1
  fi
  executions=$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1 || true)
  echo "$target: ${executions:-0} executions, ${coverage:-cov: 0} edges, $verdict"
done
exit $failed
