#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the bundle lite0-gru-everyday-small of lite0-gru-everyday: one of half the size.
set -euo pipefail

# shellcheck source=models/lib/smaller.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/smaller.sh"

make_smaller lite0-gru-everyday-small \
  "Makes of lite0-gru-everyday a bundle of at most half the multiply-adds and bytes: prunes, trains with
the full model as teacher, quantizes and measures." \
  "--target-macs 228M --target-size 4.5M" "$@"
