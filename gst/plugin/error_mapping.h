// SPDX-License-Identifier: LGPL-2.1-or-later
// Which GStreamer error each of our kinds of error is. The only place that decides it.
#pragma once

#include <glib.h>

#include "base/error.h"

namespace jetsoncaption {

struct ElementErrorCode {
  GQuark domain = 0;
  int code = 0;
};

ElementErrorCode element_error_code(ErrorKind kind);

}  // namespace jetsoncaption
