// SPDX-License-Identifier: LGPL-2.1-or-later
// Unrolls the decoder over time.
#include "train/sequence.h"

#include <torch/torch.h>

namespace jetsoncaption {
namespace {

// One of each row of `probabilities` [..., V]: the first at which their sum is above a random
// number. multinomial() draws a number for each word of each row.
torch::Tensor draw(const torch::Tensor& probabilities) {
  constexpr bool kInt32 = false;
  constexpr bool kRight = true;  // a word of probability 0 is never the first above
  const auto sums = probabilities.cumsum(-1);
  const int64_t last = sums.size(-1) - 1;
  const auto all = sums.narrow(-1, last, 1);
  const auto drawn = torch::rand_like(all) * all;
  return torch::searchsorted(sums, drawn, kInt32, kRight).squeeze(-1).clamp_max(last);
}

}  // namespace

WordScores score_sentences(const Decoder& decoder, const Decoder::Picture& picture,
                           const torch::Tensor& inputs, const torch::Tensor& targets,
                           double dropout) {
  auto vectors = decoder.embed(inputs);
  if (dropout > 0)
    vectors = torch::dropout(vectors, dropout, true);
  const auto real = targets != TokenIds().padding;  // [B, K, T]
  const auto sentence =
      torch::arange(targets.size(0) * targets.size(1), torch::kInt64).view({targets.size(0), -1});
  auto hidden = decoder.initial_hidden(picture).unsqueeze(1).expand({-1, targets.size(1), -1});

  // At once, because the gradient of each select() would be as large as `vectors`.
  const std::vector<torch::Tensor> columns = vectors.unbind(2);
  std::vector<torch::Tensor> hiddens, contexts, words, ids, rows;
  for (int64_t t = 0; t < targets.size(2); ++t) {
    const auto alive = real.select(2, t).any(0).nonzero();
    if (alive.size(0) == 0)
      break;
    const int64_t sentences = alive.max().item<int64_t>() + 1;
    const auto vector = columns[static_cast<size_t>(t)].narrow(1, 0, sentences);
    const auto step = decoder.advance(picture, vector, hidden.narrow(1, 0, sentences));
    hidden = step.hidden;

    const auto chosen = real.select(2, t).narrow(1, 0, sentences).flatten().nonzero().squeeze(1);
    const auto choose = [&](const torch::Tensor& values) {
      return values.flatten(0, 1).index_select(0, chosen);
    };
    hiddens.push_back(choose(step.hidden));
    contexts.push_back(choose(step.context));
    words.push_back(choose(vector));
    ids.push_back(choose(targets.select(2, t).narrow(1, 0, sentences)));
    rows.push_back(choose(sentence.narrow(1, 0, sentences)));
  }
  return {decoder.logits(torch::cat(hiddens), torch::cat(contexts), torch::cat(words), dropout),
          torch::cat(ids), torch::cat(rows)};
}

torch::Tensor write_sentences(const Decoder& decoder, const Decoder::Picture& picture,
                              int sentences, int max_words, double temperature, double dropout) {
  const torch::NoGradGuard no_gradients;
  const TokenIds tokens;
  const int64_t count = picture.features.size(0);
  auto hidden = decoder.initial_hidden(picture).unsqueeze(1).expand({-1, sentences, -1});
  auto words = torch::full({count, sentences}, tokens.start, torch::kInt64);
  auto ended = torch::zeros({count, sentences}, torch::kBool);
  const auto never_written =
      torch::tensor({tokens.padding, tokens.start, tokens.unknown}, torch::kInt64);

  std::vector<torch::Tensor> columns;
  for (int t = 0; t <= max_words; ++t) {
    auto vectors = decoder.embed(words);
    if (dropout > 0)
      vectors = torch::dropout(vectors, dropout, true);
    const auto step = decoder.advance(picture, vectors, hidden);
    hidden = step.hidden;
    auto logits = decoder.logits(step.hidden, step.context, vectors, dropout);
    logits.index_fill_(-1, never_written, -1e9);
    if (t == max_words) {
      words = torch::full_like(words, tokens.end);
    } else if (temperature == 0) {
      words = logits.argmax(-1);
    } else {
      words = draw(torch::softmax(logits / temperature, -1));
    }
    words = words.masked_fill(ended, tokens.padding);
    columns.push_back(words);
    ended = ended.logical_or(words == tokens.end);
    if (ended.all().item<bool>())
      break;
  }
  return torch::stack(columns, 2);
}

Words words_of(const torch::Tensor& row, const Vocabulary& vocabulary) {
  const TokenIds tokens;
  Words words;
  const auto ids = row.contiguous();
  for (int64_t i = 0; i < ids.numel(); ++i) {
    const int64_t id = ids.data_ptr<int64_t>()[i];
    if (id == tokens.end || id == tokens.padding)
      break;
    words.push_back(vocabulary.word(static_cast<int>(id)));
  }
  return words;
}

}  // namespace jetsoncaption
