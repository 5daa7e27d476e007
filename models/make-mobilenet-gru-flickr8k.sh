#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trains, quantizes and measures the bundle mobilenet-gru-flickr8k.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: models/make-mobilenet-gru-flickr8k.sh DATA OUTPUT

DATA    holds flickr8k/{images/,captions.txt,train.txt,dev.txt} and
        backbones/mobilenet_v2_1.0_224_imagenet.{safetensors,json}
OUTPUT  the bundle to write; OUTPUT-work and OUTPUT-reward beside it keep checkpoints, features
        and the logs

Takes about an hour and a quarter on a processor with AVX-512 BF16. Run it again to go on after an
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
if grep --quiet avx512_bf16 /proc/cpuinfo; then bfloat16=(--bfloat16); fi

train() {
  jetsoncaption train \
    --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt" \
    --train-list "$data/flickr8k/train.txt" --dev-list "$data/flickr8k/dev.txt" \
    --backbone "$data/backbones/mobilenet_v2_1.0_224_imagenet.safetensors" \
    --name mobilenet-gru-flickr8k \
    --licence "Weights: for non-commercial research and education, as their training data" \
    --training-data "Flickr8k (Hodosh, Young, Hockenmaier, JAIR 47, 2013), standard training split" \
    --resume ${bfloat16[@]+"${bfloat16[@]}"} "$@"
}

# Cross entropy, with much that keeps the pictures from being learnt by heart.
train --work "$output-work" --output "$output-work/bundle" --seed 1 \
  --decoder-epochs 10 --joint-epochs 6 --joint-rate 4e-4 --encoder-rate 2e-4 --reward-epochs 0 \
  --dropout 0.5 --feature-dropout 0.3 --weight-decay 0.1
# Sentences are drawn by chance here, so that less is needed.
train --start "$output-work/bundle" --work "$output-reward" --output "$output" --seed 51 \
  --decoder-epochs 0 --joint-epochs 0 --reward-epochs 4 --reward-rate 5e-5 \
  --dropout 0.4 --feature-dropout 0 --weight-decay 0.01

# Exit code 1 says that there are pictures that cannot be read, which training left out too.
jetsoncaption quantize --model "$output" \
  --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt" \
  --calibration-list "$data/flickr8k/train.txt" --dev-list "$data/flickr8k/dev.txt" --beam-size 3 ||
  (($? == 1))
