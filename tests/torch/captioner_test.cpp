// SPDX-License-Identifier: LGPL-2.1-or-later
// The door to the captioner, with the tiny bundle: what load() refuses, and what describe() keeps.
#include <atomic>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "bundle/bundle.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "torch/cuda_device.h"
#include "torch/torch_captioner.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;

constexpr float kNever = -100;
constexpr float kAtOnce = 100;

// A picture with something in every row and column.
Image make_image(int width, int height) {
  Image image;
  image.width = width;
  image.height = height;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {3 * x + y, x + 2 * y, 5 * x})
        image.pixels.push_back(static_cast<uint8_t>(value));
    }
  }
  return image;
}

// Numbers cut to the eleven bits of fp16, as fp16 and as fp32.
struct CutNumbers {
  std::vector<uint16_t> half;
  std::vector<float> single;

  // For numbers of a size that needs no special forms of fp16, and 0 for smaller ones.
  void add(float value) {
    int exponent = 0;
    const float fraction = std::frexp(std::fabs(value), &exponent);  // in [0.5, 1)
    const bool is_normal = fraction > 0 && exponent >= -13;
    const int bits = is_normal ? static_cast<int>(fraction * 2048) : 0;  // 1024 to 2047
    const int sign = std::signbit(value) ? 1 : 0;
    single.push_back((sign == 1 ? -1.0F : 1.0F) *
                     std::ldexp(static_cast<float>(bits), exponent - 11));
    half.push_back(static_cast<uint16_t>(
        (sign << 15) | (is_normal ? ((exponent + 14) << 10) | (bits - 1024) : 0)));
  }
};

class CaptionerTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto written = write_tiny_bundle(directory_.path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
    options_.model_dir = directory_.path();
    options_.device = Device::Cpu;
    options_.threads = 1;
  }

  // Makes the end of a sentence as likely as `bias` says, before load(): far below 0 the model
  // never stops by itself, far above it stops at once.
  void set_end_bias(float bias) {
    const ModelConfig config = tiny_config();
    for (const WeightFile weights : {WeightFile::Master, WeightFile::Int8}) {
      const std::string path = directory_.file(weight_file_name(weights));
      const auto file = SafetensorsFile::open(path);
      ASSERT_TRUE(file.ok()) << file.error().message;
      std::map<std::string, TensorView> tensors = file.value().tensors();
      TensorView& view = tensors.at("decoder.word.bias");
      const auto* values = static_cast<const float*>(view.data);
      std::vector<float> biases(values, values + view.elements());
      biases[static_cast<size_t>(config.tokens.end)] = bias;
      view.data = biases.data();
      const auto written = write_safetensors(path, tensors, {});
      ASSERT_TRUE(written.ok()) << written.error().message;
    }
  }

  // Cuts the weights of the master file to what fp16 can hold exactly.
  void cut_weights(DataType stored) {
    const std::string path = directory_.file(weight_file_name(WeightFile::Master));
    const auto file = SafetensorsFile::open(path);
    ASSERT_TRUE(file.ok()) << file.error().message;
    std::map<std::string, TensorView> tensors = file.value().tensors();
    std::map<std::string, CutNumbers> cut;
    for (auto& [name, view] : tensors) {
      if (name.find(".weight") == std::string::npos)
        continue;
      const auto* values = static_cast<const float*>(view.data);
      CutNumbers& numbers = cut[name];
      for (int64_t i = 0; i < view.elements(); ++i)
        numbers.add(values[i]);
      view.type = stored;
      view.data = stored == DataType::F16 ? static_cast<const void*>(numbers.half.data())
                                          : static_cast<const void*>(numbers.single.data());
    }
    const auto written = write_safetensors(path, tensors, {});
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  // What is said of a few pictures, and how surely, to the last digit.
  std::vector<std::pair<std::string, double>> captions() const {
    const auto captioner = load();
    std::vector<std::pair<std::string, double>> all;
    for (const int side : {20, 64, 90}) {
      const auto caption = captioner->describe(make_image(side, 50).view(), {3, 8, 0});
      EXPECT_TRUE(caption.ok()) << caption.error().message;
      if (caption.ok())
        all.emplace_back(caption.value().text, caption.value().confidence);
    }
    return all;
  }

  std::unique_ptr<Captioner> load() const {
    auto loaded = load_torch_captioner(options_);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
    return loaded.ok() ? std::move(loaded.value()) : nullptr;
  }

  // The error of load(); Internal and "" when it loads.
  Error refusal() const {
    const auto loaded = load_torch_captioner(options_);
    return loaded.ok() ? Error{} : loaded.error();
  }

  TemporaryDirectory directory_;
  CaptionerOptions options_;
};

Caption describe(Captioner& captioner, const ImageView& view, const DescribeOptions& options = {}) {
  const auto caption = captioner.describe(view, options);
  EXPECT_TRUE(caption.ok()) << caption.error().message;
  return caption.ok() ? caption.value() : Caption{};
}

TEST_F(CaptionerTest, RefusesADirectoryThatIsMissing) {
  options_.model_dir = directory_.file("nowhere");
  EXPECT_EQ(refusal().kind, ErrorKind::NotFound);
  EXPECT_THAT(refusal().message, HasSubstr(options_.model_dir));
}

TEST_F(CaptionerTest, RefusesToGuessTheDirectory) {
  options_.model_dir = "";
  EXPECT_EQ(refusal().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(refusal().message, HasSubstr("No model was named"));
}

TEST_F(CaptionerTest, RefusesADamagedBundle) {
  directory_.write("model-int8.safetensors", "these are no weights");
  EXPECT_EQ(refusal().kind, ErrorKind::CorruptModel);
  EXPECT_THAT(refusal().message, HasSubstr("model-int8.safetensors"));
}

TEST_F(CaptionerTest, SaysHowToMakeInt8WeightsWhereThereAreNone) {
  unlink(directory_.file("model-int8.safetensors").c_str());
  options_.precision = Precision::Int8;
  EXPECT_EQ(refusal().kind, ErrorKind::NotFound);
  EXPECT_THAT(refusal().message, HasSubstr("jetsoncaption quantize"));
}

TEST_F(CaptionerTest, RefusesCudaWhereThereIsNone) {
  if (check_cuda().ok())
    GTEST_SKIP() << "this machine has CUDA";
  options_.device = Device::Cuda;
  EXPECT_EQ(refusal().kind, ErrorKind::Unsupported);
  EXPECT_THAT(refusal().message, HasSubstr("Device cuda was chosen, but"));
  EXPECT_THAT(refusal().message, HasSubstr("choose device cpu or auto"));
}

TEST_F(CaptionerTest, TakesCudaByItselfWhereThereIsOne) {
  options_.device = Device::Auto;
  EXPECT_EQ(load()->info().device, check_cuda().ok() ? Device::Cuda : Device::Cpu);
}

TEST_F(CaptionerTest, HoldsNothingOnAnAcceleratorItDoesNotUse) {
  const auto captioner = load();
  EXPECT_EQ(captioner->device_memory_bytes(), 0U);
  captioner->trim_memory();
  describe(*captioner, make_image(64, 64).view());
}

TEST_F(CaptionerTest, CaptionsWithFp16WeightsAsWithTheSameNumbersInFp32) {
  set_end_bias(kNever);
  cut_weights(DataType::F32);
  options_.precision = Precision::Fp32;
  const auto expected = captions();
  options_.precision = Precision::Fp16;
  EXPECT_EQ(captions(), expected) << "fp32 weights that are rounded when they are loaded";

  cut_weights(DataType::F16);
  EXPECT_EQ(captions(), expected);
  options_.precision = Precision::Fp32;
  EXPECT_EQ(captions(), expected);
}

TEST_F(CaptionerTest, RoundsFp32WeightsWhenFp16IsChosen) {
  set_end_bias(kNever);
  options_.precision = Precision::Fp32;
  const double fp32 = captions()[0].second;
  options_.precision = Precision::Fp16;
  const double fp16 = captions()[0].second;
  EXPECT_NE(fp16, fp32);
  EXPECT_NEAR(fp16, fp32, 0.001) << "eleven bits of a weight are left";
}

TEST_F(CaptionerTest, SaysThatFp16OnTheCpuIsComputedInFp32) {
  options_.precision = Precision::Fp16;
  EXPECT_EQ(load()->info().precision, Precision::Fp16);
  EXPECT_EQ(load()->info().engine, "torch-fp32");
}

TEST_F(CaptionerTest, SaysWhenTheMasterWeightsAreFp16) {
  unlink(directory_.file("model-int8.safetensors").c_str());
  cut_weights(DataType::F16);
  for (const Precision precision : {Precision::Auto, Precision::Fp32, Precision::Fp16}) {
    options_.precision = precision;
    EXPECT_EQ(load()->info().precision, Precision::Fp16);
    EXPECT_EQ(load()->info().engine, "torch-fp32");
  }
}

TEST_F(CaptionerTest, RefusesNumbersThatNameNoPrecisionOrDevice) {
  options_.precision = static_cast<Precision>(9);
  EXPECT_EQ(refusal().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(refusal().message, HasSubstr("9"));

  options_.precision = Precision::Auto;
  options_.device = static_cast<Device>(7);
  EXPECT_EQ(refusal().kind, ErrorKind::InvalidArgument);
  EXPECT_THAT(refusal().message, HasSubstr("7"));
}

TEST_F(CaptionerTest, PassesTheSelfTestOfItsBundle) {
  for (const Precision precision : {Precision::Fp32, Precision::Int8}) {
    options_.precision = precision;
    const auto captioner = load();
    EXPECT_EQ(captioner->info().self_test, SelfTestOutcome::Passed);
    EXPECT_EQ(captioner->info().self_test_failure, "");
  }
}

TEST_F(CaptionerTest, FailsTheSelfTestWithOtherWeightsAndSaysSoInASentence) {
  set_end_bias(kAtOnce);  // stands in for a LibTorch that computes wrongly
  std::string logged;
  set_log_sink([&](LogLevel, const std::string& message) { logged += message; });
  options_.precision = Precision::Fp32;
  const auto captioner = load();
  set_log_sink({});

  const CaptionerInfo& info = captioner->info();
  EXPECT_EQ(info.self_test, SelfTestOutcome::Failed);
  EXPECT_THAT(info.self_test_failure, HasSubstr("model tiny"));
  EXPECT_THAT(info.self_test_failure, HasSubstr(info.version));
  EXPECT_THAT(info.self_test_failure, HasSubstr("torch kernels"));
  EXPECT_THAT(info.self_test_failure, HasSubstr("precision fp32"));
  EXPECT_THAT(info.self_test_failure, HasSubstr("gives \"<end>\" instead of"));
  EXPECT_THAT(info.self_test_failure, HasSubstr("choose precision int8"));
  EXPECT_EQ(logged, info.self_test_failure);
  EXPECT_EQ(describe(*captioner, make_image(64, 64).view()).text, "") << "it captions all the same";
}

TEST_F(CaptionerTest, NeedsNoSelfTest) {
  directory_.write("config.json", format_config(tiny_config()));
  EXPECT_EQ(load()->info().self_test, SelfTestOutcome::Absent);
}

TEST_F(CaptionerTest, TakesOneTo64ThreadsOrChooses) {
  for (const int threads : {-1, 65}) {
    options_.threads = threads;
    EXPECT_EQ(refusal().kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(refusal().message, HasSubstr("threads is " + std::to_string(threads)));
  }
  options_.threads = 2;
  EXPECT_EQ(load()->info().threads, 2);
  options_.threads = 0;
  EXPECT_GE(load()->info().threads, 1);
}

TEST_F(CaptionerTest, TakesInt8ByItselfWhereTheBundleHasIt) {
  EXPECT_EQ(load()->info().precision, Precision::Int8);

  unlink(directory_.file("model-int8.safetensors").c_str());
  EXPECT_EQ(load()->info().precision, Precision::Fp32);
}

TEST_F(CaptionerTest, SaysWhatWasLoaded) {
  options_.precision = Precision::Fp32;
  const auto captioner = load();
  const CaptionerInfo& info = captioner->info();
  EXPECT_EQ(info.model_name, "tiny");
  EXPECT_EQ(info.device, Device::Cpu);
  EXPECT_EQ(info.engine, "torch");
  EXPECT_THAT(info.version, HasSubstr("LibTorch "));
  EXPECT_EQ(info.input_width, 64);
  EXPECT_EQ(info.input_height, 64);
  EXPECT_EQ(info.grid_columns, 2);
  EXPECT_EQ(info.grid_rows, 2);
}

TEST_F(CaptionerTest, RefusesSearchOptionsOutOfRange) {
  const auto captioner = load();
  const Image image = make_image(64, 64);
  const std::vector<std::pair<DescribeOptions, std::string>> wrong = {
      {{0, 20, 0}, "beam-size is 0"},
      {{17, 20, 0}, "beam-size is 17"},
      {{1, 0, 0}, "max-words is 0"},
      {{1, 51, 0}, "max-words is 51"},
  };
  for (const auto& [options, fault] : wrong) {
    const auto caption = captioner->describe(image.view(), options);
    ASSERT_FALSE(caption.ok()) << fault;
    EXPECT_EQ(caption.error().kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(caption.error().message, HasSubstr(fault));
  }
  describe(*captioner, image.view(), {16, 50, 0});
}

TEST_F(CaptionerTest, RefusesPicturesWithoutPixels) {
  const auto captioner = load();
  const Image image = make_image(8, 8);
  for (const ImageView& view :
       {ImageView{image.pixels.data(), 0, 8, 24}, ImageView{image.pixels.data(), 8, -1, 24},
        ImageView{nullptr, 8, 8, 24}, ImageView{image.pixels.data(), 8, 8, 23}}) {
    const auto caption = captioner->describe(view, {});
    ASSERT_FALSE(caption.ok());
    EXPECT_EQ(caption.error().kind, ErrorKind::InvalidArgument);
  }
}

TEST_F(CaptionerTest, DescribesASinglePixel) {
  set_end_bias(kNever);
  const Image pixel = make_image(1, 1);
  EXPECT_EQ(describe(*load(), pixel.view(), {1, 3, 0}).words.size(), 3U);
}

TEST_F(CaptionerTest, DoesNotLookAtThePaddingOfRows) {
  set_end_bias(kNever);
  const auto captioner = load();
  const Image image = make_image(33, 20);
  const size_t row = 33 * 3;
  const size_t stride = row + 17;
  std::vector<uint8_t> padded(stride * 20, 255);
  for (size_t y = 0; y < 20; ++y)
    std::copy_n(image.pixels.begin() + static_cast<ptrdiff_t>(y * row), row, &padded[y * stride]);

  const Caption plain = describe(*captioner, image.view());
  const Caption caption = describe(*captioner, {padded.data(), 33, 20, stride});
  EXPECT_EQ(caption.text, plain.text);
  EXPECT_EQ(caption.confidence, plain.confidence);
}

TEST_F(CaptionerTest, GivesTheSamePictureTheSameCaption) {
  set_end_bias(kNever);
  for (const Precision precision : {Precision::Fp32, Precision::Int8}) {
    options_.precision = precision;
    const auto captioner = load();
    const Image image = make_image(100, 80);
    const Caption first = describe(*captioner, image.view(), {3, 10, 0});
    describe(*captioner, make_image(70, 40).view(), {2, 10, 0});
    const Caption second = describe(*captioner, image.view(), {3, 10, 0});
    EXPECT_EQ(second.text, first.text);
    EXPECT_EQ(second.confidence, first.confidence);
  }
}

// cp new.safetensors model.safetensors
TEST_F(CaptionerTest, GivesTheSameCaptionsWhenItsFilesAreWrittenOver) {
  set_end_bias(kNever);
  const Image image = make_image(100, 80);
  for (const Precision precision : {Precision::Fp32, Precision::Fp16, Precision::Int8}) {
    options_.precision = precision;
    const auto captioner = load();
    const WeightFile file = precision == Precision::Int8 ? WeightFile::Int8 : WeightFile::Master;
    const std::string bytes = directory_.read(weight_file_name(file));
    const Caption first = describe(*captioner, image.view(), {3, 10, 0});

    for (const std::string& written : {std::string(bytes.size(), 'x'), std::string()}) {
      std::ofstream(directory_.file(weight_file_name(file)), std::ios::binary) << written;
      const Caption second = describe(*captioner, image.view(), {3, 10, 0});
      EXPECT_EQ(second.text, first.text) << name_of(precision);
      EXPECT_EQ(second.confidence, first.confidence) << name_of(precision);
    }
    std::ofstream(directory_.file(weight_file_name(file)), std::ios::binary) << bytes;
  }
}

TEST_F(CaptionerTest, CutsTheSentenceAfterMaxWordsAndSaysSo) {
  set_end_bias(kNever);
  const auto captioner = load();
  for (const int beam_size : {1, 3}) {
    const Caption caption = describe(*captioner, make_image(64, 64).view(), {beam_size, 4, 0});
    EXPECT_EQ(caption.words.size(), 4U);
    EXPECT_TRUE(caption.truncated);
  }
}

TEST_F(CaptionerTest, DoesNotCallASentenceThatEndedTruncated) {
  set_end_bias(kAtOnce);
  const Caption caption = describe(*load(), make_image(64, 64).view());
  EXPECT_FALSE(caption.truncated);
  EXPECT_TRUE(caption.words.empty());
  EXPECT_EQ(caption.text, "");
}

TEST_F(CaptionerTest, StopsAfterAWholeWordWhenTimeIsUp) {
  set_end_bias(kNever);
  const auto captioner = load();
  const double too_short_ms = 1e-6;
  for (const int beam_size : {1, 3}) {
    const Caption caption =
        describe(*captioner, make_image(64, 64).view(), {beam_size, 50, too_short_ms});
    ASSERT_EQ(caption.words.size(), 1U) << "the first word is always written";
    EXPECT_EQ(caption.text, caption.words[0].text);
    EXPECT_TRUE(caption.truncated);
  }
}

TEST_F(CaptionerTest, StopsInTheMiddleOfASentenceWhenTimeIsUp) {
  set_end_bias(kNever);
  const auto captioner = load();
  const Image image = make_image(64, 64);
  for (const int beam_size : {1, 3}) {
    // Of more words the few of the vocabulary run out: none is left that may follow.
    const Caption whole = describe(*captioner, image.view(), {beam_size, 15, 0});
    // Half the time, roughly; where it stops differs from run to run.
    const Caption caption =
        describe(*captioner, image.view(), {beam_size, 15, whole.inference_ms / 2});
    ASSERT_GE(caption.words.size(), 1U);
    EXPECT_LE(caption.words.size(), whole.words.size());
    EXPECT_TRUE(caption.truncated);
    std::string joined;
    for (const CaptionWord& word : caption.words)
      joined += (joined.empty() ? "" : " ") + word.text;
    EXPECT_EQ(caption.text, joined) << "a word was cut";
    if (beam_size == 1) {
      EXPECT_EQ(whole.text.compare(0, caption.text.size(), caption.text), 0)
          << "'" << caption.text << "' does not begin '" << whole.text << "'";
    }
  }
}

TEST_F(CaptionerTest, HasNothingToSayHoweverLittleTimeThereIs) {
  set_end_bias(kAtOnce);
  for (const int beam_size : {1, 3}) {
    const Caption caption = describe(*load(), make_image(64, 64).view(), {beam_size, 20, 1e-6});
    EXPECT_TRUE(caption.words.empty());
    EXPECT_FALSE(caption.truncated) << "the model itself ended the sentence";
  }
}

TEST_F(CaptionerTest, IsAsConfidentOfACutCaptionAsOfTheWordsItHas) {
  set_end_bias(kNever);
  const Caption caption = describe(*load(), make_image(64, 64).view(), {1, 20, 1e-6});
  ASSERT_EQ(caption.words.size(), 1U);
  EXPECT_NEAR(caption.confidence, caption.words[0].probability, 1e-6) << "single precision";
}

TEST_F(CaptionerTest, JoinsTheWordsToTheText) {
  set_end_bias(kNever);
  const Caption caption = describe(*load(), make_image(64, 64).view(), {1, 6, 0});
  std::string joined;
  for (const CaptionWord& word : caption.words)
    joined += (joined.empty() ? "" : " ") + word.text;
  EXPECT_EQ(caption.text, joined);
}

TEST_F(CaptionerTest, NeverWritesSpecialTokens) {
  set_end_bias(kNever);
  const auto captioner = load();
  for (int side = 1; side < 100; side += 7) {
    const Caption caption = describe(*captioner, make_image(side, 50).view(), {1, 50, 0});
    EXPECT_THAT(caption.text, testing::Not(HasSubstr("<")));
  }
}

TEST_F(CaptionerTest, IsAsConfidentAsTheGeometricMeanOfItsWords) {
  set_end_bias(kNever);  // so that the end, which is not among the words, does not count
  const Caption caption = describe(*load(), make_image(64, 64).view(), {1, 8, 0});
  double sum = 0;
  for (const CaptionWord& word : caption.words) {
    EXPECT_GT(word.probability, 0);
    EXPECT_LE(word.probability, 1);
    sum += std::log(word.probability);
  }
  EXPECT_NEAR(caption.confidence, std::exp(sum / static_cast<double>(caption.words.size())), 1e-6)
      << "single precision on the way";
}

TEST_F(CaptionerTest, SaysWhereItLookedForEachWordWhenAsked) {
  set_end_bias(kNever);
  DescribeOptions asking;
  asking.max_words = 6;
  asking.attention = true;
  for (const Precision precision : {Precision::Fp32, Precision::Int8}) {
    options_.precision = precision;
    const auto captioner = load();
    const auto cells =
        static_cast<size_t>(captioner->info().grid_columns * captioner->info().grid_rows);
    for (const int beam_size : {1, 3}) {
      asking.beam_size = beam_size;
      const Caption caption = describe(*captioner, make_image(64, 64).view(), asking);
      ASSERT_EQ(caption.words.size(), 6U);
      for (const CaptionWord& word : caption.words) {
        ASSERT_EQ(word.attention.size(), cells);
        float sum = 0;
        for (const float share : word.attention)
          sum += share;
        EXPECT_NEAR(sum, 1, 1e-5) << "four numbers rounded to fp32";
      }
    }
  }
}

TEST_F(CaptionerTest, WritesTheSameSentenceWhetherOrNotItSaysWhereItLooked) {
  set_end_bias(kNever);
  const auto captioner = load();
  const Image image = make_image(64, 64);
  DescribeOptions asking{3, 8, 0};
  const Caption plain = describe(*captioner, image.view(), asking);
  asking.attention = true;
  const Caption caption = describe(*captioner, image.view(), asking);

  EXPECT_EQ(caption.text, plain.text);
  EXPECT_EQ(caption.confidence, plain.confidence);
  for (const CaptionWord& word : plain.words)
    EXPECT_TRUE(word.attention.empty()) << "it was not asked for";
}

TEST_F(CaptionerTest, SaysWhereTheTimeWent) {
  set_end_bias(kNever);
  const auto captioner = load();
  const Caption caption = describe(*captioner, make_image(640, 480).view(), {1, 5, 0});
  const CaptionTimes times = captioner->last_times();
  EXPECT_EQ(times.steps, 6) << "one a word, and one to see that it does not end";
  EXPECT_GT(times.shrink_ms, 0);
  EXPECT_GT(times.encode_ms, 0);
  EXPECT_GT(times.decode_ms, 0);
  EXPECT_LE(times.shrink_ms + times.encode_ms + times.decode_ms, caption.inference_ms);
}

TEST_F(CaptionerTest, CancelsCaptionsUpToANumberAndNoOthers) {
  const auto captioner = load();
  const Image image = make_image(64, 64);
  DescribeOptions options;
  options.number = 7;
  captioner->cancel(6);
  EXPECT_TRUE(captioner->describe(image.view(), options).ok());
  captioner->cancel(7);
  const auto cancelled = captioner->describe(image.view(), options);
  ASSERT_FALSE(cancelled.ok());
  EXPECT_EQ(cancelled.error().kind, ErrorKind::Cancelled);
  options.number = 8;
  EXPECT_TRUE(captioner->describe(image.view(), options).ok());
  captioner->cancel(std::numeric_limits<uint64_t>::max());
  EXPECT_FALSE(captioner->describe(image.view(), options).ok()) << "the highest is no lower one";
}

TEST_F(CaptionerTest, CanBeCancelledFromAnotherThreadAndUsedAgain) {
  set_end_bias(kNever);
  const auto captioner = load();
  const Image image = make_image(64, 64);
  std::atomic<uint64_t> newest{0};
  std::thread canceller([&] {
    while (newest < 10)
      std::this_thread::yield();
    captioner->cancel(newest + 5);
  });
  DescribeOptions slow{3, 50, 0};
  Error error;
  for (slow.number = 1; error.kind != ErrorKind::Cancelled && slow.number < 100000; ++slow.number) {
    newest = slow.number;
    const auto caption = captioner->describe(image.view(), slow);
    if (!caption.ok())
      error = caption.error();
  }
  canceller.join();

  EXPECT_EQ(error.kind, ErrorKind::Cancelled) << error.message;
  slow.number += 100000;
  EXPECT_EQ(describe(*captioner, image.view(), slow).words.size(), 50U);
}

TEST_F(CaptionerTest, DescribesOnEachThreadThatAsks) {
  set_end_bias(kNever);
  const auto captioner = load();
  const Image image = make_image(64, 64);
  const std::string here = describe(*captioner, image.view()).text;
  std::string there;
  std::thread([&] { there = describe(*captioner, image.view()).text; }).join();
  EXPECT_EQ(there, here);
}

}  // namespace
}  // namespace jetsoncaption
