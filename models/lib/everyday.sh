# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The data of the everyday models, and what is done to a bundle when it is trained. For
# models/make-*.sh, which use the arrays.
# shellcheck disable=SC2034

# everyday_list DATA WORK SETS: pictures of the everyday train list that have a sentence and are of
# one of the sets; of all when SETS is empty.
everyday_list() {
  awk -F'\t' -v sets="$3" 'FILENAME == ARGV[1] { set[$1] = $2; next }
    FILENAME == ARGV[2] { described[$1] = 1; next }
    described[$1] && (sets == "" || index(sets, set[$1])) { print $1 }' \
    "$1/everyday/sources.tsv" "$2/everyday-captions.txt" "$1/everyday/train.txt"
}

sentences_of() { gzip --decompress --stdout "$1" | awk -F'\t' '{ print $NF }'; }

# prepare_everyday DATA WORK: writes the lists into WORK, and what `jetsoncaption train` is told of
# the data into the arrays everyday_data (pictures, sentences, the teacher of the tags) and
# everyday_terms (for config.json).
prepare_everyday() {
  local data=$1 work=$2
  # Each sentence of an ADE20K room tells a part of it, the first is nearest to a caption: two are
  # taken. Two COCO "captions" say that there is no picture.
  awk -F'\t' 'NR == FNR { set[$1] = $2; next }
    tolower($2) ~ /no image here/ { next }
    set[$1] == "ade20k_rooms" && ++seen[$1] > 2 { next }
    { print }' "$data/everyday/sources.tsv" "$data/everyday/captions.txt" >"$work/everyday-captions.txt"

  everyday_list "$data" "$work" "" >"$work/everyday-train.txt"
  everyday_list "$data" "$work" "coco_full coco_val2017_96px" >"$work/coco-train.txt"
  everyday_list "$data" "$work" "coco_full" >"$work/coco-full-train.txt"

  # All of COCO's sentences and 40,000 of Flickr30k's; the same ones in every run.
  if [[ ! -f "$work/sentences.txt" ]]; then
    {
      sentences_of "$data/text/coco.tsv.gz"
      sentences_of "$data/text/coco_texygen.txt.gz"
      sentences_of "$data/text/flickr30k.tsv.gz" | awk 'NR % 4 == 0' | head -n 40000
    } | grep --invert-match --ignore-case 'no image' >"$work/sentences.txt.part"
    mv "$work/sentences.txt.part" "$work/sentences.txt"
  fi

  local everyday=(--images "$data/everyday/images" --captions "$work/everyday-captions.txt")
  everyday_data=(
    --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt"
    --train-list "$data/flickr8k/train.txt" --dev-list "$data/flickr8k/dev.txt"
    "${everyday[@]}" --train-list "$work/everyday-train.txt" --dev-list "$data/everyday/dev.txt"
    "${everyday[@]}" --train-list "$work/coco-train.txt"
    "${everyday[@]}" --train-list "$work/coco-full-train.txt"
    "${everyday[@]}" --train-list "$work/coco-full-train.txt"
    --sentences "$work/sentences.txt"
    --teacher-backbone "$data/backbones/mobilenet_v2_1.0_224_imagenet.safetensors"
    --teacher-classifier "$data/backbones/mobilenet_v2_1.0_224_imagenet_classifier.safetensors"
    --teacher-nouns "$data/backbones/imagenet_nouns.tsv"
  )
  everyday_terms=(
    --licence "Weights: for non-commercial research and education, as their training data"
    --training-data "Flickr8k; COCO, ADE20K and ImageNet sample pictures, some described by a language model; sentences of COCO and Flickr30k"
  )
}

# even_if_some_failed COMMAND...: exit code 1 says that there are pictures that cannot be read, which
# training left out too.
even_if_some_failed() { "$@" || (($? == 1)); }

# finish_bundle DATA BUNDLE: adds int8 weights, calibrates, and rounds the master weights to fp16,
# for they would be larger than a repository should hold.
finish_bundle() {
  local data=$1 bundle=$2
  even_if_some_failed jetsoncaption quantize --model "$bundle" \
    --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt" \
    --calibration-list "$data/flickr8k/train.txt" --dev-list "$data/flickr8k/dev.txt" --beam-size 3
  even_if_some_failed jetsoncaption calibrate --model "$bundle" \
    --images "$data/everyday/images" --captions "$data/everyday/captions.txt" \
    --list "$data/everyday/dev.txt" \
    --images "$data/flickr8k/images" --captions "$data/flickr8k/captions.txt" \
    --list "$data/flickr8k/dev.txt"
  jetsoncaption quantize --model "$bundle" --half
}
