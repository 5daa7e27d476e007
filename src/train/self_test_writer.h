// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the self-test of a bundle (captioner/self_test.h) into its config.json.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/bundle.h"

namespace jetsoncaption {

// Describes every test picture in each precision of the bundle, with all the kernels that this
// machine has for it, chooses the pictures to compare and writes them into config.json. NotFound,
// CorruptModel, OutOfMemory, Internal, and Unsupported when no picture is fit for it.
Result<std::vector<SelfTestPicture>> write_self_test(const std::string& directory);

}  // namespace jetsoncaption
