#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trains, quantizes and measures the bundle lite0-gru-everyday.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: models/make-lite0-gru-everyday.sh DATA START OUTPUT

DATA    holds flickr8k/ and everyday/, each with images/, captions.txt, train.txt and dev.txt,
        everyday/sources.tsv, text/{coco.tsv,coco_texygen.txt,flickr30k.tsv}.gz, and backbones/ with
        efficientnet_lite0_224_imagenet, mobilenet_v2_1.0_224_imagenet and its classifier, and
        imagenet_nouns.tsv
START   the bundle whose decoder to start from: models/make-mobilenet-gru-flickr8k.sh makes it
OUTPUT  the bundle to write; OUTPUT-work beside it keeps checkpoints, features (3 GB), the lists
        and the log

Takes about eight hours on two cores. Run it again to go on after an interruption.
TEXT
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
if (($# != 3)); then
  usage >&2
  exit 2
fi
data=$1
start=$2
output=$3
work=$output-work
mkdir -p "$work"

# shellcheck source=models/lib/everyday.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/everyday.sh"
prepare_everyday "$data" "$work"

# train_stages WORK OUTPUT OPTION...
train_stages() {
  mkdir -p "$1"
  jetsoncaption train "${everyday_data[@]}" --name lite0-gru-everyday "${everyday_terms[@]}" \
    --work "$1" --output "$2" --resume --views 0 \
    --dropout 0.4 --feature-dropout 0.1 --weight-decay 0.01 --untrue-penalty 0.12 "${@:3}"
}

train_stages "$work/first-work" "$work/first" --start "$start" --min-text-count 20 --seed 11 \
  --backbone "$data/backbones/efficientnet_lite0_224_imagenet.safetensors" \
  --decoder-epochs 2 --decoder-rate 8e-4 \
  --joint-epochs 4 --joint-rate 4e-4 --encoder-rate 1.5e-4 \
  --reward-epochs 2 --reward-rate 1e-4

# Another run from there, and the mean of both: docs/models.md says what it bought. No word is new.
train_stages "$work/second-work" "$work/second" --start "$work/first" --seed 22 \
  --min-count 1000000 --min-text-count 1000000 --decoder-epochs 0 --joint-epochs 2 --joint-rate 4e-4 --encoder-rate 1.5e-4 \
  --reward-epochs 2 --reward-rate 1e-4
[[ -f "$work/mean/config.json" ]] ||
  jetsoncaption average "$work/first" "$work/second" --output "$work/mean"

train_stages "$work/third-work" "$work/third" --start "$work/mean" --seed 41 \
  --min-count 1000000 --min-text-count 1000000 --decoder-epochs 0 --joint-epochs 0 --reward-epochs 3 --reward-rate 8e-5
jetsoncaption average "$work/first" "$work/third" --output "$output"
finish_bundle "$data" "$output"
