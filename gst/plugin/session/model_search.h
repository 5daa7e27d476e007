// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides which model bundle the element loads.
#pragma once

#include <string>

#include "base/result.h"

namespace jetsoncaption {

struct ModelChoice {
  std::string directory;
  std::string origin;  // who named it, for messages: "property model"
};

// The property when it is not empty, else the environment variable JETSONCAPTION_MODEL, else the
// installed bundle. Only the last is looked for on disk: what somebody named is handed to the
// engine, which says best what is wrong with it. NotFound names every place that was tried.
Result<ModelChoice> find_model(const std::string& property);

}  // namespace jetsoncaption
