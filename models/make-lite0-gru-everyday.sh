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

# Each sentence of an ADE20K room tells a part of it, the first is nearest to a caption: two are
# taken. Two COCO "captions" say that there is no picture.
awk -F'\t' 'NR == FNR { set[$1] = $2; next }
  tolower($2) ~ /no image here/ { next }
  set[$1] == "ade20k_rooms" && ++seen[$1] > 2 { next }
  { print }' "$data/everyday/sources.tsv" "$data/everyday/captions.txt" >"$work/everyday-captions.txt"

# Pictures of the everyday train list that have a sentence and are of one of the sets.
list_of() {
  awk -F'\t' -v sets="$1" 'FILENAME == ARGV[1] { set[$1] = $2; next }
    FILENAME == ARGV[2] { described[$1] = 1; next }
    described[$1] && (sets == "" || index(sets, set[$1])) { print $1 }' \
    "$data/everyday/sources.tsv" "$work/everyday-captions.txt" "$data/everyday/train.txt"
}
list_of "" >"$work/everyday-train.txt"
list_of "coco_full coco_val2017_96px" >"$work/coco-train.txt"
list_of "coco_full" >"$work/coco-full-train.txt"

# All of COCO's sentences and 40,000 of Flickr30k's; the same ones in every run.
sentences() { gzip --decompress --stdout "$data/text/$1.gz" | awk -F'\t' '{ print $NF }'; }
if [[ ! -f "$work/sentences.txt" ]]; then
  {
    sentences coco.tsv
    sentences coco_texygen.txt
    sentences flickr30k.tsv | awk 'NR % 4 == 0' | head -n 40000
  } | grep --invert-match --ignore-case 'no image' >"$work/sentences.txt.part"
  mv "$work/sentences.txt.part" "$work/sentences.txt"
fi

everyday=(--images "$data/everyday/images" --captions "$work/everyday-captions.txt")
jetsoncaption train \
  --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt" \
  --train-list "$data/flickr8k/train.txt" --dev-list "$data/flickr8k/dev.txt" \
  "${everyday[@]}" --train-list "$work/everyday-train.txt" --dev-list "$data/everyday/dev.txt" \
  "${everyday[@]}" --train-list "$work/coco-train.txt" \
  "${everyday[@]}" --train-list "$work/coco-full-train.txt" \
  "${everyday[@]}" --train-list "$work/coco-full-train.txt" \
  --sentences "$work/sentences.txt" --min-text-count 20 \
  --teacher-backbone "$data/backbones/mobilenet_v2_1.0_224_imagenet.safetensors" \
  --teacher-classifier "$data/backbones/mobilenet_v2_1.0_224_imagenet_classifier.safetensors" \
  --teacher-nouns "$data/backbones/imagenet_nouns.tsv" \
  --backbone "$data/backbones/efficientnet_lite0_224_imagenet.safetensors" --start "$start" \
  --name lite0-gru-everyday \
  --licence "Weights: for non-commercial research and education, as their training data" \
  --training-data "Flickr8k; COCO, ADE20K and ImageNet sample pictures, some described by a language model; sentences of COCO and Flickr30k" \
  --work "$work" --output "$output" --resume --seed 11 --views 0 \
  --dropout 0.4 --feature-dropout 0.1 --weight-decay 0.01 \
  --decoder-epochs 2 --decoder-rate 8e-4 \
  --joint-epochs 4 --joint-rate 4e-4 --encoder-rate 1.5e-4 \
  --reward-epochs 2 --reward-rate 1e-4 --untrue-penalty 0.12

jetsoncaption quantize --model "$output" \
  --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt" \
  --calibration-list "$data/flickr8k/train.txt" --dev-list "$data/flickr8k/dev.txt" --beam-size 3
jetsoncaption calibrate --model "$output" \
  --images "$data/everyday/images" --captions "$data/everyday/captions.txt" \
  --list "$data/everyday/dev.txt" \
  --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt" \
  --list "$data/flickr8k/dev.txt"
# The master weights would be larger than a repository should hold.
jetsoncaption quantize --model "$output" --half
