// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes become the numbers that the network reads.
#include "image/preprocess.h"

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

TEST(Normalize, WritesOnePlaneForEachChannel) {
  const uint8_t rgb[] = {0, 10, 255, 255, 20, 0};
  float chw[6] = {};

  normalize(rgb, 2, {127.5F, 10, 0}, {1 / 127.5F, 2, 0.5F}, chw);

  const float expected[] = {-1, 1, 0, 20, 127.5F, 0};
  for (int i = 0; i < 6; ++i)
    EXPECT_FLOAT_EQ(chw[i], expected[i]) << "float " << i;
}

}  // namespace
}  // namespace jetsoncaption
