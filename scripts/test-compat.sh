#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds and tests in another release of Debian, from nothing but what that release has.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/test-compat.sh RELEASE [MESON_TEST_OPTION...]

RELEASE  11  GStreamer 1.18, meson 0.56, GCC 10: the element and its metadata library, with an engine
             for tests; LibTorch is too old there
         12  GStreamer 1.22, LibTorch 1.13: all
         13  GStreamer 1.26, LibTorch 2.6: all
Makes a folder with that release, copies the sources into it, builds, and runs the tests. Options are
handed to meson test. Has to be run as root, for it changes the root.

Environment:
  JETSONCAPTION_ROOTS   where folders with other systems are made; /var/tmp/jetsoncaption-roots
TEXT
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib/other-systems.sh

meson_options=()
case "${1:-}" in
  11)
    release=bullseye
    meson_options=(-Dengine=disabled)
    ;;
  12) release=bookworm ;;
  13) release=trixie ;;
  *)
    echo "test-compat.sh: '${1:-}' is no release that is supported: use 11, 12 or 13." >&2
    exit 1
    ;;
esac
require_root_and "$PWD/scripts/test-compat.sh" "$@"
shift

install_host_packages mmdebstrap
packages=("${compiler_packages[@]}" "${build_packages[@]}" "${test_packages[@]}")
if [[ "$release" != bullseye ]]; then packages+=("${engine_packages[@]}"); fi
root="$roots/$release-amd64"
make_system "$release" amd64 "$root" "${packages[@]}"
copy_sources "$root"
mount_kernel_folders "$root"

in_root() { chroot "$root" /usr/bin/env --chdir=/jetsoncaption HOME=/root LC_ALL=C.UTF-8 "$@"; }

if [[ ! -f "$root/jetsoncaption/build/build.ninja" ]]; then
  # Compiles in half the time; what optimisation breaks, test.sh and test-arm64.sh find.
  in_root meson setup build -Doptimization=0 -Ddebug=false ${meson_options[@]+"${meson_options[@]}"}
fi
in_root ninja -C build
in_root meson test -C build --no-rebuild --print-errorlogs "$@"
