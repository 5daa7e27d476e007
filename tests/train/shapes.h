// SPDX-License-Identifier: LGPL-2.1-or-later
// A data set that is made up: pictures of coloured shapes, and sentences that say what they show.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "image/image_view.h"

namespace jetsoncaption {

// One of 108: 6 colours x 3 shapes x 2 sizes x 3 backgrounds; where it stands depends on the number
// too. The same on every machine.
Image shape_picture(int number);

// Five sentences. All that is true of the picture is in the first: "a small red circle on a grey
// background".
std::vector<std::string> shape_sentences(int number);

// A PictureReader: "any/folder/shape17.png" is number 17.
Result<Image> read_shape(const std::string& path, PictureSize size);

// Lines of NAME, a tab and a sentence, for numbers 0 to count - 1.
std::string shape_captions(int count);

// The bytes of a PNG file, not compressed.
std::string png_bytes(const Image& image);

}  // namespace jetsoncaption
