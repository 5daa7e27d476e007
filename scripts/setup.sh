#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs the Debian packages that are missing and builds into build/.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/setup.sh [MESON_OPTION...]

Installs what Debian 12 lacks (as root or through sudo; nothing is asked for when all is there), then
builds into build/. Can be run again at any time. Options such as -Db_sanitize=address are handed to
meson when build/ is made for the first time.
TEXT
}

# One line a purpose; docs/dependencies.md says why each is needed.
packages=(
  g++ meson ninja-build pkg-config
  libtorch-dev libopenblas0-pthread libdnnl-dev
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libpango1.0-dev
  nlohmann-json3-dev libcli11-dev
  gobject-introspection libgirepository1.0-dev python3-gi gir1.2-gstreamer-1.0
  libgtest-dev libgmock-dev
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  fonts-dejavu-core
)

# Compiling against LibTorch takes up to 2 GB a job; small boards would start to swap.
compile_jobs() {
  local cores memory_gb jobs
  cores=$(nproc)
  memory_gb=$(awk '/^MemTotal:/ { print int($2 / 1048576) }' /proc/meminfo)
  jobs=$((memory_gb / 2))
  if ((jobs > cores)); then jobs=$cores; fi
  if ((jobs < 1)); then jobs=1; fi
  echo "$jobs"
}

is_installed() {
  [[ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

install_packages() {
  local missing=() package as_root=()
  for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  echo "Installing: ${missing[*]}"
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "setup.sh: run this script once as root, or install by hand: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  ${as_root[@]+"${as_root[@]}"} apt-get update
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${missing[@]}"
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v dpkg-query >/dev/null; then
  echo "setup.sh: this machine has no Debian packages; docs/dependencies.md lists what to install." >&2
  exit 1
fi
install_packages
if [[ ! -f build/build.ninja ]]; then meson setup build "$@"; fi
ninja -C build -j "$(compile_jobs)"
