#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Prepares the comparison with ONNX Runtime in build/peers/ and runs it; called by scripts/bench.sh --peers.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/bench.sh --peers [--model DIR] [--rounds N] [--runs N] [--starts N] [--json]

Compares captions of jetsoncaption, in int8 with each instruction set of the machine and in fp32 with
LibTorch, with those of ONNX Runtime, which computes the same network in fp32, through its C API and in
Node. First checks on photographs that the captions are the same. One thread each, a picture of the
model's size, a caption of 8 words: milliseconds to encode, for a word and for the caption; from the
start of a process to its first caption; and the most memory of that process.

  --model DIR  a bundle (models/lite0-gru-everyday)
  --rounds N   all programs take turns so many times (5); the result is the median of the rounds
  --runs N     captions timed in each round (40)
  --starts N   processes started in each round (2)
  --json       print the figures as a JSON object

Needs node and npm 9 or later. What is downloaded, built and written is in build/peers/: ONNX Runtime
from npm (140 MB), its header from another package there (150 MB), photographs from Debian's package
darknet. Installs LibTorch, python3-numpy and python3-onnx.
TEXT
}

readonly onnxruntime=onnxruntime-node@1.30.0
# The npm package of ONNX Runtime has no header; this one for Unity has Microsoft's, whose API 29 is
# a part of that of 1.30: the library serves older callers.
readonly headers=com.github.asus4.onnxruntime@0.4.9

fail() {
  echo "bench.sh --peers: $1" >&2
  exit 1
}

# Without the packages' own scripts, which would download more from elsewhere.
fetch_onnxruntime() {
  if [[ ! -e "$work/npm/node_modules/onnxruntime-node/package.json" ]]; then
    echo "Downloading $onnxruntime"
    npm install --prefix "$work/npm" --no-save --ignore-scripts --no-audit --no-fund "$onnxruntime" ||
      fail "npm cannot install $onnxruntime; its message above says why."
  fi
  if [[ ! -e "$work/include/onnxruntime_cxx_api.h" ]]; then
    echo "Downloading $headers"
    local unpacked="$work/unpacked"
    rm -rf "$unpacked"
    mkdir -p "$unpacked" "$work/include"
    (cd "$unpacked" && npm pack --loglevel=error "$headers" >/dev/null) || fail "npm cannot download $headers."
    tar --extract --gzip --file "$unpacked"/*.tgz --directory "$unpacked" \
      --wildcards '*/ios-arm64/onnxruntime.framework/Headers/*.h'
    find "$unpacked" -name '*.h' -exec mv {} "$work/include/" \;
    rm -rf "$unpacked"
  fi
}

build_program() {
  local machine library source=scripts/peers/onnx_captions.cpp
  case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64) machine=arm64 ;;
    *) fail "ONNX Runtime's npm package has no library for $(uname -m)." ;;
  esac
  library=$work/npm/node_modules/onnxruntime-node/bin/napi-v6/linux/$machine
  if [[ "$work/onnx-captions" -nt $source ]]; then return; fi
  echo "Compiling $source"
  g++ -std=c++17 -O2 -isystem "$work/include" "$source" -o "$work/onnx-captions" \
    "$library/libonnxruntime.so.1" -Wl,-rpath,"$library"
}

# Of the size that the model looks at, so that all see the same pixels.
make_pictures() {
  local width height file target
  read -r width height < <("$python" -c '
import json, sys
size = json.load(open(sys.argv[1]))["input"]
print(size["width"], size["height"])' "$model/config.json")
  mkdir -p "$work/photographs" "$work/pictures"
  rm -f "$work"/pictures/*
  compgen -G "$work/photographs/*.jpg" >/dev/null || fetch_photographs "$work/photographs"
  for file in "$work"/photographs/*.jpg; do
    target=$work/pictures/$(basename "$file" .jpg).rgb
    # Lines of RGB are padded to four bytes in GStreamer; RGBx never is.
    gst-launch-1.0 -q filesrc location="$file" ! jpegdec ! videoconvert ! videoscale ! videoconvert ! \
      "video/x-raw,format=RGBx,width=$width,height=$height,pixel-aspect-ratio=1/1" ! \
      filesink location="$target.x"
    "$python" -c '
import sys
four = open(sys.argv[1], "rb").read()
three = bytearray(len(four) // 4 * 3)
for channel in range(3):
    three[channel::3] = four[channel::4]
open(sys.argv[2], "wb").write(three)' "$target.x" "$target"
    rm "$target.x"
  done
}

for option in "$@"; do
  if [[ "$option" == --help || "$option" == -h ]]; then
    usage
    exit 0
  fi
done
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
model=models/lite0-gru-everyday
options=()
while (($# > 0)); do
  case $1 in
    --json) options+=("$1") ;;
    --model | --rounds | --runs | --starts)
      (($# > 1)) || fail "$1 needs a value; see --help."
      if [[ $1 == --model ]]; then
        model=$2
      else
        [[ "$2" =~ ^[1-9][0-9]*$ ]] || fail "$1 is '$2'; name a number from 1 on."
        options+=("$1" "$2")
      fi
      shift
      ;;
    *) fail "'$1' is no option; see --help." ;;
  esac
  shift
done
[[ -f "$model/config.json" ]] || fail "'$model' is no bundle: it has no config.json."
for program in node npm; do
  command -v "$program" >/dev/null ||
    fail "$program is not installed; it brings ONNX Runtime: install Debian's nodejs and npm."
done

readonly work=$PWD/build/peers python=/usr/bin/python3
# shellcheck source=scripts/lib/build.sh
. scripts/lib/build.sh
# shellcheck source=scripts/lib/photographs.sh
. scripts/lib/photographs.sh
# Standard output is for the figures alone.
{
  install_packages "${runtime_packages[@]}" libtorch-dev libopenblas0-pthread python3-numpy python3-onnx
  configure "$@"  # nothing is left of them
  readonly engine=src/engine/libjetsoncaption-engine-torch.so
  ninja -C build -t targets all | grep "^$engine:" >/dev/null ||  # not -q, which would end ninja with SIGPIPE
    fail "build/ is without LibTorch, which the captions are compared with: meson configure build -Dtorch=auto"
  compile runtime "$engine"
  mkdir -p "$work"
  fetch_onnxruntime
  build_program
  "$python" scripts/peers/export_onnx.py "$model" "$work/onnx"
  make_pictures
} >&2
# shellcheck source=scripts/env.sh
. scripts/env.sh
"$python" scripts/peers/compare.py --work "$work" --model "$model" ${options[@]+"${options[@]}"}
