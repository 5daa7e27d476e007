// SPDX-License-Identifier: LGPL-2.1-or-later
// The captioner of the model that is found; apart, so that tests bring their own open_captioner().
#include <utility>

#include "tools/model_options.h"
#include "tools/open_captioner.h"

namespace jetsoncaption {

namespace {

template <typename Open>
Result<std::unique_ptr<Captioner>> load(CaptionerOptions options, Open&& open) {
  auto directory = find_model(options.model_dir);
  if (!directory.ok())
    return directory.error();
  options.model_dir = std::move(directory.value());
  return open(options);
}

}  // namespace

Result<std::unique_ptr<Captioner>> load_captioner(CaptionerOptions options) {
  return load(std::move(options), open_captioner);
}

Result<std::unique_ptr<Captioner>> load_worker_captioner(CaptionerOptions options) {
  return load(std::move(options), open_worker_captioner);
}

}  // namespace jetsoncaption
