// SPDX-License-Identifier: LGPL-2.1-or-later
// The text files that say which pictures to use.
#pragma once

#include <istream>
#include <string>
#include <vector>

#include "base/result.h"

namespace jetsoncaption {

// One name a line; it may be followed by the number of a sentence ("dog.jpg#2"). Empty lines are
// skipped, invisible characters cleaned (clean_text.h). `file` is only used in messages.
// InvalidArgument names the line, also of a name that comes twice; or there is none.
Result<std::vector<std::string>> read_names(std::istream& stream, const std::string& file);

// The same for a file on disk. Also NotFound.
Result<std::vector<std::string>> load_names(const std::string& file);

}  // namespace jetsoncaption
