#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs video through the element for a while, does to it what users do, and says whether it grew.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/soak.sh MINUTES [VIDEO]

Runs scripts/setup.sh --all, then tests/bench/soak for so many minutes, with isolation=none and
isolation=process side by side. VIDEO is a Matroska file with JPEG pictures; without it, one is made
of the photographs of the Debian package darknet. Caps, places, models and properties change all the
time, and the worker process is ended every five seconds.

Leaves in build/soak/ for each mode: MODE.csv, a line of figures each second; MODE.txt, what came of
it; and memory.svg, the memory of both. Exit code 0: memory, descriptors and threads are constant,
and no frame was lost. docs/reliability.md says more.
TEXT
}

fail() {
  echo "soak.sh: $1" >&2
  exit 1
}

# Ten minutes, so that there is room to seek.
make_video() {
  local work i=0 file
  work=$(mktemp -d)
  for ((i = 0; i < 6000; )); do
    for file in build/photographs/*.jpg; do
      ln -s "$PWD/$file" "$work/$(printf 'in-%05d.jpg' "$i")"
      i=$((i + 1))
    done
  done
  gst-launch-1.0 -q multifilesrc location="$work/in-%05d.jpg" \
    caps="image/jpeg,framerate=(fraction)10/1" ! jpegdec ! videoconvert ! videoscale ! \
    video/x-raw,format=I420,width=640,height=480,pixel-aspect-ratio=1/1 ! jpegenc quality=80 ! \
    matroskamux ! filesink location="$1.part"
  rm -r "$work"
  mv "$1.part" "$1"
}

# With no more points than the picture is wide.
draw() {
  local step=$((minutes * 60 / 900 + 1))
  gnuplot <<TEXT
set terminal svg size 900,420 background "white"
set output "build/soak/memory.svg"
set datafile separator ","
set key outside bottom center horizontal
set xlabel "minutes"
set ylabel "MB"
set yrange [0:*]
set grid
plot "build/soak/none.csv" every $step::1 using (\$1/60):2 with lines title "isolation=none: resident", \
  "build/soak/none.csv" every $step::1 using (\$1/60):4 with lines title "private", \
  "build/soak/process.csv" every $step::1 using (\$1/60):2 with lines title "isolation=process: resident", \
  "build/soak/process.csv" every $step::1 using (\$1/60):4 with lines title "private", \
  "build/soak/process.csv" every $step::1 using (\$1/60):5 with lines title "worker: resident"
TEXT
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
[[ "${1:-}" =~ ^[1-9][0-9]*$ ]] || fail "say for how many minutes; see --help."
minutes=$1
video=
if (($# > 1)); then
  [[ -r "$2" ]] || fail "'$2' cannot be read; name a Matroska file with JPEG pictures."
  video=$(realpath "$2")
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh --all
# shellcheck source=scripts/env.sh
. scripts/env.sh
# shellcheck source=scripts/lib/photographs.sh
. scripts/lib/photographs.sh
mkdir -p build/soak build/photographs
if [[ -z "$video" ]]; then
  video=build/soak/video.mkv
  compgen -G 'build/photographs/*.jpg' >/dev/null || fetch_photographs build/photographs
  if [[ ! -f "$video" ]]; then
    echo "Making a video of ten minutes."
    make_video "$video"
  fi
fi

echo "$minutes minutes begin; build/soak/*.csv has a line for each second."
declare -A runs
for mode in none process; do
  build/tests/bench/soak --minutes="$minutes" --video="$video" --isolation="$mode" \
    --model=models/lite0-gru-everyday --model=models/mobilenet-gru-flickr8k \
    --csv="build/soak/$mode.csv" >"build/soak/$mode.txt" &
  runs[$mode]=$!
done
# Those in the background take no notice of Ctrl-C.
trap 'kill "${runs[@]}" 2>/dev/null || true' EXIT
result=0
for mode in none process; do
  wait "${runs[$mode]}" || result=1
  cat "build/soak/$mode.txt"
done
if command -v gnuplot >/dev/null; then
  draw
  echo "build/soak/memory.svg has the memory of both."
else
  echo "No picture is drawn: that needs gnuplot (apt install gnuplot-nox)."
fi
exit "$result"
