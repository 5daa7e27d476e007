// SPDX-License-Identifier: LGPL-2.1-or-later
// The functions of an engine, each a request to a worker process.
#include "worker/worker_client.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include "worker/protocol.h"
#include "worker/shared_pixels.h"
#include "worker/worker_conversation.h"
#include "worker/worker_process.h"

#include <unistd.h>

namespace jetsoncaption {
namespace {

static_assert(static_cast<int>(ErrorKind::Lost) == JETSONCAPTION_ENGINE_LOST,
              "an error keeps its number on its way through the C boundary");

using std::chrono::milliseconds;

constexpr milliseconds kLeastForLoad{120000};  // as long as one without a worker takes unnoticed
constexpr milliseconds kMostForTrim{60000};

// As much as the caller has room for; its size is left alone.
template <typename Structure>
void write_structure(const Structure& from, Structure* to) {
  const size_t size = to->size;
  std::memcpy(static_cast<void*>(to), &from, std::min(size, sizeof from));
  to->size = size;
}

// What an older, shorter structure of the caller lacks is 0.
template <typename Structure>
Structure read_structure(const Structure* from) {
  Structure copy = {};
  std::memcpy(static_cast<void*>(&copy), from, std::min(from->size, sizeof copy));
  return copy;
}

uint64_t resident_bytes(pid_t pid) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%ld/statm", static_cast<long>(pid));
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr)
    return 0;
  unsigned long long pages = 0;
  const bool read = std::fscanf(file, "%*u %llu", &pages) == 1;
  std::fclose(file);
  return read ? pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

class WorkerClient {
 public:
  // Starts the process and loads the model there.
  static Result<std::unique_ptr<WorkerClient>> start(EngineKind kind,
                                                     const JetsonCaptionEngineOptions& options);

  Result<void> describe(const JetsonCaptionEngineImage& image,
                        const JetsonCaptionEngineRequest& request,
                        JetsonCaptionEngineCaption& caption);
  void trim();
  void cancel(uint64_t number) { conversation_.cancel(number); }
  JetsonCaptionEngineStats stats() const;

 private:
  WorkerClient(std::unique_ptr<WorkerProcess> process, milliseconds timeout)
      : conversation_(std::move(process)), timeout_(timeout) {}

  // As the conversation's, and keeps what the answer says of the engine.
  Result<void> ask(WorkerStage stage, milliseconds timeout, int descriptor = -1);
  void keep_stats();
  Result<void> check_stats() const;
  milliseconds load_timeout() const;
  milliseconds trim_timeout() const;

  WorkerConversation conversation_;
  const milliseconds timeout_;  // of a caption; 0: none
  SharedPixels pixels_;         // of the one call at a time that asks

  mutable std::mutex mutex_;  // of what follows
  JetsonCaptionEngineStats stats_ = {};
};

milliseconds WorkerClient::load_timeout() const {
  return timeout_.count() == 0 ? timeout_ : std::max(6 * timeout_, kLeastForLoad);
}

// Nobody can call a trim off, so that there is a limit in any case.
milliseconds WorkerClient::trim_timeout() const {
  return timeout_.count() == 0 ? kMostForTrim : std::min(timeout_, kMostForTrim);
}

// What the plugin has made room for once stays as it is.
Result<void> WorkerClient::check_stats() const {
  const JetsonCaptionEngineStats& now = conversation_.answer().stats;
  if (now.input_width != stats_.input_width || now.input_height != stats_.input_height ||
      now.attention_columns != stats_.attention_columns ||
      now.attention_rows != stats_.attention_rows)
    return Error{ErrorKind::Internal, "another input than before"};
  return {};
}

Result<void> WorkerClient::ask(WorkerStage stage, milliseconds timeout, int descriptor) {
  const Result<void> asked = conversation_.ask(stage, timeout, descriptor);
  if (!asked.ok())
    return asked;
  const Result<void> same = check_stats();
  if (!same.ok())
    return conversation_.lost_by_nonsense(same.error().message);
  keep_stats();
  return {};
}

void WorkerClient::keep_stats() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stats_ = conversation_.answer().stats;
}

Result<std::unique_ptr<WorkerClient>> WorkerClient::start(
    EngineKind kind, const JetsonCaptionEngineOptions& options) {
  const std::string model_dir = options.model_dir != nullptr ? options.model_dir : "";
  if (model_dir.size() >= kWorkerMaxPath)
    return Error{ErrorKind::InvalidArgument, "The path of the model has " +
                                                 std::to_string(model_dir.size()) +
                                                 " bytes; with isolation=process it may have " +
                                                 std::to_string(kWorkerMaxPath - 1) + "."};
  auto process = WorkerProcess::start(options.worker_memory_limit_mb);
  if (!process.ok())
    return process.error();
  std::unique_ptr<WorkerClient> client(
      new WorkerClient(std::move(process.value()), milliseconds(options.worker_timeout_ms)));
  CreateRequest& create = client->conversation_.request().create;
  create.engine = kind;
  create.model_dir = model_dir;
  create.device = options.device;
  create.precision = options.precision;
  create.threads = options.threads;
  create.cudnn = options.cudnn != 0;
  client->conversation_.request().kind = RequestKind::Create;
  const auto is_cancelled = [&options] {
    return options.is_cancelled != nullptr && options.is_cancelled(options.cancel_data) != 0;
  };
  const Result<void> asked =
      client->conversation_.ask_unless(is_cancelled, WorkerStage::Starting, client->load_timeout());
  if (!asked.ok())
    return asked.error();
  client->keep_stats();
  const WorkerAnswer& answer = client->conversation_.answer();
  if (answer.status != JETSONCAPTION_ENGINE_OK)
    return Error{static_cast<ErrorKind>(answer.status), answer.error};
  return client;
}

// Writes words and maps where the caller has room for them.
bool write_attention(const WorkerCaption& told, JetsonCaptionEngineCaption& caption) {
  if (told.words.size() > caption.word_capacity || told.maps.size() > caption.attention_capacity)
    return false;
  std::copy(told.words.begin(), told.words.end(), caption.word_list);
  std::copy(told.maps.begin(), told.maps.end(), caption.attention);
  return true;
}

Result<void> WorkerClient::describe(const JetsonCaptionEngineImage& image,
                                    const JetsonCaptionEngineRequest& request,
                                    JetsonCaptionEngineCaption& given) {
  const Result<void> there = conversation_.check();
  if (!there.ok())
    return there;
  JetsonCaptionEngineCaption caption = read_structure(&given);
  WorkerRequest& asking = conversation_.request();
  asking.kind = RequestKind::Describe;
  asking.describe.request = request;
  asking.describe.width = image.width;
  asking.describe.height = image.height;
  asking.describe.cells =
      request.attention != 0 ? stats_.attention_columns * stats_.attention_rows : 0;
  if (asking.describe.cells > 0 && (caption.word_list == nullptr || caption.attention == nullptr))
    return Error{ErrorKind::InvalidArgument, "Attention was asked for without room for it."};
  const Result<bool> is_new = pixels_.write(image);
  if (!is_new.ok())
    return is_new.error();
  const Result<void> asked =
      ask(WorkerStage::Describing, timeout_, is_new.value() ? pixels_.descriptor() : -1);
  if (!asked.ok())
    return asked;
  const WorkerAnswer& answer = conversation_.answer();
  if (answer.status != JETSONCAPTION_ENGINE_OK)
    return Error{static_cast<ErrorKind>(answer.status), answer.error};
  JetsonCaptionEngineCaption told = answer.caption.caption;
  if (asking.describe.cells > 0 && !write_attention(answer.caption, caption))
    return conversation_.lost_by_nonsense("more words than there is room for");
  told.word_list = caption.word_list;
  told.word_capacity = caption.word_capacity;
  told.attention = caption.attention;
  told.attention_capacity = caption.attention_capacity;
  write_structure(told, &given);
  return {};
}

void WorkerClient::trim() {
  conversation_.request().kind = RequestKind::Trim;
  const Result<void> asked = ask(WorkerStage::Trimming, trim_timeout());
  (void)asked;  // the next caption says what is wrong
}

JetsonCaptionEngineStats WorkerClient::stats() const {
  JetsonCaptionEngineStats stats;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stats = stats_;
  }
  const pid_t pid = conversation_.pid();
  stats.process_id = static_cast<uint64_t>(pid);
  stats.process_memory_bytes = pid != 0 ? resident_bytes(pid) : 0;
  return stats;
}

// The functions of the table.

thread_local char last_error_text[2 * JETSONCAPTION_ENGINE_TEXT_SIZE];

int32_t fail(ErrorKind kind, const char* message) {
  std::snprintf(last_error_text, sizeof last_error_text, "%s", message);
  return static_cast<int32_t>(kind);
}

int32_t status_of(const Result<void>& result) {
  return result.ok() ? JETSONCAPTION_ENGINE_OK
                     : fail(result.error().kind, result.error().message.c_str());
}

// Runs body(), which returns a status, and turns what it throws into one.
template <typename Body>
int32_t guarded(Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail(ErrorKind::OutOfMemory, "Memory ran out while the worker process was asked.");
  } catch (const std::exception& e) {
    return fail(ErrorKind::Internal, e.what());
  }
}

WorkerClient* client_of(JetsonCaptionEngine* engine) {
  return reinterpret_cast<WorkerClient*>(engine);
}

template <EngineKind kKind>
int32_t create(const JetsonCaptionEngineOptions* options, JetsonCaptionEngine** engine) {
  *engine = nullptr;
  return guarded([&]() -> int32_t {
    auto client = WorkerClient::start(kKind, read_structure(options));
    if (!client.ok())
      return fail(client.error().kind, client.error().message.c_str());
    *engine = reinterpret_cast<JetsonCaptionEngine*>(client.value().release());
    return JETSONCAPTION_ENGINE_OK;
  });
}

int32_t describe(JetsonCaptionEngine* engine, const JetsonCaptionEngineImage* image,
                 const JetsonCaptionEngineRequest* request, JetsonCaptionEngineCaption* caption) {
  return guarded([&] {
    return status_of(
        client_of(engine)->describe(read_structure(image), read_structure(request), *caption));
  });
}

void get_stats(JetsonCaptionEngine* engine, JetsonCaptionEngineStats* stats) {
  JetsonCaptionEngineStats now = client_of(engine)->stats();
  write_structure(now, stats);
}

void trim_memory(JetsonCaptionEngine* engine) {
  guarded([&]() -> int32_t {
    client_of(engine)->trim();
    return JETSONCAPTION_ENGINE_OK;
  });
}

void cancel(JetsonCaptionEngine* engine, uint64_t number) {
  guarded([&]() -> int32_t {
    client_of(engine)->cancel(number);
    return JETSONCAPTION_ENGINE_OK;
  });
}

void destroy(JetsonCaptionEngine* engine) {
  delete client_of(engine);
}

const char* last_error() {
  return last_error_text;
}

template <EngineKind kKind>
const JetsonCaptionEngineApi* table() {
  static const JetsonCaptionEngineApi api = {JETSONCAPTION_ENGINE_API_VERSION,
                                             create<kKind>,
                                             describe,
                                             get_stats,
                                             trim_memory,
                                             cancel,
                                             destroy,
                                             last_error};
  return &api;
}

}  // namespace

Result<EngineLibrary> open_worker_engine(EngineKind kind) {
  const Result<std::string> program = find_worker_program();
  if (!program.ok())
    return program.error();
  return EngineLibrary{
      kind == EngineKind::Torch ? table<EngineKind::Torch>() : table<EngineKind::Int8>(),
      program.value()};
}

}  // namespace jetsoncaption
