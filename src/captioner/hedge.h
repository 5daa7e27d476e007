// SPDX-License-Identifier: LGPL-2.1-or-later
// Says less where a sentence would probably be wrong.
#pragma once

#include "captioner/captioner.h"

namespace jetsoncaption {

// A caption with less confidence than `below` becomes "perhaps: kitchen, microwave": its tags with
// a probability of at least 0.7, three at most. Its confidence is then the lowest probability of
// those and it has no words. A caption without such tags stays as it is.
void hedge(Caption& caption, double below);

// The caption of a picture on which there is nothing to see: without tags or any confidence, and,
// unless `below` is 0, "perhaps: nothing" without words.
void say_nothing(Caption& caption, double below);

}  // namespace jetsoncaption
