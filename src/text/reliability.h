// SPDX-License-Identifier: LGPL-2.1-or-later
// How much confidences are worth: whether they tell good from bad, and whether they mean what they
// say.
#pragma once

#include <vector>

namespace jetsoncaption {

// The area under the ROC curve (Fawcett 2006, section 7): how often a good one has more confidence
// than a bad one, equal ones counted half. 0.5 tells nothing; it is also what is returned where all
// are good, or all bad. Both have the same length.
double ranking_quality(const std::vector<double>& confidences, const std::vector<bool>& good);

// Expected calibration error (Naeini, Cooper, Hauskrecht 2015) with ten bins of equal width: the
// mean distance between the confidence of a bin and the share of its members that are good. Every
// confidence is from 0 to 1. 0 where there is none.
double calibration_gap(const std::vector<double>& confidences, const std::vector<bool>& good);

}  // namespace jetsoncaption
