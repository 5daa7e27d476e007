# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# Makes `jetsoncaption` and the element work from build/ without installing. Load it into a shell:
#
#   . scripts/env.sh
#   gst-inspect-1.0 jetsoncaption

if [ -n "${BASH_SOURCE:-}" ]; then
  # shellcheck disable=SC3028,SC3054  # bash's variable, used where it exists
  jetsoncaption_root=$(cd "$(dirname "${BASH_SOURCE}")/.." && pwd)
else
  jetsoncaption_root=$PWD
fi

if [ ! -f "$jetsoncaption_root/scripts/env.sh" ]; then
  echo "env.sh: load this file from the top folder of the source: . scripts/env.sh" >&2
elif [ ! -d "$jetsoncaption_root/build" ]; then
  echo "env.sh: there is no build folder yet; run scripts/setup.sh first." >&2
else
  export PATH="$jetsoncaption_root/build/src/tools:$PATH"
  export GST_PLUGIN_PATH="$jetsoncaption_root/build/gst/plugin${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}"
  export GI_TYPELIB_PATH="$jetsoncaption_root/build/gst/meta${GI_TYPELIB_PATH:+:$GI_TYPELIB_PATH}"
  # The typelib names the library without its folder.
  export LD_LIBRARY_PATH="$jetsoncaption_root/build/gst/meta${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  # A registry of its own, so that the system's does not learn of plugins in a build folder.
  export GST_REGISTRY="$jetsoncaption_root/build/registry.bin"
  export JETSONCAPTION_ENGINE="$jetsoncaption_root/build/src/engine"
  export JETSONCAPTION_WORKER="$jetsoncaption_root/build/src/worker/jetsoncaption-worker"
  export JETSONCAPTION_MODEL="$jetsoncaption_root/models/lite0-gru-everyday"
fi
unset jetsoncaption_root
