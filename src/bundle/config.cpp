// SPDX-License-Identifier: LGPL-2.1-or-later
// config.json of a model bundle: the architecture with every size, and how to feed it.
#include "bundle/config.h"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <limits>
#include <utility>

#include "bundle/json_field.h"
#include "bundle/json_reader.h"
#include "image/test_picture.h"

namespace jetsoncaption {

namespace {

using nlohmann::json;

constexpr int kNewestFormat = 2;
constexpr int kMaxTagClasses = 20000;
constexpr int kMaxTagCells = 32;
constexpr size_t kMaxLanguageTag = 35;  // RFC 5646, section 4.4.1
constexpr int kMaxChannels = 4096;
constexpr int kMaxBlocks = 64;
constexpr int kMaxTokenId = 999999;  // a vocabulary has at most a million words
constexpr int kStemKernel = 3;
constexpr int kStemStride = 2;
constexpr int kDepthwiseKernel = 3;  // of format 1; later ones name it block by block
constexpr int kHeadKernel = 1;
constexpr int kReduction = 32;  // input pixels along a side for each cell of the feature grid
constexpr int kMaxInputSide = 1024;
constexpr double kMaxLengthPenalty = 2;
constexpr double kMaxTagWeight = 10;
constexpr double kMaxConfidenceWeight = 1000;
constexpr size_t kMaxSelfTestPictures = 4;
constexpr const char* kPrecisions[] = {"fp32", "fp16", "int8"};

const char* encoder_type(int format) {
  return format == 1 ? "mobilenet-v2" : "inverted-residuals";
}

BlockConfig parse_block(const JsonField& field, int previous_channels, int format) {
  BlockConfig block;
  const JsonField in = field.member("in_channels");
  block.in_channels = in.integer(1, kMaxChannels);
  if (block.in_channels != previous_channels) {
    in.refuse("the layer before it gives " + std::to_string(previous_channels) +
              " channels, so use that");
  }
  block.hidden_channels = field.member("hidden_channels").integer(1, kMaxChannels);
  block.out_channels = field.member("out_channels").integer(1, kMaxChannels);
  block.stride = field.member("stride").integer(1, 2);
  if (format > 1) {
    const JsonField kernel = field.member("kernel");
    block.kernel = kernel.integer(3, 5);
    if (block.kernel == 4)
      kernel.refuse("use 3 or 5");
  }
  const JsonField residual = field.member("residual");
  block.residual = residual.boolean();
  if (block.residual && (block.stride != 1 || block.in_channels != block.out_channels)) {
    residual.refuse("use false, or stride 1 and as many out_channels as in_channels");
  }
  return block;
}

EncoderConfig parse_encoder(const JsonField& field, int format) {
  EncoderConfig encoder;
  field.member("type").expect_text(encoder_type(format));
  const JsonField stem = field.member("stem");
  stem.member("kernel").expect_integer(kStemKernel);
  stem.member("stride").expect_integer(kStemStride);
  encoder.stem_channels = stem.member("out_channels").integer(1, kMaxChannels);
  if (format == 1)
    field.member("depthwise_kernel").expect_integer(kDepthwiseKernel);

  const JsonField blocks = field.member("blocks");
  int channels = encoder.stem_channels;
  int64_t reduction = kStemStride;
  for (const JsonField& entry : blocks.entries(1, kMaxBlocks)) {
    encoder.blocks.push_back(parse_block(entry, channels, format));
    channels = encoder.blocks.back().out_channels;
    if (reduction <= kReduction)
      reduction *= encoder.blocks.back().stride;
  }
  if (reduction != kReduction) {
    blocks.refuse(
        "with the stem the strides must shrink the picture to 1/32, so use exactly four "
        "blocks of stride 2");
  }
  const JsonField head = field.member("head");
  head.member("kernel").expect_integer(kHeadKernel);
  encoder.head_channels = head.member("out_channels").integer(1, kMaxChannels);
  return encoder;
}

DecoderConfig parse_decoder(const JsonField& field) {
  field.member("type").expect_text("attention-gru");
  DecoderConfig decoder;
  decoder.feature_size = field.member("feature_size").integer(1, kMaxChannels);
  decoder.attention_size = field.member("attention_size").integer(1, kMaxChannels);
  decoder.embedding_size = field.member("embedding_size").integer(1, kMaxChannels);
  decoder.hidden_size = field.member("hidden_size").integer(1, kMaxChannels);
  return decoder;
}

TagConfig parse_tags(const JsonField& field) {
  TagConfig tags;
  if (field.is_missing())
    return tags;
  tags.classes = field.member("classes").integer(1, kMaxTagClasses);
  tags.cells = field.member("cells").integer(1, kMaxTagCells);
  return tags;
}

int parse_input_side(const JsonField& field) {
  const int side = field.integer(kReduction, kMaxInputSide);
  if (side % kReduction != 0)
    field.refuse("use a multiple of 32 from 32 to 1024");
  return side;
}

std::array<float, 3> parse_channels(const JsonField& field, double minimum,
                                    const std::string& remedy) {
  std::array<float, 3> values{};
  size_t next = 0;
  for (const JsonField& entry : field.entries(values.size(), values.size())) {
    values[next++] = entry.number(minimum, std::numeric_limits<float>::max(), remedy);
  }
  return values;
}

void parse_input(const JsonField& field, ModelConfig& config) {
  config.input_width = parse_input_side(field.member("width"));
  config.input_height = parse_input_side(field.member("height"));
  field.member("channels").expect_text("RGB");
  field.member("resize").expect_text("squash");
  config.input_mean = parse_channels(field.member("mean"), -std::numeric_limits<float>::max(),
                                     "use a finite number");
  config.input_scale = parse_channels(field.member("scale"), std::numeric_limits<float>::min(),
                                      "use a finite number above 0");
}

std::vector<std::string> parse_precisions(const JsonField& field) {
  std::vector<std::string> precisions;
  for (const JsonField& entry : field.entries(1, 3)) {
    const std::string precision = entry.text();
    if (precision != "fp32" && precision != "fp16" && precision != "int8") {
      entry.refuse("use fp32, fp16 or int8");
    }
    if (std::find(precisions.begin(), precisions.end(), precision) != precisions.end()) {
      entry.refuse("name each precision once");
    }
    precisions.push_back(precision);
  }
  return precisions;
}

TokenIds parse_tokens(const JsonField& field) {
  TokenIds tokens;
  std::vector<int> seen;
  const std::pair<const char*, int*> ids[] = {{"padding", &tokens.padding},
                                              {"start", &tokens.start},
                                              {"end", &tokens.end},
                                              {"unknown", &tokens.unknown}};
  for (const auto& id : ids) {
    const JsonField member = field.member(id.first);
    *id.second = member.integer(0, kMaxTokenId);
    if (std::find(seen.begin(), seen.end(), *id.second) != seen.end()) {
      member.refuse("another token has that id already; give each its own");
    }
    seen.push_back(*id.second);
  }
  return tokens;
}

SelfTestPicture parse_self_test_picture(const JsonField& field) {
  SelfTestPicture picture;
  picture.number = field.member("number").integer(0, kTestPictures - 1);
  picture.margin = field.member("margin").number(0, std::numeric_limits<float>::max(),
                                                 "use a number from 0 upwards");
  const JsonField tokens = field.member("tokens");
  for (const char* precision : kPrecisions) {
    const JsonField ids = tokens.member(precision);
    if (ids.is_missing())
      continue;
    for (const JsonField& id : ids.entries(1, kSelfTestWords + 1))
      picture.tokens[precision].push_back(id.integer(0, kMaxTokenId));
  }
  if (picture.tokens.empty())
    tokens.refuse("use an object with the token ids for fp32, fp16 or int8");
  return picture;
}

std::vector<SelfTestPicture> parse_self_test(const JsonField& field) {
  std::vector<SelfTestPicture> pictures;
  if (field.is_missing())
    return pictures;
  for (const JsonField& entry : field.member("pictures").entries(1, kMaxSelfTestPictures))
    pictures.push_back(parse_self_test_picture(entry));
  return pictures;
}

// Older files have none: they are in English.
std::string parse_language(const JsonField& field) {
  const std::string language = field.remark();
  if (language.empty())
    return "en";
  const bool is_tag = language.size() <= kMaxLanguageTag &&
                      std::all_of(language.begin(), language.end(), [](unsigned char c) {
                        return c == '-' || (c < 0x80 && std::isalnum(c) != 0);
                      });
  if (!is_tag)
    field.refuse("use a language tag such as en, de or zh-Hans");
  return is_tag ? language : "en";
}

ConfidenceConfig parse_confidence(const JsonField& field) {
  ConfidenceConfig confidence;
  if (field.is_missing())
    return confidence;
  const auto number = [](const JsonField& member) {
    return static_cast<double>(member.number(-kMaxConfidenceWeight, kMaxConfidenceWeight,
                                             "use a number from -1000 to 1000"));
  };
  confidence.calibrated = true;
  confidence.bias = number(field.member("bias"));
  const JsonField weights = field.member("weights");
  for (const ConfidenceTerm& term : kConfidenceTerms)
    confidence.weights.*term.fact = number(weights.member(term.name));
  return confidence;
}

ModelConfig parse_fields(const JsonField& root, int format) {
  ModelConfig config;
  config.format_version = format;
  config.name = root.member("name").text();
  const JsonField architecture = root.member("architecture");
  config.encoder = parse_encoder(architecture.member("encoder"), format);
  if (format > 1)
    config.tags = parse_tags(architecture.member("tags"));
  config.decoder = parse_decoder(architecture.member("decoder"));
  parse_input(root.member("input"), config);
  config.precisions = parse_precisions(root.member("precisions"));
  config.tokens = parse_tokens(root.member("tokens"));
  const JsonField decoding = root.member("decoding");
  config.length_penalty =
      decoding.member("length_penalty").number(0, kMaxLengthPenalty, "use a number from 0 to 2");
  const JsonField tag_weight = decoding.member("tag_weight");
  if (!tag_weight.is_missing())
    config.tag_weight = tag_weight.number(0, kMaxTagWeight, "use a number from 0 to 10");
  config.confidence = parse_confidence(root.member("confidence"));
  config.self_test = parse_self_test(root.member("self_test"));
  config.licence = root.member("licence").remark();
  config.training_data = root.member("training_data").remark();
  config.language = parse_language(root.member("language"));
  config.quality_json = root.member("quality").object_text();
  return config;
}

json format_encoder(const EncoderConfig& encoder, int format) {
  json blocks = json::array();
  for (const BlockConfig& block : encoder.blocks) {
    json entry = {{"in_channels", block.in_channels},
                  {"hidden_channels", block.hidden_channels},
                  {"out_channels", block.out_channels},
                  {"stride", block.stride},
                  {"residual", block.residual}};
    if (format > 1)
      entry["kernel"] = block.kernel;
    blocks.push_back(std::move(entry));
  }
  json result = {
      {"type", encoder_type(format)},
      {"stem",
       {{"kernel", kStemKernel}, {"stride", kStemStride}, {"out_channels", encoder.stem_channels}}},
      {"blocks", std::move(blocks)},
      {"head", {{"kernel", kHeadKernel}, {"out_channels", encoder.head_channels}}}};
  if (format == 1)
    result["depthwise_kernel"] = kDepthwiseKernel;
  return result;
}

json format_decoder(const DecoderConfig& decoder) {
  return {{"type", "attention-gru"},
          {"feature_size", decoder.feature_size},
          {"attention_size", decoder.attention_size},
          {"embedding_size", decoder.embedding_size},
          {"hidden_size", decoder.hidden_size}};
}

json format_confidence(const ConfidenceConfig& confidence) {
  json weights = json::object();
  for (const ConfidenceTerm& term : kConfidenceTerms)
    weights[term.name] = confidence.weights.*term.fact;
  return {{"bias", confidence.bias}, {"weights", std::move(weights)}};
}

json format_self_test(const std::vector<SelfTestPicture>& pictures) {
  json list = json::array();
  for (const SelfTestPicture& picture : pictures) {
    list.push_back(
        {{"number", picture.number}, {"margin", picture.margin}, {"tokens", picture.tokens}});
  }
  return {{"pictures", std::move(list)}};
}

}  // namespace

Result<ModelConfig> parse_config(const std::string& text, const std::string& file) {
  const auto parsed = read_json_object(text, file);
  if (!parsed.ok())
    return parsed.error();

  std::string fault;
  const JsonField root(&parsed.value().root(), "", &fault);
  const JsonField version = root.member("format_version");
  const int format = version.integer(0, std::numeric_limits<int>::max());
  if (format < 1 || format > kNewestFormat) {
    version.refuse(
        "this program reads versions 1 and 2: install the jetsoncaption that the model is for");
  }
  if (!fault.empty())
    return Error{ErrorKind::CorruptModel, file + ": " + fault};

  ModelConfig config = parse_fields(root, format);
  if (!fault.empty())
    return Error{ErrorKind::CorruptModel, file + ": " + fault};
  return config;
}

std::string format_config(const ModelConfig& config) {
  json quality = json::object();
  if (!config.quality_json.empty()) {
    auto parsed = read_json_object(config.quality_json, "quality_json");
    assert(parsed.ok());
    if (parsed.ok())
      quality = parsed.value().root();
  }
  json root = {
      {"format_version", config.format_version},
      {"name", config.name},
      {"architecture",
       {{"encoder", format_encoder(config.encoder, config.format_version)},
        {"decoder", format_decoder(config.decoder)}}},
      {"input",
       {{"width", config.input_width},
        {"height", config.input_height},
        {"channels", "RGB"},
        {"mean", config.input_mean},
        {"scale", config.input_scale},
        {"resize", "squash"}}},
      {"precisions", config.precisions},
      {"tokens",
       {{"padding", config.tokens.padding},
        {"start", config.tokens.start},
        {"end", config.tokens.end},
        {"unknown", config.tokens.unknown}}},
      {"decoding", {{"length_penalty", config.length_penalty}}},
      {"licence", config.licence},
      {"training_data", config.training_data},
      {"quality", std::move(quality)},
  };
  if (config.tags.classes > 0) {
    root["architecture"]["tags"] = {{"classes", config.tags.classes}, {"cells", config.tags.cells}};
  }
  if (config.tag_weight > 0)
    root["decoding"]["tag_weight"] = config.tag_weight;
  if (config.confidence.calibrated)
    root["confidence"] = format_confidence(config.confidence);
  if (config.language != "en")
    root["language"] = config.language;
  if (!config.self_test.empty())
    root["self_test"] = format_self_test(config.self_test);
  return root.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace jetsoncaption
