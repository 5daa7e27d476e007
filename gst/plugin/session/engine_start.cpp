// SPDX-License-Identifier: LGPL-2.1-or-later
// From the element's settings to a loaded model.
#include "plugin/session/engine_start.h"

#include <mutex>
#include <optional>
#include <string>

#include <glib.h>

#include "engine/engine_choice.h"
#include "engine/engine_loader.h"
#include "plugin/session/abandoned_loads.h"
#include "plugin/session/engine_key.h"
#include "plugin/session/model_search.h"
#include "worker/worker_client.h"

namespace jetsoncaption {

namespace {

const char* device_name(int device) {
  switch (device) {
    case JETSONCAPTION_ENGINE_DEVICE_CPU:
      return "cpu";
    case JETSONCAPTION_ENGINE_DEVICE_CUDA:
      return "cuda";
    default:
      return "auto";
  }
}

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
      return " Set device=auto, precision=auto and threads=0 for what suits the model and the "
             "machine.";
    case ErrorKind::Cancelled:
    case ErrorKind::Internal:
    case ErrorKind::Lost:
      break;
  }
  return "";
}

// What a library does at the end of the process is registered while it is opened, and must come
// after what we do.
void finish_abandoned_loads_before(EngineKind kind) {
  static std::once_flag registered[kEngineKinds];
  std::call_once(registered[static_cast<size_t>(kind)], finish_abandoned_loads_at_exit);
}

Result<std::unique_ptr<EngineHandle>> open_and_create(EngineKind kind, const EngineStart& start,
                                                      const std::function<bool()>& is_stopped) {
  const bool is_worker = start.options.worker;
  const Result<EngineLibrary> library = is_worker ? open_worker_engine(kind) : open_engine(kind);
  if (!library.ok())
    return library.error();
  if (!is_worker)
    finish_abandoned_loads_before(kind);
  if (is_stopped())
    return Error{ErrorKind::Cancelled, "The element was stopped."};

  const EngineOptions& options = start.options;
  auto engine = EngineHandle::create(library.value(), options, is_stopped);
  if (engine.ok())
    return engine;
  const Error& cause = engine.error();
  return Error{cause.kind, "The model \"" + options.model_dir + "\" (" + start.model_origin +
                               ") cannot be loaded with device=" + device_name(options.device) +
                               ", precision=" + precision_name(options.precision) +
                               " and threads=" + std::to_string(options.threads) + ": " +
                               cause.message + model_remedy(cause.kind)};
}

// A directory that can still be opened when the application has gone to another one: a model is
// loaded in the background, and again after a loss.
std::string wherever_we_are(const std::string& directory) {
  if (g_path_is_absolute(directory.c_str()) || !g_file_test(directory.c_str(), G_FILE_TEST_EXISTS))
    return directory;
  gchar* here = g_get_current_dir();
  gchar* absolute = g_build_filename(here, directory.c_str(), nullptr);
  std::string found = absolute;
  g_free(absolute);
  g_free(here);
  return found;
}

}  // namespace

Result<EngineStart> prepare_engine(const Settings& settings) {
  if (settings.isolation == Isolation::Process) {
    const Result<EngineLibrary> worker = open_worker_engine(EngineKind::Int8);
    if (!worker.ok())
      return worker.error();
  }
  const Result<ModelChoice> model = find_model(settings.model);
  if (!model.ok())
    return model.error();
  EngineStart start;
  start.model_origin = model.value().origin;
  start.options.model_dir = wherever_we_are(model.value().directory);
  start.options.device = settings.device;
  start.options.precision = settings.precision;
  start.options.threads = settings.threads;
  start.options.cudnn = settings.cudnn;
  start.options.worker = settings.isolation == Isolation::Process;
  start.options.worker_timeout_ms = settings.worker_timeout_ms;
  start.options.worker_memory_limit_mb = settings.worker_memory_limit_mb;
  return start;
}

std::optional<EngineStart> more_modest(const EngineStart& start) {
  const EngineOptions& options = start.options;
  const bool is_modest = options.device == JETSONCAPTION_ENGINE_DEVICE_CPU &&
                         options.precision == JETSONCAPTION_ENGINE_PRECISION_INT8 &&
                         options.threads == 1;
  if (!options.worker || is_modest)
    return std::nullopt;
  EngineStart modest = start;
  modest.options.device = JETSONCAPTION_ENGINE_DEVICE_CPU;
  modest.options.precision = JETSONCAPTION_ENGINE_PRECISION_INT8;
  modest.options.threads = 1;
  modest.options.cudnn = false;
  return modest;
}

namespace {

Result<std::unique_ptr<EngineHandle>> load_engine(const EngineStart& start,
                                                  const std::function<bool()>& is_stopped) {
  const bool is_worker = start.options.worker;
  std::optional<LoadInLibraries> load;
  if (!is_worker && !load.emplace().may_begin())
    return Error{ErrorKind::Cancelled, "The process ends."};
  // The driver of a GPU is asked where it may crash or hang: in the worker.
  const EngineChoice choice = choose_engine(
      static_cast<JetsonCaptionEngineDevice>(start.options.device),
      static_cast<JetsonCaptionEnginePrecision>(start.options.precision), start.options.model_dir,
      is_worker ? CudaEvidence::Nodes : CudaEvidence::Driver);
  auto engine = open_and_create(choice.kind, start, is_stopped);
  if (engine.ok() || !choice.or_int8 || engine.error().kind == ErrorKind::Cancelled)
    return engine;

  auto instead = open_and_create(EngineKind::Int8, start, is_stopped);
  if (!instead.ok())
    return engine;
  instead.value()->set_fallback(
      "Captions are made in int8 on the CPU, because the engine with LibTorch, which the GPU "
      "needs, "
      "does not work. The cause: " +
      engine.error().message);
  return instead;
}

}  // namespace

Result<std::unique_ptr<EngineShare>> start_engine(const EngineStart& start,
                                                  const std::function<bool()>& is_stopped) {
  // Who loads waits with its own `is_stopped`: once it is abandoned itself, it goes on for others.
  const auto load = [&](const std::function<bool()>& nobody_wants_it) {
    if (!start.options.worker)
      wait_for_abandoned_loads(is_stopped);
    return load_engine(start, nobody_wants_it);
  };
  return EngineShare::join(engine_key(start.options), load, is_stopped);
}

}  // namespace jetsoncaption
