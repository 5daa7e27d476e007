// SPDX-License-Identifier: LGPL-2.1-or-later
// From the element's settings to a loaded model.
#include "plugin/engine_start.h"

#include <string>

#include "plugin/engine_loader.h"
#include "plugin/model_search.h"

namespace jetsoncaption {

namespace {

const char* precision_name(int precision) {
  switch (precision) {
    case JETSONCAPTION_ENGINE_PRECISION_FP32:
      return "fp32";
    case JETSONCAPTION_ENGINE_PRECISION_FP16:
      return "fp16";
    case JETSONCAPTION_ENGINE_PRECISION_INT8:
      return "int8";
    default:
      return "auto";
  }
}

const char* model_remedy(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::NotFound:
      return " Set model to the directory of a model bundle.";
    case ErrorKind::CorruptModel:
      return " Get or make the bundle again, or set model to another one.";
    case ErrorKind::OutOfMemory:
      return " Use a smaller model or precision=int8, or end other programs.";
    case ErrorKind::InvalidArgument:
    case ErrorKind::Unsupported:
      return " Set precision=auto and threads=0 for what suits the model and the machine.";
    case ErrorKind::Cancelled:
    case ErrorKind::Internal:
      break;
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<EngineHandle>> start_engine(const Settings& settings) {
  const Result<ModelChoice> model = find_model(settings.model);
  if (!model.ok())
    return model.error();
  const Result<EngineLibrary> library = open_engine();
  if (!library.ok())
    return library.error();

  EngineOptions options;
  options.model_dir = model.value().directory;
  options.precision = settings.precision;
  options.threads = settings.threads;
  auto engine = EngineHandle::create(library.value(), options);
  if (engine.ok())
    return engine;

  const Error& cause = engine.error();
  return Error{cause.kind,
               "The model \"" + options.model_dir + "\" (" + model.value().origin +
                   ") cannot be loaded with precision=" + precision_name(options.precision) +
                   " and threads=" + std::to_string(options.threads) + ": " + cause.message +
                   model_remedy(cause.kind)};
}

}  // namespace jetsoncaption
