// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be found out about the options of a training at once, before hours have passed.
#pragma once

#include "base/result.h"
#include "train/options.h"

namespace jetsoncaption {

// That there is an encoder, that config.json may say what it is to say, that nothing which is read
// would be overwritten, and that --work and --output can be written and are free. NotFound,
// InvalidArgument, CorruptModel.
Result<void> check_options(const TrainOptions& options);

}  // namespace jetsoncaption
