#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds all for 64-bit ARM and runs the tests on an emulated Cortex-A57, the processor of a Jetson
# Nano.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/test-arm64.sh [--int8] [MESON_TEST_OPTION...]

Makes a folder with Debian 12 for 64-bit ARM, builds into build-arm64/ with a cross compiler, runs the
unit, engine and element tests under qemu-user, and compares the captions of twenty pictures with
those that this machine gives. Options are handed to meson test, such as the name of a test. Has to
be run as root, for it mounts the source folder in the other one.
--int8  only int8: without LibTorch, the tests of its kernels alone, and captions on a Cortex-A57 and
        on a Cortex-A76, which has dot products; a quarter of an hour instead of three quarters

Environment:
  JETSONCAPTION_ROOTS   where folders with other systems are made; /var/tmp/jetsoncaption-roots
TEXT
}

# flip FILE DIRECTION NAME
flip() {
  gst-launch-1.0 -q filesrc location="$1" ! jpegdec ! videoconvert ! \
    videoflip video-direction="$2" ! pngenc ! filesink location="${1%.jpg}-$3.png"
}

# Seven photographs, all of them mirrored, and six upside down.
make_twenty_pictures() {
  local folder=$1 files file
  mkdir -p "$folder"
  compgen -G "$folder/*.jpg" >/dev/null || fetch_photographs "$folder"
  files=("$folder"/*.jpg)
  for file in "${files[@]}"; do flip "$file" horiz mirrored; done
  for file in "${files[@]:0:6}"; do flip "$file" 180 turned; done
}

# captions PRECISION PROGRAM...: of the twenty pictures, in int8 with all figures but times.
captions() {
  local details=()
  if [[ "$1" == int8 ]]; then details=(--json --attention); fi
  "${@:2}" describe --precision "$1" --model models/lite0-gru-everyday "${details[@]}" \
    "$pictures"/*.{jpg,png} | sed 's/"inference_ms": *[0-9.]*//'
}

# The same sentences here and there. In int8 all kernels compute the same bits.
compare_captions() {
  local precision=$1 processor
  captions "$precision" build/src/tools/jetsoncaption >"$pictures/here-$precision.txt"
  for processor in "${@:2}"; do
    captions "$precision" "$run" env QEMU_CPU="$processor" "$build/src/tools/jetsoncaption" \
      >"$pictures/there-$precision.txt"
    diff "$pictures/here-$precision.txt" "$pictures/there-$precision.txt" || {
      echo "test-arm64.sh: captions differ from those of this machine with $precision." >&2
      exit 1
    }
    echo "$precision on $processor: the captions of $(wc -l <"$pictures/here-$precision.txt") pictures are the same."
  done
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib/other-systems.sh
source scripts/lib/photographs.sh
require_root_and "$PWD/scripts/test-arm64.sh" "$@"

build="build-arm64"
root="$roots/bookworm-arm64"
options=(-Dintrospection=disabled)
int8_tests=()
if [[ "${1:-}" == --int8 ]]; then
  shift
  build+=-int8
  root+=-int8
  options+=(-Dtorch=disabled -Dexamples=disabled)
  engine_packages=(libcli11-dev)
  int8_tests=(int8_kernels int8_float_kernels int8_network int8_captioner plain_math)
  int8_programs=("${int8_tests[@]/#/tests/int8/}")
  int8_programs=("${int8_programs[@]/%/_test}")
fi
pictures=$build/photographs

install_host_packages mmdebstrap arch-test qemu-user-static g++-aarch64-linux-gnu meson ninja-build
register_qemu aarch64
make_system bookworm arm64 "$root" "${build_packages[@]}" "${engine_packages[@]}" "${test_packages[@]}"
mount_sources "$root"

# Tests, and programs that the build runs, are run in the other system.
mkdir -p "$build"
run="$PWD/$build/run-in-root"
cat >"$run" <<SCRIPT
#!/bin/sh
export QEMU_CPU=\${QEMU_CPU:-cortex-a57} OMP_WAIT_POLICY=passive
exec chroot "$root" /usr/bin/env --chdir="\$PWD" "\$@"
SCRIPT
chmod +x "$run"
ccache=
if command -v ccache >/dev/null; then ccache="'ccache', "; fi
cat >"$build/cross.ini" <<INI
[binaries]
c = [${ccache}'aarch64-linux-gnu-gcc', '--sysroot=$root']
cpp = [${ccache}'aarch64-linux-gnu-g++', '--sysroot=$root']
ar = 'aarch64-linux-gnu-ar'
strip = 'aarch64-linux-gnu-strip'
pkgconfig = 'pkg-config'
exe_wrapper = '$run'

[properties]
needs_exe_wrapper = true
sys_root = '$root'
pkg_config_libdir = '$root/usr/lib/aarch64-linux-gnu/pkgconfig:$root/usr/share/pkgconfig'

[host_machine]
system = 'linux'
cpu_family = 'aarch64'
cpu = 'cortex-a57'
endian = 'little'
INI
if [[ ! -f "$build/build.ninja" ]]; then
  meson setup "$build" --cross-file "$build/cross.ini" --buildtype=release "${options[@]}"
fi

# The emulator takes 10 to 30 times as long as a processor of today. Tests of time, and those that
# start programs of this machine, are left out.
if ((${#int8_tests[@]} > 0)); then
  ninja -C "$build" src/tools/jetsoncaption "${int8_programs[@]}"
  meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 30 "${int8_tests[@]}" "$@"
else
  ninja -C "$build"
  meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 30 \
    --suite unit --suite engine --suite element "$@"
fi

scripts/setup.sh
make_twenty_pictures "$pictures"
compare_captions int8 cortex-a57 cortex-a76
if ((${#int8_tests[@]} == 0)); then compare_captions fp32 cortex-a57; fi
