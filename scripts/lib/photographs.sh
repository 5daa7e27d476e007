# SPDX-License-Identifier: LGPL-2.1-or-later
# Photographs for demonstrations and tests; sourced.
# shellcheck shell=bash

# Photographs with people, animals and things. Only unpacked: the program they come with is not needed.
fetch_photographs() {
  local target=$1
  if [[ -d /usr/share/darknet/data ]]; then
    cp /usr/share/darknet/data/*.jpg "$target"
    return
  fi
  local unpacked=build/darknet
  mkdir -p "$unpacked"
  (
    cd "$unpacked" || exit 1
    # Root may write here, but apt's own user may not.
    compgen -G '*.deb' >/dev/null || apt-get -o APT::Sandbox::User=root download darknet ||
      {
      echo "The package darknet cannot be downloaded; run apt-get update, or name a picture." >&2
      exit 1
    }
    dpkg-deb --extract ./*.deb .
  )
  cp "$unpacked"/usr/share/darknet/data/*.jpg "$target"
}
