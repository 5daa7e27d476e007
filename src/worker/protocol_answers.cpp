// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers and stages, from structures to messages and back, with all checks.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "worker/protocol.h"
#include "worker/protocol_parts.h"

namespace jetsoncaption {
namespace {

constexpr double kRounding = 1e-3;  // of what should be at most 1
constexpr double kLongestMs = 1e9;  // of anything

struct StageBody {
  uint32_t stage;
};

struct AnswerBody {
  uint64_t captions;
  uint64_t failures;
  uint64_t device_memory_bytes;
  int32_t status;
  int32_t self_test;
  uint32_t threads;
  uint32_t input_width;
  uint32_t input_height;
  uint32_t attention_columns;
  uint32_t attention_rows;
  char model_name[JETSONCAPTION_ENGINE_NAME_SIZE];
  char device[JETSONCAPTION_ENGINE_NAME_SIZE];
  char precision[JETSONCAPTION_ENGINE_NAME_SIZE];
  char kernels[JETSONCAPTION_ENGINE_NAME_SIZE];
  char version[JETSONCAPTION_ENGINE_NAME_SIZE];
  char self_test_failure[JETSONCAPTION_ENGINE_TEXT_SIZE];
  char device_fallback[JETSONCAPTION_ENGINE_TEXT_SIZE];
  char error[JETSONCAPTION_ENGINE_TEXT_SIZE];
};

// Behind it: the words, and the maps of each.
struct CaptionBody {
  double confidence;
  double inference_ms;
  double shrink_ms;
  double encode_ms;
  double decode_ms;
  uint32_t words;
  int32_t truncated;
  int32_t hedged;
  uint32_t steps;
  uint32_t tags;
  uint32_t listed;  // words that are behind it: none or all
  JetsonCaptionEngineTag tag_list[JETSONCAPTION_ENGINE_MAX_TAGS];
  char text[JETSONCAPTION_ENGINE_TEXT_SIZE];
};

static_assert(sizeof(MessageHead) + sizeof(AnswerBody) + sizeof(CaptionBody) +
                      JETSONCAPTION_ENGINE_MAX_WORDS *
                          (sizeof(JetsonCaptionEngineWord) + kWorkerMaxCells * sizeof(float)) <=
                  kWorkerMaxMessage,
              "every answer fits");

// Not for NaN.
bool is_between(double value, double least, double most) {
  return value >= least && value <= most;
}

bool is_share(double value) {
  return is_between(value, 0, 1 + kRounding);
}

bool is_time(double value) {
  return is_between(value, 0, kLongestMs);
}

AnswerBody answer_body(const WorkerAnswer& answer) {
  AnswerBody body;
  std::memset(&body, 0, sizeof body);
  const JetsonCaptionEngineStats& stats = answer.stats;
  body.captions = stats.captions;
  body.failures = stats.failures;
  body.device_memory_bytes = stats.device_memory_bytes;
  body.status = answer.status;
  body.self_test = stats.self_test;
  body.threads = stats.threads;
  body.input_width = stats.input_width;
  body.input_height = stats.input_height;
  body.attention_columns = stats.attention_columns;
  body.attention_rows = stats.attention_rows;
  put_text(body.model_name, stats.model_name);
  put_text(body.device, stats.device);
  put_text(body.precision, stats.precision);
  put_text(body.kernels, stats.kernels);
  put_text(body.version, stats.version);
  put_text(body.self_test_failure, stats.self_test_failure);
  put_text(body.device_fallback, stats.device_fallback);
  put_text(body.error, answer.error.c_str());
  return body;
}

Result<void> read_answer_body(const AnswerBody& body, WorkerAnswer& answer) {
  if (body.status < JETSONCAPTION_ENGINE_OK || body.status > JETSONCAPTION_ENGINE_INTERNAL)
    return nonsense("the status " + std::to_string(body.status));
  if (!ends(body.error) || !ends(body.model_name) || !ends(body.device) || !ends(body.precision) ||
      !ends(body.kernels) || !ends(body.version) || !ends(body.self_test_failure) ||
      !ends(body.device_fallback))
    return nonsense("a text without an end");
  if (body.input_width > kWorkerMaxSide || body.input_height > kWorkerMaxSide ||
      uint64_t{body.input_width} * body.input_height * 3 > kWorkerMaxPixels)
    return nonsense("an input of " + std::to_string(body.input_width) + "x" +
                    std::to_string(body.input_height));
  if (uint64_t{body.attention_columns} * body.attention_rows > kWorkerMaxCells)
    return nonsense("maps of " + std::to_string(body.attention_columns) + "x" +
                    std::to_string(body.attention_rows));
  if (body.self_test < JETSONCAPTION_ENGINE_SELF_TEST_ABSENT ||
      body.self_test > JETSONCAPTION_ENGINE_SELF_TEST_FAILED || body.threads > kMaxThreads)
    return nonsense("statistics that are out of range");
  answer.status = body.status;
  answer.error = body.error;
  JetsonCaptionEngineStats& stats = answer.stats;
  stats = {};
  stats.size = sizeof stats;
  get_text(stats.model_name, body.model_name);
  get_text(stats.device, body.device);
  get_text(stats.precision, body.precision);
  get_text(stats.kernels, body.kernels);
  get_text(stats.version, body.version);
  get_text(stats.self_test_failure, body.self_test_failure);
  get_text(stats.device_fallback, body.device_fallback);
  stats.threads = body.threads;
  stats.input_width = body.input_width;
  stats.input_height = body.input_height;
  stats.captions = body.captions;
  stats.failures = body.failures;
  stats.device_memory_bytes = body.device_memory_bytes;
  stats.attention_columns = body.attention_columns;
  stats.attention_rows = body.attention_rows;
  stats.self_test = body.self_test;
  return {};
}

void append_caption(const WorkerCaption& told, std::vector<char>& message) {
  const JetsonCaptionEngineCaption& caption = told.caption;
  CaptionBody body;
  std::memset(&body, 0, sizeof body);
  body.confidence = caption.confidence;
  body.inference_ms = caption.inference_ms;
  body.shrink_ms = caption.shrink_ms;
  body.encode_ms = caption.encode_ms;
  body.decode_ms = caption.decode_ms;
  body.words = caption.words;
  body.truncated = caption.truncated;
  body.hedged = caption.hedged;
  body.steps = caption.steps;
  body.tags = std::min<uint32_t>(caption.tags, JETSONCAPTION_ENGINE_MAX_TAGS);
  std::memcpy(body.tag_list, caption.tag_list, body.tags * sizeof body.tag_list[0]);
  put_text(body.text, caption.text);
  body.listed = static_cast<uint32_t>(told.words.size());
  append(body, message);
  append(told.words.data(), told.words.size() * sizeof told.words[0], message);
  append(told.maps.data(), told.maps.size() * sizeof told.maps[0], message);
}

Result<void> read_words(MessageReader& reader, uint32_t count, uint32_t cells,
                        WorkerCaption& told) {
  told.words.resize(count);
  told.maps.resize(size_t{count} * cells);
  if (!reader.take(told.words.data(), told.words.size() * sizeof told.words[0]) ||
      !reader.take(told.maps.data(), told.maps.size() * sizeof told.maps[0]))
    return nonsense("fewer words than it says");
  for (const JetsonCaptionEngineWord& word : told.words) {
    if (!ends(word.text) || !is_share(word.probability))
      return nonsense("a word that is out of range");
  }
  if (!std::all_of(told.maps.begin(), told.maps.end(), is_share))
    return nonsense("a map that is out of range");
  return {};
}

Result<void> read_caption(MessageReader& reader, const DescribeRequest& request,
                          WorkerCaption& told) {
  CaptionBody body;
  if (!reader.take(body))
    return nonsense("half a caption");
  if (!ends(body.text))
    return nonsense("a text without an end");
  if (!is_share(body.confidence) || !is_time(body.inference_ms) || !is_time(body.shrink_ms) ||
      !is_time(body.encode_ms) || !is_time(body.decode_ms))
    return nonsense("a confidence or time that is out of range");
  if (body.words > JETSONCAPTION_ENGINE_MAX_WORDS || body.tags > JETSONCAPTION_ENGINE_MAX_TAGS)
    return nonsense("too many words or tags");
  for (uint32_t i = 0; i < body.tags; ++i) {
    if (!ends(body.tag_list[i].text) || !is_share(body.tag_list[i].probability))
      return nonsense("a tag that is out of range");
  }
  const uint32_t most = request.cells > 0 ? request.request.max_words : 0;
  if (body.listed > most || body.listed > body.words)
    return nonsense("more words than were asked for");
  const Result<void> words = read_words(reader, body.listed, request.cells, told);
  if (!words.ok())
    return words;
  JetsonCaptionEngineCaption& caption = told.caption;
  caption = {};
  caption.size = sizeof caption;
  get_text(caption.text, body.text);
  caption.confidence = std::min(body.confidence, 1.0);
  caption.inference_ms = body.inference_ms;
  caption.shrink_ms = body.shrink_ms;
  caption.encode_ms = body.encode_ms;
  caption.decode_ms = body.decode_ms;
  caption.words = body.words;
  caption.truncated = body.truncated != 0 ? 1 : 0;
  caption.hedged = body.hedged != 0 ? 1 : 0;
  caption.steps = body.steps;
  caption.tags = body.tags;
  std::memcpy(caption.tag_list, body.tag_list, body.tags * sizeof body.tag_list[0]);
  return {};
}

}  // namespace

const char* describe_stage(WorkerStage stage) {
  switch (stage) {
    case WorkerStage::Starting:
      return "while it started";
    case WorkerStage::OpeningEngine:
      return "while it opened the engine";
    case WorkerStage::LoadingModel:
      return "while it loaded the model";
    case WorkerStage::Waiting:
      return "between two captions";
    case WorkerStage::Describing:
      return "while it described a frame";
    case WorkerStage::Trimming:
      return "while it gave memory back";
  }
  return "at an unknown stage";
}

void encode_answer(RequestKind kind, uint64_t serial, const WorkerAnswer& answer,
                   std::vector<char>& message) {
  begin_message(static_cast<uint32_t>(kind) | kAnswer, serial, message);
  append(answer_body(answer), message);
  if (kind == RequestKind::Describe && answer.status == JETSONCAPTION_ENGINE_OK)
    append_caption(answer.caption, message);
  finish_message(message);
}

void encode_stage(WorkerStage stage, std::vector<char>& message) {
  begin_message(kStage, 0, message);
  append(StageBody{static_cast<uint32_t>(stage)}, message);
  finish_message(message);
}

bool decode_stage(const char* bytes, size_t length, WorkerStage& stage) {
  const Result<MessageHead> head = read_head(bytes, length);
  StageBody body;
  MessageReader reader(bytes + sizeof(MessageHead),
                       length < sizeof(MessageHead) ? 0 : length - sizeof(MessageHead));
  if (!head.ok() || head.value().kind != kStage || !reader.take(body) || !reader.is_at_end() ||
      body.stage > static_cast<uint32_t>(WorkerStage::Trimming))
    return false;
  stage = static_cast<WorkerStage>(body.stage);
  return true;
}

Result<void> decode_answer(const char* bytes, size_t length, const WorkerRequest& request,
                           WorkerAnswer& answer) {
  const Result<MessageHead> head = read_head(bytes, length);
  if (!head.ok())
    return head.error();
  if (head.value().kind != (static_cast<uint32_t>(request.kind) | kAnswer) ||
      head.value().serial != request.serial)
    return nonsense("an answer to something else");
  MessageReader reader(bytes + sizeof(MessageHead), length - sizeof(MessageHead));
  AnswerBody body;
  if (!reader.take(body))
    return nonsense("half an answer");
  Result<void> read = read_answer_body(body, answer);
  if (read.ok() && request.kind == RequestKind::Describe &&
      answer.status == JETSONCAPTION_ENGINE_OK)
    read = read_caption(reader, request.describe, answer.caption);
  if (read.ok() && !reader.is_at_end())
    return nonsense("an answer with something behind it");
  return read;
}

}  // namespace jetsoncaption
