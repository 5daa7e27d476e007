// SPDX-License-Identifier: LGPL-2.1-or-later
// Stands in for int8_network.cpp in builds without oneDNN.
#include "model/caption_network.h"

namespace jetsoncaption {

std::unique_ptr<CaptionNetwork> make_int8_network(const Bundle&) {
  return nullptr;
}

}  // namespace jetsoncaption
