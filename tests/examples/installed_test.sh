#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The examples can be built and run with nothing but what is installed, with the commands of
# examples/README.md, and the code in docs/embedding.md compiles. The tree is installed into a folder
# of its own.
set -euo pipefail

readonly source=$1 build=$2 prefix=$3 libdir=$4 models=$5  # "": none is installed

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
DESTDIR=$tree meson install -C "$build" --no-rebuild >"$tree/install.log"

# Without a model nothing that is installed does anything.
if [[ -n "$models" && ! -f $tree$models/lite0-gru-everyday/config.json ]]; then
  echo "There is no model in $models." >&2
  exit 1
fi

# What would be true if the tree were the root of the system.
sed -i "s|^prefix=.*|prefix=$tree$prefix|" "$tree$libdir"/pkgconfig/gstreamer-jetsoncaptionmeta-1.0.pc
export PKG_CONFIG_PATH=$tree$libdir/pkgconfig
export LD_LIBRARY_PATH=$tree$libdir
export GST_PLUGIN_PATH=$tree$libdir/gstreamer-1.0
export GST_REGISTRY=$tree/registry.bin
export GI_TYPELIB_PATH=$tree$libdir/girepository-1.0
export JETSONCAPTION_MODEL="fake:text=a dog runs"

has_gi() { [[ -n "${JETSONCAPTION_PYTHON:-}" ]] && "$JETSONCAPTION_PYTHON" -c 'import gi' 2>/dev/null; }

# All code of one language in docs/embedding.md, one piece after the other.
snippets() { awk -v language="$1" '$0 == "```" language { on = 1; next } /^```/ { on = 0 } on' "$source/docs/embedding.md"; }

cp "$source"/examples/*.c "$source"/examples/*.cpp "$source"/examples/*.py "$tree"
cd "$tree"
commands=$(sed -n 's/^    \(\(cc\|c++\) .*\)/\1/p' "$source/examples/README.md")
(($(wc -l <<<"$commands") == 2)) || { echo "The commands of examples/README.md are not found." >&2; exit 1; }
while read -r command; do
  echo "$command"
  eval "$command -Wall -Wextra -Wno-unused-parameter -Werror"
done <<<"$commands"

./captions "videotestsrc num-buffers=2" | tee captions.txt
grep -q "a dog runs" captions.txt
[[ "$(./subtitles 2>&1 || true)" == Usage:* ]]
if has_gi; then
  "$JETSONCAPTION_PYTHON" watch.py dog "videotestsrc num-buffers=2" | tee watch.txt
  grep -q "a dog runs (confidence 0.50)" watch.txt
fi

snippets c >snippets.c
snippets cpp >snippets.cpp
snippets python >snippets.py
[[ -s snippets.c && -s snippets.cpp && -s snippets.py ]]
warnings=(-Wall -Wextra -Wno-unused-parameter -Wno-unused-function -Werror)
read -ra flags <<<"$(pkg-config --cflags gstreamer-jetsoncaptionmeta-1.0)"
cc -fsyntax-only "${warnings[@]}" "${flags[@]}" snippets.c
if pkg-config --exists gstreamer-app-1.0; then
  c++ -std=c++17 -fsyntax-only "${warnings[@]}" "${flags[@]}" snippets.cpp
fi
if has_gi; then "$JETSONCAPTION_PYTHON" snippets.py; fi
