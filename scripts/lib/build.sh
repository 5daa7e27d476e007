# SPDX-License-Identifier: LGPL-2.1-or-later
# Installs packages and builds, saying what goes on and how long it still takes; sourced.
# shellcheck shell=bash disable=SC2034

# One line a purpose; docs/dependencies.md says why each is needed.
runtime_packages=(
  g++ meson ninja-build pkg-config
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libpango1.0-dev
  nlohmann-json3-dev libcli11-dev libseccomp-dev
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  fonts-dejavu-core
)
# Those of fp32 and training, of the tests, and of other languages.
further_packages=(
  libtorch-dev libopenblas0-pthread
  libicu-dev gobject-introspection libgirepository1.0-dev python3-gi gir1.2-gstreamer-1.0
  libgtest-dev libgmock-dev
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
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then return; fi
  echo "Installing ${#missing[@]} packages, and what they need; apt says how much it downloads: ${missing[*]}"
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "setup.sh: there is no sudo; run as root, and this script again:" \
        "apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  local since=$SECONDS
  ${as_root[@]+"${as_root[@]}"} apt-get -q update
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
    apt-get -q install --yes --no-install-recommends "${missing[@]}"
  echo "Packages took $(duration $((SECONDS - since)))."
}

# configure MESON_OPTION...: the options count when build/ is made for the first time.
configure() {
  if [[ ! -f build/build.ninja ]]; then
    meson setup build "$@"
  elif [[ "$(installed_of_wanted)" != "$(cat build/packages.txt 2>/dev/null)" ]]; then
    # Parts may be possible now that were left out.
    meson setup --reconfigure build
  else
    return 0
  fi
  installed_of_wanted >build/packages.txt
}

# Which of the packages are there: by whomever they were installed.
installed_of_wanted() {
  local package
  for package in "${runtime_packages[@]}" "${further_packages[@]}"; do
    if is_installed "$package"; then echo "$package"; fi
  done
}

duration() {
  if (($1 < 90)); then echo "$1 s"; else echo "$((($1 + 30) / 60)) min"; fi
}

# As measured on two cores of an AMD EPYC; what is measured while compiling takes its place.
readonly seconds_of_ten_weights=3

# How long the step that a line of ninja names takes, in tenths of what an ordinary file does.
step_weight() {
  case $1 in
    *Precompiling*) weight=60 ;;
    *Compiling*torch-network*) weight=25 ;;
    *Compiling*libtrain* | *Compiling*tests/train* | *Compiling*tests/torch*) weight=30 ;;
    *Compiling*) weight=10 ;;
    *) weight=2 ;;
  esac
}

# Reads what ninja prints, and prints how far it is: on a terminal all the time in one line, else at
# each tenth of the way. Warnings and errors pass through. $1: the weights of all steps together.
show_progress() {
  local total=$1 done_weight=0 since=$SECONDS shown=-1 line weight tenth left
  while IFS= read -r line; do
    if [[ ! $line =~ ^\[([0-9]+)/([0-9]+)\]\ (.*) ]]; then
      [[ $line == 'ninja: '* ]] || printf '%s\n' "$line"
      continue
    fi
    step_weight "$line"
    done_weight=$((done_weight + weight))
    if ((done_weight > total)); then done_weight=$total; fi
    tenth=$((done_weight * 10 / total))
    left=
    if ((tenth > 0)); then
      left=", about $(duration $(((SECONDS - since) * (total - done_weight) / done_weight))) left"
    fi
    if [[ -t 1 ]]; then
      printf '\r\e[KCompiling: %d of %d%s' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "$left"
    elif ((tenth > shown)); then
      echo "Compiling: ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}$left"
      shown=$tenth
    fi
  done
  if [[ -t 1 ]]; then printf '\r\e[K'; fi
}

# compile TARGET...: of build/; without any, everything.
compile() {
  local total=0 steps=0 jobs line weight since=$SECONDS plan
  plan=$(ninja -C build -n "$@") || { printf '%s\n' "$plan" >&2; return 1; }
  while IFS= read -r line; do
    if [[ $line != \[* ]]; then continue; fi
    step_weight "$line"
    total=$((total + weight))
    steps=$((steps + 1))
  done <<<"$plan"
  if ((total == 0)); then return; fi
  jobs=$(compile_jobs)
  echo "Compiling $steps files and libraries, $jobs at a time; on a PC about" \
    "$(duration $((total * seconds_of_ten_weights / 10 / jobs)))."
  ninja -C build -j "$jobs" "$@" | show_progress "$total"
  echo "Compiling took $(duration $((SECONDS - since)))."
}
