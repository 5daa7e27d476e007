// SPDX-License-Identifier: LGPL-2.1-or-later
// Turns photographs the right way up: cameras store them as the sensor lay and add a note.
#pragma once

#include <cstddef>
#include <string>

#include "image/image_view.h"
#include "tools/byte_reader.h"

namespace jetsoncaption {

// The orientation that an EXIF block (a TIFF structure, also a TIFF file itself) names: 1 to 8 as
// the EXIF standard numbers them (tag 0x0112). 1, which is upright, also when there is none or the
// bytes make no sense.
//
// GStreamer's tag library would not do: it finds the directory only right behind the header (1.22),
// where TIFF files seldom have it, says nothing of where the number stands, and is missing in
// builds without GStreamer.
int exif_orientation(const ByteReader& block);

// Where in such a block the number stands, two bytes in the block's own order; the block's size
// when there is none. For those who have to change it.
size_t find_exif_orientation(const ByteReader& block);

// The number of what GStreamer's tag image-orientation calls "rotate-90", "flip-rotate-0" and the
// like; 1 of what it does not.
int orientation_named(const std::string& name);

// The size of what is stored, where it is seen in that size, or the other way round.
PictureSize stored_size(PictureSize seen, int orientation);

// The image as it looks upright, given the orientation in which it is stored, 1 to 8.
Image upright(Image image, int orientation);

}  // namespace jetsoncaption
