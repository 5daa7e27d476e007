# SPDX-License-Identifier: LGPL-2.1-or-later
# Folders with another Debian in them, for scripts/test-arm64.sh and scripts/test-compat.sh; sourced.
# shellcheck shell=bash disable=SC2034

roots="${JETSONCAPTION_ROOTS:-/var/tmp/jetsoncaption-roots}"
mirror=http://deb.debian.org/debian

compiler_packages=(g++ meson ninja-build pkg-config python3)
build_packages=(
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libpango1.0-dev nlohmann-json3-dev
  libseccomp-dev
  libgtest-dev libgmock-dev
)
engine_packages=(libtorch-dev libopenblas0-pthread libcli11-dev libicu-dev)
test_packages=(
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good fonts-dejavu-core
)

# Starts the script again with mounts of its own, which end with it.
require_root_and() {
  if ((EUID != 0)); then
    echo "$(basename "$1"): has to be run as root, for it mounts folders and changes the root." >&2
    exit 1
  fi
  if [[ -z "${JETSONCAPTION_OWN_MOUNTS:-}" ]]; then
    JETSONCAPTION_OWN_MOUNTS=1 exec unshare --mount -- "$@"
  fi
}

install_host_packages() {
  local missing=() package
  for package in "$@"; do
    [[ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
      missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  echo "Installing: ${missing[*]}"
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
}

# Has the kernel start programs of that architecture in the emulator, in other roots too.
register_qemu() {
  local formats=/proc/sys/fs/binfmt_misc
  [[ -e "$formats/register" ]] || mount -t binfmt_misc binfmt_misc "$formats"
  if [[ -e "$formats/qemu-$1" ]]; then return; fi
  # The head of an ELF file for it, and which of its bits count: see qemu's qemu-binfmt-conf.sh.
  local magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  echo ":qemu-$1:M::$magic:$mask:/usr/bin/qemu-$1-static:F" >"$formats/register"
}

# make_system RELEASE ARCHITECTURE FOLDER PACKAGE...: made once; a folder that was not finished is
# made anew.
make_system() {
  local release=$1 architecture=$2 folder=$3
  shift 3
  if [[ -e "$folder/.complete" ]]; then return; fi
  echo "Making $folder: Debian $release for $architecture"
  rm -rf "$folder"
  mkdir -p "$(dirname "$folder")"
  local IFS=,
  mmdebstrap --variant=apt --architectures="$architecture" --include="$*" \
    "$release" "$folder" "$mirror"
  # Compilers and linkers follow links in the folder from outside.
  local link
  find "$folder/etc/alternatives" "$folder/usr/lib" -lname '/*' | while read -r link; do
    ln --symbolic --relative --force "$folder$(readlink "$link")" "$link"
  done
  touch "$folder/.complete"
}

# The source folder is seen in the other system at the same place.
mount_sources() {
  mkdir -p "$1$PWD"
  mount --bind "$PWD" "$1$PWD"
  mount_kernel_folders "$1"
}

mount_kernel_folders() {
  mount --bind /proc "$1/proc"
  mount --bind /dev "$1/dev"
  mount --bind /sys "$1/sys"  # LibTorch counts processors there
}

# All that git tracks or would track, as it is now, to /jetsoncaption in the other system. What was
# built there stays.
copy_sources() {
  local target="$1/jetsoncaption"
  mkdir -p "$target"
  find "$target" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
  git ls-files -z --cached --others --exclude-standard |
    tar --create --null --files-from=- | tar --extract --directory="$target"
}
