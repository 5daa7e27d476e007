// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists in --work of the pictures that are learnt from and measured on, where the user gave none:
// for the commands that need them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "train/options.h"

namespace jetsoncaption {

// Texts of the files of one source; an empty one is not written.
struct SplitFiles {
  std::string train;  // train.txt, or train-2.txt of the second source: a name a line
  std::string dev;    // dev.txt
};

// InvalidArgument: a file of such a name is there, and was there before any run.
Result<void> refuse_files_of_others(const TrainOptions& options);

// But for those that the user has them read: these are left as they are. Internal.
Result<void> write_split_files(const TrainOptions& options, const std::vector<SplitFiles>& files);

}  // namespace jetsoncaption
