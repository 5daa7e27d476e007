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
        the lists and the logs

\$JOINT_EPOCHS (8) and \$REWARD_EPOCHS (1) are passes over the data. Each takes about half an hour on
two cores. Run it again to go on after an interruption.
TEXT
}

# teach_sentences DATA WORK FULL: the sentences of FULL that name nothing untrue, in front of those by
# people (sequence-level distillation: Kim and Rush 2016, section 3.2), into WORK/taught-flickr8k.txt
# and WORK/taught-everyday.txt.
teach_sentences() {
  local data=$1 work=$2 full=$3 set beam images captions list
  for set in flickr8k everyday; do
    [[ ! -f "$work/taught-$set.txt" ]] || continue
    images=$data/$set/images captions=$data/flickr8k/captions.txt list=$data/flickr8k/train.txt
    if [[ $set == everyday ]]; then
      captions=$work/everyday-captions.txt list=$work/everyday-train.txt
    fi
    for beam in 3 1; do
      even_if_some_failed jetsoncaption evaluate --model "$full" --precision int8 \
        --beam-size "$beam" --images "$images" --captions "$captions" --list "$list" \
        --predictions "$work/said-$set-$beam.txt" --only-true
    done
    # The same sentence twice is said once.
    cat "$work/said-$set-3.txt" "$work/said-$set-1.txt" | awk '!seen[$0]++' |
      cat - "$captions" >"$work/taught-$set.txt.part"
    mv "$work/taught-$set.txt.part" "$work/taught-$set.txt"
  done
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
  teach_sentences "$data" "$work" "$full"
  local -a taught_data=("${everyday_data[@]/#"$data/flickr8k/captions.txt"/"$work/taught-flickr8k.txt"}")
  taught_data=("${taught_data[@]/#"$work/everyday-captions.txt"/"$work/taught-everyday.txt"}")

  # No word is added to those of the full model.
  local -a common=(--min-count 1000000 --min-text-count 1000000 --name "$name"
    "${everyday_terms[@]}" --resume --views 0 --decoder-epochs 0
    --dropout 0.2 --feature-dropout 0 --weight-decay 0.01)
  jetsoncaption train "${taught_data[@]}" --start "$work/pruned" --teacher-model "$full" \
    "${common[@]}" --work "$work/joint-work" --output "$work/joint" --seed 21 \
    --reward-epochs 0 \
    --joint-epochs "${JOINT_EPOCHS:-8}" --joint-rate 5e-4 --encoder-rate 3e-4
  # What people wrote is the measure of the reward.
  jetsoncaption train "${everyday_data[@]}" --start "$work/joint" \
    "${common[@]}" --work "$work/reward-work" --output "$work/rewarded" --seed 22 \
    --joint-epochs 0 --reward-epochs "${REWARD_EPOCHS:-1}" --reward-rate 1e-4 --untrue-penalty 0.12
  jetsoncaption average "$work/joint" "$work/rewarded" --output "$output"
  finish_bundle "$data" "$output"
}
