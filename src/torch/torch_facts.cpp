// SPDX-License-Identifier: LGPL-2.1-or-later
// What the LibTorch in use can do, for `jetsoncaption doctor`.
#include "torch/torch_facts.h"

#include <ATen/Context.h>
#include <c10/core/QEngine.h>

namespace jetsoncaption {

std::vector<std::string> quantized_engines() {
  std::vector<std::string> names;
  for (const at::QEngine engine : at::globalContext().supportedQEngines()) {
    if (engine != at::QEngine::NoQEngine)
      names.push_back(c10::toString(engine));
  }
  return names;
}

bool torch_has_cuda() {
  return at::hasCUDA();
}

}  // namespace jetsoncaption
