// SPDX-License-Identifier: LGPL-2.1-or-later
// A model that the engine has loaded: the C functions of engine_api.h as an object.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/engine_api.h"
#include "engine/engine_loader.h"
#include "image/image_view.h"
#include "plugin/session/caption_buffer.h"

namespace jetsoncaption {

struct EngineOptions {
  std::string model_dir;
  int device = JETSONCAPTION_ENGINE_DEVICE_AUTO;        // JetsonCaptionEngineDevice
  int precision = JETSONCAPTION_ENGINE_PRECISION_AUTO;  // JetsonCaptionEnginePrecision
  unsigned threads = 0;                                 // 0: chosen for the machine
  bool cudnn = false;
  bool worker = false;                  // in a process of its own, and what follows is for that
  unsigned worker_timeout_ms = 0;       // for a caption; 0: no limit
  unsigned worker_memory_limit_mb = 0;  // 0: no limit
};

struct EngineRequest {
  unsigned beam_size = 1;
  unsigned max_words = 20;
  unsigned max_inference_ms = 0;  // 0: no limit
  bool attention = false;         // also list the words and where the model looked for each
  double hedge_below = 0;         // captions of less confidence give way to likely tags
  uint64_t number = 0;            // of this caption, for cancel()
};

// The part of the engine's statistics that the element uses.
struct EngineInfo {
  std::string model_name;
  std::string device;
  std::string precision;
  std::string kernels;
  std::string version;
  unsigned threads = 0;
  int input_width = 0;
  int input_height = 0;
  uint64_t device_memory_bytes = 0;
  unsigned attention_columns = 0;  // of the map of a word; 0: the engine makes none
  unsigned attention_rows = 0;
  int self_test = JETSONCAPTION_ENGINE_SELF_TEST_ABSENT;  // JetsonCaptionEngineSelfTest
  std::string self_test_failure;  // a sentence with the remedy; empty unless it failed
  // Why the GPU was left, or int8 took the place of LibTorch; a sentence, empty unless so.
  std::string device_fallback;
  unsigned worker_pid = 0;  // 0: the engine is in this process, or its own has ended
};

// One describe() or trim_memory() at a time; cancel() and info() from any thread.
class EngineHandle {
 public:
  // Loads the model; takes about a second. All kinds of errors. From any thread. Cancelled when it
  // waited for a worker process and `is_stopped`, which is asked in this thread, said so.
  static Result<std::unique_ptr<EngineHandle>> create(const EngineLibrary& library,
                                                      const EngineOptions& options,
                                                      const std::function<bool()>& is_stopped);

  ~EngineHandle();
  EngineHandle(const EngineHandle&) = delete;
  EngineHandle& operator=(const EngineHandle&) = delete;

  // The image is borrowed for the call. Cancelled when cancel() was called for its number. Lost
  // when the worker process has ended: then this handle is of no use any more.
  Result<CaptionBuffer> describe(const ImageView& image, const EngineRequest& request);

  void trim_memory() { api_->trim_memory(engine_); }
  void cancel(uint64_t number) { api_->cancel(engine_, number); }
  EngineInfo info() const;

  // The engine that was wanted cannot be had: a sentence for info().
  void set_fallback(const std::string& sentence) { fallback_ = sentence; }

 private:
  explicit EngineHandle(const JetsonCaptionEngineApi* api) : api_(api) {}

  const JetsonCaptionEngineApi* const api_;
  JetsonCaptionEngine* engine_ = nullptr;  // owned; null only in create()
  std::string fallback_;                   // before the first info() of other threads
  EngineInfo first_info_;                  // does not change once create() is over
};

}  // namespace jetsoncaption
