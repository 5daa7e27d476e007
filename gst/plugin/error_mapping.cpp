// SPDX-License-Identifier: LGPL-2.1-or-later
// Which GStreamer error each of our kinds of error is. The only place that decides it.
#include "plugin/error_mapping.h"

#include <gst/gst.h>

namespace jetsoncaption {

ElementErrorCode element_error_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::NotFound:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND};
    case ErrorKind::InvalidArgument:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS};
    case ErrorKind::CorruptModel:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ};
    case ErrorKind::OutOfMemory:
      return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT};
    case ErrorKind::Unsupported:
    case ErrorKind::Cancelled:
    case ErrorKind::Internal:
    case ErrorKind::Lost:
      break;
  }
  return {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED};
}

}  // namespace jetsoncaption
