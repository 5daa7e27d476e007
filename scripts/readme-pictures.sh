#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the pictures of the README with the model as it is now. To be run again with each new model.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/readme-pictures.sh [astronaut.png | rocket.jpg | chelsea.png | coffee.png]

Captions photographs through the element, and writes into docs/pictures/
  captioned.jpg   the one that is named with its caption (coffee.png)
  captions.webp   all of them, moving, with the caption of each moment
and puts them into README.md between its two marks. The photographs are in the public domain; they come
with Debian's python3-skimage, which is only unpacked, and says in skimage/data/_fetchers.py whose they
are. Needs the package webp.
TEXT
}

# Names with their sizes, and what is owed to whom.
readonly photographs=("astronaut.png 512 512" "rocket.jpg 640 427" "chelsea.png 451 300" "coffee.png 600 400")
readonly credit='Photographs: NASA, SpaceX (public domain), Stefan van der Walt, Rachel Michetti (CC0), by way of scikit-image.'
readonly width=480 height=320
readonly steps=12  # moments of each photograph
readonly milliseconds=250  # of each moment
readonly most_bytes=200000

fail() {
  echo "readme-pictures.sh: $1" >&2
  exit 1
}

fetch_public_domain() {
  local work=build/skimage name
  mkdir -p "$work"
  (
    cd "$work" || exit 1
    # Root may write here, but apt's own user may not.
    compgen -G '*.deb' >/dev/null || apt-get -q -o APT::Sandbox::User=root download python3-skimage
    dpkg-deb --extract ./*.deb .
  ) || fail "the package python3-skimage cannot be downloaded; run apt-get update."
  for name in "${photographs[@]%% *}"; do
    cp "$work/usr/lib/python3/dist-packages/skimage/data/$name" "$1"
  done
}

# wander FILE WIDTH HEIGHT FOLDER NUMBER: a view that wanders over the photograph from one corner to the
# opposite, as JPEG files from that number on. It is as large as fits, less a fifth.
wander() {
  local file=$1 picture_width=$2 picture_height=$3 folder=$4 number=$5 view_width view_height x y step
  view_width=$((picture_width * 4 / 5))
  view_height=$((view_width * height / width))
  if ((view_height > picture_height * 4 / 5)); then
    view_height=$((picture_height * 4 / 5))
    view_width=$((view_height * width / height))
  fi
  for ((step = 0; step < steps; step++)); do
    x=$(((picture_width - view_width) * step / (steps - 1)))
    y=$(((picture_height - view_height) * step / (steps - 1)))
    gst-launch-1.0 -q filesrc location="$file" ! decodebin ! videoconvert ! \
      videocrop left="$x" top="$y" right=$((picture_width - view_width - x)) \
      bottom=$((picture_height - view_height - y)) ! \
      videoscale method=4-tap ! "video/x-raw,width=$width,height=$height" ! videoconvert ! \
      jpegenc quality=95 ! filesink location="$folder/$(printf 'in-%03d.jpg' $((number + step)))"
  done
}

# caption FOLDER QUALITY INTERVAL: in-NNN.jpg become out-NNN.jpg; the last sentence is printed.
caption() {
  gst-launch-1.0 --messages multifilesrc location="$1/in-%03d.jpg" \
    caps="image/jpeg,framerate=(fraction)4/1" ! jpegdec ! videoconvert ! \
    jetsoncaption mode=every-frame interval="$3" beam-size=3 font-desc="Sans Bold 18" ! videoconvert ! \
    jpegenc quality="$2" ! multifilesink location="$1/out-%03d.jpg" |
    sed -n 's/.*caption=(string)"\([^"]*\)".*/\1/p' | tail -n 1 | sed 's/\\//g'
}

make_still() {
  local folder=$1 file=$2
  mkdir "$folder"
  gst-launch-1.0 -q filesrc location="$file" ! decodebin ! videoconvert ! jpegenc quality=95 ! \
    filesink location="$folder/in-000.jpg"
  sentence=$(caption "$folder" 85 1)
  cp "$folder/out-000.jpg" docs/pictures/captioned.jpg
}

make_moving() {
  local folder=$1 photograph name across down number=0
  mkdir "$folder"
  for photograph in "${photographs[@]}"; do
    read -r name across down <<<"$photograph"
    wander "$work/$name" "$across" "$down" "$folder" "$number"
    number=$((number + steps))
  done
  caption "$folder" 95 "$((steps / 2))" >/dev/null
  img2webp -loop 0 -lossy -q 45 -d "$milliseconds" "$folder"/out-*.jpg -o docs/pictures/captions.webp >/dev/null
}

# Between the marks.
write_readme() {
  local block="![A photograph with the caption \"$sentence\"](docs/pictures/captioned.jpg)
![The same, moving](docs/pictures/captions.webp)

$credit"
  BLOCK=$block awk '
    /^<!-- pictures / { print; print ENVIRON["BLOCK"]; skip = 1; next }
    /^<!-- end of pictures -->/ { skip = 0 }
    !skip { print }' README.md >"$work/README.md"
  cp "$work/README.md" README.md
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
still=${1:-coffee.png}
[[ " ${photographs[*]%% *} " == *" $still "* ]] || fail "'$still' is none of ${photographs[*]%% *}."
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v img2webp >/dev/null || fail "img2webp is missing; install the package webp."
scripts/setup.sh
# shellcheck source=scripts/env.sh
. scripts/env.sh
mkdir -p docs/pictures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch_public_domain "$work"
make_still "$work/still" "$work/$still"
make_moving "$work/moving"
write_readme
for file in docs/pictures/captioned.jpg docs/pictures/captions.webp; do
  bytes=$(stat --format %s "$file")
  echo "$file: $bytes bytes"
  # Moving pictures are allowed four times as much.
  limit=$most_bytes
  if [[ "$file" == *.webp ]]; then limit=$((4 * most_bytes)); fi
  ((bytes <= limit)) || fail "$file is too large for the README: at most $limit bytes."
done
echo "The still picture says: $sentence"
