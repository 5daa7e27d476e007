// SPDX-License-Identifier: LGPL-2.1-or-later
// Walks through the network and says which tensors share their channels.
#include "train/widths.h"

#include <cassert>
#include <utility>

namespace jetsoncaption {
namespace {

// A width with the fields of the configuration that say its size.
struct Found {
  Width width;
  std::vector<int*> fields;
};

void makes(Found& found, const std::string& layer) {
  found.width.slices.push_back({layer + ".weight", 0, 0, false});
  found.width.slices.push_back({layer + ".bias", 0, 0, false});
}

void reads(Found& found, const std::string& layer, int offset = 0) {
  found.width.slices.push_back({layer + ".weight", 1, offset, true});
}

class Walk {
 public:
  explicit Walk(ModelConfig& config) : config_(config) {}

  std::vector<Found> run() {
    walk_encoder();
    walk_decoder();
    for (Found& found : all_)
      found.width.size = *found.fields.front();
    return std::move(all_);
  }

 private:
  // A new width; `fields` say its size. Its place in all_.
  size_t begin(const std::string& name, std::vector<int*> fields) {
    all_.push_back({{name, 0, {}}, std::move(fields)});
    return all_.size() - 1;
  }

  // The channels that go from block to block are one width from the layer that makes them anew to
  // the one before the next such layer: residual blocks add to them.
  void walk_encoder() {
    size_t stream = begin("stem.out_channels", {&config_.encoder.stem_channels});
    makes(all_[stream], "encoder.stem");
    for (size_t i = 0; i < config_.encoder.blocks.size(); ++i)
      stream = walk_block(i, stream);
    reads(all_[stream], "encoder.head");
  }

  size_t walk_block(size_t number, size_t stream) {
    BlockConfig& block = config_.encoder.blocks[number];
    const std::string layer = "encoder.blocks." + std::to_string(number);
    const std::string name = "blocks[" + std::to_string(number) + "].";
    all_[stream].fields.push_back(&block.in_channels);
    size_t hidden = stream;
    if (block.has_expansion()) {
      reads(all_[stream], layer + ".expand");
      hidden = begin(name + "hidden_channels", {&block.hidden_channels});
      makes(all_[hidden], layer + ".expand");
    } else {
      all_[stream].fields.push_back(&block.hidden_channels);
    }
    makes(all_[hidden], layer + ".depthwise");
    reads(all_[hidden], layer + ".project");
    if (block.residual) {
      all_[stream].fields.push_back(&block.out_channels);
      makes(all_[stream], layer + ".project");
      return stream;
    }
    const size_t next = begin(name + "out_channels", {&block.out_channels});
    makes(all_[next], layer + ".project");
    return next;
  }

  void walk_decoder() {
    DecoderConfig& decoder = config_.decoder;
    const bool has_tags = config_.tags.classes > 0;
    Found& head = all_[begin("head.out_channels", {&config_.encoder.head_channels})];
    makes(head, "encoder.head");
    reads(head, "decoder.feature");
    if (has_tags)
      reads(head, "tags");

    Found& feature = all_[begin("feature_size", {&decoder.feature_size})];
    for (const char* layer : {"decoder.feature", "decoder.gate"})
      makes(feature, layer);
    if (has_tags)
      makes(feature, "decoder.tag");
    reads(feature, "decoder.initial");
    reads(feature, "decoder.attention_feature");
    reads(feature, "decoder.gru_input", decoder.embedding_size);
    reads(feature, "decoder.output", decoder.hidden_size);

    Found& attention = all_[begin("attention_size", {&decoder.attention_size})];
    attention.width.slices.push_back({"decoder.attention_feature.weight", 0, 0, false});
    makes(attention, "decoder.attention_state");
    reads(attention, "decoder.attention_score");

    Found& hidden = all_[begin("hidden_size", {&decoder.hidden_size})];
    makes(hidden, "decoder.initial");
    for (const char* layer : {"decoder.gru_input", "decoder.gru_state"}) {
      for (int gate = 0; gate < 3; ++gate) {
        for (const char* tensor : {".weight", ".bias"})
          hidden.width.slices.push_back(
              {std::string(layer) + tensor, 0, gate * decoder.hidden_size, false});
      }
    }
    for (const char* layer : {"decoder.attention_state", "decoder.gate", "decoder.gru_state"})
      reads(hidden, layer);
    reads(hidden, "decoder.output");

    // The word vectors are read both where words come in and where scores come out, so that they
    // alone stand for all that reads them.
    Found& embedding = all_[begin("embedding_size", {&decoder.embedding_size})];
    makes(embedding, "decoder.output");
    for (const WidthSlice& slice : {WidthSlice{"decoder.gru_input.weight", 1, 0, false},
                                    WidthSlice{"decoder.output.weight", 1,
                                               decoder.hidden_size + decoder.feature_size, false}})
      embedding.width.slices.push_back(slice);
    if (has_tags)
      embedding.width.slices.push_back({"decoder.tag.weight", 1, 0, false});
    reads(embedding, "decoder.embedding");
  }

  ModelConfig& config_;
  std::vector<Found> all_;
};

}  // namespace

std::vector<Width> widths_of(const ModelConfig& config) {
  ModelConfig copy = config;
  std::vector<Width> widths;
  for (Found& found : Walk(copy).run())
    widths.push_back(std::move(found.width));
  return widths;
}

ModelConfig with_sizes(const ModelConfig& config, const std::vector<int>& sizes) {
  ModelConfig changed = config;
  const std::vector<Found> all = Walk(changed).run();
  assert(all.size() == sizes.size());
  for (size_t i = 0; i < all.size(); ++i) {
    for (int* field : all[i].fields)
      *field = sizes[i];
  }
  return changed;
}

bool have_same_layers(const ModelConfig& config, const ModelConfig& changed) {
  for (size_t i = 0; i < config.encoder.blocks.size(); ++i) {
    if (config.encoder.blocks[i].has_expansion() != changed.encoder.blocks[i].has_expansion())
      return false;
  }
  return true;
}

}  // namespace jetsoncaption
