// SPDX-License-Identifier: LGPL-2.1-or-later
// The tokens that captions never contain, and whether the decoder gives them any probability.
#pragma once

#include "torch/network.h"

namespace jetsoncaption {

// Takes all probability from padding, start and unknown, for the reward stage: it never draws them,
// so nothing would keep it from pushing probability there, away from the words it draws.
void silence_special_tokens(NamedTensors& parameters);

// Whether that was done to them, or to some of those that they are the mean of.
bool are_special_tokens_silent(const NamedTensors& parameters);

// Makes silent tokens as likely as a mean word again, for the stages with cross-entropy: unknown
// words are targets there, and a word without any probability costs without bound. Does nothing
// where no token is silent.
void unsilence_special_tokens(NamedTensors& parameters);

}  // namespace jetsoncaption
