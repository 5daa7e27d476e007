// SPDX-License-Identifier: LGPL-2.1-or-later
// Chooses the engine, and opens the one with LibTorch where it is needed.
#include "tools/open_captioner.h"

#include <string>

#include "base/heap.h"
#include "base/log.h"
#include "engine/engine_captioner.h"
#include "engine/engine_choice.h"
#include "engine/engine_loader.h"
#include "int8/int8_captioner.h"
#include "worker/worker_client.h"

namespace jetsoncaption {
namespace {

Result<std::unique_ptr<Captioner>> open_with_libtorch(const CaptionerOptions& options) {
  keep_freed_blocks();
  const auto library = open_engine(EngineKind::Torch);
  if (!library.ok())
    return library.error();
  return load_engine_captioner(library.value(), options);
}

}  // namespace

Result<std::unique_ptr<Captioner>> open_captioner(const CaptionerOptions& options) {
  const EngineChoice choice = choose_engine(
      static_cast<JetsonCaptionEngineDevice>(options.device),
      static_cast<JetsonCaptionEnginePrecision>(options.precision), options.model_dir);
  if (choice.kind == EngineKind::Int8)
    return load_int8_captioner(options);
  auto captioner = open_with_libtorch(options);
  if (captioner.ok() || !choice.or_int8)
    return captioner;
  log_message(LogLevel::Warning,
              "Captions are made in int8 on the CPU: " + captioner.error().message);
  return load_int8_captioner(options);
}

Result<std::unique_ptr<Captioner>> open_worker_captioner(const CaptionerOptions& options) {
  const EngineChoice choice = choose_engine(
      static_cast<JetsonCaptionEngineDevice>(options.device),
      static_cast<JetsonCaptionEnginePrecision>(options.precision), options.model_dir);
  const auto worker = open_worker_engine(choice.kind);
  if (!worker.ok())
    return worker.error();
  return load_engine_captioner(worker.value(), options);
}

}  // namespace jetsoncaption
