// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks a worker process, and trusts nothing that it answers.
#include "worker/worker_client.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "worker/protocol.h"
#include "worker/shared_pixels.h"
#include "worker/worker_process.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

static_assert(static_cast<int>(ErrorKind::Lost) == JETSONCAPTION_ENGINE_LOST,
              "an error keeps its number on its way through the C boundary");

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Deadline = std::optional<Clock::time_point>;

// An end of the process that its socket does not tell of, because a copy of that is somewhere, is
// seen so often.
constexpr int kMostRefused = 100;  // a second

constexpr milliseconds kLookAgain{200};

// How long a process may take to end that has closed its socket: it may write a core file.
constexpr milliseconds kEndPatience{2000};

constexpr milliseconds kLeastForLoad{60000};

// What it tells of while it works on one request.
constexpr int kMaxStages = 16;

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
  void cancel(uint64_t number);
  JetsonCaptionEngineStats stats() const;

 private:
  WorkerClient(std::unique_ptr<WorkerProcess> process, milliseconds timeout)
      : process_(std::move(process)), timeout_(timeout), pid_(process_->pid()) {}

  // The answer is in answer_. `descriptor` goes with it, unless it is -1.
  Result<void> ask(WorkerStage stage, milliseconds timeout, int descriptor = -1);
  Result<void> send(const Deadline& deadline, int descriptor);
  Result<void> wait_for(short events, const Deadline& deadline);
  Result<void> receive(const Deadline& deadline);
  Result<void> check_stats() const;

  Error lost_by_end();
  Error lost_by_time();
  Error lost_by_nonsense(const std::string& what);
  Error lost_by_socket(int fault);
  Error lose(const std::string& sentence);
  milliseconds load_timeout() const;

  const std::unique_ptr<WorkerProcess> process_;
  const milliseconds timeout_;  // of a caption; 0: none
  std::atomic<pid_t> pid_;      // 0 when it is lost

  // Of the one call at a time that asks.
  SharedPixels pixels_;
  WorkerRequest request_;
  WorkerAnswer answer_;
  std::vector<char> outgoing_;
  std::vector<char> incoming_;
  WorkerStage stage_ = WorkerStage::Starting;
  milliseconds asked_for_{0};
  std::string lost_;  // a sentence; empty while it is not

  mutable std::mutex mutex_;  // of what follows
  JetsonCaptionEngineStats stats_ = {};
};

milliseconds WorkerClient::load_timeout() const {
  return timeout_.count() == 0 ? timeout_ : std::max(6 * timeout_, kLeastForLoad);
}

Error WorkerClient::lose(const std::string& sentence) {
  pid_ = 0;
  lost_ = "The worker process " + std::to_string(process_->pid()) + " " + sentence + ".";
  return {ErrorKind::Lost, lost_};
}

Error WorkerClient::lost_by_end() {
  const std::string how = process_->wait(kEndPatience);
  return lose(how + " " + describe_stage(stage_));
}

Error WorkerClient::lost_by_time() {
  process_->kill();
  return lose("did not answer for " + std::to_string(asked_for_.count()) + " ms " +
              describe_stage(stage_) + ", and was killed");
}

Error WorkerClient::lost_by_nonsense(const std::string& what) {
  process_->kill();
  return lose("said what makes no sense " + std::string(describe_stage(stage_)) + " (" + what +
              "), and was killed");
}

Error WorkerClient::lost_by_socket(int fault) {
  process_->kill();
  return lose("could not be spoken to " + std::string(describe_stage(stage_)) + " (" +
              std::strerror(fault) + "), and was killed");
}

Result<void> WorkerClient::wait_for(short events, const Deadline& deadline) {
  for (;;) {
    milliseconds left = kLookAgain;
    if (deadline)
      left = std::min(left, std::chrono::duration_cast<milliseconds>(*deadline - Clock::now()) +
                                milliseconds(1));
    if (left.count() <= 0)
      return lost_by_time();
    pollfd ready{process_->socket(), events, 0};
    const int polled = poll(&ready, 1, static_cast<int>(left.count()));
    if (polled > 0)
      return {};
    if (polled == 0 && !process_->is_running()) {
      // Its last word may have come since.
      if (poll(&ready, 1, 0) > 0)
        return {};
      return lost_by_end();
    }
    if (polled < 0 && errno != EINTR)
      return lost_by_socket(errno);
  }
}

Result<void> WorkerClient::send(const Deadline& deadline, int descriptor) {
  for (int refused = 0;;) {
    iovec piece{outgoing_.data(), outgoing_.size()};
    msghdr message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    if (descriptor >= 0) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof descriptor);
      std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    const ssize_t sent = sendmsg(process_->socket(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0)
      return {};
    if (errno == EPIPE || errno == ECONNRESET)
      return lost_by_end();
    // The kernel lacks memory for it: that passes, or does not.
    if (errno == ENOBUFS && ++refused < kMostRefused) {
      std::this_thread::sleep_for(milliseconds(10));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR)
      return lost_by_socket(errno);
    Result<void> waited = wait_for(POLLOUT, deadline);
    if (!waited.ok())
      return waited;
  }
}

Result<void> WorkerClient::receive(const Deadline& deadline) {
  incoming_.resize(kWorkerMaxMessage);
  for (int stages = 0; stages < kMaxStages;) {
    Result<void> waited = wait_for(POLLIN, deadline);
    if (!waited.ok())
      return waited;
    iovec piece{incoming_.data(), incoming_.size()};
    msghdr message = {};  // without room for descriptors, which are closed by the kernel then
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    const ssize_t length = recvmsg(process_->socket(), &message, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
      continue;
    if (length == 0 || (length < 0 && errno == ECONNRESET))
      return lost_by_end();
    if (length < 0)
      return lost_by_socket(errno);
    if ((message.msg_flags & MSG_TRUNC) != 0)
      return lost_by_nonsense("a message that is too long");
    const auto bytes = static_cast<size_t>(length);
    if (decode_stage(incoming_.data(), bytes, stage_)) {
      stages++;
      continue;
    }
    const Result<void> decoded = decode_answer(incoming_.data(), bytes, request_, answer_);
    if (!decoded.ok())
      return lost_by_nonsense(decoded.error().message);
    return {};
  }
  return lost_by_nonsense("too many stages");
}

// What the plugin has made room for once stays as it is.
Result<void> WorkerClient::check_stats() const {
  const JetsonCaptionEngineStats& now = answer_.stats;
  if (now.input_width != stats_.input_width || now.input_height != stats_.input_height ||
      now.attention_columns != stats_.attention_columns ||
      now.attention_rows != stats_.attention_rows)
    return Error{ErrorKind::Internal, "another input than before"};
  return {};
}

Result<void> WorkerClient::ask(WorkerStage stage, milliseconds timeout, int descriptor) {
  if (!lost_.empty())
    return Error{ErrorKind::Lost, lost_};
  asked_for_ = timeout;
  const Deadline deadline = timeout.count() == 0 ? Deadline() : Deadline(Clock::now() + timeout);
  ++request_.serial;
  encode_request(request_, outgoing_);
  Result<void> done = send(deadline, descriptor);
  if (!done.ok())
    return done;
  stage_ = stage;
  done = receive(deadline);
  if (!done.ok())
    return done;
  stage_ = WorkerStage::Waiting;
  if (request_.kind != RequestKind::Create) {
    const Result<void> same = check_stats();
    if (!same.ok())
      return lost_by_nonsense(same.error().message);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  stats_ = answer_.stats;
  return {};
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
  CreateRequest& create = client->request_.create;
  create.engine = kind;
  create.model_dir = model_dir;
  create.device = options.device;
  create.precision = options.precision;
  create.threads = options.threads;
  create.cudnn = options.cudnn != 0;
  client->request_.kind = RequestKind::Create;
  const Result<void> asked = client->ask(WorkerStage::Starting, client->load_timeout());
  if (!asked.ok())
    return asked.error();
  const WorkerAnswer& answer = client->answer_;
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
  if (!lost_.empty())
    return Error{ErrorKind::Lost, lost_};
  JetsonCaptionEngineCaption caption = read_structure(&given);
  request_.kind = RequestKind::Describe;
  request_.describe.request = request;
  request_.describe.width = image.width;
  request_.describe.height = image.height;
  request_.describe.cells =
      request.attention != 0 ? stats_.attention_columns * stats_.attention_rows : 0;
  if (request_.describe.cells > 0 && (caption.word_list == nullptr || caption.attention == nullptr))
    return Error{ErrorKind::InvalidArgument, "Attention was asked for without room for it."};
  const Result<bool> is_new = pixels_.write(image);
  if (!is_new.ok())
    return is_new.error();
  const Result<void> asked =
      ask(WorkerStage::Describing, timeout_, is_new.value() ? pixels_.descriptor() : -1);
  if (!asked.ok())
    return asked;
  if (answer_.status != JETSONCAPTION_ENGINE_OK)
    return Error{static_cast<ErrorKind>(answer_.status), answer_.error};
  JetsonCaptionEngineCaption& told = answer_.caption.caption;
  if (request_.describe.cells > 0 && !write_attention(answer_.caption, caption))
    return lost_by_nonsense("more words than there is room for");
  told.word_list = caption.word_list;
  told.word_capacity = caption.word_capacity;
  told.attention = caption.attention;
  told.attention_capacity = caption.attention_capacity;
  write_structure(told, &given);
  return {};
}

void WorkerClient::trim() {
  request_.kind = RequestKind::Trim;
  const Result<void> asked = ask(WorkerStage::Trimming, load_timeout());
  (void)asked;  // the next caption says what is wrong
}

// Not waited for: where there is no room for the message, the caption comes to its end.
void WorkerClient::cancel(uint64_t number) {
  WorkerRequest request;
  request.kind = RequestKind::Cancel;
  request.cancel_number = number;
  std::vector<char> message;
  encode_request(request, message);
  const ssize_t sent =
      ::send(process_->socket(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  (void)sent;
}

JetsonCaptionEngineStats WorkerClient::stats() const {
  JetsonCaptionEngineStats stats;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stats = stats_;
  }
  const pid_t pid = pid_;
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
