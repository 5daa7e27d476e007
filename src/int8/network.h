// SPDX-License-Identifier: LGPL-2.1-or-later
// A network that computes in int8 arithmetic.
#pragma once

#include <memory>

#include "bundle/bundle.h"
#include "captioner/caption_network.h"

namespace jetsoncaption {

// int8 arithmetic (int8/), for an int8 bundle, on every processor with the same results. The
// decoder's weights stay in the mapped file: the bundle must outlive the network.
std::unique_ptr<CaptionNetwork> make_int8_network(const Bundle& bundle);

}  // namespace jetsoncaption
