// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides which model bundle the element loads.
#include "plugin/session/model_search.h"

#include <cstdlib>

#include <glib.h>

namespace jetsoncaption {

Result<ModelChoice> find_model(const std::string& property) {
  if (!property.empty())
    return ModelChoice{property, "property model"};

  const char* variable = std::getenv("JETSONCAPTION_MODEL");
  if (variable != nullptr && variable[0] != '\0')
    return ModelChoice{variable, "environment variable JETSONCAPTION_MODEL"};

  const std::string installed = JETSONCAPTION_MODELS_DIR "/lite0-gru-everyday";
  if (g_file_test(installed.c_str(), G_FILE_TEST_IS_DIR))
    return ModelChoice{installed, "installed model"};

  return Error{ErrorKind::NotFound,
               "No model bundle was found: the property model is empty, the environment variable "
               "JETSONCAPTION_MODEL is not set, and the installed model " +
                   installed +
                   " does not exist. Set model to the directory of a bundle, for example "
                   "model=models/lite0-gru-everyday."};
}

}  // namespace jetsoncaption
