#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds all for 64-bit ARM and runs the tests on an emulated Cortex-A57, the processor of a Jetson
# Nano.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/test-arm64.sh [MESON_TEST_OPTION...]

Makes a folder with Debian 12 for 64-bit ARM, builds into build-arm64/ with a cross compiler, runs the
unit, engine and element tests under qemu-user, and compares the captions of ten pictures with
those that this machine gives. Options are handed to meson test, such as the name of a test. Has to
be run as root, for it mounts the source folder in the other one.

Environment:
  JETSONCAPTION_ROOTS   where folders with other systems are made; /var/tmp/jetsoncaption-roots
TEXT
}

# Seven photographs, and three of them mirrored.
make_ten_pictures() {
  local folder=$1 file
  mkdir -p "$folder"
  compgen -G "$folder/*.jpg" >/dev/null || fetch_photographs "$folder"
  for file in $(find "$folder" -name '*.jpg' | sort | head --lines=3); do
    gst-launch-1.0 -q filesrc location="$file" ! jpegdec ! videoconvert ! \
      videoflip method=horizontal-flip ! pngenc ! filesink location="${file%.jpg}-mirrored.png"
  done
}

# The same sentences here and there, for fp32 and int8: int8 kernels compute the same bits everywhere.
compare_captions() {
  local folder=build-arm64/photographs precision
  make_ten_pictures "$folder"
  scripts/setup.sh
  for precision in fp32 int8; do
    build/src/tools/jetsoncaption describe --precision "$precision" \
      --model models/lite0-gru-everyday "$folder"/*.{jpg,png} >"$folder/here-$precision.txt"
    "$run" build-arm64/src/tools/jetsoncaption describe --precision "$precision" \
      --model models/lite0-gru-everyday "$folder"/*.{jpg,png} >"$folder/there-$precision.txt"
    diff "$folder/here-$precision.txt" "$folder/there-$precision.txt" || {
      echo "test-arm64.sh: captions differ from those of this machine with $precision." >&2
      exit 1
    }
    echo "$precision: the captions of $(wc -l <"$folder/here-$precision.txt") pictures are the same."
  done
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib/other-systems.sh
source scripts/lib/photographs.sh
require_root_and "$0" "$@"

install_host_packages mmdebstrap arch-test qemu-user-static g++-aarch64-linux-gnu meson ninja-build
register_qemu aarch64
root="$roots/bookworm-arm64"
make_system bookworm arm64 "$root" "${build_packages[@]}" "${engine_packages[@]}" "${test_packages[@]}"
mount_sources "$root"

# Tests, and programs that the build runs, are run in the other system.
mkdir -p build-arm64
run="$PWD/build-arm64/run-in-root"
cat >"$run" <<SCRIPT
#!/bin/sh
export QEMU_CPU=cortex-a57 OMP_WAIT_POLICY=passive
exec chroot "$root" /usr/bin/env --chdir="\$PWD" "\$@"
SCRIPT
chmod +x "$run"
ccache=
if command -v ccache >/dev/null; then ccache="'ccache', "; fi
cat >build-arm64/cross.ini <<INI
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
if [[ ! -f build-arm64/build.ninja ]]; then
  meson setup build-arm64 --cross-file build-arm64/cross.ini --buildtype=release \
    -Dintrospection=disabled
fi
ninja -C build-arm64

# The emulator takes 10 to 30 times as long as a processor of today. Tests of time, and those that
# start programs of this machine, are left out.
meson test -C build-arm64 --no-rebuild --print-errorlogs --timeout-multiplier 30 \
  --suite unit --suite engine --suite element "$@"

compare_captions
