// SPDX-License-Identifier: LGPL-2.1-or-later
// An engine as the plugin sees it: opened at run time, through the C header only. Run with each of
// the two, which $JETSONCAPTION_ENGINE names.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "engine/engine_api.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "memory/sampler.h"

#include <dlfcn.h>
#include <gmock/gmock.h>

#ifdef __GLIBC__
#include <malloc.h>

// In the place of the C library's, also for the engine that is opened.
static std::atomic<int> heap_trims{0};

extern "C" __attribute__((visibility("default"))) int malloc_trim(size_t) noexcept {
  ++heap_trims;
  return 0;
}
#endif

namespace jetsoncaption {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr uint32_t kSide = 64;  // of the tiny bundle's input

// Opened once and never closed, as by the plugin: LibTorch does not survive being unloaded.
JetsonCaptionEngineGetApi open_library() {
  static void* library = [] {
    const char* path = std::getenv("JETSONCAPTION_ENGINE");
    return dlopen(path ? path : "libjetsoncaption-engine-int8.so", RTLD_NOW | RTLD_LOCAL);
  }();
  if (library == nullptr)
    return nullptr;
  return reinterpret_cast<JetsonCaptionEngineGetApi>(
      dlsym(library, JETSONCAPTION_ENGINE_GET_API_NAME));
}

// The structures with their sizes filled in.
JetsonCaptionEngineRequest make_request(uint32_t beam_size, uint32_t max_words) {
  return {sizeof(JetsonCaptionEngineRequest), beam_size, max_words, 0, 0};
}

constexpr uint32_t kMaxWords = 6;
constexpr uint32_t kCells = 4;  // the tiny bundle's grid is 2x2

JetsonCaptionEngineRequest make_attention_request(uint32_t max_words = kMaxWords) {
  return {sizeof(JetsonCaptionEngineRequest), 3, max_words, 0, 1};
}

JetsonCaptionEngineCaption make_caption() {
  JetsonCaptionEngineCaption caption{};
  caption.size = sizeof caption;
  return caption;
}

// A caption with room for the attention of kMaxWords words, and something in it to see what the
// engine leaves alone.
struct CaptionWithRoom {
  CaptionWithRoom() : words(kMaxWords, {"untouched", -1}), maps(kMaxWords * kCells, -1.0F) {
    caption.word_list = words.data();
    caption.word_capacity = kMaxWords;
    caption.attention = maps.data();
    caption.attention_capacity = maps.size();
  }
  std::vector<JetsonCaptionEngineWord> words;
  std::vector<float> maps;
  JetsonCaptionEngineCaption caption = make_caption();
};

class EngineTest : public testing::Test {
 protected:
  void SetUp() override {
    const JetsonCaptionEngineGetApi get_api = open_library();
    ASSERT_NE(get_api, nullptr) << dlerror();
    api_ = get_api(JETSONCAPTION_ENGINE_API_VERSION);
    ASSERT_NE(api_, nullptr);
    const auto written = write_tiny_bundle(directory_.path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
    model_dir_ = directory_.path();
    options_.size = sizeof options_;
    options_.model_dir = model_dir_.c_str();
    options_.device = JETSONCAPTION_ENGINE_DEVICE_CPU;
    options_.threads = 1;
    for (size_t i = 0; i < size_t{kSide} * kSide * 3; ++i)
      pixels_.push_back(static_cast<uint8_t>(7 * i));
    image_ = {sizeof image_, pixels_.data(), kSide, kSide, kSide * 3};
  }
  void TearDown() override {
    if (engine_ != nullptr)
      api_->destroy(engine_);
  }

  void create() {
    ASSERT_EQ(api_->create(&options_, &engine_), JETSONCAPTION_ENGINE_OK) << api_->last_error();
    ASSERT_NE(engine_, nullptr);
  }
  // What is wrong with the options: the status, and no engine.
  int32_t refuse_to_create() {
    engine_ = reinterpret_cast<JetsonCaptionEngine*>(this);
    const int32_t status = api_->create(&options_, &engine_);
    EXPECT_EQ(engine_, nullptr) << "a failed create() must not leave a pointer behind";
    return status;
  }
  int32_t describe(const JetsonCaptionEngineImage& image, const JetsonCaptionEngineRequest& request,
                   JetsonCaptionEngineCaption& caption) {
    return api_->describe(engine_, &image, &request, &caption);
  }
  int32_t describe() {
    JetsonCaptionEngineCaption caption = make_caption();
    return describe(image_, make_request(1, 20), caption);
  }
  JetsonCaptionEngineStats stats() {
    JetsonCaptionEngineStats stats{};
    stats.size = sizeof stats;
    api_->get_stats(engine_, &stats);
    return stats;
  }

  // Whether it is the engine with LibTorch, which has all precisions.
  static bool has_libtorch() {
    const char* path = std::getenv("JETSONCAPTION_ENGINE");
    return path != nullptr && std::string(path).find("-torch.so") != std::string::npos;
  }
  static int32_t some_precision() {
    return has_libtorch() ? JETSONCAPTION_ENGINE_PRECISION_FP32
                          : JETSONCAPTION_ENGINE_PRECISION_INT8;
  }

  const JetsonCaptionEngineApi* api_ = nullptr;
  TemporaryDirectory directory_;
  std::string model_dir_;
  JetsonCaptionEngineOptions options_{};
  std::vector<uint8_t> pixels_;
  JetsonCaptionEngineImage image_{};
  JetsonCaptionEngine* engine_ = nullptr;
};

TEST_F(EngineTest, ServesOnlyTheVersionItWasBuiltFor) {
  EXPECT_EQ(api_->version, JETSONCAPTION_ENGINE_API_VERSION);
  EXPECT_EQ(open_library()(JETSONCAPTION_ENGINE_API_VERSION + 1), nullptr);
  EXPECT_EQ(open_library()(0), nullptr);
}

TEST_F(EngineTest, DescribesAPicture) {
  create();
  JetsonCaptionEngineCaption caption = make_caption();
  ASSERT_EQ(describe(image_, make_request(3, 6), caption), JETSONCAPTION_ENGINE_OK)
      << api_->last_error();
  EXPECT_GT(caption.confidence, 0);
  EXPECT_LE(caption.confidence, 1);
  EXPECT_GT(caption.inference_ms, 0);
  EXPECT_LE(caption.words, 6U);
  EXPECT_EQ(std::strlen(caption.text) > 0, caption.words > 0);
}

TEST_F(EngineTest, DescribesPicturesOfAnySize) {
  create();
  for (const uint32_t side : {1U, 7U, kSide - 1}) {
    JetsonCaptionEngineImage image = image_;
    image.width = side;
    image.height = side;
    JetsonCaptionEngineCaption caption = make_caption();
    EXPECT_EQ(describe(image, make_request(1, 20), caption), JETSONCAPTION_ENGINE_OK)
        << api_->last_error();
  }
}

TEST_F(EngineTest, WritesTheWordsAndWhereItLookedForEachWhenAsked) {
  create();
  CaptionWithRoom room;
  ASSERT_EQ(describe(image_, make_attention_request(), room.caption), JETSONCAPTION_ENGINE_OK)
      << api_->last_error();
  ASSERT_GT(room.caption.words, 0U) << "the test needs a picture of which the model says something";
  std::string joined;
  for (size_t i = 0; i < room.caption.words; ++i) {
    const JetsonCaptionEngineWord& word = room.words[i];
    joined += (i > 0 ? " " : "") + std::string(word.text);
    EXPECT_GT(word.probability, 0);
    EXPECT_LE(word.probability, 1);
    float sum = 0;
    for (size_t cell = 0; cell < kCells; ++cell)
      sum += room.maps[i * kCells + cell];
    EXPECT_NEAR(sum, 1, 1e-5) << "four numbers rounded to fp32";
  }
  EXPECT_EQ(joined, room.caption.text);
  for (size_t i = room.caption.words; i < kMaxWords; ++i) {
    EXPECT_STREQ(room.words[i].text, "untouched");
    EXPECT_EQ(room.maps[i * kCells], -1.0F);
  }
}

TEST_F(EngineTest, LeavesTheRoomForAttentionAloneUnlessAsked) {
  create();
  CaptionWithRoom room;
  ASSERT_EQ(describe(image_, make_request(3, kMaxWords), room.caption), JETSONCAPTION_ENGINE_OK);
  EXPECT_STREQ(room.words[0].text, "untouched");
  EXPECT_EQ(room.maps[0], -1.0F);
}

TEST_F(EngineTest, RefusesAttentionThatDoesNotFit) {
  create();
  const auto refused = [this](const JetsonCaptionEngineCaption& caption) -> std::string {
    JetsonCaptionEngineCaption copy = caption;
    EXPECT_EQ(describe(image_, make_attention_request(), copy),
              JETSONCAPTION_ENGINE_INVALID_ARGUMENT);
    return api_->last_error();
  };
  const CaptionWithRoom room;
  JetsonCaptionEngineCaption caption = room.caption;
  caption.word_list = nullptr;
  EXPECT_THAT(refused(caption), HasSubstr("room for 0 words; give it room for the 6"));
  caption = room.caption;
  caption.word_capacity = kMaxWords - 1;
  EXPECT_THAT(refused(caption), HasSubstr("room for 5 words"));
  caption = room.caption;
  caption.attention = nullptr;
  EXPECT_THAT(refused(caption), HasSubstr("room for 0 numbers; give it room for the 24"));
  caption = room.caption;
  caption.attention_capacity = kMaxWords * kCells - 1;
  EXPECT_THAT(refused(caption), HasSubstr("room for 23 numbers"));
  EXPECT_STREQ(room.words[0].text, "untouched");
}

TEST_F(EngineTest, RefusesTooManyWordsBeforeItAsksForRoomForThem) {
  create();
  CaptionWithRoom room;
  for (const uint32_t words : {uint32_t{JETSONCAPTION_ENGINE_MAX_WORDS + 1}, UINT32_MAX}) {
    EXPECT_EQ(describe(image_, make_attention_request(words), room.caption),
              JETSONCAPTION_ENGINE_INVALID_ARGUMENT);
    EXPECT_THAT(api_->last_error(), HasSubstr("max-words"));
  }
}

TEST_F(EngineTest, CountsWhatItDid) {
  options_.precision = some_precision();
  create();
  EXPECT_EQ(stats().captions, 0U);
  describe();
  describe();
  JetsonCaptionEngineCaption caption = make_caption();
  describe(image_, make_request(0, 20), caption);

  EXPECT_EQ(stats().captions, 2U);
  EXPECT_EQ(stats().failures, 1U);
}

TEST_F(EngineTest, SaysWhatWasLoaded) {
  options_.precision = some_precision();
  create();
  const JetsonCaptionEngineStats loaded = stats();
  EXPECT_STREQ(loaded.model_name, "tiny");
  EXPECT_STREQ(loaded.device, "cpu");
  EXPECT_STREQ(loaded.precision, has_libtorch() ? "fp32" : "int8");
  EXPECT_THAT(loaded.kernels, StartsWith(has_libtorch() ? "torch" : "int8-"));
  EXPECT_THAT(loaded.version, StartsWith(has_libtorch() ? "LibTorch " : "jetsoncaption "));
  EXPECT_EQ(loaded.threads, 1U);
  EXPECT_EQ(loaded.input_width, kSide);
  EXPECT_EQ(loaded.input_height, kSide);
  EXPECT_EQ(loaded.device_memory_bytes, 0U);
  EXPECT_EQ(loaded.attention_columns * loaded.attention_rows, kCells);
}

TEST_F(EngineTest, SaysThatFp16IsComputedInFp32OnTheCpu) {
  if (!has_libtorch())
    GTEST_SKIP() << "the int8 engine has no fp16";
  options_.precision = JETSONCAPTION_ENGINE_PRECISION_FP16;
  create();
  EXPECT_STREQ(stats().precision, "fp16");
  EXPECT_STREQ(stats().kernels, "torch-fp32");
}

TEST_F(EngineTest, StopsWhenTimeIsUpAndMarksTheCaption) {
  options_.precision = some_precision();
  create();
  JetsonCaptionEngineImage large = image_;
  std::vector<uint8_t> pixels(size_t{4000} * 4000 * 3, 90);  // to be shrunk for over a millisecond
  large.pixels = pixels.data();
  large.width = large.height = 4000;
  large.stride = size_t{4000} * 3;
  JetsonCaptionEngineRequest request = make_request(1, 20);
  request.max_inference_ms = 1;
  JetsonCaptionEngineCaption caption = make_caption();
  ASSERT_EQ(describe(large, request, caption), JETSONCAPTION_ENGINE_OK) << api_->last_error();
  EXPECT_EQ(caption.words, 1U) << "the first word is written in any case";
  EXPECT_EQ(caption.truncated, 1);
}

TEST_F(EngineTest, SaysThatTheSelfTestPassed) {
  create();
  EXPECT_EQ(stats().self_test, JETSONCAPTION_ENGINE_SELF_TEST_PASSED);
  EXPECT_STREQ(stats().self_test_failure, "");
}

TEST_F(EngineTest, SaysWhyTheSelfTestFailed) {
  const std::string config = directory_.read("config.json");
  ASSERT_TRUE(write_tiny_bundle(directory_.path(), 2).ok());
  directory_.write("config.json", config);
  create();
  EXPECT_EQ(stats().self_test, JETSONCAPTION_ENGINE_SELF_TEST_FAILED);
  EXPECT_THAT(stats().self_test_failure, HasSubstr("fails its self-test with "));
}

TEST_F(EngineTest, SaysThatThereIsNoSelfTest) {
  ASSERT_TRUE(write_tiny_bundle(directory_.path(), 2).ok());
  create();
  EXPECT_EQ(stats().self_test, JETSONCAPTION_ENGINE_SELF_TEST_ABSENT);
}

TEST_F(EngineTest, SaysNothingOfAGpuThatItDidNotLeave) {
  create();
  EXPECT_STREQ(stats().device_fallback, "");
}

TEST_F(EngineTest, CaptionsAsBeforeAfterItsMemoryWasTrimmed) {
  create();
  JetsonCaptionEngineCaption before = make_caption();
  JetsonCaptionEngineCaption after = make_caption();
  describe(image_, make_request(1, 20), before);
  api_->trim_memory(engine_);
  ASSERT_EQ(describe(image_, make_request(1, 20), after), JETSONCAPTION_ENGINE_OK);
  EXPECT_STREQ(after.text, before.text);
  EXPECT_EQ(after.confidence, before.confidence);
}

#ifdef __GLIBC__
// That holds the locks of the whole heap, which is not the engine's.
TEST_F(EngineTest, NeverTrimsTheHeapOfTheProcess) {
  ASSERT_NO_FATAL_FAILURE(create());
  ASSERT_EQ(malloc_trim(0), 0);
  ASSERT_EQ(heap_trims, 1) << "calls are not seen";
  JetsonCaptionEngineCaption caption = make_caption();
  ASSERT_EQ(describe(image_, make_request(1, 20), caption), JETSONCAPTION_ENGINE_OK);
  api_->trim_memory(engine_);
  EXPECT_EQ(heap_trims, 1);
}
#endif

TEST_F(EngineTest, RefusesABundleThatIsMissing) {
  const std::string missing = directory_.file("nowhere");
  options_.model_dir = missing.c_str();
  EXPECT_EQ(refuse_to_create(), JETSONCAPTION_ENGINE_NOT_FOUND);
  EXPECT_THAT(api_->last_error(), HasSubstr(missing));
}

TEST_F(EngineTest, RefusesToCreateWithoutABundle) {
  options_.model_dir = nullptr;
  EXPECT_EQ(refuse_to_create(), JETSONCAPTION_ENGINE_INVALID_ARGUMENT);
  EXPECT_THAT(api_->last_error(), HasSubstr("No model was named"));
}

TEST_F(EngineTest, RefusesADamagedBundle) {
  directory_.write("config.json", "{");
  EXPECT_EQ(refuse_to_create(), JETSONCAPTION_ENGINE_CORRUPT_MODEL);
  EXPECT_THAT(api_->last_error(), HasSubstr("config.json"));
}

TEST_F(EngineTest, RefusesWhatThisMachineCannotDo) {
  options_.device = JETSONCAPTION_ENGINE_DEVICE_CUDA;
  EXPECT_EQ(refuse_to_create(), JETSONCAPTION_ENGINE_UNSUPPORTED);
  EXPECT_THAT(api_->last_error(), HasSubstr("cuda"));
}

TEST_F(EngineTest, RefusesOptionsThatAreTooShortToNameAModel) {
  options_.size = sizeof options_.size;
  EXPECT_EQ(refuse_to_create(), JETSONCAPTION_ENGINE_INVALID_ARGUMENT);
  EXPECT_THAT(api_->last_error(), HasSubstr("JetsonCaptionEngineOptions"));
}

TEST_F(EngineTest, RefusesStructuresThatAreTooShort) {
  create();
  JetsonCaptionEngineImage image = image_;
  JetsonCaptionEngineRequest request = make_request(1, 20);
  JetsonCaptionEngineCaption caption = make_caption();
  struct Case {
    size_t* size;
    const char* name;
  };
  for (const Case& part : {Case{&image.size, "JetsonCaptionEngineImage"},
                           Case{&request.size, "JetsonCaptionEngineRequest"},
                           Case{&caption.size, "JetsonCaptionEngineCaption"}}) {
    const size_t right = *part.size;
    *part.size = 0;
    EXPECT_EQ(describe(image, request, caption), JETSONCAPTION_ENGINE_INVALID_ARGUMENT);
    EXPECT_THAT(api_->last_error(), HasSubstr(part.name));
    *part.size = right;
  }
}

// A caller that was compiled with an older header: its structures end where the newer fields begin,
// and what lies behind them is something else.
TEST_F(EngineTest, ServesCallersWithOlderShorterStructures) {
  options_.size = offsetof(JetsonCaptionEngineOptions, threads);
  options_.threads = 9999;  // not of the structure
  create();
  JetsonCaptionEngineRequest request = make_request(1, 20);
  request.size = offsetof(JetsonCaptionEngineRequest, attention);
  request.attention = 1;
  request.hedge_below = 7;
  JetsonCaptionEngineCaption caption = make_caption();
  caption.size = offsetof(JetsonCaptionEngineCaption, tag_list);
  std::memset(caption.tag_list, 0x55, sizeof caption.tag_list);
  caption.tags = 77;
  ASSERT_EQ(describe(image_, request, caption), JETSONCAPTION_ENGINE_OK) << api_->last_error();
  EXPECT_STRNE(caption.text, "");
  EXPECT_EQ(caption.size, offsetof(JetsonCaptionEngineCaption, tag_list));
  EXPECT_EQ(caption.tags, 77U) << "written behind the end";
  EXPECT_EQ(caption.tag_list[0].text[0], 0x55);

  JetsonCaptionEngineStats stats{};
  stats.size = offsetof(JetsonCaptionEngineStats, threads);
  stats.threads = 77;
  api_->get_stats(engine_, &stats);
  EXPECT_STREQ(stats.model_name, "tiny");
  EXPECT_EQ(stats.threads, 77U) << "written behind the end";
}

TEST_F(EngineTest, ServesCallersWithNewerLongerStructures) {
  create();
  struct {
    JetsonCaptionEngineRequest known;
    uint64_t newer = 5;
  } request = {make_request(1, 20)};
  request.known.size = sizeof request;
  JetsonCaptionEngineCaption caption = make_caption();
  EXPECT_EQ(describe(image_, request.known, caption), JETSONCAPTION_ENGINE_OK);
}

TEST_F(EngineTest, SaysWhereTheTimeWent) {
  create();
  JetsonCaptionEngineCaption caption = make_caption();
  ASSERT_EQ(describe(image_, make_request(1, 20), caption), JETSONCAPTION_ENGINE_OK);
  EXPECT_GT(caption.encode_ms, 0);
  EXPECT_GE(caption.steps, caption.words);
  EXPECT_LE(caption.shrink_ms + caption.encode_ms + caption.decode_ms, caption.inference_ms + 1e-6);
}

TEST_F(EngineTest, SaysWhyAPictureWasNotDescribed) {
  create();
  JetsonCaptionEngineImage image = image_;
  image.pixels = nullptr;
  JetsonCaptionEngineCaption caption = make_caption();
  EXPECT_EQ(describe(image, make_request(1, 20), caption), JETSONCAPTION_ENGINE_INVALID_ARGUMENT);
  EXPECT_STRNE(api_->last_error(), "");

  image = image_;
  image.width = UINT32_MAX;
  EXPECT_EQ(describe(image, make_request(1, 20), caption), JETSONCAPTION_ENGINE_INVALID_ARGUMENT);
  EXPECT_THAT(api_->last_error(), HasSubstr("16384"));
  EXPECT_EQ(describe(image_, make_request(1, UINT32_MAX), caption),
            JETSONCAPTION_ENGINE_INVALID_ARGUMENT);
  EXPECT_THAT(api_->last_error(), HasSubstr("max-words"));
}

TEST_F(EngineTest, KeepsTheLastErrorOfEachThreadApart) {
  options_.model_dir = "/nowhere";
  refuse_to_create();
  std::string there = "not asked";
  std::thread([&] { there = api_->last_error(); }).join();
  EXPECT_EQ(there, "");
  EXPECT_THAT(api_->last_error(), HasSubstr("/nowhere"));
}

TEST_F(EngineTest, CutsLongErrorsInsteadOfOverflowing) {
  const std::string missing = "/" + std::string(5000, 'x');
  options_.model_dir = missing.c_str();
  EXPECT_NE(refuse_to_create(), JETSONCAPTION_ENGINE_OK);
  EXPECT_EQ(std::strlen(api_->last_error()), size_t{JETSONCAPTION_ENGINE_TEXT_SIZE - 1});
}

TEST_F(EngineTest, CutsLongTextsBetweenTwoCharacters) {
  constexpr char kEuro[] = "\xe2\x82\xac";
  for (const size_t shift : {0, 1, 2}) {
    std::string missing = "/" + std::string(shift, 'x');
    for (int i = 0; i < 1000; ++i)
      missing += kEuro;
    options_.model_dir = missing.c_str();
    EXPECT_NE(refuse_to_create(), JETSONCAPTION_ENGINE_OK);
    const std::string error = api_->last_error();
    EXPECT_GE(error.size(), size_t{JETSONCAPTION_ENGINE_TEXT_SIZE - 3}) << "cut too early";
    EXPECT_EQ(error.substr(error.size() - 3), kEuro) << "cut in the middle of a character";
  }
}

TEST_F(EngineTest, CancelsACaptionThatHasNotBegun) {
  create();
  JetsonCaptionEngineRequest request = make_request(1, 20);
  JetsonCaptionEngineCaption caption = make_caption();
  request.number = 4;
  ASSERT_EQ(describe(image_, request, caption), JETSONCAPTION_ENGINE_OK) << api_->last_error();
  api_->cancel(engine_, 5);
  for (const uint64_t number : {4, 5}) {
    request.number = number;
    EXPECT_EQ(describe(image_, request, caption), JETSONCAPTION_ENGINE_CANCELLED) << number;
  }
  api_->cancel(engine_, 3);  // takes nothing back
  request.number = 5;
  EXPECT_EQ(describe(image_, request, caption), JETSONCAPTION_ENGINE_CANCELLED);
  request.number = 6;
  EXPECT_EQ(describe(image_, request, caption), JETSONCAPTION_ENGINE_OK) << api_->last_error();
}

TEST_F(EngineTest, CanBeCancelledFromAnotherThreadAndUsedAgain) {
  create();
  std::atomic<uint64_t> running{1};
  std::atomic<bool> ended{false};
  std::thread canceller([&] {
    while (!ended)
      api_->cancel(engine_, running - 1);
  });
  int32_t status = JETSONCAPTION_ENGINE_OK;
  JetsonCaptionEngineRequest request = make_request(1, 20);
  JetsonCaptionEngineCaption caption = make_caption();
  for (uint64_t number = 1; number <= 200 && status == JETSONCAPTION_ENGINE_OK; ++number) {
    request.number = number;
    running = number;
    status = describe(image_, request, caption);
  }
  EXPECT_EQ(status, JETSONCAPTION_ENGINE_OK) << "older ones are cancelled, not these";
  running = 1000;
  request.number = 900;
  while (status == JETSONCAPTION_ENGINE_OK)
    status = describe(image_, request, caption);
  ended = true;
  canceller.join();
  EXPECT_EQ(status, JETSONCAPTION_ENGINE_CANCELLED);
}

TEST_F(EngineTest, DestroysNothingWithoutComplaint) {
  api_->destroy(nullptr);
}

TEST_F(EngineTest, CanBeCreatedSeveralTimes) {
  create();
  JetsonCaptionEngine* second = nullptr;
  ASSERT_EQ(api_->create(&options_, &second), JETSONCAPTION_ENGINE_OK) << api_->last_error();
  api_->destroy(second);
  EXPECT_EQ(describe(), JETSONCAPTION_ENGINE_OK) << api_->last_error();
}

TEST_F(EngineTest, DoesNotGrowWithTheCaptionsItWrites) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer keeps freed memory";
#endif
  constexpr uint64_t kMostGrowth = 1 << 20;
  for (const int32_t precision :
       {some_precision(), static_cast<int32_t>(JETSONCAPTION_ENGINE_PRECISION_INT8)}) {
    options_.precision = precision;
    create();
    const MemorySampler sampler;
    for (int i = 0; i < 100; ++i)
      ASSERT_EQ(describe(), JETSONCAPTION_ENGINE_OK);
    const uint64_t warm = sampler.sample().used_bytes;
    for (int i = 0; i < 300; ++i)
      ASSERT_EQ(describe(), JETSONCAPTION_ENGINE_OK);
    EXPECT_LT(sampler.sample().used_bytes, warm + kMostGrowth);
    api_->destroy(engine_);
    engine_ = nullptr;
  }
}

}  // namespace
}  // namespace jetsoncaption
