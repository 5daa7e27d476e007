#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs the kernels for AVX-512 VNNI on an emulated processor that has it, for machines that do not.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/test-vnni.sh

Builds into build-vnni/, starts Linux in the emulator Bochs on an Ice Lake processor, runs the int8
tests there, and compares the captions of seven photographs with those that this machine gives with
AVX2. Fails where the processor there cannot run the kernels avx512-vnni. Takes 4 minutes without
the build. Debian packages that are missing are installed, as root or through sudo; of the kernel
only the file is taken. AVX-VNNI stays untested: no processor of Bochs 2.7 has it.

Environment:
  JETSONCAPTION_VNNI_LIMIT   seconds after which the emulator is stopped; 3600
TEXT
}

tests=(
  int8_kernels_test int8_float_kernels_test int8_network_test int8_captioner_test plain_math_test
)
build="build-vnni"
system=$build/system  # what Linux finds in the emulator
cpu=corei7_icelake_u
ips=20000000  # instructions in a second of the emulated clock, not of ours

build_tests() {
  [[ -f "$build/build.ninja" ]] || meson setup "$build" --buildtype=release -Dtorch=disabled \
    -Dexamples=disabled -Dintrospection=disabled
  ninja -C "$build" -j "$(compile_jobs)" src/tools/jetsoncaption "${tests[@]/#/tests/int8/}"
}

# Files with the libraries they need, each at the place it has here.
copy_with_libraries() {
  local file
  for file in "$@"; do
    echo "$file"
    ldd "$file" | grep --only-matching '/[^ ]*'
  done | sort --unique | xargs cp --parents --dereference --target-directory="$system"
}

# The first program that Linux starts. Results go to the second serial port, all else to the first.
write_init() {
  cat >"$system/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec </dev/null >/dev/ttyS1 2>/dev/ttyS0
stty -F /dev/ttyS1 raw
export GST_REGISTRY_FORK=no

echo "flags: $(grep -m 1 ^flags /proc/cpuinfo)"
for test in /tests/*; do
  "$test" --gtest_color=no
  echo "status of ${test##*/}: $?"
done
export JETSONCAPTION_CPU=avx512-vnni
jetsoncaption self-test --model /model
echo "status of self-test: $?"
jetsoncaption describe --precision int8 --json --attention --model /model photographs/*.jpg |
  sed 's/^/caption: /'
echo "seconds there: $(cut -d . -f 1 /proc/uptime)"
echo 'all done'
exec >/dev/null  # waits until the port has sent all
sleep 1
poweroff -f
INIT
  chmod +x "$system/init"
}

make_system() {
  local plugins name
  rm -rf "$system"
  mkdir -p "$system"/{bin,dev,model,photographs,proc,sys,tests,tmp,usr/lib,usr/lib64}
  # As in Debian: GStreamer looks for plugins where its own library lies.
  ln --symbolic usr/lib usr/lib64 "$system"
  plugins=$(pkg-config --variable=pluginsdir gstreamer-1.0)
  copy_with_libraries "$build/src/tools/jetsoncaption" "${tests[@]/#/$build/tests/int8/}" \
    "$plugins"/libgst{app,coreelements,jpeg,videoconvertscale}.so
  # Programs were copied to a folder of that name too, for the sake of their libraries.
  mv "$system/$build/src/tools/jetsoncaption" "$system/bin"
  mv "$system/$build"/tests/int8/* "$system/tests"
  rm -r "${system:?}/$build"
  cp /bin/busybox "$system/bin"
  for name in config.json model-int8.safetensors tags.txt vocabulary.txt; do
    cp "models/lite0-gru-everyday/$name" "$system/model"
  done
  fetch_photographs "$system/photographs"
  write_init
}

# The kernel of Debian's virtual machines: small, and it has the serial port built in.
fetch_kernel() {
  if [[ -f "$build/vmlinuz" ]]; then return; fi
  local package
  package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p')
  mkdir -p "$build/kernel"
  (
    cd "$build/kernel"
    # Root may write here, but apt's own user may not.
    apt-get -o APT::Sandbox::User=root download "$package"
    dpkg-deb --fsys-tarfile "$package"_*.deb | tar --extract --wildcards './boot/vmlinuz-*'
  )
  mv "$build"/kernel/boot/vmlinuz-* "$build/vmlinuz"
  rm -r "$build/kernel"
}

# Bochs 2.7 says nothing of the size of PKRU's state, and a wrong one of the compact state, upon which
# Linux would do without AVX; with FSRM in use it stops while it starts. Were the clock not named, Linux
# would take it for a faster one and wait far longer than it means to.
make_disc() {
  local disc=$build/disc hidden=pku,xsaves,xsavec,fsrm
  rm -rf "$disc"
  mkdir "$disc"
  cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$disc"
  cp "$build/vmlinuz" "$disc"
  (cd "$system" && find . | cpio --quiet --create --format=newc) >"$disc/initrd"
  cat >"$disc/isolinux.cfg" <<CFG
default linux
label linux
  kernel vmlinuz
  initrd initrd
  append console=ttyS0 nokaslr mitigations=off tsc_early_khz=$((ips / 1000)) clearcpuid=$hidden
CFG
  xorriso -as mkisofs -quiet -o "$build/disc.iso" -b isolinux.bin -c boot.cat -no-emul-boot \
    -boot-load-size 4 -boot-info-table "$disc"
}

# Until Linux has done all, or cannot go on.
boot() {
  cat >"$build/bochsrc" <<RC
config_interface: textconfig
display_library: term
memory: guest=768, host=768
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: model=$cpu, ips=$ips, reset_on_triple_fault=0
clock: sync=none
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=$build/disc.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=$build/console.txt
com2: enabled=1, mode=file, dev=$build/results.txt
log: $build/bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
RC
  rm -f "$build"/{console,results}.txt
  touch "$build"/{console,results}.txt
  echo continue >"$build/bochs-commands"  # Debian's Bochs begins in its debugger
  echo "Linux starts in Bochs and runs the tests; $build/results.txt grows meanwhile."
  TERM=vt100 bochs-bin -q -f "$build/bochsrc" -rc "$build/bochs-commands" \
    </dev/null >"$build/bochs.txt" 2>&1 &
  local emulator=$! screen
  # Draws on a terminal that it makes, and would wait for ever were nobody to read there.
  until screen=$(grep --only-matching '/dev/pts/[0-9]*' "$build/bochs.txt") ||
    ! kill -0 "$emulator" 2>/dev/null; do
    sleep 0.2
  done
  if [[ -n "$screen" ]]; then cat "$screen" >/dev/null 2>&1 & fi
  local until=$((SECONDS + ${JETSONCAPTION_VNNI_LIMIT:-3600}))
  while kill -0 "$emulator" 2>/dev/null && ((SECONDS < until)) &&
    ! grep --quiet 'all done' "$build/results.txt" &&
    ! grep --quiet 'Kernel panic' "$build/console.txt"; do
    sleep 2
  done
  kill "$emulator" 2>/dev/null || true
  wait "$emulator" 2>/dev/null || true
}

fail() {
  echo "test-vnni.sh: $1; see $build/results.txt and $build/console.txt" >&2
  exit 1
}

captions_here() {
  (
    cd "$system"
    JETSONCAPTION_CPU=avx2 ../src/tools/jetsoncaption describe --precision int8 --json --attention \
      --model model photographs/*.jpg
  )
}
without_time() { sed 's/"inference_ms": *[0-9.]*//'; }

check_results() {
  local results=$build/results.txt name
  grep --quiet 'all done' "$results" || fail "Linux did not come to the end of the tests"
  for name in "${tests[@]}" self-test; do
    grep --quiet "^status of $name: 0$" "$results" || fail "$name failed"
  done
  # What cannot be run is left out by the tests, and nothing is to be left out here.
  for name in Int8KernelsTest FloatKernelsTest; do
    grep --quiet "^\[ *OK \] Machine/$name\..*/avx512_vnni " "$results" ||
      fail "the kernels avx512-vnni were not among those that $name could run"
  done
  grep --quiet '^int8, int8-avx512-vnni kernels: passed$' "$results" ||
    fail "the self-test did not use the kernels avx512-vnni"
  sed -n 's/^caption: //p' "$results" | without_time >"$build/captions-there.txt"
  captions_here | without_time >"$build/captions-here.txt"
  diff "$build/captions-here.txt" "$build/captions-there.txt" ||
    fail "captions differ from those with AVX2 here"

  grep -E '^(\[  PASSED|status of|int8, )' "$results"
  echo "$(grep --count '^\[ *OK \].*/avx512_vnni ' "$results") tests were of avx512-vnni alone."
  echo "The captions of $(wc -l <"$build/captions-here.txt") pictures and their figures are the same."
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
  usage
  exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lib/build.sh
source scripts/lib/photographs.sh
install_packages "${runtime_packages[@]}" libgtest-dev libgmock-dev \
  bochs bochs-term busybox-static cpio isolinux syslinux-common xorriso
build_tests
make_system
fetch_kernel
make_disc
boot
check_results
