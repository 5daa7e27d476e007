#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the bundle lite0-gru-everyday-nano of lite0-gru-everyday: one of at most 2.5 MB in int8.
set -euo pipefail

# shellcheck source=models/lib/smaller.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/smaller.sh"

make_smaller lite0-gru-everyday-nano \
  "Makes of lite0-gru-everyday a bundle of at most 2.5 MB in int8: prunes, trains with the full model as
teacher, quantizes and measures." \
  "--target-macs 152M --target-size 2.48M" "$@"
