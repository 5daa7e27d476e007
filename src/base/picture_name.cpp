// SPDX-License-Identifier: LGPL-2.1-or-later
// Knows the endings of pictures.
#include "base/picture_name.h"

#include <strings.h>

namespace jetsoncaption {

bool is_picture_name(const std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos)
    return false;
  for (const char* ending :
       {"jpg", "jpeg", "png", "bmp", "gif", "webp", "tif", "tiff", "ppm", "pgm", "pnm"}) {
    if (strcasecmp(name.c_str() + dot + 1, ending) == 0)
      return true;
  }
  return false;
}

}  // namespace jetsoncaption
