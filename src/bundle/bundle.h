// SPDX-License-Identifier: LGPL-2.1-or-later
// A model bundle on disk: config.json, vocabulary.txt, tags.txt and the weights, checked against
// each other.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/config.h"
#include "bundle/safetensors.h"
#include "text/vocabulary.h"

namespace jetsoncaption {

enum class WeightFile {
  Master,  // model.safetensors: fp32 or fp16
  Int8,    // model-int8.safetensors: int8 matrices with a scale for each row
};

const char* weight_file_name(WeightFile file);

// What a weight file of this configuration must contain: every tensor with its shape, nothing else.
//
// Names, with layer = encoder.stem, encoder.blocks.N.{expand,depthwise,project}, encoder.head:
//   <layer>.weight [out, in / groups, k, k]    <layer>.bias [out]
// and of the decoder, with C = head channels, F, A, E, H as in DecoderConfig, V = words:
//   decoder.feature.weight [F, C]              decoder.feature.bias [F]
//   decoder.initial.weight [H, F]              decoder.initial.bias [H]
//   decoder.attention_feature.weight [A, F]
//   decoder.attention_state.weight [A, H]      decoder.attention_state.bias [A]
//   decoder.attention_score.weight [1, A]
//   decoder.gate.weight [F, H]                 decoder.gate.bias [F]
//   decoder.gru_input.weight [3 H, E + F]      decoder.gru_input.bias [3 H]   (reset, update, new)
//   decoder.gru_state.weight [3 H, H]          decoder.gru_state.bias [3 H]
//   decoder.output.weight [E, H + F + E]       decoder.output.bias [E]
//   decoder.embedding.weight [V, E]
//   decoder.word.bias [V]
// and, where the model has tags, with T = classes:
//   tags.weight [T, C]                         tags.bias [T]
//   decoder.tag.weight [F, E + 1]              decoder.tag.bias [F]
// In the int8 file every .weight except attention_score is I8 and has a <...>.weight_scale [out]
// (F32), and every encoder layer has <layer>.output_scale [1] (F32): the step of its quantized
// output. All else is F32. In the master file every tensor is F32 or every .weight is F16.
struct TensorSpec {
  std::vector<DataType> types;  // any of these, the widest first
  std::vector<int64_t> shape;
};
std::map<std::string, TensorSpec> expected_tensors(const ModelConfig& config, int vocabulary_size,
                                                   WeightFile file);

struct Bundle {
  std::string directory;
  ModelConfig config;
  Vocabulary vocabulary;
  std::vector<int> tag_words;  // for each class of the tags the id of its noun, or -1: it has none
  SafetensorsFile weights;
};

// Opens and checks a bundle. NotFound, CorruptModel (scales must be finite and positive; what the
// model asks for is limited, see model_cost.h).
Result<Bundle> open_bundle(const std::string& directory, WeightFile file);

// Whether the directory has that weight file.
bool has_weight_file(const std::string& directory, WeightFile file);

// The text of tags.txt: a line a class, with its noun or empty.
std::string format_tags(const std::vector<int>& tag_words, const Vocabulary& vocabulary);

// Writes text to a file by way of a temporary name, so that a reader never sees half of it.
Result<void> write_text_file(const std::string& path, const std::string& text);

}  // namespace jetsoncaption
