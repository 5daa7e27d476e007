// SPDX-License-Identifier: LGPL-2.1-or-later
// Joins several runs of the same model into one: the mean of their weights.
//
// What runs that began with the same weights have learnt beyond it adds up, and what each of them
// learnt by heart does not (Wortsman et al. 2022, "Model soups", section 2: the uniform soup).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace jetsoncaption {

// Writes the bundle `output`, whose directory is made if it is missing, with fp32 weights, and the
// config.json, vocabulary and tags of the first bundle, without self-test, quality and int8
// weights, which belong to other weights. InvalidArgument where there are fewer than two bundles,
// where layers, vocabularies or tags differ, and where the output is one of them; NotFound,
// CorruptModel, Internal.
Result<void> average_bundles(const std::vector<std::string>& directories,
                             const std::string& output);

}  // namespace jetsoncaption
