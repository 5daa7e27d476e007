// SPDX-License-Identifier: LGPL-2.1-or-later
// From messages to structures and back, with all checks.
#include "worker/protocol.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace jetsoncaption {
namespace {

constexpr uint32_t kMagic = 0x4a43574b;  // "KWCJ"
constexpr uint32_t kAnswer = 0x100;      // the kind of an answer is that of its request and this
constexpr uint32_t kStage = 0x200;       // a kind of its own
constexpr double kRounding = 1e-3;       // of what should be at most 1
constexpr double kLongestMs = 1e9;       // of anything
constexpr uint32_t kMaxThreads = 4096;

// Members are in an order that leaves no gaps, so that no byte is sent that was not written.
struct Head {
  uint32_t magic;
  uint32_t version;
  uint32_t kind;
  uint32_t length;  // of what is behind the head
  uint64_t serial;
};
static_assert(sizeof(Head) == 24, "no gaps");

struct CreateBody {
  int32_t engine;
  int32_t device;
  int32_t precision;
  uint32_t threads;
  int32_t cudnn;
  char model_dir[kWorkerMaxPath];
};

struct DescribeBody {
  uint64_t number;
  double hedge_below;
  double tag_weight;
  uint32_t beam_size;
  uint32_t max_words;
  uint32_t max_inference_ms;
  uint32_t width;
  uint32_t height;
  uint32_t cells;
};
static_assert(sizeof(DescribeBody) == 48, "no gaps");

struct CancelBody {
  uint64_t number;
};

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

static_assert(sizeof(Head) + sizeof(AnswerBody) + sizeof(CaptionBody) +
                      JETSONCAPTION_ENGINE_MAX_WORDS *
                          (sizeof(JetsonCaptionEngineWord) + kWorkerMaxCells * sizeof(float)) <=
                  kWorkerMaxMessage,
              "every answer fits");

template <size_t kSize>
void put_text(char (&to)[kSize], const char* from) {
  const size_t length = std::min(strnlen(from, kSize), kSize - 1);
  std::memcpy(to, from, length);
}

template <size_t kSize>
bool ends(const char (&text)[kSize]) {
  return strnlen(text, kSize) < kSize;
}

template <size_t kSize>
void get_text(char (&to)[kSize], const char (&from)[kSize]) {
  std::memcpy(to, from, kSize);
}

void begin(uint32_t kind, uint64_t serial, std::vector<char>& message) {
  message.resize(sizeof(Head));
  const Head head = {kMagic, kWorkerProtocolVersion, kind, 0, serial};
  std::memcpy(message.data(), &head, sizeof head);
}

void append(const void* bytes, size_t length, std::vector<char>& message) {
  const auto* begin = static_cast<const char*>(bytes);
  message.insert(message.end(), begin, begin + length);
}

template <typename Body>
void append(const Body& body, std::vector<char>& message) {
  static_assert(std::is_trivially_copyable<Body>::value, "it is sent as it lies");
  append(&body, sizeof body, message);
}

void finish(std::vector<char>& message) {
  const auto length = static_cast<uint32_t>(message.size() - sizeof(Head));
  std::memcpy(message.data() + offsetof(Head, length), &length, sizeof length);
}

Error nonsense(const std::string& what) {
  return {ErrorKind::Internal, what};
}

// Reads the head, and checks that the message is as long as it says.
Result<Head> read_head(const char* bytes, size_t length) {
  Head head;
  if (length < sizeof head)
    return nonsense("a message of " + std::to_string(length) + " bytes");
  std::memcpy(&head, bytes, sizeof head);
  if (head.magic != kMagic)
    return nonsense("a message of something else");
  if (head.version != kWorkerProtocolVersion)
    return nonsense("version " + std::to_string(head.version) + " of the protocol instead of " +
                    std::to_string(kWorkerProtocolVersion) +
                    "; install the plugin and the worker from one release");
  if (head.length != length - sizeof head)
    return nonsense("a message of another length than it says");
  return head;
}

// Takes the front of what is left.
class Reader {
 public:
  Reader(const char* bytes, size_t length) : at_(bytes), left_(length) {}

  bool take(void* to, size_t length) {
    if (length > left_)
      return false;
    if (length > 0)
      std::memcpy(to, at_, length);
    at_ += length;
    left_ -= length;
    return true;
  }
  template <typename Body>
  bool take(Body& body) {
    static_assert(std::is_trivially_copyable<Body>::value, "it is read as it lies");
    return take(&body, sizeof body);
  }
  bool is_at_end() const { return left_ == 0; }

 private:
  const char* at_;
  size_t left_;
};

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

Result<void> read_create(Reader& reader, CreateRequest& request) {
  CreateBody body;
  if (!reader.take(body) || !reader.is_at_end())
    return nonsense("a Create of a wrong length");
  if (body.engine < 0 || body.engine >= kEngineKinds || !ends(body.model_dir) ||
      body.threads > kMaxThreads)
    return nonsense("a Create that is out of range");
  request.engine = static_cast<EngineKind>(body.engine);
  request.device = body.device;
  request.precision = body.precision;
  request.threads = body.threads;
  request.cudnn = body.cudnn != 0;
  request.model_dir = body.model_dir;
  return {};
}

// What the engine checks itself it is left to say.
Result<void> read_describe(Reader& reader, DescribeRequest& describe) {
  DescribeBody body;
  if (!reader.take(body) || !reader.is_at_end())
    return nonsense("a Describe of a wrong length");
  if (body.width < 1 || body.height < 1 || body.width > kWorkerMaxSide ||
      body.height > kWorkerMaxSide || body.cells > kWorkerMaxCells ||
      uint64_t{body.width} * body.height * 3 > kWorkerMaxPixels)
    return nonsense("a Describe that is out of range");
  describe.width = body.width;
  describe.height = body.height;
  describe.cells = body.cells;
  JetsonCaptionEngineRequest& request = describe.request;
  request = {};
  request.size = sizeof request;
  request.beam_size = body.beam_size;
  request.max_words = body.max_words;
  request.max_inference_ms = body.max_inference_ms;
  request.attention = body.cells > 0 ? 1 : 0;
  request.hedge_below = body.hedge_below;
  request.tag_weight = body.tag_weight;
  request.number = body.number;
  return {};
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

Result<void> read_words(Reader& reader, uint32_t count, uint32_t cells, WorkerCaption& told) {
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

Result<void> read_caption(Reader& reader, const DescribeRequest& request, WorkerCaption& told) {
  CaptionBody body;
  if (!reader.take(body))
    return nonsense("half a caption");
  if (!ends(body.text))
    return nonsense("a text without an end");
  if (!is_share(body.confidence) || !is_time(body.inference_ms) || !is_time(body.shrink_ms) ||
      !is_time(body.encode_ms) || !is_time(body.decode_ms))
    return nonsense("a confidence or time that is out of range");
  if (body.words > JETSONCAPTION_ENGINE_TEXT_SIZE || body.tags > JETSONCAPTION_ENGINE_MAX_TAGS)
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

void encode_request(const WorkerRequest& request, std::vector<char>& message) {
  begin(static_cast<uint32_t>(request.kind), request.serial, message);
  if (request.kind == RequestKind::Create) {
    CreateBody body;
    std::memset(&body, 0, sizeof body);
    body.engine = static_cast<int32_t>(request.create.engine);
    body.device = request.create.device;
    body.precision = request.create.precision;
    body.threads = request.create.threads;
    body.cudnn = request.create.cudnn ? 1 : 0;
    put_text(body.model_dir, request.create.model_dir.c_str());
    append(body, message);
  } else if (request.kind == RequestKind::Describe) {
    const JetsonCaptionEngineRequest& asked = request.describe.request;
    const DescribeBody body = {
        asked.number,           asked.hedge_below,       asked.tag_weight,
        asked.beam_size,        asked.max_words,         asked.max_inference_ms,
        request.describe.width, request.describe.height, request.describe.cells};
    append(body, message);
  } else if (request.kind == RequestKind::Cancel) {
    append(CancelBody{request.cancel_number}, message);
  }
  finish(message);
}

void encode_answer(RequestKind kind, uint64_t serial, const WorkerAnswer& answer,
                   std::vector<char>& message) {
  begin(static_cast<uint32_t>(kind) | kAnswer, serial, message);
  append(answer_body(answer), message);
  if (kind == RequestKind::Describe && answer.status == JETSONCAPTION_ENGINE_OK)
    append_caption(answer.caption, message);
  finish(message);
}

void encode_stage(WorkerStage stage, std::vector<char>& message) {
  begin(kStage, 0, message);
  append(StageBody{static_cast<uint32_t>(stage)}, message);
  finish(message);
}

Result<void> decode_request(const char* bytes, size_t length, WorkerRequest& request) {
  const Result<Head> head = read_head(bytes, length);
  if (!head.ok())
    return head.error();
  request.serial = head.value().serial;
  request.kind = static_cast<RequestKind>(head.value().kind);
  Reader reader(bytes + sizeof(Head), length - sizeof(Head));
  CancelBody cancel = {0};
  switch (request.kind) {
    case RequestKind::Create:
      return read_create(reader, request.create);
    case RequestKind::Describe:
      return read_describe(reader, request.describe);
    case RequestKind::Trim:
      return reader.is_at_end() ? Result<void>() : nonsense("a Trim of a wrong length");
    case RequestKind::Cancel:
      if (!reader.take(cancel) || !reader.is_at_end())
        return nonsense("a Cancel of a wrong length");
      request.cancel_number = cancel.number;
      return {};
  }
  return nonsense("a request of the kind " + std::to_string(head.value().kind));
}

bool decode_stage(const char* bytes, size_t length, WorkerStage& stage) {
  const Result<Head> head = read_head(bytes, length);
  StageBody body;
  Reader reader(bytes + sizeof(Head), length < sizeof(Head) ? 0 : length - sizeof(Head));
  if (!head.ok() || head.value().kind != kStage || !reader.take(body) || !reader.is_at_end() ||
      body.stage > static_cast<uint32_t>(WorkerStage::Trimming))
    return false;
  stage = static_cast<WorkerStage>(body.stage);
  return true;
}

Result<void> decode_answer(const char* bytes, size_t length, const WorkerRequest& request,
                           WorkerAnswer& answer) {
  const Result<Head> head = read_head(bytes, length);
  if (!head.ok())
    return head.error();
  if (head.value().kind != (static_cast<uint32_t>(request.kind) | kAnswer) ||
      head.value().serial != request.serial)
    return nonsense("an answer to something else");
  Reader reader(bytes + sizeof(Head), length - sizeof(Head));
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
