// SPDX-License-Identifier: LGPL-2.1-or-later
// Turns photographs the right way up: cameras store them as the sensor lay and add a note.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/image_view.h"

namespace jetsoncaption {

// The EXIF orientation of a JPEG file, 1 to 8 as the EXIF standard numbers them (tag 0x0112). 1,
// which is upright, also when there is none or the bytes make no sense.
int jpeg_orientation(const uint8_t* bytes, size_t size);

// The image as it looks upright, given the orientation in which it is stored, 1 to 8.
Image upright(Image image, int orientation);

}  // namespace jetsoncaption
