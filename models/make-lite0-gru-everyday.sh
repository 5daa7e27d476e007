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

Takes about four hours on two cores. Run it again to go on after an interruption.
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

jetsoncaption train "${everyday_data[@]}" --min-text-count 20 \
  --backbone "$data/backbones/efficientnet_lite0_224_imagenet.safetensors" --start "$start" \
  --name lite0-gru-everyday "${everyday_terms[@]}" \
  --work "$work" --output "$output" --resume --seed 11 --views 0 \
  --dropout 0.4 --feature-dropout 0.1 --weight-decay 0.01 \
  --decoder-epochs 2 --decoder-rate 8e-4 \
  --joint-epochs 4 --joint-rate 4e-4 --encoder-rate 1.5e-4 \
  --reward-epochs 2 --reward-rate 1e-4 --untrue-penalty 0.12
finish_bundle "$data" "$output"
