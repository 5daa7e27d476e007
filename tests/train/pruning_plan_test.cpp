// SPDX-License-Identifier: LGPL-2.1-or-later
// What a smaller model may cost decides how many channels go, and their importance which.
#include "train/pruning_plan.h"

#include <numeric>
#include <string>
#include <vector>

#include "bundle/bundle.h"
#include "fakes/temporary_directory.h"
#include "fakes/tiny_bundle.h"
#include "train/widths.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace jetsoncaption {
namespace {

constexpr int kWords = 16;  // of the tiny bundle

std::vector<std::vector<double>> equal_importance(const ModelConfig& config) {
  std::vector<std::vector<double>> importance;
  for (const Width& width : widths_of(config))
    importance.emplace_back(static_cast<size_t>(width.size), 1.0);
  return importance;
}

size_t find_width(const ModelConfig& config, const std::string& name) {
  const auto widths = widths_of(config);
  for (size_t i = 0; i < widths.size(); ++i) {
    if (widths[i].name == name)
      return i;
  }
  ADD_FAILURE() << name;
  return 0;
}

KeptChannels plan(const ModelConfig& config, const std::vector<std::vector<double>>& importance,
                  const CostLimit& limit, int multiple) {
  return plan_pruning(config, kWords, importance, {limit, multiple, least_sizes(config, multiple)});
}

TEST(Widths, CoverEveryTensorThatHasTheirChannels) {
  // Whatever a width is cut to, the tensors it names are exactly those that become smaller.
  const ModelConfig config = tiny_tagged_config();
  const auto widths = widths_of(config);
  const auto before = expected_tensors(config, kWords, WeightFile::Master);
  for (size_t w = 0; w < widths.size(); ++w) {
    std::vector<int> sizes;
    for (const Width& width : widths)
      sizes.push_back(width.size);
    sizes[w] -= 1;
    auto shapes = before;
    for (const WidthSlice& slice : widths[w].slices)
      shapes.at(slice.tensor).shape[static_cast<size_t>(slice.axis)] -= 1;
    for (const auto& [name, spec] :
         expected_tensors(with_sizes(config, sizes), kWords, WeightFile::Master))
      EXPECT_EQ(spec.shape, shapes.at(name).shape) << widths[w].name << ": " << name;
  }
}

TEST(Widths, AreReadBySomething) {
  for (const ModelConfig& config : {tiny_config(), tiny_tagged_config()}) {
    for (const Width& width : widths_of(config)) {
      bool is_read = false;
      for (const WidthSlice& slice : width.slices)
        is_read = is_read || slice.reads;
      EXPECT_TRUE(is_read) << width.name;
    }
  }
}

TEST(Cost, IsThatOfTheFile) {
  const TemporaryDirectory directory;
  for (const bool tagged : {false, true}) {
    ASSERT_TRUE((tagged ? write_tiny_tagged_bundle : write_tiny_bundle)(directory.path(), 1).ok());
    struct stat status {};
    ASSERT_EQ(stat(directory.file("model-int8.safetensors").c_str(), &status), 0);
    const ModelConfig config = tagged ? tiny_tagged_config() : tiny_config();
    const ModelCost cost = cost_of(config, kWords);
    EXPECT_GE(cost.weight_bytes, status.st_size);
    const auto tensors = expected_tensors(config, kWords, WeightFile::Int8).size();
    EXPECT_LE(cost.weight_bytes, status.st_size + 50 * static_cast<int64_t>(tensors));
  }
}

TEST(Cost, CountsEachPlaceAndEachWord) {
  ModelConfig config = tiny_config();
  const ModelCost before = cost_of(config, kWords);
  const ModelCost with_words = cost_of(config, kWords + 10);
  EXPECT_EQ(with_words.picture_macs, before.picture_macs);
  EXPECT_EQ(with_words.word_macs - before.word_macs, 10 * config.decoder.embedding_size);
  config.encoder.head_channels += 1;
  const int places = 4;
  EXPECT_EQ(cost_of(config, kWords).picture_macs - before.picture_macs,
            places * (config.encoder.blocks.back().out_channels + config.decoder.feature_size));
}

TEST(PruningPlan, KeepsEverythingWhereThereIsNoLimit) {
  const ModelConfig config = tiny_config();
  const auto kept = plan(config, equal_importance(config), {}, 4);
  const auto widths = widths_of(config);
  for (size_t w = 0; w < widths.size(); ++w)
    EXPECT_EQ(kept[w].size(), static_cast<size_t>(widths[w].size)) << widths[w].name;
}

TEST(PruningPlan, MeetsBothLimits) {
  const ModelConfig config = tiny_tagged_config();
  const ModelCost before = cost_of(config, kWords);
  const CostLimit limit{before.caption_macs() * 7 / 10, before.weight_bytes * 9 / 10};
  const auto kept = plan(config, equal_importance(config), limit, 4);
  EXPECT_TRUE(limit.allows(cost_of(with_sizes(config, sizes_of(kept)), kWords)));
}

TEST(PruningPlan, CutsToMultiples) {
  const ModelConfig config = tiny_config();
  const auto kept =
      plan(config, equal_importance(config), {cost_of(config, kWords).caption_macs() / 2, 0}, 4);
  for (const int size : sizes_of(kept))
    EXPECT_EQ(size % 4, 0);
}

TEST(PruningPlan, TakesTheLeastImportantChannels) {
  const ModelConfig config = tiny_config();
  auto importance = equal_importance(config);
  const size_t hidden = find_width(config, "blocks[4].hidden_channels");
  for (const size_t channel : {1U, 5U, 7U, 20U})
    importance[hidden][channel] = 0;
  const auto kept = plan(config, importance, {cost_of(config, kWords).caption_macs() - 1, 0}, 4);
  EXPECT_THAT(kept[hidden], testing::ElementsAre(0, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16,
                                                 17, 18, 19, 21, 22, 23));
  for (size_t w = 0; w < kept.size(); ++w) {
    if (w != hidden) {
      EXPECT_EQ(kept[w].size(), importance[w].size());
    }
  }
}

// With all limits counted the same, 117 channels would go.
TEST(PruningPlan, TriesWhichLimitIsToCountMore) {
  const ModelConfig config = tiny_tagged_config();
  const auto importance = equal_importance(config);
  const ModelCost whole = cost_of(config, kWords);
  size_t lost = 0;
  const CostLimit limit{whole.caption_macs() * 3 / 10, whole.weight_bytes * 7 / 10};
  const auto kept = plan(config, importance, limit, 1);
  for (size_t i = 0; i < kept.size(); ++i)
    lost += importance[i].size() - kept[i].size();
  EXPECT_LE(lost, 115U);
}

TEST(PruningPlan, NeverMakesAnExpansionLookLikeNone) {
  const ModelConfig config = tiny_config();
  const auto kept = plan(config, equal_importance(config), {1, 1}, 4);
  const ModelConfig smaller = with_sizes(config, sizes_of(kept));
  EXPECT_TRUE(have_same_layers(config, smaller));
  EXPECT_TRUE(parse_config(format_config(smaller), "config.json").ok());
}

TEST(PruningPlan, StopsWhereTheLimitCannotBeReached) {
  const ModelConfig config = tiny_config();
  const auto kept = plan(config, equal_importance(config), {1, 1}, 4);
  const auto least = least_sizes(config, 4);
  const auto sizes = sizes_of(kept);
  for (size_t w = 0; w < sizes.size(); ++w)
    EXPECT_GE(sizes[w], least[w]);
  const ModelCost smallest = smallest_cost(config, kWords, 4);
  EXPECT_EQ(cost_of(with_sizes(config, sizes), kWords).caption_macs(), smallest.caption_macs());
}

}  // namespace
}  // namespace jetsoncaption
