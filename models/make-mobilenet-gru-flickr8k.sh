#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trains, quantizes and measures the bundle mobilenet-gru-flickr8k.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: models/make-mobilenet-gru-flickr8k.sh DATA OUTPUT

DATA    holds flickr8k/{images/,captions.txt,train.txt,dev.txt} and
        backbones/mobilenet_v2_1.0_224_imagenet.{safetensors,json}
OUTPUT  the bundle to write; OUTPUT-work beside it keeps checkpoints, features and the log

Takes about an hour and a half on two cores with AMX, longer without. Run it again to go on after an
interruption.
TEXT
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
if (($# != 2)); then
  usage >&2
  exit 2
fi
data=$1
output=$2
bfloat16=()
if grep --quiet amx_bf16 /proc/cpuinfo; then bfloat16=(--bfloat16); fi

jetsoncaption train \
  --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt" \
  --train-list "$data/flickr8k/train.txt" --dev-list "$data/flickr8k/dev.txt" \
  --backbone "$data/backbones/mobilenet_v2_1.0_224_imagenet.safetensors" \
  --work "$output-work" --output "$output" --name mobilenet-gru-flickr8k --seed 1 \
  --licence "Weights: for non-commercial research and education, as their training data" \
  --training-data "Flickr8k (Hodosh, Young, Hockenmaier, JAIR 47, 2013), standard training split" \
  --decoder-epochs 9 --joint-epochs 6 --joint-rate 5e-4 --encoder-rate 8e-5 \
  --reward-epochs 6 --reward-rate 1e-4 --resume ${bfloat16[@]+"${bfloat16[@]}"}

jetsoncaption quantize --model "$output" \
  --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt" \
  --calibration-list "$data/flickr8k/train.txt" --dev-list "$data/flickr8k/dev.txt" --beam-size 3
