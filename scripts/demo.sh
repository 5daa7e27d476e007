#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds, then captions photographs, a file or a camera through the element.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/demo.sh [FILE or /dev/videoN]

Without an argument: captions the photographs of the Debian package darknet, and leaves in out/ each
of them with its caption, and a video of them all (demo.webm).
FILE         a picture or a video; the result is out/NAME.jpg or out/NAME.webm
/dev/videoN  a camera; ten seconds of it, or until Ctrl-C, are recorded as out/camera.webm
The captions are printed. No display is needed.
TEXT
}

readonly slide_rate=10    # frames a second of the slide show
readonly slide_frames=30  # of each photograph
readonly camera_frames=300

fail() {
  echo "demo.sh: $1" >&2
  exit 1
}

# Runs a pipeline and prints the captions that it announces on its bus, one a line: the running
# number, the time in seconds, and the sentence, separated by tabs. Errors go to standard error.
announced_captions() {
  stdbuf --output=L gst-launch-1.0 --messages --eos-on-shutdown "$@" |
    awk '
      /\(element\): jetsoncaption,/ {
        text = $0
        if (!sub(/.*caption=\(string\)/, "", text)) next
        if (text ~ /^"/) { sub(/^"/, "", text); sub(/"[,;].*/, "", text) }
        else sub(/[,;].*/, "", text)
        gsub(/\\/, "", text)
        time = $0
        sub(/.*stream-time=\(guint64\)/, "", time)
        printf "%d\t%.2f\t%s\n", count++, time / 1e9, text
        fflush()
      }'
}

# Of a video only the captions that differ from the one before.
print_changes() {
  awk -F '\t' '$3 != last { print $2 " s: " $3; last = $3; fflush() }'
}

# give_up INPUT [WHAT_MAY_HELP]
give_up() {
  fail "'$1' could not be captioned; GStreamer's message above says why.${2:+ $2}"
}

# What most videos need and is not installed with the rest, if it is missing.
missing_decoders() {
  if ! gst-inspect-1.0 --exists avdec_h264; then
    echo "Most videos, those of telephones too, are in H.264, which needs: apt install gstreamer1.0-libav"
  fi
}

# Nothing half-written is left behind, and an earlier result stays until there is a new one: what
# a pipeline writes is in here, beside where it goes, until it is whole.
new_work_folder() {
  work_folder=$(mktemp -d out/.unfinished-XXXXXX)
  trap 'rm -rf "$work_folder"' EXIT
}

# refuse_overwriting INPUT RESULT: a file is not captioned onto itself.
refuse_overwriting() {
  if [[ "$1" -ef "$2" ]]; then
    fail "'$1' would be overwritten, because its result is '$2' too; move it out of out/, or rename it."
  fi
}

# The names that GStreamer has for the orientations of EXIF, from 1 on.
readonly directions=(none identity horiz 180 vert ul-lr 90r ur-ll 90l)

# Pictures of different sizes go through one pipeline, so the model is loaded once.
caption_photographs() {
  local work=$1 names=("${@:2}") i
  for i in "${!names[@]}"; do
    ln -s "$PWD/build/photographs/${names[i]}.jpg" "$work/$(printf 'in-%03d.jpg' "$i")"
  done
  announced_captions multifilesrc location="$work/in-%03d.jpg" \
    caps="image/jpeg,framerate=(fraction)1/1" ! jpegdec ! videoconvert ! \
    videoflip video-direction=auto ! jetsoncaption mode=every-frame beam-size=3 ! videoconvert ! jpegenc quality=92 ! \
    multifilesink location="$work/out-%03d.jpg" |
    while IFS=$'\t' read -r number _ text; do
      echo "${names[number]}: $text"
    done
  for i in "${!names[@]}"; do
    mv "$work/$(printf 'out-%03d.jpg' "$i")" "out/${names[i]}.jpg"
  done
}

# Every photograph for three seconds; each is captioned again every second. Captioned before it is
# brought to the size of the video, because the model should not look at black borders.
make_slide_show() {
  local work=$1 names=("${@:2}") name frame i=0
  for name in "${names[@]}"; do
    for ((frame = 0; frame < slide_frames; frame++)); do
      ln -s "$PWD/build/photographs/$name.jpg" "$work/$(printf 'slide-%04d.jpg' "$i")"
      i=$((i + 1))
    done
  done
  announced_captions multifilesrc location="$work/slide-%04d.jpg" \
    caps="image/jpeg,framerate=(fraction)$slide_rate/1" ! jpegdec ! videoconvert ! \
    videoflip video-direction=auto ! jetsoncaption mode=every-frame interval="$slide_rate" beam-size=3 ! \
    videoconvert ! videoscale add-borders=true ! \
    video/x-raw,format=I420,width=1280,height=720,pixel-aspect-ratio=1/1 ! \
    vp8enc deadline=1 cpu-used=8 target-bitrate=4000000 ! webmmux ! \
    filesink location="$work/demo.webm" >/dev/null
  mv "$work/demo.webm" out/demo.webm
}

demo_photographs() {
  local names=() file
  mkdir -p build/photographs
  compgen -G 'build/photographs/*.jpg' >/dev/null || fetch_photographs build/photographs
  for file in build/photographs/*.jpg; do names+=("$(basename "$file" .jpg)"); done
  new_work_folder
  echo "Captioning ${#names[@]} photographs; each is written to out/:"
  caption_photographs "$work_folder" "${names[@]}"
  echo "Making a video of them: some seconds."
  make_slide_show "$work_folder" "${names[@]}"
  echo "The pictures with their captions are in out/, and a video of them all is out/demo.webm."
}

# What `describe` refuses is not captioned here either, and what it says of the orientation is done,
# of which pipelines learn only for some kinds of files.
demo_picture() {
  local result decoder=gdkpixbufdec description orientation
  result=out/$(basename "${1%.*}").jpg
  refuse_overwriting "$1" "$result"
  if [[ "${1,,}" == *.webp ]]; then decoder=webpdec; fi
  description=$(jetsoncaption describe --json "$1") || fail "'$1' is not captioned, see above."
  new_work_folder
  orientation=$(sed -n 's/.*"orientation": *\([1-8]\).*/\1/p' <<<"$description")
  announced_captions filesrc location="$1" blocksize=$((512 << 20)) ! "$decoder" ! videoconvert ! \
    videoflip video-direction="${directions[orientation]}" ! \
    jetsoncaption mode=every-frame beam-size=3 ! videoconvert ! jpegenc quality=92 ! \
    filesink location="$work_folder/result" | cut -f 3 ||
    give_up "$1"
  mv "$work_folder/result" "$result"
  echo "The picture with its caption is $result."
}

demo_video() {
  local result
  result=out/$(basename "${1%.*}").webm
  refuse_overwriting "$1" "$result"
  new_work_folder
  announced_captions filesrc location="$1" ! decodebin caps=video/x-raw expose-all-streams=false ! \
    videoconvert ! videoflip video-direction=auto ! jetsoncaption mode=every-frame interval=15 beam-size=3 ! videoconvert ! \
    vp8enc deadline=1 cpu-used=8 target-bitrate=4000000 ! webmmux ! \
    filesink location="$work_folder/result" |
    print_changes || give_up "$1" "$(missing_decoders)"
  mv "$work_folder/result" "$result"
  echo "The video with its captions is $result."
}

# Ctrl-C is for GStreamer alone, which ends the recording and makes it whole.
demo_camera() {
  new_work_folder
  trap '' INT
  announced_captions v4l2src device="$1" num-buffers="$camera_frames" ! decodebin ! videoconvert ! \
    jetsoncaption ! videoconvert ! queue ! \
    vp8enc deadline=1 cpu-used=8 target-bitrate=4000000 ! webmmux ! \
    filesink location="$work_folder/result" |
    print_changes || give_up "$1"
  mv "$work_folder/result" out/camera.webm
  echo "The recording with its captions is out/camera.webm."
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
input=
if (($# > 0)); then
  [[ -r "$1" && ! -d "$1" ]] || fail "'$1' cannot be read; name a picture, a video or a camera."
  input=$(realpath "$1")
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh
# shellcheck source=scripts/env.sh
. scripts/env.sh
# shellcheck source=scripts/lib/photographs.sh
. scripts/lib/photographs.sh
mkdir -p out

if [[ -z "$input" ]]; then
  demo_photographs
elif [[ -c "$input" ]]; then
  demo_camera "$input"
elif [[ "${input,,}" =~ \.(jpe?g|png|webp|bmp|gif|tiff?|pnm|ppm)$ ]]; then
  demo_picture "$input"
else
  demo_video "$input"
fi
