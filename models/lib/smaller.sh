# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a smaller model of lite0-gru-everyday. For models/make-lite0-gru-everyday-*.sh.

# shellcheck source=models/lib/everyday.sh
. "$(dirname "${BASH_SOURCE[0]}")/everyday.sh"

smaller_usage() {
  cat <<TEXT
Usage: models/make-$1.sh DATA FULL OUTPUT [FROM]

$2

DATA    as of models/make-lite0-gru-everyday.sh
FULL    the bundle lite0-gru-everyday: it is pruned, and the teacher of what is left
FROM    a bundle that was made of FULL in the same way: it is pruned further instead of FULL
OUTPUT  the bundle to write; OUTPUT-work beside it keeps the pruned bundle, checkpoints, pictures,
        the lists and the log

\$JOINT_EPOCHS (8) and \$REWARD_EPOCHS (2) are passes over the data. Each takes about half an hour on
two cores. Run it again to go on after an interruption.
TEXT
}

# make_smaller NAME WHAT "TARGETS OF PRUNE" DATA FULL OUTPUT [FROM]
make_smaller() {
  local name=$1 what=$2
  local -a targets
  read -r -a targets <<<"$3"
  shift 3
  if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
    smaller_usage "$name" "$what"
    return
  fi
  if (($# != 3 && $# != 4)); then
    smaller_usage "$name" "$what" >&2
    return 2
  fi
  local data=$1 full=$2 output=$3 from=${4:-$2}
  local work=$output-work
  mkdir -p "$work"
  prepare_everyday "$data" "$work"

  if [[ ! -f "$work/pruned/config.json" ]]; then
    jetsoncaption prune --model "$from" "${targets[@]}" --resume \
      --images "$data/flickr8k/images" --list "$data/flickr8k/train.txt" \
      --images "$data/everyday/images" --list "$work/everyday-train.txt" \
      --work "$work/pruning" --output "$work/pruned"
  fi
  # No word is added to those of the full model.
  jetsoncaption train "${everyday_data[@]}" --min-count 1000000 --min-text-count 1000000 \
    --start "$work/pruned" --teacher-model "$full" --name "$name" "${everyday_terms[@]}" \
    --work "$work" --output "$output" --resume --seed 21 --views 0 \
    --dropout 0.2 --feature-dropout 0 --weight-decay 0.01 \
    --decoder-epochs 0 --joint-epochs "${JOINT_EPOCHS:-8}" --joint-rate 5e-4 --encoder-rate 3e-4 \
    --reward-epochs "${REWARD_EPOCHS:-2}" --reward-rate 1e-4 --untrue-penalty 0.12
  finish_bundle "$data" "$output"
}
