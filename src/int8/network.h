// SPDX-License-Identifier: LGPL-2.1-or-later
// A network that computes in int8 arithmetic.
#pragma once

#include <memory>

#include "bundle/bundle.h"
#include "captioner/caption_network.h"

namespace jetsoncaption {

// int8 arithmetic (int8/), for an int8 bundle, on every processor with the same results. The
// decoder's weights are used where they are: the bundle must outlive the network.
std::unique_ptr<CaptionNetwork> make_int8_network(const Bundle& bundle);

// Gives the memory of those weights back that a network of make_int8_network() has copied, which
// are the encoder's: no other network can be made of the bundle then.
void give_back_int8_copies(Bundle& bundle);

}  // namespace jetsoncaption
