// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens an engine as the plugin does, in a process that has nothing else yet, and loads a model.
//
//   jetsoncaption-engine-probe int8|torch [MODEL_DIR]
//
// `jetsoncaption doctor` runs it, because a LibTorch that was built for another processor ends the
// process, and so that the memory is that of the engine alone. Prints a JSON object a line;
// doctor_engine.cpp reads them.
#include <cstdio>
#include <iostream>
#include <string>

#include "engine/engine_api.h"
#include "engine/engine_loader.h"
#include "memory/sampler.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

void print(const nlohmann::json& line) {
  // Flushed, so that what is known is not lost when the next step ends the process.
  std::cout << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

void load_model(const JetsonCaptionEngineApi& api, const char* directory) {
  const MemorySampler sampler;
  JetsonCaptionEngineOptions options{};
  options.size = sizeof options;
  options.model_dir = directory;
  JetsonCaptionEngine* engine = nullptr;
  if (api.create(&options, &engine) != JETSONCAPTION_ENGINE_OK) {
    print({{"load_error", api.last_error()}});
    return;
  }
  JetsonCaptionEngineStats stats{};
  stats.size = sizeof stats;
  api.get_stats(engine, &stats);
  print({{"model", stats.model_name},
         {"device", stats.device},
         {"precision", stats.precision},
         {"kernels", stats.kernels},
         {"version", stats.version},
         {"threads", stats.threads},
         {"self_test", stats.self_test},
         {"self_test_failure", stats.self_test_failure},
         {"device_fallback", stats.device_fallback},
         {"used_mb", sampler.sample().used_bytes >> 20}});
  api.destroy(engine);
}

}  // namespace
}  // namespace jetsoncaption

int main(int argc, char** argv) {
  using jetsoncaption::EngineKind;
  const bool torch = argc > 1 && std::string(argv[1]) == name_of(EngineKind::Torch);
  const auto library = jetsoncaption::open_engine(torch ? EngineKind::Torch : EngineKind::Int8);
  if (!library.ok()) {
    jetsoncaption::print({{"open_error", library.error().message}});
    return 1;
  }
  jetsoncaption::print({{"opened", library.value().path}});
  if (argc > 2)
    jetsoncaption::load_model(*library.value().api, argv[2]);
  return 0;
}
