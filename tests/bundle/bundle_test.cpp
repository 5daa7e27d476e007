// SPDX-License-Identifier: LGPL-2.1-or-later
// Bundles open when their files belong together, and are refused with the file and the fault.
#include "bundle/bundle.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/file_error.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"

#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using Tensors = std::map<std::string, TensorView>;

// A tiny bundle that a test may damage.
class BundleTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto written = write_tiny_bundle(directory_.path(), 1);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  // Writes a weight file again after `change`; views that it adds are borrowed until then.
  void change_weights(WeightFile file, const std::function<void(Tensors&)>& change) {
    const std::string path = directory_.file(weight_file_name(file));
    const auto before = SafetensorsFile::open(path);
    ASSERT_TRUE(before.ok()) << before.error().message;
    Tensors tensors = before.value().tensors();
    change(tensors);
    const auto written = write_safetensors(path, tensors, {});
    ASSERT_TRUE(written.ok()) << written.error().message;
  }

  void change_config(const std::function<void(nlohmann::json&)>& change) {
    nlohmann::json config = nlohmann::json::parse(directory_.read("config.json"));
    change(config);
    directory_.write("config.json", config.dump());
  }

  // The error of opening the bundle; its message is "" when it opens.
  Error refusal(WeightFile file) const {
    const auto bundle = open_bundle(directory_.path(), file);
    return bundle.ok() ? Error{} : bundle.error();
  }

  void expect_corrupt(WeightFile file, const std::string& words) const {
    const Error error = refusal(file);
    EXPECT_EQ(error.kind, ErrorKind::CorruptModel);
    EXPECT_EQ(error.message.find(directory_.path()), 0U) << error.message;
    EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
  }

  const TemporaryDirectory directory_;
};

TEST_F(BundleTest, OpensWithEitherWeightFile) {
  for (WeightFile file : {WeightFile::Master, WeightFile::Int8}) {
    const auto bundle = open_bundle(directory_.path(), file);
    ASSERT_TRUE(bundle.ok()) << bundle.error().message;
    EXPECT_EQ(bundle.value().directory, directory_.path());
    EXPECT_EQ(bundle.value().config.name, "tiny");
    EXPECT_EQ(bundle.value().vocabulary.find("dog"), 7);
    const auto specs = expected_tensors(bundle.value().config, 16, file);
    EXPECT_EQ(bundle.value().weights.tensors().size(), specs.size());
  }
}

TEST_F(BundleTest, TinyBundleOfOneSeedIsAlwaysTheSame) {
  const std::string first = directory_.read("model-int8.safetensors");
  ASSERT_TRUE(write_tiny_bundle(directory_.path(), 1).ok());
  EXPECT_EQ(directory_.read("model-int8.safetensors"), first);
  ASSERT_TRUE(write_tiny_bundle(directory_.path(), 2).ok());
  EXPECT_NE(directory_.read("model-int8.safetensors"), first);
}

TEST_F(BundleTest, TinyInt8WeightsAreTheMasterWeightsRounded) {
  const auto master = open_bundle(directory_.path(), WeightFile::Master);
  const auto int8 = open_bundle(directory_.path(), WeightFile::Int8);
  ASSERT_TRUE(master.ok() && int8.ok());
  const std::string name = "encoder.blocks.1.expand.weight";
  const TensorView& weight = *master.value().weights.find(name);
  const auto* exact = static_cast<const float*>(weight.data);
  const auto* rounded = static_cast<const int8_t*>(int8.value().weights.find(name)->data);
  const auto* scales = static_cast<const float*>(int8.value().weights.find(name + "_scale")->data);
  const int64_t columns = weight.elements() / weight.shape[0];
  for (int64_t i = 0; i < weight.elements(); ++i) {
    const float scale = scales[i / columns];
    // Half a step, and a little for the division in single precision.
    ASSERT_NEAR(rounded[i] * scale, exact[i], 0.501F * scale) << "element " << i;
  }
}

TEST_F(BundleTest, MasterWeightsMayBeFp16) {
  const std::vector<uint16_t> ones(10000, 0x3c00);
  change_weights(WeightFile::Master, [&](Tensors& tensors) {
    for (auto& item : tensors) {
      if (item.first.rfind(".weight") != std::string::npos) {
        item.second = {DataType::F16, item.second.shape, ones.data()};
      }
    }
  });
  EXPECT_EQ(refusal(WeightFile::Master).message, "");
}

TEST_F(BundleTest, MasterWeightsOfTwoTypesAreRefused) {
  const std::vector<uint16_t> ones(10000, 0x3c00);
  change_weights(WeightFile::Master, [&](Tensors& tensors) {
    TensorView& gate = tensors["decoder.gate.weight"];
    gate = {DataType::F16, gate.shape, ones.data()};
  });
  expect_corrupt(WeightFile::Master, "\"decoder.gate.weight\" is F16, but others are F32");
}

TEST_F(BundleTest, SelfTestNamesOnlyWordsOfTheVocabulary) {
  change_config([](nlohmann::json& config) {
    config["self_test"] = nlohmann::json::parse(
        R"({"pictures": [{"number": 0, "margin": 1, "tokens": {"int8": [4, 16]}}]})");
  });
  expect_corrupt(WeightFile::Master, "the int8 token 16, but vocabulary.txt has only 16 words");
}

// A tiny bundle with tags that a test may damage.
class TaggedBundleTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(write_tiny_tagged_bundle(directory_.path(), 1).ok()); }

  void expect_corrupt(const std::string& words) const {
    const auto bundle = open_bundle(directory_.path(), WeightFile::Int8);
    ASSERT_FALSE(bundle.ok());
    EXPECT_EQ(bundle.error().kind, ErrorKind::CorruptModel);
    EXPECT_NE(bundle.error().message.find(words), std::string::npos) << bundle.error().message;
  }

  const TemporaryDirectory directory_;
};

TEST_F(TaggedBundleTest, KnowsTheWordOfEachClassThatHasOne) {
  for (const WeightFile file : {WeightFile::Master, WeightFile::Int8}) {
    const auto bundle = open_bundle(directory_.path(), file);
    ASSERT_TRUE(bundle.ok()) << bundle.error().message;
    const Vocabulary& words = bundle.value().vocabulary;
    EXPECT_EQ(bundle.value().tag_words, (std::vector<int>{words.find("dog"), -1, words.find("cat"),
                                                          words.find("ball"), words.find("dog")}));
    EXPECT_EQ(format_tags(bundle.value().tag_words, words), directory_.read("tags.txt"));
  }
}

TEST_F(TaggedBundleTest, TagsAreMissedByName) {
  unlink(directory_.file("tags.txt").c_str());
  const auto bundle = open_bundle(directory_.path(), WeightFile::Int8);
  ASSERT_FALSE(bundle.ok());
  EXPECT_EQ(bundle.error().kind, ErrorKind::NotFound);
  EXPECT_NE(bundle.error().message.find("tags.txt"), std::string::npos);
}

TEST_F(TaggedBundleTest, TagThatTheVocabularyDoesNotHaveIsRefused) {
  directory_.write("tags.txt", "dog\n\ngnu\nball\ndog\n");
  expect_corrupt("tags.txt line 3 names \"gnu\"");
}

TEST_F(TaggedBundleTest, AnotherNumberOfTagsIsRefused) {
  directory_.write("tags.txt", "dog\ncat\n");
  expect_corrupt("tags.txt has 2 lines, but config.json asks for 5 classes");
}

TEST_F(TaggedBundleTest, FewerNounsThanTheDecoderIsShownAreRefused) {
  directory_.write("tags.txt", "dog\n\n\ndog\n\n");
  expect_corrupt("tags.txt has 1 different nouns");
}

TEST_F(BundleTest, EachMissingFileIsNotFoundByName) {
  for (const std::string name : {"model.safetensors", "vocabulary.txt", "config.json"}) {
    ASSERT_EQ(unlink(directory_.file(name).c_str()), 0);
    const Error error = refusal(WeightFile::Master);
    EXPECT_EQ(error.kind, ErrorKind::NotFound);
    EXPECT_NE(error.message.find(directory_.file(name)), std::string::npos) << error.message;
  }
}

TEST_F(BundleTest, MissingInt8FileComesWithARemedy) {
  ASSERT_EQ(unlink(directory_.file("model-int8.safetensors").c_str()), 0);
  EXPECT_EQ(refusal(WeightFile::Int8).message,
            "the model has no " + directory_.file("model-int8.safetensors") +
                "; use precision fp32, or make it with 'jetsoncaption quantize'");
  EXPECT_FALSE(has_weight_file(directory_.path(), WeightFile::Int8));
  EXPECT_TRUE(has_weight_file(directory_.path(), WeightFile::Master));
}

// It may come from anybody, and lead anywhere.
TEST_F(BundleTest, FilesThatAreLinksAreRefused) {
  for (const char* name : {"config.json", "vocabulary.txt", "tags.txt", "model.safetensors"}) {
    const std::string file = directory_.file(name);
    const std::string elsewhere = directory_.file("elsewhere");
    if (rename(file.c_str(), elsewhere.c_str()) != 0)
      continue;  // this bundle has none
    ASSERT_EQ(symlink(elsewhere.c_str(), file.c_str()), 0);
    expect_corrupt(WeightFile::Master, std::string(name) + " is a symbolic link");
    ASSERT_EQ(rename(elsewhere.c_str(), file.c_str()), 0);
  }
}

TEST_F(BundleTest, SaysWhatTheSystemSaysOfAFile) {
  EXPECT_EQ(cannot_read_file("x", ENOMEM).kind, ErrorKind::OutOfMemory);
  EXPECT_EQ(cannot_read_file("x", ENOENT).kind, ErrorKind::NotFound);
  EXPECT_EQ(cannot_read_file("x", ENOENT).message,
            "cannot read x: No such file or directory; check the name");
  EXPECT_EQ(cannot_read_file("x", ENOMEM).message,
            "cannot read x: Cannot allocate memory; free memory");
}

TEST_F(BundleTest, ConfigThatIsADirectoryIsRefused) {
  ASSERT_EQ(unlink(directory_.file("config.json").c_str()), 0);
  ASSERT_EQ(mkdir(directory_.file("config.json").c_str(), 0700), 0);
  expect_corrupt(WeightFile::Master, "config.json is not a regular file");
  ASSERT_EQ(rmdir(directory_.file("config.json").c_str()), 0);
}

TEST_F(BundleTest, FifoInThePlaceOfAFileIsRefusedAndNotWaitedFor) {
  for (const char* name : {"config.json", "vocabulary.txt", "model.safetensors"}) {
    const std::string file = directory_.file(name);
    const std::string elsewhere = directory_.file("elsewhere");
    ASSERT_EQ(rename(file.c_str(), elsewhere.c_str()), 0);
    ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
    expect_corrupt(WeightFile::Master, std::string(name) + " is not a regular file");
    ASSERT_EQ(rename(elsewhere.c_str(), file.c_str()), 0);
  }
}

TEST_F(BundleTest, TextFilesOverTheirLimitAreNotRead) {
  directory_.write("vocabulary.txt", std::string((16 << 20) + 1, 'a'));
  expect_corrupt(WeightFile::Master, "vocabulary.txt has 16777217 bytes; at most 16777216");
  directory_.write("config.json", std::string((1 << 20) + 1, ' '));
  expect_corrupt(WeightFile::Master, "config.json has 1048577 bytes; at most 1048576");
}

TEST_F(BundleTest, ModelThatAsksForTooMuchIsRefusedBeforeItsWeightsAreRead) {
  change_config([](nlohmann::json& config) {
    config["input"]["width"] = config["input"]["height"] = 1024;
    nlohmann::json& encoder = config["architecture"]["encoder"];
    encoder["stem"]["out_channels"] = 4096;
    encoder["blocks"][0]["in_channels"] = encoder["blocks"][0]["hidden_channels"] = 4096;
  });
  ASSERT_EQ(unlink(directory_.file("model.safetensors").c_str()), 0);
  expect_corrupt(WeightFile::Master, "multiply-adds for each picture; at most 20.0 G");
}

TEST_F(BundleTest, WeightsLargerThanTheModelAreNotRead) {
  ASSERT_EQ(truncate(directory_.file("model.safetensors").c_str(), off_t{1} << 30), 0);
  expect_corrupt(WeightFile::Master, "model.safetensors has 1073741824 bytes; at most");
}

TEST_F(BundleTest, FaultsOfTheReadersAreHandedOn) {
  directory_.write("model.safetensors", "short");
  expect_corrupt(WeightFile::Master, "model.safetensors has 5 bytes");
  directory_.write("vocabulary.txt", "a\na\n");
  expect_corrupt(WeightFile::Master, "vocabulary.txt");
  change_config([](nlohmann::json& config) { config["name"] = 7; });
  expect_corrupt(WeightFile::Master, "config.json: name is 7");
}

TEST_F(BundleTest, TokenOutsideTheVocabularyIsRefused) {
  change_config([](nlohmann::json& config) { config["tokens"]["end"] = 16; });
  expect_corrupt(WeightFile::Master, "tokens.end is 16, but vocabulary.txt has only 16 words");
}

TEST_F(BundleTest, PrecisionThatConfigDoesNotNameIsRefused) {
  change_config([](nlohmann::json& config) { config["precisions"] = {"fp32"}; });
  expect_corrupt(WeightFile::Int8, "precisions does not name int8, which model-int8.safetensors");
  change_config([](nlohmann::json& config) { config["precisions"] = {"int8"}; });
  expect_corrupt(WeightFile::Master, "precisions does not name fp32 or fp16");
}

TEST_F(BundleTest, VocabularyOfAnotherModelIsRefused) {
  directory_.write("vocabulary.txt", directory_.read("vocabulary.txt") + "more\n");
  expect_corrupt(WeightFile::Master,
                 "\"decoder.embedding.weight\" has shape [16,8], but config.json and "
                 "vocabulary.txt ask for [17,8]");
}

TEST_F(BundleTest, MissingTensorIsRefused) {
  change_weights(WeightFile::Int8,
                 [](Tensors& tensors) { tensors.erase("encoder.blocks.3.project.output_scale"); });
  expect_corrupt(WeightFile::Int8, "has no tensor \"encoder.blocks.3.project.output_scale\"");
}

TEST_F(BundleTest, TensorThatNobodyAskedForIsRefused) {
  change_weights(WeightFile::Master, [](Tensors& tensors) {
    tensors["encoder.blocks.0.expand.bias"] = tensors["encoder.stem.bias"];
  });
  expect_corrupt(WeightFile::Master, "has the tensor \"encoder.blocks.0.expand.bias\"");
}

TEST_F(BundleTest, TensorOfAnotherTypeIsRefused) {
  const std::vector<int8_t> zeros(1000, 0);
  change_weights(WeightFile::Master, [&](Tensors& tensors) {
    TensorView& head = tensors["encoder.head.weight"];
    head = {DataType::I8, head.shape, zeros.data()};
  });
  expect_corrupt(WeightFile::Master, "\"encoder.head.weight\" is I8; it should be F32 or F16");
}

TEST_F(BundleTest, TensorOfAnotherShapeIsRefused) {
  change_weights(WeightFile::Master, [](Tensors& tensors) {
    tensors["encoder.head.weight"].shape = {16, 16};
  });
  expect_corrupt(WeightFile::Master,
                 "has shape [16,16], but config.json and vocabulary.txt ask "
                 "for [16,16,1,1]");
}

TEST_F(BundleTest, NumberThatIsNotFiniteIsRefused) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (float bad : {std::nanf(""), infinity, -infinity}) {
    std::vector<float> bias(16, 1);
    bias[15] = bad;
    change_weights(WeightFile::Master,
                   [&](Tensors& tensors) { tensors["decoder.word.bias"].data = bias.data(); });
    expect_corrupt(WeightFile::Master,
                   "\"decoder.word.bias\" has a number that is not finite at "
                   "index 15");
  }
}

TEST_F(BundleTest, Fp16NumberThatIsNotFiniteIsRefused) {
  std::vector<uint16_t> halves(10000, 0x3c00);
  halves[3] = 0xfc00;  // minus infinity
  change_weights(WeightFile::Master, [&](Tensors& tensors) {
    TensorView& gate = tensors["decoder.gate.weight"];
    gate = {DataType::F16, gate.shape, halves.data()};
  });
  expect_corrupt(WeightFile::Master, "not finite at index 3");
}

TEST_F(BundleTest, ScaleThatIsNotAboveZeroIsRefused) {
  const float negative = -0.5F;
  change_weights(WeightFile::Int8,
                 [&](Tensors& tensors) { tensors["encoder.stem.output_scale"].data = &negative; });
  expect_corrupt(WeightFile::Int8, "\"encoder.stem.output_scale\" has the scale -0.5 at index 0");
  std::vector<float> scales(16, 1);
  scales[2] = 0;
  change_weights(WeightFile::Int8, [&](Tensors& tensors) {
    tensors["decoder.embedding.weight_scale"].data = scales.data();
  });
  expect_corrupt(WeightFile::Int8, "has the scale 0.0 at index 2; scales must be above 0");
}

void expect_spec(const std::map<std::string, TensorSpec>& specs, const std::string& name,
                 const std::vector<DataType>& types, const std::vector<int64_t>& shape) {
  const auto spec = specs.find(name);
  ASSERT_NE(spec, specs.end()) << name;
  EXPECT_EQ(spec->second.types, types) << name;
  EXPECT_EQ(spec->second.shape, shape) << name;
}

// Different sizes everywhere, so that no two can be mistaken for each other.
ModelConfig uneven_config() {
  ModelConfig config = tiny_config();
  config.encoder.stem_channels = 11;
  config.encoder.blocks = {{11, 11, 13, 2, false}, {13, 17, 19, 2, false}};
  config.encoder.head_channels = 23;
  config.decoder = {5, 6, 7, 9};  // F, A, E, H
  return config;
}

TEST(ExpectedTensors, MasterFileHasEveryLayerWithItsShape) {
  const auto specs = expected_tensors(uneven_config(), 100, WeightFile::Master);
  const std::vector<DataType> plain = {DataType::F32};
  const std::vector<DataType> weight = {DataType::F32, DataType::F16};
  const std::map<std::string, std::vector<int64_t>> weights = {
      {"encoder.stem", {11, 3, 3, 3}},
      {"encoder.blocks.0.depthwise", {11, 1, 3, 3}},
      {"encoder.blocks.0.project", {13, 11, 1, 1}},
      {"encoder.blocks.1.expand", {17, 13, 1, 1}},
      {"encoder.blocks.1.depthwise", {17, 1, 3, 3}},
      {"encoder.blocks.1.project", {19, 17, 1, 1}},
      {"encoder.head", {23, 19, 1, 1}},
      {"decoder.feature", {5, 23}},
      {"decoder.initial", {9, 5}},
      {"decoder.attention_feature", {6, 5}},
      {"decoder.attention_state", {6, 9}},
      {"decoder.attention_score", {1, 6}},
      {"decoder.gate", {5, 9}},
      {"decoder.gru_input", {27, 12}},
      {"decoder.gru_state", {27, 9}},
      {"decoder.output", {7, 21}},
      {"decoder.embedding", {100, 7}},
  };
  size_t biases = 1;
  for (const auto& item : weights) {
    expect_spec(specs, item.first + ".weight", weight, item.second);
    const bool has_bias = item.first.find("attention_feature") == std::string::npos &&
                          item.first.find("attention_score") == std::string::npos &&
                          item.first.find("embedding") == std::string::npos;
    if (!has_bias)
      continue;
    expect_spec(specs, item.first + ".bias", plain, {item.second[0]});
    ++biases;
  }
  expect_spec(specs, "decoder.word.bias", plain, {100});
  EXPECT_EQ(specs.size(), weights.size() + biases);
}

TEST(ExpectedTensors, Int8FileAddsScalesToWeightsAndEncoderLayers) {
  const auto master = expected_tensors(uneven_config(), 100, WeightFile::Master);
  const auto int8 = expected_tensors(uneven_config(), 100, WeightFile::Int8);
  const std::vector<DataType> plain = {DataType::F32};
  size_t count = 0;
  for (const auto& item : master) {
    const std::string& name = item.first;
    ++count;
    const size_t dot = name.rfind('.');
    if (name.substr(dot) != ".weight" || name == "decoder.attention_score.weight") {
      expect_spec(int8, name, plain, item.second.shape);
      continue;
    }
    expect_spec(int8, name, {DataType::I8}, item.second.shape);
    expect_spec(int8, name + "_scale", plain, {item.second.shape[0]});
    ++count;
    if (name.find("encoder.") != 0)
      continue;
    expect_spec(int8, name.substr(0, dot) + ".output_scale", plain, {1});
    ++count;
  }
  EXPECT_EQ(int8.size(), count);
}

TEST(WriteTextFile, ReplacesTheFileAndLeavesNothingElse) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("words.txt", "a longer text than the new one");
  ASSERT_TRUE(write_text_file(path, "new").ok());
  EXPECT_EQ(directory.read("words.txt"), "new");
  ASSERT_EQ(unlink(path.c_str()), 0);
  EXPECT_EQ(rmdir(directory.path().c_str()), 0) << "a temporary file was left behind";
}

TEST(WriteTextFile, FailureLeavesNothingBehind) {
  const TemporaryDirectory directory;
  // A directory cannot be replaced by a file.
  ASSERT_EQ(mkdir(directory.file("taken").c_str(), 0700), 0);
  const auto written = write_text_file(directory.file("taken"), "text");
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().kind, ErrorKind::Internal);
  EXPECT_NE(written.error().message.find(directory.file("taken")), std::string::npos);
  ASSERT_EQ(rmdir(directory.file("taken").c_str()), 0);
  EXPECT_EQ(rmdir(directory.path().c_str()), 0) << "a temporary file was left behind";
}

}  // namespace
}  // namespace jetsoncaption
