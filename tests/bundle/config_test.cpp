// SPDX-License-Identifier: LGPL-2.1-or-later
// config.json is read back as written, and every field that cannot be right is refused by name.
#include "bundle/config.h"

#include <string>

#include <gtest/gtest.h>

#include "fakes/mutation.h"
#include "fakes/tiny_bundle.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

using nlohmann::json;

// The message with which a text is refused; "" when it is not.
std::string refusal(const std::string& text) {
  const auto config = parse_config(text, "m/config.json");
  if (config.ok())
    return "";
  EXPECT_EQ(config.error().kind, ErrorKind::CorruptModel);
  return config.error().message;
}

// The tiny configuration with one field changed: `value` is JSON, and "" removes the field.
std::string changed(const std::string& pointer, const std::string& value) {
  json root = json::parse(format_config(tiny_config()));
  if (!value.empty()) {
    root[json::json_pointer(pointer)] = json::parse(value);
    return root.dump();
  }
  const size_t slash = pointer.rfind('/');
  root[json::json_pointer(pointer.substr(0, slash))].erase(pointer.substr(slash + 1));
  return root.dump();
}

TEST(Config, IsReadBackAsWritten) {
  ModelConfig written = tiny_config();
  written.input_width = 96;
  written.input_mean = {0.1F, 123.675F, 255};
  written.input_scale = {1 / 58.395F, 1, 1 / 127.5F};
  written.tokens = {3, 2, 1, 0};
  written.length_penalty = 0.7F;
  written.self_test = {{3, 0.5F, {{"fp32", {4, 7, 0}}, {"int8", {5}}}}, {31, 0, {{"fp16", {1}}}}};
  written.quality_json = R"({"int8":{"bleu":[1.5,2]}})";

  const auto read = parse_config(format_config(written), "config.json");

  ASSERT_TRUE(read.ok()) << read.error().message;
  const ModelConfig& config = read.value();
  EXPECT_EQ(config.format_version, 1);
  EXPECT_EQ(config.name, "tiny");
  EXPECT_EQ(config.encoder.stem_channels, 8);
  ASSERT_EQ(config.encoder.blocks.size(), 5U);
  EXPECT_EQ(config.encoder.blocks[2].in_channels, 8);
  EXPECT_EQ(config.encoder.blocks[2].hidden_channels, 16);
  EXPECT_EQ(config.encoder.blocks[2].out_channels, 8);
  EXPECT_EQ(config.encoder.blocks[2].stride, 1);
  EXPECT_TRUE(config.encoder.blocks[2].residual);
  EXPECT_EQ(config.encoder.blocks[4].stride, 2);
  EXPECT_EQ(config.encoder.head_channels, 16);
  EXPECT_EQ(config.decoder.hidden_size, 8);
  EXPECT_EQ(config.input_width, 96);
  EXPECT_EQ(config.input_height, 64);
  EXPECT_EQ(config.input_mean, written.input_mean);
  EXPECT_EQ(config.input_scale, written.input_scale);
  EXPECT_EQ(config.precisions, written.precisions);
  EXPECT_EQ(config.tokens.padding, 3);
  EXPECT_EQ(config.tokens.unknown, 0);
  EXPECT_EQ(config.length_penalty, 0.7F);
  ASSERT_EQ(config.self_test.size(), 2U);
  EXPECT_EQ(config.self_test[0].number, 3);
  EXPECT_EQ(config.self_test[0].margin, 0.5F);
  EXPECT_EQ(config.self_test[0].tokens, written.self_test[0].tokens);
  EXPECT_EQ(config.self_test[1].tokens, written.self_test[1].tokens);
  EXPECT_EQ(config.licence, "CC0-1.0");
  EXPECT_EQ(config.quality_json, written.quality_json);
}

TEST(Config, OfFormat2HasTagsAndNamesTheKernelOfEachBlock) {
  const auto read = parse_config(format_config(tiny_tagged_config()), "config.json");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().format_version, 2);
  EXPECT_EQ(read.value().encoder.blocks[0].kernel, 3);
  EXPECT_EQ(read.value().encoder.blocks[1].kernel, 5);
  EXPECT_EQ(read.value().tags.classes, 5);
  EXPECT_EQ(read.value().tags.cells, 2);
}

TEST(Config, SaysHowMuchTagsCountAndWhatConfidenceIsMadeOf) {
  ModelConfig written = tiny_tagged_config();
  EXPECT_EQ(parse_config(format_config(written), "config.json").value().tag_weight, 0);
  EXPECT_FALSE(parse_config(format_config(written), "config.json").value().confidence.calibrated);

  written.tag_weight = 0.75F;
  written.confidence = {true, -1.5, {0.5, 0.25, 2, 0, -0.125}};
  const auto read = parse_config(format_config(written), "config.json");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().tag_weight, 0.75F);
  const ConfidenceConfig& confidence = read.value().confidence;
  EXPECT_TRUE(confidence.calibrated);
  EXPECT_EQ(confidence.bias, -1.5);
  EXPECT_EQ(confidence.weights.words, 0.5);
  EXPECT_EQ(confidence.weights.weakest_thing, 0.25);
  EXPECT_EQ(confidence.weights.weakest_tag, 2);
  EXPECT_EQ(confidence.weights.things, -0.125);
}

TEST(Config, RefusesAConfidenceThatLacksAWeight) {
  ModelConfig written = tiny_tagged_config();
  written.confidence.calibrated = true;
  auto root = json::parse(format_config(written));
  root["confidence"]["weights"].erase("things");
  EXPECT_NE(refusal(root.dump()).find("confidence.weights.things"), std::string::npos)
      << refusal(root.dump());
}

TEST(Config, OfFormat2MayHaveNoTags) {
  ModelConfig written = tiny_tagged_config();
  written.tags = {};
  const auto read = parse_config(format_config(written), "config.json");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().tags.classes, 0);
}

TEST(Config, OfFormat2IsRefusedWithAKernelThatNothingComputes) {
  std::string text = format_config(tiny_tagged_config());
  const size_t at = text.find("\"kernel\": 5");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 11, "\"kernel\": 4");
  EXPECT_NE(refusal(text).find("kernel is 4; use 3 or 5"), std::string::npos) << refusal(text);
}

TEST(Config, FormatKeepsEveryDecoderSizeApart) {
  ModelConfig written = tiny_config();
  written.decoder = {1, 2, 3, 4};
  const auto read = parse_config(format_config(written), "config.json");
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().decoder.feature_size, 1);
  EXPECT_EQ(read.value().decoder.attention_size, 2);
  EXPECT_EQ(read.value().decoder.embedding_size, 3);
  EXPECT_EQ(read.value().decoder.hidden_size, 4);
}

TEST(Config, LanguageIsKeptAndEnglishWhenItIsMissing) {
  ModelConfig written = tiny_config();
  EXPECT_EQ(format_config(written).find("language"), std::string::npos);
  EXPECT_EQ(parse_config(format_config(written), "config.json").value().language, "en");
  written.language = "zh-Hans";
  EXPECT_EQ(parse_config(format_config(written), "config.json").value().language, "zh-Hans");
}

TEST(Config, UnknownFieldsAreIgnored) {
  EXPECT_EQ(refusal(changed("/architecture/encoder/colour", "{\"a\":[1]}")), "");
}

TEST(Config, RemarksMayBeMissing) {
  for (const char* field : {"/licence", "/training_data", "/quality", "/self_test"}) {
    EXPECT_EQ(refusal(changed(field, "")), "") << field;
  }
}

TEST(Config, UnknownVersionIsRefusedBeforeItsFields) {
  EXPECT_EQ(refusal(R"({"format_version": 3, "layers": "in another way"})"),
            "m/config.json: format_version is 3; this program reads versions 1 and 2: install the "
            "jetsoncaption that the model is for");
}

TEST(Config, FaultyJsonIsRefused) {
  EXPECT_NE(refusal("").find("m/config.json begins with \"\""), std::string::npos);
  EXPECT_NE(refusal("[]").find("use a JSON object"), std::string::npos);
  EXPECT_NE(refusal("{\"name\": \"a\"").find("not valid JSON"), std::string::npos);
  EXPECT_NE(refusal("{\"name\": NaN}").find("not valid JSON"), std::string::npos);
  EXPECT_NE(refusal("{\"name\": 1e999}").find("not valid JSON"), std::string::npos);
  EXPECT_NE(refusal(R"({"name": 1, "name": 2})").find("\"name\" twice"), std::string::npos);
}

TEST(Config, EveryNeededFieldIsMissedByName) {
  const char* const pointers[] = {
      "/format_version",
      "/name",
      "/architecture",
      "/architecture/encoder",
      "/architecture/encoder/type",
      "/architecture/encoder/stem",
      "/architecture/encoder/stem/kernel",
      "/architecture/encoder/stem/stride",
      "/architecture/encoder/stem/out_channels",
      "/architecture/encoder/depthwise_kernel",
      "/architecture/encoder/blocks",
      "/architecture/encoder/head",
      "/architecture/encoder/head/kernel",
      "/architecture/encoder/head/out_channels",
      "/architecture/decoder",
      "/architecture/decoder/type",
      "/architecture/decoder/feature_size",
      "/architecture/decoder/attention_size",
      "/architecture/decoder/embedding_size",
      "/architecture/decoder/hidden_size",
      "/input",
      "/input/width",
      "/input/height",
      "/input/channels",
      "/input/mean",
      "/input/scale",
      "/input/resize",
      "/precisions",
      "/tokens",
      "/tokens/padding",
      "/tokens/start",
      "/tokens/end",
      "/tokens/unknown",
      "/decoding",
      "/decoding/length_penalty",
  };
  for (const std::string pointer : pointers) {
    std::string dotted = pointer.substr(1);
    for (char& c : dotted)
      c = c == '/' ? '.' : c;
    EXPECT_EQ(refusal(changed(pointer, "")).find("m/config.json: " + dotted + " is missing; use "),
              0U)
        << refusal(changed(pointer, ""));
  }
}

TEST(Config, FieldsOfABlockAreMissedByName) {
  for (const std::string field :
       {"in_channels", "hidden_channels", "out_channels", "stride", "residual"}) {
    const std::string message = refusal(changed("/architecture/encoder/blocks/1/" + field, ""));
    EXPECT_NE(message.find("architecture.encoder.blocks[1]." + field + " is missing"),
              std::string::npos)
        << message;
  }
}

struct Refusal {
  const char* name;
  const char* pointer;
  const char* value;
  const char* words;  // in the message: field, value found, what was expected
};

std::ostream& operator<<(std::ostream& stream, const Refusal& refusal) {
  return stream << refusal.name;
}

class ConfigRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(ConfigRefusal, NamesFieldValueAndRemedy) {
  const std::string message = refusal(changed(GetParam().pointer, GetParam().value));
  EXPECT_NE(message.find(GetParam().words), std::string::npos) << message;
}

#define BLOCKS "/architecture/encoder/blocks"

INSTANTIATE_TEST_SUITE_P(
    Architecture, ConfigRefusal,
    testing::Values(
        Refusal{"VersionIsText", "/format_version", "\"1\"",
                "format_version is \"1\"; use a whole"},
        Refusal{"VersionIsFraction", "/format_version", "1.0", "format_version is 1.0; use a"},
        Refusal{"ArchitectureIsNoObject", "/architecture", "[]", "architecture is []; use an obj"},
        Refusal{"OtherEncoder", "/architecture/encoder/type", "\"vgg\"",
                "encoder.type is \"vgg\"; use \"mobilenet-v2\""},
        Refusal{"OtherDecoder", "/architecture/decoder/type", "7",
                "decoder.type is 7; use \"attention-gru\""},
        Refusal{"StemKernel", "/architecture/encoder/stem/kernel", "5", "stem.kernel is 5; use 3"},
        Refusal{"StemStride", "/architecture/encoder/stem/stride", "1", "stem.stride is 1; use 2"},
        Refusal{"DepthwiseKernel", "/architecture/encoder/depthwise_kernel", "5",
                "depthwise_kernel is 5; use 3"},
        Refusal{"HeadKernel", "/architecture/encoder/head/kernel", "3", "head.kernel is 3; use 1"},
        Refusal{"NoChannels", "/architecture/encoder/head/out_channels", "0",
                "head.out_channels is 0; use a whole number from 1 to 4096"},
        Refusal{"TooManyChannels", "/architecture/encoder/head/out_channels", "4097",
                "is 4097; use a whole number from 1 to 4096"},
        Refusal{"ChannelsOver64Bits", "/architecture/encoder/head/out_channels",
                "18446744073709551615", "is 18446744073709551615; use a whole number"},
        Refusal{"FractionalChannels", "/architecture/encoder/head/out_channels", "16.0",
                "is 16.0; use a whole number"},
        Refusal{"ChannelsAsText", "/architecture/encoder/head/out_channels", "\"16\"",
                "is \"16\"; use a whole number"},
        Refusal{"ChannelsAsBoolean", "/architecture/encoder/head/out_channels", "true",
                "is true; use a whole number"},
        Refusal{"NoBlocks", BLOCKS, "[]", "blocks is []; use an array of 1 to 64 entries"},
        Refusal{"BlocksAreNoArray", BLOCKS, "{}", "blocks is {}; use an array"},
        Refusal{"BlockIsNoObject", BLOCKS "/0", "1", "blocks[0] is 1; use an object"},
        Refusal{"BrokenChain", BLOCKS "/1/in_channels", "9",
                "blocks[1].in_channels is 9; the layer before it gives 8"},
        Refusal{"TooFewStrides", BLOCKS "/4/stride", "1", "use exactly four blocks of stride 2"},
        Refusal{"TooManyStrides", BLOCKS "/2",
                R"({"in_channels":8,"hidden_channels":8,"out_channels":8,"stride":2,)"
                R"("residual":false})",
                "use exactly four blocks of stride 2"},
        Refusal{"StrideOfThree", BLOCKS "/0/stride", "3",
                "blocks[0].stride is 3; use a whole number from 1 to 2"},
        Refusal{"ResidualIsNumber", BLOCKS "/0/residual", "0", "is 0; use true or false"},
        Refusal{"ResidualWithStride", BLOCKS "/0/residual", "true",
                "blocks[0].residual is true; use false"},
        Refusal{"ResidualWithOtherChannels", BLOCKS "/2",
                R"({"in_channels":8,"hidden_channels":8,"out_channels":9,"stride":1,)"
                R"("residual":true})",
                "blocks[2].residual is true; use false"},
        Refusal{"NoHiddenSize", "/architecture/decoder/hidden_size", "0",
                "decoder.hidden_size is 0; use a whole number from 1 to 4096"}),
    [](const auto& test) { return std::string(test.param.name); });

constexpr const char* kSelfTest = "/self_test/pictures";

INSTANTIATE_TEST_SUITE_P(
    SelfTest, ConfigRefusal,
    testing::Values(
        Refusal{"IsNoObject", "/self_test", "[]", "self_test is []; use an object"},
        Refusal{"HasNoPictures", "/self_test", "{}", "self_test.pictures is missing; use an array"},
        Refusal{"HasNoPicture", kSelfTest, "[]", "pictures is []; use an array of 1 to 4 entries"},
        Refusal{"HasTooManyPictures", kSelfTest, "[1,2,3,4,5]", "use an array of 1 to 4 entries"},
        Refusal{"UnknownPicture", kSelfTest, R"([{"number":32,"margin":1,"tokens":{"fp32":[2]}}])",
                "pictures[0].number is 32; use a whole number from 0 to 31"},
        Refusal{"NegativeMargin", kSelfTest, R"([{"number":3,"margin":-1,"tokens":{"fp32":[2]}}])",
                "pictures[0].margin is -1; use a number from 0 upwards"},
        Refusal{"NoTokens", kSelfTest, R"([{"number":3,"margin":1,"tokens":{"fp64":[2]}}])",
                "tokens is {\"fp64\":[2]}; use an object with the token ids for fp32"},
        Refusal{"EmptySentence", kSelfTest, R"([{"number":3,"margin":1,"tokens":{"int8":[]}}])",
                "tokens.int8 is []; use an array of 1 to 9 entries"},
        Refusal{"LongSentence", kSelfTest,
                R"([{"number":3,"margin":1,"tokens":{"int8":[1,2,3,4,5,6,7,8,9,10]}}])",
                "use an array of 1 to 9 entries"},
        Refusal{"TokenIsText", kSelfTest, R"([{"number":3,"margin":1,"tokens":{"int8":["a"]}}])",
                "tokens.int8[0] is \"a\"; use a whole number"},
        Refusal{"TokenIsNegative", kSelfTest, R"([{"number":3,"margin":1,"tokens":{"int8":[-1]}}])",
                "tokens.int8[0] is -1; use a whole number from 0"}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Use, ConfigRefusal,
    testing::Values(
        Refusal{"EmptyName", "/name", "\"\"", "name is \"\"; use a text of 1 to 4096 bytes"},
        Refusal{"NameIsNumber", "/name", "3", "name is 3; use a text"},
        Refusal{"NameWithAnEscape", "/name", R"("\u001b[2J")",
                "name is \"\\u001b[2J\"; use a text without a control character"},
        Refusal{"NameOfC1", "/name", R"("a\u009b31m")", "use a text without a control character"},
        Refusal{"NameThatTurnsTheLine", "/name", R"("a\u202egpj.exe")",
                "use a text without a character that changes the direction of writing"},
        Refusal{"LicenceWithAnEscape", "/licence", R"("\u001b]0;x")", "licence is"},
        Refusal{"LanguageIsNoTag", "/language", "\"../de\"", "language is \"../de\"; use a lang"},
        Refusal{"LicenceIsNumber", "/licence", "3", "licence is 3; use a text"},
        Refusal{"QualityIsNumber", "/quality", "21.5", "quality is 21.5; use an object"},
        Refusal{"OddWidth", "/input/width", "225", "width is 225; use a multiple of 32"},
        Refusal{"SmallHeight", "/input/height", "0", "height is 0; use a whole number from 32"},
        Refusal{"LargeHeight", "/input/height", "1056", "height is 1056; use a whole number"},
        Refusal{"OtherChannels", "/input/channels", "\"BGR\"", "is \"BGR\"; use \"RGB\""},
        Refusal{"OtherResize", "/input/resize", "\"crop\"", "is \"crop\"; use \"squash\""},
        Refusal{"ShortMean", "/input/mean", "[0,0]", "mean is [0,0]; use an array of 3 entries"},
        Refusal{"MeanIsText", "/input/mean", "[0,\"0\",0]", "mean[1] is \"0\"; use a finite num"},
        Refusal{"MeanOverflows", "/input/mean", "[0,0,1e39]", "mean[2] is 1e+39; use a finite"},
        Refusal{"ScaleIsZero", "/input/scale", "[1,0,1]", "scale[1] is 0; use a finite number ab"},
        Refusal{"ScaleIsNegative", "/input/scale", "[-1,1,1]", "scale[0] is -1; use a finite"},
        Refusal{"ScaleVanishes", "/input/scale", "[1e-60,1,1]", "scale[0] is 1e-60; use a"},
        Refusal{"ScaleOverflows", "/input/scale", "[1e39,1,1]", "scale[0] is 1e+39; use a"},
        Refusal{"NoPrecision", "/precisions", "[]", "precisions is []; use an array"},
        Refusal{"UnknownPrecision", "/precisions", "[\"fp8\"]",
                "precisions[0] is \"fp8\"; use fp32, fp16 or int8"},
        Refusal{"PrecisionTwice", "/precisions", "[\"int8\",\"int8\"]", "name each precision once"},
        Refusal{"NegativeToken", "/tokens/start", "-1", "tokens.start is -1; use a whole number"},
        Refusal{"TokenTwice", "/tokens/unknown", "2",
                "tokens.unknown is 2; another token has that id already"},
        Refusal{"NegativePenalty", "/decoding/length_penalty", "-0.1",
                "length_penalty is -0.1; use a number from 0 to 2"},
        Refusal{"LargePenalty", "/decoding/length_penalty", "2.5", "is 2.5; use a number from 0"},
        Refusal{"PenaltyIsText", "/decoding/length_penalty", "\"1\"", "is \"1\"; use a number"}),
    [](const auto& test) { return std::string(test.param.name); });

#undef BLOCKS

TEST(Config, SixtyFiveBlocksAreRefused) {
  ModelConfig config = tiny_config();
  config.encoder.blocks.insert(config.encoder.blocks.begin() + 2, 60, {8, 8, 8, 1, false});
  EXPECT_NE(refusal(format_config(config)).find("use an array of 1 to 64 entries"),
            std::string::npos);
}

TEST(Config, TextCutAnywhereIsRefused) {
  const std::string text = format_config(tiny_config());
  // The last two characters are the closing brace and a line feed.
  for (size_t length = 0; length + 2 < text.size(); ++length) {
    EXPECT_NE(refusal(text.substr(0, length)), "") << "cut to " << length << " bytes";
  }
}

TEST(Config, WhatSurvivesRandomDamageIsAConfiguration) {
  const std::string text = json::parse(format_config(tiny_config())).dump();
  Mutator mutator(2);
  int accepted = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto config = parse_config(mutator.mutate(text), "config.json");
    if (!config.ok())
      continue;
    ++accepted;
    const std::string again = format_config(config.value());
    const auto reread = parse_config(again, "config.json");
    ASSERT_TRUE(reread.ok()) << reread.error().message;
    ASSERT_EQ(format_config(reread.value()), again);
  }
  EXPECT_GT(accepted, 50) << "the damage is too coarse to test anything but the JSON parser";
}

}  // namespace
}  // namespace jetsoncaption
