// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether a file is called like a picture.
#pragma once

#include <string>

namespace jetsoncaption {

// "dog.JPG", "sub/cat.png".
bool is_picture_name(const std::string& name);

}  // namespace jetsoncaption
