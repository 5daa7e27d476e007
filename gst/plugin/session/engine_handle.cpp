// SPDX-License-Identifier: LGPL-2.1-or-later
// A model that the engine has loaded: the C functions of engine_api.h as an object.
#include "plugin/session/engine_handle.h"

#include <cstring>
#include <optional>
#include <utility>

#include "base/text.h"
#include "text/plain_text.h"

namespace jetsoncaption {

namespace {

// Text from another module is not trusted to end, nor to be only text.
std::string valid_text(const char* text, size_t size) {
  return replace_active_characters({text, strnlen(text, size)});
}

// A sentence that others can follow.
Error fault_of(const JetsonCaptionEngineApi& api, int32_t status) {
  Error error = engine_error(api, status);
  error.message = replace_active_characters(error.message);
  if (!ends_with(error.message, "."))
    error.message += '.';
  return error;
}

// Of the C boundary.
int32_t asks(void* is_stopped) noexcept {
  return (*static_cast<const std::function<bool()>*>(is_stopped))() ? 1 : 0;
}

bool has_attention(const EngineInfo& info) {
  const uint64_t cells = uint64_t{info.attention_columns} * info.attention_rows;
  return cells > 0 && cells <= GST_JETSON_CAPTION_META_MAX_CELLS;
}

}  // namespace

Result<std::unique_ptr<EngineHandle>> EngineHandle::create(
    const EngineLibrary& library, const EngineOptions& options,
    const std::function<bool()>& is_stopped) {
  const JetsonCaptionEngineApi* api = library.api;
  JetsonCaptionEngineOptions engine_options = {};
  engine_options.size = sizeof engine_options;
  engine_options.model_dir = options.model_dir.c_str();
  engine_options.device = options.device;
  engine_options.precision = options.precision;
  engine_options.threads = options.threads;
  engine_options.cudnn = options.cudnn ? 1 : 0;
  engine_options.worker_timeout_ms = options.worker_timeout_ms;
  engine_options.worker_memory_limit_mb = options.worker_memory_limit_mb;
  engine_options.is_cancelled = asks;
  engine_options.cancel_data = const_cast<std::function<bool()>*>(&is_stopped);

  // Made first: what the engine returns has an owner at once.
  std::unique_ptr<EngineHandle> handle(new EngineHandle(api));
  const int32_t status = api->create(&engine_options, &handle->engine_);
  if (status != JETSONCAPTION_ENGINE_OK)
    return fault_of(*api, status);
  EngineInfo info = handle->info();
  if (info.input_width < 1 || info.input_height < 1) {
    const bool says_why = api->last_error()[0] != '\0';
    return Error{ErrorKind::Internal,
                 "The engine " + library.path + " does not say what size of image it reads. " +
                     (says_why ? fault_of(*api, status).message
                               : "Install the plugin and the engine from one release.")};
  }
  handle->first_info_ = std::move(info);
  return handle;
}

EngineHandle::~EngineHandle() {
  if (engine_ != nullptr)
    api_->destroy(engine_);
}

Result<CaptionBuffer> EngineHandle::describe(const ImageView& image, const EngineRequest& request) {
  JetsonCaptionEngineImage engine_image = {};
  engine_image.size = sizeof engine_image;
  engine_image.pixels = image.pixels;
  engine_image.width = static_cast<uint32_t>(image.width);
  engine_image.height = static_cast<uint32_t>(image.height);
  engine_image.stride = image.stride;

  JetsonCaptionEngineRequest engine_request = {};
  engine_request.size = sizeof engine_request;
  engine_request.beam_size = request.beam_size;
  engine_request.max_words = request.max_words;
  engine_request.max_inference_ms = request.max_inference_ms;
  engine_request.hedge_below = request.hedge_below;
  engine_request.number = request.number;

  JetsonCaptionEngineCaption caption = {};
  caption.size = sizeof caption;
  std::optional<AttentionRoom> room;
  if (request.attention) {
    const EngineInfo engine_info = info();
    if (has_attention(engine_info)) {
      room.emplace(request.max_words, engine_info.attention_columns, engine_info.attention_rows,
                   caption);
      engine_request.attention = 1;
    }
  }
  const int32_t status = api_->describe(engine_, &engine_image, &engine_request, &caption);
  if (status != JETSONCAPTION_ENGINE_OK)
    return fault_of(*api_, status);
  return CaptionBuffer(caption, room ? &*room : nullptr);
}

EngineInfo EngineHandle::info() const {
  JetsonCaptionEngineStats stats = {};
  stats.size = sizeof stats;
  api_->get_stats(engine_, &stats);
  EngineInfo info;
  if (stats.input_width < 1 && first_info_.input_width > 0) {
    info = first_info_;  // the engine has no memory to say how it is
    if (!fallback_.empty())
      info.device_fallback = fallback_;
    return info;
  }
  info.model_name = valid_text(stats.model_name, sizeof stats.model_name);
  info.device = valid_text(stats.device, sizeof stats.device);
  info.precision = valid_text(stats.precision, sizeof stats.precision);
  info.kernels = valid_text(stats.kernels, sizeof stats.kernels);
  info.version = valid_text(stats.version, sizeof stats.version);
  info.threads = stats.threads;
  info.input_width = static_cast<int>(stats.input_width);
  info.input_height = static_cast<int>(stats.input_height);
  info.device_memory_bytes = stats.device_memory_bytes;
  info.attention_columns = stats.attention_columns;
  info.attention_rows = stats.attention_rows;
  info.self_test = stats.self_test;
  info.self_test_failure = valid_text(stats.self_test_failure, sizeof stats.self_test_failure);
  info.worker_pid = static_cast<unsigned>(stats.process_id);
  info.device_fallback = fallback_.empty()
                             ? valid_text(stats.device_fallback, sizeof stats.device_fallback)
                             : fallback_;
  return info;
}

}  // namespace jetsoncaption
