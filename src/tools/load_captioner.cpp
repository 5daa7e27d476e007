// SPDX-License-Identifier: LGPL-2.1-or-later
// The captioner of the model that is found; apart, so that tests bring their own open_captioner().
#include <utility>

#include "tools/model_options.h"
#include "tools/open_captioner.h"

namespace jetsoncaption {

Result<std::unique_ptr<Captioner>> load_captioner(CaptionerOptions options) {
  auto directory = find_model(options.model_dir);
  if (!directory.ok())
    return directory.error();
  options.model_dir = std::move(directory.value());
  return open_captioner(options);
}

}  // namespace jetsoncaption
