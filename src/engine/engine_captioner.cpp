// SPDX-License-Identifier: LGPL-2.1-or-later
// The C functions of engine_api.h as a Captioner.
#include "engine/engine_captioner.h"

#include <string>
#include <utility>
#include <vector>

namespace jetsoncaption {
namespace {

Device device_named(const std::string& name) {
  return name == name_of(Device::Cuda) ? Device::Cuda : Device::Cpu;
}

Precision precision_named(const std::string& name) {
  for (const Precision precision : {Precision::Fp32, Precision::Fp16}) {
    if (name == name_of(precision))
      return precision;
  }
  return Precision::Int8;
}

class EngineCaptioner : public Captioner {
 public:
  explicit EngineCaptioner(const JetsonCaptionEngineApi& api) : api_(api) {}
  ~EngineCaptioner() override { api_.destroy(engine_); }
  EngineCaptioner(const EngineCaptioner&) = delete;
  EngineCaptioner& operator=(const EngineCaptioner&) = delete;

  Result<void> create(const CaptionerOptions& options) {
    JetsonCaptionEngineOptions given = {};
    given.size = sizeof given;
    given.model_dir = options.model_dir.c_str();
    given.device = static_cast<int32_t>(options.device);
    given.precision = static_cast<int32_t>(options.precision);
    given.threads = static_cast<uint32_t>(options.threads);
    given.cudnn = options.cudnn ? 1 : 0;
    const int32_t status = api_.create(&given, &engine_);
    if (status != JETSONCAPTION_ENGINE_OK)
      return engine_error(api_, status);
    return {};
  }

  Result<Caption> describe(const ImageView& image, const DescribeOptions& options) override {
    const JetsonCaptionEngineImage given = image_of(image);
    const JetsonCaptionEngineRequest request = request_of(options);
    JetsonCaptionEngineCaption written = {};
    written.size = sizeof written;
    make_room(options, written);
    const int32_t status = api_.describe(engine_, &given, &request, &written);
    if (status != JETSONCAPTION_ENGINE_OK)
      return engine_error(api_, status);
    times_ = {written.shrink_ms, written.encode_ms, written.decode_ms,
              static_cast<int>(written.steps)};
    return caption_of(written, options);
  }

  void cancel(uint64_t number) override { api_.cancel(engine_, number); }
  void trim_memory() override { api_.trim_memory(engine_); }
  uint64_t device_memory_bytes() const override { return stats().device_memory_bytes; }
  CaptionTimes last_times() const override { return times_; }

  CaptionerInfo info() const override {
    const JetsonCaptionEngineStats known = stats();
    CaptionerInfo info;
    info.model_name = known.model_name;
    info.device = device_named(known.device);
    info.device_fallback = known.device_fallback;
    info.precision = precision_named(known.precision);
    info.engine = known.kernels;
    info.version = known.version;
    info.threads = static_cast<int>(known.threads);
    info.input_width = static_cast<int>(known.input_width);
    info.input_height = static_cast<int>(known.input_height);
    info.grid_columns = static_cast<int>(known.attention_columns);
    info.grid_rows = static_cast<int>(known.attention_rows);
    info.self_test = static_cast<SelfTestOutcome>(known.self_test);
    info.self_test_failure = known.self_test_failure;
    return info;
  }

 private:
  static JetsonCaptionEngineImage image_of(const ImageView& image) {
    JetsonCaptionEngineImage given = {};
    given.size = sizeof given;
    given.pixels = image.pixels;
    given.width = static_cast<uint32_t>(image.width);
    given.height = static_cast<uint32_t>(image.height);
    given.stride = image.stride;
    return given;
  }

  static JetsonCaptionEngineRequest request_of(const DescribeOptions& options) {
    JetsonCaptionEngineRequest request = {};
    request.size = sizeof request;
    request.beam_size = static_cast<uint32_t>(options.beam_size);
    request.max_words = static_cast<uint32_t>(options.max_words);
    request.max_inference_ms = static_cast<uint32_t>(options.max_inference_ms);
    request.attention = 1;  // also for the words alone
    request.hedge_below = options.hedge_below;
    request.number = options.number;
    // 0 means here what is below 0 there, and the other way round.
    request.tag_weight = options.tag_weight < 0    ? 0
                         : options.tag_weight == 0 ? -1
                                                   : options.tag_weight;
    return request;
  }

  void make_room(const DescribeOptions& options, JetsonCaptionEngineCaption& written) {
    const JetsonCaptionEngineStats known = stats();
    const auto words = static_cast<size_t>(options.max_words);
    words_.resize(words);
    maps_.resize(words * known.attention_columns * known.attention_rows);
    written.word_list = words_.data();
    written.word_capacity = static_cast<uint32_t>(words_.size());
    written.attention = maps_.data();
    written.attention_capacity = maps_.size();
  }

  Caption caption_of(const JetsonCaptionEngineCaption& written,
                     const DescribeOptions& options) const {
    Caption caption;
    caption.text = written.text;
    caption.confidence = written.confidence;
    caption.inference_ms = written.inference_ms;
    caption.truncated = written.truncated != 0;
    caption.hedged = written.hedged != 0;
    for (uint32_t i = 0; i < written.tags; ++i)
      caption.tags.push_back({written.tag_list[i].text, written.tag_list[i].probability});
    const size_t cells = options.attention ? maps_.size() / words_.size() : 0;
    for (uint32_t i = 0; i < written.words; ++i) {
      const float* map = maps_.data() + i * cells;
      caption.words.push_back(
          {words_[i].text, words_[i].probability, std::vector<float>(map, map + cells)});
    }
    return caption;
  }

  JetsonCaptionEngineStats stats() const {
    JetsonCaptionEngineStats known = {};
    known.size = sizeof known;
    api_.get_stats(engine_, &known);
    return known;
  }

  const JetsonCaptionEngineApi& api_;
  JetsonCaptionEngine* engine_ = nullptr;  // owned
  CaptionTimes times_;
  std::vector<JetsonCaptionEngineWord> words_;  // room for attention
  std::vector<float> maps_;
};

}  // namespace

Result<std::unique_ptr<Captioner>> load_engine_captioner(const EngineLibrary& library,
                                                         const CaptionerOptions& options) {
  auto captioner = std::make_unique<EngineCaptioner>(*library.api);
  const auto created = captioner->create(options);
  if (!created.ok())
    return created.error();
  return std::unique_ptr<Captioner>(std::move(captioner));
}

}  // namespace jetsoncaption
