#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What demo.sh does to files that are there already: demo_test.sh SOURCES
set -euo pipefail

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/scripts/lib" "$root/bin" "$root/out" "$root/build/photographs"
cp "$1/scripts/demo.sh" "$root/scripts"

# Nothing is installed or built, and the pipeline writes what it is told to, or breaks off.
printf '#!/bin/sh\n' >"$root/scripts/setup.sh"
: >"$root/scripts/env.sh"
: >"$root/scripts/lib/photographs.sh"
cat >"$root/bin/gst-launch-1.0" <<'TEXT'
#!/bin/sh
for word; do
  case $word in location=*) file=${word#location=} ;; esac
done
[ -z "$INTERRUPT" ] || kill -INT 0  # as Ctrl-C does
case $file in
  *%03d*) for picture in "$BUILD"/photographs/*; do cp "$picture" "$(printf "$file" 0)"; done ;;
  *) echo "captioned" >"$file" ;;
esac
echo "this pipeline ends with $STATUS" >&2
exit "$STATUS"
TEXT
# shellcheck disable=SC2016  # it is for the file
printf '#!/bin/sh\n[ -n "$DECODERS" ]\n' >"$root/bin/gst-inspect-1.0"
printf '#!/bin/sh\n%s\n' "echo '{\"orientation\": 1}'" >"$root/bin/jetsoncaption"
chmod +x "$root/scripts/setup.sh" "$root/bin/"*
export BUILD="$root/build" STATUS=0 DECODERS='' INTERRUPT=''

fail() {
  printf '%s\nIt said:\n%s\n' "$1" "${said:-}" >&2
  exit 1
}

# demo FILE: leaves what was printed in said, and the exit code in code.
demo() {
  code=0
  said=$(PATH="$root/bin:$PATH" "$root/scripts/demo.sh" "$@" 2>&1) || code=$?
}

expect_content() {
  [[ -f "$1" && "$(cat "$1")" == "$2" ]] || fail "$1 does not hold '$2'"
}

# rule: no input is overwritten by its result
for name in holiday.jpg holiday.webm; do
  echo "the only copy" >"$root/out/$name"
  for STATUS in 0 1; do
    demo "$root/out/$name"
    ((code != 0)) || fail "out/$name is captioned onto itself"
    expect_content "$root/out/$name" "the only copy"
    [[ "$said" == *"$root/out/$name"*"would be overwritten"*"rename it"* ]] || fail "the refusal does not help"
  done
done
ln "$root/out/holiday.jpg" "$root/holiday.jpg"
ln -s "$root/out/holiday.webm" "$root/elsewhere.webm"
for name in holiday.jpg elsewhere.webm; do
  STATUS=0 demo "$root/$name"
  ((code != 0)) || fail "$name is captioned onto itself"
done
expect_content "$root/out/holiday.jpg" "the only copy"
expect_content "$root/out/holiday.webm" "the only copy"

# rule: an earlier result stays until there is a new one
for name in dog.jpg walk.webm; do
  echo "original" >"$root/$name"
  echo "earlier" >"$root/out/$name"
  STATUS=1 demo "$root/$name"
  ((code != 0)) || fail "a pipeline that fails is taken for one that succeeds"
  expect_content "$root/out/$name" "earlier"
  STATUS=0 demo "$root/$name"
  ((code == 0)) || fail "$name is not captioned"
  expect_content "$root/out/$name" "captioned"
  expect_content "$root/$name" "original"
done
cp "$root/dog.jpg" "$root/build/photographs"
echo "earlier" >"$root/out/demo.webm"
STATUS=1 demo
((code != 0)) || fail "a pipeline that fails is taken for one that succeeds"
expect_content "$root/out/demo.webm" "earlier"
STATUS=0 demo
((code == 0)) || fail "the photographs are not captioned"
expect_content "$root/out/demo.webm" "captioned"

# rule: what a camera has recorded before Ctrl-C is kept
code=0
said=$(STATUS=0 INTERRUPT=yes PATH="$root/bin:$PATH" setsid --wait "$root/scripts/demo.sh" /dev/null 2>&1) || code=$?
((code == 0)) || fail "a recording that was ended early is taken for one that failed"
expect_content "$root/out/camera.webm" "captioned"

# rule: nothing half-written is left behind
[[ "$(find "$root/out" -mindepth 1 -printf '%f\n' | sort | xargs)" == "camera.webm demo.webm dog.jpg holiday.jpg holiday.webm walk.webm" ]] ||
  fail "there is more in out/: $(ls -A "$root/out")"

# rule: who has no decoder for a video learns which package brings it
STATUS=1 demo "$root/walk.webm"
[[ "$said" == *"apt install gstreamer1.0-libav"* ]] || fail "the package with most decoders is not named"
STATUS=1 DECODERS=yes demo "$root/walk.webm"
[[ "$said" != *libav* ]] || fail "a package that is there is asked for"
