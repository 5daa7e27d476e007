// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures that a formula makes, so that a model can be tested where there is no picture.
#pragma once

#include "image/image_view.h"

namespace jetsoncaption {

constexpr int kTestPictures = 32;

// A disc and a box before a horizon; where they are and which colors they have depends on `number`,
// 0 to kTestPictures - 1. Integers only, so that every machine makes the same bytes. Bundles store
// what their model says of these pictures: the formula must never change.
Image make_test_picture(int number, int width, int height);

}  // namespace jetsoncaption
