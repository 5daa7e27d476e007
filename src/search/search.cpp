// SPDX-License-Identifier: LGPL-2.1-or-later
// Beam search; with a beam of one it is greedy search.
#include "search/search.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "search/step_scorer.h"

namespace jetsoncaption {
namespace {

constexpr int kNoNode = -1;

// A written word. Sentences share their beginnings, so they are kept as a tree.
struct Node {
  int word;
  int previous;  // kNoNode: the first word
  float log_probability;
};

// A sentence that goes on. Its place in the list is its slot in the scorer.
struct Live {
  int last_node;
  double sum;  // of the log-probabilities
};

struct Finished {
  int last_node = kNoNode;
  float end_log_probability = 0.0F;
  double score = -std::numeric_limits<double>::infinity();
};

// A sentence and a word that may follow it.
struct Candidate {
  double sum;
  int word;
  int slot;
  float log_probability;
};

bool has(const std::vector<int>& words, int word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_better(const Candidate& a, const Candidate& b) {
  if (a.sum != b.sum)
    return a.sum > b.sum;
  return a.word != b.word ? a.word < b.word : a.slot < b.slot;
}

class Beam {
 public:
  Beam(StepScorer& scorer, const SearchOptions& options);

  SearchResult run();

 private:
  double normalized(double sum, int words) const { return sum / std::pow(words, penalty_); }
  const float* row(size_t slot) const { return log_probabilities_.data() + slot * vocabulary_; }
  bool may_follow(size_t word, float log_probability) const {
    return std::isfinite(log_probability) && !banned_[word];
  }

  // Never above 0: a sum can only fall (can_win()).
  double worth(int last, size_t word, float log_probability) const {
    const bool counts = word < word_evidence_.size() &&
                        (things_ == nullptr || !things_->is_pair(last, static_cast<int>(word)));
    return counts ? std::min(0.0, static_cast<double>(log_probability + word_evidence_[word]))
                  : static_cast<double>(log_probability);
  }
  int word_at(int node) const {
    return node == kNoNode ? -1 : nodes_[static_cast<size_t>(node)].word;
  }
  int before(int node) const { return nodes_[static_cast<size_t>(node)].previous; }

  bool describes_or_joins(int word) const {
    return has(adjectives_, word) || has(joining_words_, word);
  }

  bool stammers(size_t slot, int word) const;
  bool describes_already(int last_node, int word) const;
  bool names_again(size_t slot, int word) const;
  bool breaks_off(size_t slot, int word) const;
  int before_nameless(int node) const;
  int cut_back(int last_node) const;
  void collect_candidates();
  void add_candidate(const Candidate& candidate);
  void advance(int written);
  void keep_attention(int slot);
  void finish(const Live& sentence, float end_log_probability, int written);
  void finish_those_that_end(int written);
  bool can_win(int written) const;
  SearchResult result() const;

  StepScorer& scorer_;
  const std::function<bool()>& should_stop_;
  const size_t beam_size_;
  const int max_words_;
  const double penalty_;
  const int end_token_;
  const WordThings* things_;
  const bool may_stammer_;
  const std::vector<int>& joining_words_;
  const std::vector<int>& unfinished_words_;
  const std::vector<int>& articles_;
  const std::vector<int>& adjectives_;
  const std::vector<int>& words_after_things_;
  const std::vector<int>& words_before_things_;
  const std::vector<float>& word_evidence_;
  const bool keeps_attention_;
  const size_t vocabulary_;
  std::vector<char> banned_;

  std::vector<Node> nodes_;
  std::vector<std::vector<float>> node_attention_;  // one a node; empty unless asked for
  std::vector<Live> live_;                          // best first
  std::vector<Live> next_live_;
  std::vector<Candidate> candidates_;  // best first
  std::vector<int> parents_;
  std::vector<int> words_;
  std::vector<float> log_probabilities_;
  std::vector<float> attention_;  // of the newest step; empty unless asked for
  Finished best_finished_;
  size_t finished_ = 0;
  int steps_ = 0;
};

Beam::Beam(StepScorer& scorer, const SearchOptions& options)
    : scorer_(scorer),
      should_stop_(options.should_stop),
      beam_size_(static_cast<size_t>(std::max(options.beam_size, 1))),
      max_words_(std::max(options.max_words, 1)),
      penalty_(static_cast<double>(options.length_penalty)),
      end_token_(options.end_token),
      things_(options.things),
      may_stammer_(options.may_stammer),
      joining_words_(options.joining_words),
      unfinished_words_(options.unfinished_words),
      articles_(options.articles),
      adjectives_(options.adjectives),
      words_after_things_(options.words_after_things),
      words_before_things_(options.words_before_things),
      word_evidence_(options.word_evidence),
      keeps_attention_(options.keep_attention),
      vocabulary_(static_cast<size_t>(std::max(scorer.vocabulary_size(), 0))),
      banned_(vocabulary_, 0),
      live_{{kNoNode, 0.0}},
      parents_{0},
      words_{options.start_token} {
  for (const int token : options.banned_tokens) {
    if (token >= 0 && static_cast<size_t>(token) < vocabulary_)
      banned_[static_cast<size_t>(token)] = 1;
  }
}

SearchResult Beam::run() {
  for (int written = 0;; ++written) {
    if (written > 0 && should_stop_ && should_stop_())
      break;
    scorer_.step(parents_, words_, log_probabilities_);
    ++steps_;
    assert(log_probabilities_.size() == live_.size() * vocabulary_);
    if (written == max_words_) {
      finish_those_that_end(written);
      break;
    }
    collect_candidates();
    if (candidates_.empty())
      break;
    if (keeps_attention_)
      scorer_.copy_attention(attention_);
    advance(written);
    if (finished_ >= beam_size_ || !can_win(written + 1))
      break;
  }
  return result();
}

// Whether the word stands just before in the sentence in the slot, or just before an "and"; makes
// the last two words anew; or describes again what it describes: "a green blue and green".
bool Beam::stammers(size_t slot, int word) const {
  const int last = live_[slot].last_node;
  if (may_stammer_ || last == kNoNode)
    return false;
  if (word_at(last) == word)
    return true;
  const int second = before(last);
  if (second != kNoNode && word_at(second) == word &&
      (has(joining_words_, word_at(last)) || word_at(before(second)) == word_at(last)))
    return true;
  return has(adjectives_, word) && describes_already(last, word);
}

// Whether the word is among those that describe and join at the end of a sentence.
bool Beam::describes_already(int last_node, int word) const {
  for (int at = last_node; describes_or_joins(word_at(at)); at = before(at)) {
    if (word_at(at) == word)
      return true;
  }
  return false;
}

// Whether the sentence in the slot would end with "of", or go on with "a of" or "a red sitting".
bool Beam::breaks_off(size_t slot, int word) const {
  const int last = word_at(live_[slot].last_node);
  if (word == end_token_)
    return has(unfinished_words_, last);
  const bool is_unfinished = has(unfinished_words_, word);
  if (is_unfinished && has(articles_, last))
    return true;
  const bool is_after_thing =
      has(words_after_things_, word) || (is_unfinished && !has(joining_words_, word));
  return is_after_thing && before_nameless(live_[slot].last_node) != live_[slot].last_node;
}

// The node before an article and words that describe, where a sentence ends with them: "a black and
// white", or "a black and". Else the node itself.
int Beam::before_nameless(int node) const {
  int at = node;
  bool describes = false;
  for (; describes_or_joins(word_at(at)); at = before(at))
    describes = describes || has(adjectives_, word_at(at));
  return describes && has(articles_, word_at(at)) ? before(at) : node;
}

// Where a sentence may end that would end so: "a girl is sitting on a red" has said what it knows
// with "a girl is sitting". Two words are left at least.
int Beam::cut_back(int last_node) const {
  int end = last_node;
  for (int at = before_nameless(end); at != end; at = before_nameless(end)) {
    while (has(unfinished_words_, word_at(at)) || has(words_before_things_, word_at(at)))
      at = before(at);
    if (at == kNoNode || before(at) == kNoNode)
      return end;
    end = at;
  }
  return end;
}

// Whether the word names a thing that the sentence in the slot has named.
bool Beam::names_again(size_t slot, int word) const {
  const int last = live_[slot].last_node;
  const int thing = things_ == nullptr ? -1 : things_->of(word_at(last), word);
  if (thing < 0)
    return false;
  for (int at = last; at != kNoNode; at = before(at)) {
    if (things_->of(word_at(before(at)), word_at(at)) == thing)
      return true;
  }
  return false;
}

// The best continuations of all live sentences. Twice the beam, because each of the live sentences
// may end, and then as many must be left to go on.
void Beam::collect_candidates() {
  candidates_.clear();
  for (size_t slot = 0; slot < live_.size(); ++slot) {
    const float* log_probabilities = row(slot);
    const int last = word_at(live_[slot].last_node);
    for (size_t word = 0; word < vocabulary_; ++word) {
      const double sum = live_[slot].sum + worth(last, word, log_probabilities[word]);
      if (candidates_.size() == 2 * beam_size_ && sum < candidates_.back().sum)
        continue;
      if (may_follow(word, log_probabilities[word]) && !stammers(slot, static_cast<int>(word)) &&
          !names_again(slot, static_cast<int>(word)) && !breaks_off(slot, static_cast<int>(word))) {
        add_candidate(
            {sum, static_cast<int>(word), static_cast<int>(slot), log_probabilities[word]});
      }
    }
  }
}

void Beam::add_candidate(const Candidate& candidate) {
  const auto place = std::upper_bound(candidates_.begin(), candidates_.end(), candidate, is_better);
  candidates_.insert(place, candidate);
  if (candidates_.size() > 2 * beam_size_)
    candidates_.pop_back();
}

// Writes one more word: the best beam_size candidates go on. An end counts only where a word would
// have been good enough to go on; otherwise poor short sentences would fill the list.
void Beam::advance(int written) {
  next_live_.clear();
  parents_.clear();
  words_.clear();
  for (size_t rank = 0; rank < candidates_.size() && next_live_.size() < beam_size_; ++rank) {
    const Candidate& candidate = candidates_[rank];
    const Live& parent = live_[static_cast<size_t>(candidate.slot)];
    if (candidate.word == end_token_) {
      if (rank < beam_size_)
        finish(parent, candidate.log_probability, written);
      continue;
    }
    next_live_.push_back({static_cast<int>(nodes_.size()), candidate.sum});
    nodes_.push_back({candidate.word, parent.last_node, candidate.log_probability});
    if (keeps_attention_)
      keep_attention(candidate.slot);
    parents_.push_back(candidate.slot);
    words_.push_back(candidate.word);
  }
  live_.swap(next_live_);
}

// The newest node's word was scored in this slot, and this is where the decoder looked.
void Beam::keep_attention(int slot) {
  const size_t cells = attention_.size() / live_.size();
  const float* map = attention_.data() + static_cast<size_t>(slot) * cells;
  node_attention_.emplace_back(map, map + cells);
}

void Beam::finish(const Live& sentence, float end_log_probability, int written) {
  ++finished_;
  const double sum = sentence.sum + static_cast<double>(end_log_probability);
  const double score = normalized(sum, written + 1);
  if (score > best_finished_.score)
    best_finished_ = {sentence.last_node, end_log_probability, score};
}

// After the last word that is allowed: a sentence whose most likely next word is the end is whole.
void Beam::finish_those_that_end(int written) {
  for (size_t slot = 0; slot < live_.size(); ++slot) {
    const float* log_probabilities = row(slot);
    size_t likeliest = vocabulary_;
    for (size_t word = 0; word < vocabulary_; ++word) {
      if (may_follow(word, log_probabilities[word]) &&
          (likeliest == vocabulary_ || log_probabilities[word] > log_probabilities[likeliest]))
        likeliest = word;
    }
    if (likeliest < vocabulary_ && static_cast<int>(likeliest) == end_token_ &&
        !breaks_off(slot, end_token_))
      finish(live_[slot], log_probabilities[likeliest], written);
  }
}

// Whether a live sentence of `written` words may still beat the best finished one. Its sum can only
// fall, so the best it can hope for is that sum at the length that suits it most.
bool Beam::can_win(int written) const {
  if (live_.empty())
    return false;
  const double sum = live_.front().sum;
  const double hope = std::max(normalized(sum, written + 1), normalized(sum, max_words_ + 1));
  return finished_ == 0 || hope > best_finished_.score;
}

SearchResult Beam::result() const {
  SearchResult result;
  result.truncated = finished_ == 0;
  result.steps = steps_;
  if (finished_ > 0)
    result.end_log_probability = best_finished_.end_log_probability;
  const int last_node =
      finished_ > 0 ? cut_back(best_finished_.last_node) : live_.front().last_node;
  for (int node = last_node; node != kNoNode; node = nodes_[static_cast<size_t>(node)].previous) {
    result.words.push_back(nodes_[static_cast<size_t>(node)].word);
    result.word_log_probabilities.push_back(nodes_[static_cast<size_t>(node)].log_probability);
    if (keeps_attention_)
      result.word_attention.push_back(node_attention_[static_cast<size_t>(node)]);
  }
  std::reverse(result.words.begin(), result.words.end());
  std::reverse(result.word_log_probabilities.begin(), result.word_log_probabilities.end());
  std::reverse(result.word_attention.begin(), result.word_attention.end());
  return result;
}

}  // namespace

double SearchResult::confidence() const {
  double sum = truncated ? 0.0 : static_cast<double>(end_log_probability);
  for (const float log_probability : word_log_probabilities)
    sum += static_cast<double>(log_probability);
  const size_t terms = word_log_probabilities.size() + (truncated ? 0 : 1);
  return terms == 0 ? 0.0 : std::exp(sum / static_cast<double>(terms));
}

SearchResult search(StepScorer& scorer, const SearchOptions& options) {
  return Beam(scorer, options).run();
}

}  // namespace jetsoncaption
