// SPDX-License-Identifier: LGPL-2.1-or-later
// The text files that say which pictures to use and what people wrote about them.
#pragma once

#include <istream>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "text/metrics.h"

namespace jetsoncaption {

// Sentences of each picture, as words, by the name of the picture.
using References = std::map<std::string, std::vector<Words>>;

// Lines of NAME<TAB>sentence; a name has as many lines as it has sentences, and may be followed by
// their number ("dog.jpg#2"). Empty lines are skipped, invisible characters cleaned (clean_text.h).
// `file` is only used in messages. InvalidArgument names the line.
Result<References> read_references(std::istream& stream, const std::string& file);

// One name a line; empty lines are skipped. InvalidArgument when there is none, or one twice.
Result<std::vector<std::string>> read_names(std::istream& stream, const std::string& file);

// The same for a file on disk. Also NotFound.
Result<References> load_references(const std::string& file);
Result<std::vector<std::string>> load_names(const std::string& file);

}  // namespace jetsoncaption
