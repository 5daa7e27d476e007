#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Measures model bundles on two sets of pictures and prints one Markdown table of all of them.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/model-table.sh --data DIR [OPTION...] [BUNDLE...]

For each bundle (all in models/ when none is named) and each of its precisions: `jetsoncaption
evaluate` on two sets of pictures, and `jetsoncaption bench` once. Prints a Markdown table: size,
parameters, multiply-adds, scores on both sets, milliseconds and peak memory.

  --data DIR         folder with flickr8k/ and everyday/, each with images/, captions.txt and
                     dev.txt (which pictures to use)
  --precisions LIST  such as int8,fp32; without it those that config.json of a bundle names
  --beam-size N      of evaluate (3); bench searches greedily, as it does by itself
  --pictures N       only the first N pictures of each set, for a quick look
  --threads N        of evaluate and bench; 0 is chosen for the machine (0)
  --results DIR      keep what the programs printed in DIR, and measure only what is not there yet
TEXT
}

fail() {
  echo "model-table.sh: $1" >&2
  exit 1
}

readonly sets=(flickr8k everyday)
data='' precisions='' beam_size=3 pictures=0 threads=0 results=''
bundles=()
while (($# > 0)); do
  case $1 in
    --help | -h)
      usage
      exit 0
      ;;
    --data | --precisions | --beam-size | --pictures | --threads | --results)
      (($# > 1)) || fail "$1 needs a value; see --help."
      name=${1#--}
      printf -v "${name//-/_}" %s "$2"
      shift 2
      ;;
    -*) fail "'$1' is no option; see --help." ;;
    *)
      bundles+=("$1")
      shift
      ;;
  esac
done

[[ -n "$data" ]] || fail "name the folder of the pictures with --data DIR; see --help."
for number in "$beam_size" "$pictures" "$threads"; do
  [[ "$number" =~ ^[0-9]+$ ]] || fail "'$number' is no number; see --help."
done
for set in "${sets[@]}"; do
  for name in images captions.txt dev.txt; do
    [[ -e "$data/$set/$name" ]] || fail "$data/$set/$name does not exist; see --help for the folders."
  done
done
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if ((${#bundles[@]} == 0)); then
  for config in "$root"/models/*/config.json; do bundles+=("$(dirname "$config")"); done
fi
for bundle in "${bundles[@]}"; do
  [[ -f "$bundle/config.json" ]] || fail "'$bundle' is no bundle: it has no config.json."
done
if [[ -z "$(command -v jetsoncaption)" ]]; then
  # shellcheck source=scripts/env.sh
  . "$root/scripts/env.sh"
  [[ -n "$(command -v jetsoncaption)" ]] || fail "jetsoncaption is not built; run scripts/setup.sh first."
fi

facts() { python3 "$root/scripts/lib/model_table.py" "$@"; }

# measure FILE COMMAND...: what the command prints, unless it is there already. A run that was cut
# off leaves nothing. `evaluate` has figures also where single pictures failed, and tells of them.
measure() {
  local file=$1 code=0
  shift
  if [[ -s "$file" ]]; then return; fi
  "$@" >"$file.part" || code=$?
  if [[ ! -s "$file.part" ]]; then
    rm -f "$file.part"
    fail "'$*' failed with exit code $code; its message above says why."
  fi
  mv "$file.part" "$file"
}

work_folder=$(mktemp -d)
trap 'rm -rf "$work_folder"' EXIT
results=${results:-$work_folder/results}
mkdir -p "$results"

for set in "${sets[@]}"; do
  if ((pictures > 0)); then
    head -n "$pictures" "$data/$set/dev.txt" >"$work_folder/$set.txt"
  else
    cp "$data/$set/dev.txt" "$work_folder/$set.txt"
  fi
done

rows=()
for bundle in "${bundles[@]}"; do
  bundle_precisions=$precisions
  if [[ -z "$precisions" ]]; then bundle_precisions=$(facts precisions "$bundle"); fi
  for precision in ${bundle_precisions//,/ }; do
    options=(--json --model "$bundle" --precision "$precision" --threads "$threads")
    row=$results/$(basename "$(realpath "$bundle")")-$precision
    for set in "${sets[@]}"; do
      echo "$bundle in $precision: $set" >&2
      measure "$row-$set.json" jetsoncaption evaluate "${options[@]}" --beam-size "$beam_size" \
        --images "$data/$set/images" --captions "$data/$set/captions.txt" \
        --list "$work_folder/$set.txt"
    done
    echo "$bundle in $precision: bench" >&2
    measure "$row-bench.json" jetsoncaption bench "${options[@]}"
    rows+=("$bundle" "$precision" "$row")
  done
done
facts table "${rows[@]}"
