// SPDX-License-Identifier: LGPL-2.1-or-later
// A captioner behind the C boundary of engine_api.h.
//
// Every function catches everything, because an exception must not unwind into C.
#include "engine/engine_glue.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "captioner/captioner.h"
#include "engine/attendance.h"
#include "engine/engine_api.h"

struct JetsonCaptionEngine {
  std::unique_ptr<jetsoncaption::Captioner> captioner;
  std::mutex busy;  // held by describe() and trim_memory()
  std::atomic<uint64_t> captions{0};
  std::atomic<uint64_t> failures{0};
};

namespace jetsoncaption {
namespace {

static_assert(static_cast<int>(ErrorKind::NotFound) == JETSONCAPTION_ENGINE_NOT_FOUND &&
                  static_cast<int>(ErrorKind::InvalidArgument) ==
                      JETSONCAPTION_ENGINE_INVALID_ARGUMENT &&
                  static_cast<int>(ErrorKind::CorruptModel) == JETSONCAPTION_ENGINE_CORRUPT_MODEL &&
                  static_cast<int>(ErrorKind::OutOfMemory) == JETSONCAPTION_ENGINE_OUT_OF_MEMORY &&
                  static_cast<int>(ErrorKind::Unsupported) == JETSONCAPTION_ENGINE_UNSUPPORTED &&
                  static_cast<int>(ErrorKind::Cancelled) == JETSONCAPTION_ENGINE_CANCELLED &&
                  static_cast<int>(ErrorKind::Internal) == JETSONCAPTION_ENGINE_INTERNAL &&
                  static_cast<int>(ErrorKind::Lost) == JETSONCAPTION_ENGINE_LOST,
              "an error keeps its number on its way through the C boundary");
static_assert(static_cast<int>(Device::Cpu) == JETSONCAPTION_ENGINE_DEVICE_CPU &&
                  static_cast<int>(Device::Cuda) == JETSONCAPTION_ENGINE_DEVICE_CUDA &&
                  static_cast<int>(Precision::Fp32) == JETSONCAPTION_ENGINE_PRECISION_FP32 &&
                  static_cast<int>(Precision::Fp16) == JETSONCAPTION_ENGINE_PRECISION_FP16 &&
                  static_cast<int>(Precision::Int8) == JETSONCAPTION_ENGINE_PRECISION_INT8 &&
                  static_cast<int>(SelfTestOutcome::Passed) ==
                      JETSONCAPTION_ENGINE_SELF_TEST_PASSED &&
                  static_cast<int>(SelfTestOutcome::Failed) ==
                      JETSONCAPTION_ENGINE_SELF_TEST_FAILED,
              "and so does a choice");

// A fixed buffer, because it must also be able to say that memory ran out.
thread_local char last_error_text[JETSONCAPTION_ENGINE_TEXT_SIZE];

// Copies as much of the text as fits without splitting a UTF-8 character.
void copy_text(const std::string& text, char* destination, size_t size) {
  size_t length = std::min(text.size(), size - 1);
  if (length < text.size()) {
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U)
      --length;
  }
  std::memcpy(destination, text.data(), length);
  destination[length] = '\0';
}

int32_t fail(ErrorKind kind, const std::string& message) {
  copy_text(message, last_error_text, sizeof last_error_text);
  return static_cast<int32_t>(kind);
}

// Runs body(), which returns a status, and turns what it throws into one.
template <typename Body>
int32_t guarded(Body&& body) noexcept {
  last_error_text[0] = '\0';
  try {
    return body();
  } catch (const std::bad_alloc&) {
    std::strcpy(last_error_text, "Memory ran out in the captioning engine");
    return JETSONCAPTION_ENGINE_OUT_OF_MEMORY;
  } catch (const std::exception& e) {
    std::strncpy(last_error_text, e.what(), sizeof last_error_text - 1);
    return JETSONCAPTION_ENGINE_INTERNAL;
  } catch (...) {
    std::strcpy(last_error_text, "The captioning engine stopped unexpectedly");
    return JETSONCAPTION_ENGINE_INTERNAL;
  }
}

// Reads a structure of the caller, which may be older and shorter, or newer and longer: what it
// lacks is 0. `least` bytes must be there.
template <typename Structure>
bool read_structure(const char* name, const Structure* from, size_t least, Structure& to) {
  if (from->size < least) {
    fail(ErrorKind::InvalidArgument,
         std::string(name) + " has the size " + std::to_string(from->size) + ", but at least " +
             std::to_string(least) + " bytes are needed; set its size to " +
             "sizeof, or install the plugin and the engine anew");
    return false;
  }
  std::memset(&to, 0, sizeof to);
  std::memcpy(&to, from, std::min(from->size, sizeof to));
  return true;
}

// Writes as much as the caller has room for, and leaves its size alone.
template <typename Structure>
void write_structure(const Structure& from, Structure* to) {
  const size_t size = to->size;
  std::memcpy(static_cast<void*>(to), &from, std::min(size, sizeof from));
  to->size = size;
}

constexpr uint64_t kEveryCaption = std::numeric_limits<uint64_t>::max() - 1;

int32_t process_ends() {
  return fail(ErrorKind::Cancelled, "The process ends");
}

int32_t create(const JetsonCaptionEngineOptions* given, JetsonCaptionEngine** engine) {
  *engine = nullptr;
  return guarded([&]() -> int32_t {
    const Visit visit;
    if (!visit.is_let_in())
      return process_ends();
    JetsonCaptionEngineOptions options;
    constexpr size_t kLeast = offsetof(JetsonCaptionEngineOptions, device);
    if (!read_structure("JetsonCaptionEngineOptions", given, kLeast, options))
      return JETSONCAPTION_ENGINE_INVALID_ARGUMENT;
    CaptionerOptions captioner_options;
    captioner_options.model_dir = options.model_dir ? options.model_dir : "";
    captioner_options.device = static_cast<Device>(options.device);
    captioner_options.precision = static_cast<Precision>(options.precision);
    captioner_options.threads = static_cast<int>(options.threads);
    captioner_options.cudnn = options.cudnn != 0;
    auto captioner = load_module_captioner(captioner_options);
    if (!captioner.ok())
      return fail(captioner.error().kind, captioner.error().message);
    auto made = std::make_unique<JetsonCaptionEngine>();
    made->captioner = std::move(captioner.value());
    Attendance& attendance = Attendance::of_this_module();
    attendance.end_with_the_process();
    attendance.add(made.get(), [engine = made.get()] { engine->captioner->cancel(kEveryCaption); });
    *engine = made.release();
    return JETSONCAPTION_ENGINE_OK;
  });
}

// Nothing is described when the result would not fit.
int32_t check_room_for_attention(const CaptionerInfo& info,
                                 const JetsonCaptionEngineRequest& request,
                                 const JetsonCaptionEngineCaption& caption) {
  const size_t words = request.max_words;
  const size_t cells = static_cast<size_t>(info.grid_columns) * static_cast<size_t>(info.grid_rows);
  if (caption.word_list == nullptr || caption.word_capacity < words) {
    return fail(ErrorKind::InvalidArgument,
                "Attention was asked for, but word_list has room for " +
                    std::to_string(caption.word_list ? caption.word_capacity : 0) +
                    " words; give it room for the " + std::to_string(words) + " of max_words");
  }
  if (caption.attention == nullptr || caption.attention_capacity < words * cells) {
    return fail(ErrorKind::InvalidArgument,
                "Attention was asked for, but attention has room for " +
                    std::to_string(caption.attention ? caption.attention_capacity : 0) +
                    " numbers; give it room for the " + std::to_string(words * cells) + " of " +
                    std::to_string(words) + " maps of " + std::to_string(info.grid_columns) + "x" +
                    std::to_string(info.grid_rows));
  }
  return JETSONCAPTION_ENGINE_OK;
}

void copy_words(const std::vector<CaptionWord>& words, JetsonCaptionEngineCaption* caption) {
  float* map = caption->attention;
  for (size_t i = 0; i < words.size(); ++i) {
    JetsonCaptionEngineWord& word = caption->word_list[i];
    copy_text(words[i].text, word.text, sizeof word.text);
    word.probability = words[i].probability;
    map = std::copy(words[i].attention.begin(), words[i].attention.end(), map);
  }
}

void copy_tags(const std::vector<CaptionTag>& tags, JetsonCaptionEngineCaption* caption) {
  caption->tags = 0;
  for (const CaptionTag& tag : tags) {
    if (caption->tags == JETSONCAPTION_ENGINE_MAX_TAGS)
      return;
    JetsonCaptionEngineTag& copy = caption->tag_list[caption->tags++];
    copy_text(tag.text, copy.text, sizeof copy.text);
    copy.probability = tag.probability;
  }
}

DescribeOptions options_of(const JetsonCaptionEngineRequest& request) {
  DescribeOptions options;
  options.beam_size = static_cast<int>(request.beam_size);
  options.max_words = static_cast<int>(request.max_words);
  options.max_inference_ms = request.max_inference_ms;
  options.attention = request.attention != 0;
  options.hedge_below = request.hedge_below;
  options.number = request.number;
  if (request.tag_weight > 0)
    options.tag_weight = request.tag_weight;
  else if (request.tag_weight < 0)
    options.tag_weight = 0;
  return options;
}

void write_caption(const Caption& result, const CaptionTimes& times, bool attention,
                   JetsonCaptionEngineCaption& caption) {
  copy_text(result.text, caption.text, sizeof caption.text);
  caption.confidence = result.confidence;
  caption.inference_ms = result.inference_ms;
  caption.words = static_cast<uint32_t>(result.words.size());
  caption.truncated = result.truncated ? 1 : 0;
  caption.hedged = result.hedged ? 1 : 0;
  if (attention)
    copy_words(result.words, &caption);
  copy_tags(result.tags, &caption);
  caption.shrink_ms = times.shrink_ms;
  caption.encode_ms = times.encode_ms;
  caption.decode_ms = times.decode_ms;
  caption.steps = static_cast<uint32_t>(times.steps);
}

int32_t describe_locked(JetsonCaptionEngine* engine, const JetsonCaptionEngineImage* given_image,
                        const JetsonCaptionEngineRequest* given_request,
                        JetsonCaptionEngineCaption* given_caption) {
  JetsonCaptionEngineImage image;
  JetsonCaptionEngineRequest request;
  JetsonCaptionEngineCaption caption;
  constexpr size_t kLeastRequest = offsetof(JetsonCaptionEngineRequest, max_inference_ms);
  constexpr size_t kLeastCaption = offsetof(JetsonCaptionEngineCaption, inference_ms);
  if (!read_structure("JetsonCaptionEngineImage", given_image, sizeof image, image) ||
      !read_structure("JetsonCaptionEngineRequest", given_request, kLeastRequest, request) ||
      !read_structure("JetsonCaptionEngineCaption", given_caption, kLeastCaption, caption))
    return JETSONCAPTION_ENGINE_INVALID_ARGUMENT;

  const ImageView view{image.pixels, static_cast<int>(image.width), static_cast<int>(image.height),
                       image.stride};
  const DescribeOptions options = options_of(request);
  // A max_words that is out of range is refused by the captioner.
  if (options.attention && request.max_words <= JETSONCAPTION_ENGINE_MAX_WORDS) {
    const int32_t room = check_room_for_attention(engine->captioner->info(), request, caption);
    if (room != JETSONCAPTION_ENGINE_OK)
      return room;
  }
  auto described = engine->captioner->describe(view, options);
  if (!described.ok())
    return fail(described.error().kind, described.error().message);
  write_caption(described.value(), engine->captioner->last_times(), options.attention, caption);
  write_structure(caption, given_caption);
  return JETSONCAPTION_ENGINE_OK;
}

int32_t describe(JetsonCaptionEngine* engine, const JetsonCaptionEngineImage* image,
                 const JetsonCaptionEngineRequest* request, JetsonCaptionEngineCaption* caption) {
  const int32_t status = guarded([&] {
    const Visit visit;
    if (!visit.is_let_in())
      return process_ends();
    const std::lock_guard<std::mutex> lock(engine->busy);
    return describe_locked(engine, image, request, caption);
  });
  ++(status == JETSONCAPTION_ENGINE_OK ? engine->captions : engine->failures);
  return status;
}

void get_stats(JetsonCaptionEngine* engine, JetsonCaptionEngineStats* given) {
  guarded([&]() -> int32_t {
    JetsonCaptionEngineStats stats;
    if (!read_structure("JetsonCaptionEngineStats", given, sizeof given->size, stats))
      return JETSONCAPTION_ENGINE_INVALID_ARGUMENT;
    const CaptionerInfo info = engine->captioner->info();
    copy_text(info.model_name, stats.model_name, sizeof stats.model_name);
    copy_text(name_of(info.device), stats.device, sizeof stats.device);
    copy_text(name_of(info.precision), stats.precision, sizeof stats.precision);
    copy_text(info.engine, stats.kernels, sizeof stats.kernels);
    copy_text(info.version, stats.version, sizeof stats.version);
    stats.threads = static_cast<uint32_t>(info.threads);
    stats.input_width = static_cast<uint32_t>(info.input_width);
    stats.input_height = static_cast<uint32_t>(info.input_height);
    stats.captions = engine->captions;
    stats.failures = engine->failures;
    stats.device_memory_bytes = engine->captioner->device_memory_bytes();
    stats.attention_columns = static_cast<uint32_t>(info.grid_columns);
    stats.attention_rows = static_cast<uint32_t>(info.grid_rows);
    stats.self_test = static_cast<int32_t>(info.self_test);
    copy_text(info.self_test_failure, stats.self_test_failure, sizeof stats.self_test_failure);
    copy_text(info.device_fallback, stats.device_fallback, sizeof stats.device_fallback);
    write_structure(stats, given);
    return JETSONCAPTION_ENGINE_OK;
  });
}

void trim_memory(JetsonCaptionEngine* engine) {
  guarded([&]() -> int32_t {
    const Visit visit;
    if (!visit.is_let_in())
      return process_ends();
    const std::lock_guard<std::mutex> lock(engine->busy);
    engine->captioner->trim_memory();
    return JETSONCAPTION_ENGINE_OK;
  });
}

void cancel(JetsonCaptionEngine* engine, uint64_t number) {
  engine->captioner->cancel(number);
}

void destroy(JetsonCaptionEngine* engine) {
  guarded([&]() -> int32_t {
    const Visit visit;
    if (!visit.is_let_in())
      return process_ends();
    Attendance::of_this_module().remove(engine);
    delete engine;
    return JETSONCAPTION_ENGINE_OK;
  });
}

const char* last_error() {
  return last_error_text;
}

const JetsonCaptionEngineApi kApi = {
    JETSONCAPTION_ENGINE_API_VERSION,
    create,
    describe,
    get_stats,
    trim_memory,
    cancel,
    destroy,
    last_error,
};

}  // namespace
}  // namespace jetsoncaption

extern "C" __attribute__((visibility("default"))) const JetsonCaptionEngineApi*
jetsoncaption_engine_get_api(uint32_t version) {
  if (version != JETSONCAPTION_ENGINE_API_VERSION)
    return nullptr;
  // Here and not in create(), which runs in a thread of its own, beside others of the application.
  jetsoncaption::guarded([]() -> int32_t {
    jetsoncaption::prepare_engine_process();
    jetsoncaption::Attendance::of_this_module().end_with_the_process();
    return JETSONCAPTION_ENGINE_OK;
  });
  return &jetsoncaption::kApi;
}
