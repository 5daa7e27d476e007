// SPDX-License-Identifier: LGPL-2.1-or-later
// jetsoncaption-worker: an engine in a process of its own. The plugin starts it and talks to it
// through descriptor 3 (protocol.h); it ends when the plugin's process does.
#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/heap.h"
#include "base/torch_environment.h"
#include "engine/engine_choice.h"
#include "engine/engine_loader.h"
#include "worker/giving_up.h"
#include "worker/protocol.h"
#include "worker/shared_pixels.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

// Exit codes.
constexpr int kUsage = 64;
constexpr int kNonsense = 70;  // a request that makes no sense
constexpr int kNoPixels = 73;

// Not exit(): libraries of the engine may be at work in another thread.
[[noreturn]] void end(int code) {
  _exit(code);
}

[[noreturn]] void end_with(int code, const std::string& reason) {
  std::fprintf(stderr, "jetsoncaption-worker: %s\n", reason.c_str());
  end(code);
}

// std::terminate() of any thread: where memory has run out, that is said without any.
[[noreturn]] void end_for_an_exception() {
  try {
    if (const std::exception_ptr thrown = std::current_exception())
      std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    end(kWorkerFault + ENOMEM);
  } catch (const std::system_error& fault) {  // no thread
    end(kWorkerFault + fault.code().value());
  } catch (...) {
  }
  std::abort();
}

Confinement confinement_of(const JetsonCaptionEngineApi& api, JetsonCaptionEngine* engine,
                           EngineKind kind) {
  if (kind == EngineKind::Int8)
    return Confinement::Computing;
  JetsonCaptionEngineStats stats = {};
  stats.size = sizeof stats;
  api.get_stats(engine, &stats);
  if (std::strcmp(stats.device, "cpu") != 0)
    return Confinement::Accelerator;
  return Confinement::MakingCode;
}

// One thread reads the socket, so that a cancel and the end of the plugin are seen at any time; one
// does what is asked.
class Worker {
 public:
  [[noreturn]] void run();

 private:
  void receive();
  Result<void> accept(int descriptor);
  void tell_stats(const WorkerRequest& request);
  [[noreturn]] void work();
  void perform(const WorkerRequest& request);
  void create(const CreateRequest& request);
  void describe(const DescribeRequest& request);
  void fail(int32_t status, const std::string& error);
  void send(const std::vector<char>& message);
  void tell(WorkerStage stage);

  // Of the reading thread.
  std::vector<char> incoming_;

  std::mutex mutex_;  // of what follows
  std::condition_variable arrived_;
  bool is_busy_ = false;  // with request_
  WorkerRequest request_;
  int descriptor_ = -1;  // that came with request_
  const JetsonCaptionEngineApi* api_ = nullptr;
  JetsonCaptionEngine* engine_ = nullptr;  // made once, never destroyed: the process ends instead

  // Of the working thread.
  WorkerAnswer answer_;
  JetsonCaptionEngineStats stats_ = {};  // the newest that the engine told
  std::vector<char> outgoing_;
  SeenPixels pixels_;
};

void Worker::run() {
  incoming_.resize(kWorkerMaxMessage);
  std::thread([this] { work(); }).detach();
  for (;;)
    receive();
}

void Worker::receive() {
  iovec piece{incoming_.data(), incoming_.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t length = recvmsg(kWorkerSocket, &message, MSG_CMSG_CLOEXEC);
  if (length < 0 && errno == EINTR)
    return;
  if (length < 0 && errno != ECONNRESET)
    end(kWorkerFault + errno);
  if (length <= 0)
    end(0);  // the plugin is gone, or wants no more
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    end_with(kNonsense, "a request is too long");
  int descriptor = -1;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
      header->cmsg_len == CMSG_LEN(sizeof descriptor))
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);

  WorkerRequest request;
  const Result<void> decoded =
      decode_request(incoming_.data(), static_cast<size_t>(length), request);
  if (!decoded.ok())
    end_with(kNonsense, "a request makes no sense: " + decoded.error().message);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (request.kind == RequestKind::Cancel) {
    if (engine_ != nullptr)
      api_->cancel(engine_, request.cancel_number);
    return;
  }
  const bool is_create = request.kind == RequestKind::Create;
  if (is_busy_ || is_create != (engine_ == nullptr) ||
      (descriptor >= 0 && request.kind != RequestKind::Describe))
    end_with(kNonsense, "a request comes at the wrong time");
  request_ = std::move(request);
  descriptor_ = descriptor;
  is_busy_ = true;
  arrived_.notify_one();
}

void Worker::work() {
  pthread_setname_np(pthread_self(), "engine");
  for (;;) {
    WorkerRequest request;
    int descriptor = -1;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      arrived_.wait(lock, [this] { return is_busy_; });
      request = request_;
      std::swap(descriptor, descriptor_);
    }
    Result<void> seen;
    try {
      seen = accept(descriptor);
      if (seen.ok())
        perform(request);
      else
        fail(static_cast<int32_t>(seen.error().kind), seen.error().message);
    } catch (const std::bad_alloc&) {
      fail(JETSONCAPTION_ENGINE_OUT_OF_MEMORY, "Memory ran out in the worker process.");
    } catch (const std::exception& e) {
      fail(JETSONCAPTION_ENGINE_INTERNAL, e.what());
    }
    tell_stats(request);
    encode_answer(request.kind, request.serial, answer_, outgoing_);
    {
      // The next request may come as soon as the answer is sent.
      const std::lock_guard<std::mutex> lock(mutex_);
      is_busy_ = false;
    }
    send(outgoing_);
    if (!seen.ok())
      end_with(kNoPixels, seen.error().message);  // which are not sent again
  }
}

Result<void> Worker::accept(int descriptor) {
  if (descriptor < 0)
    return {};
  Result<void> seen = pixels_.look_at(descriptor);
  close(descriptor);
  if (!seen.ok())
    return Error{seen.error().kind, "The pixels cannot be seen: " + seen.error().message};
  return {};
}

// Where the engine has no memory to say how it is, it is as it was.
void Worker::tell_stats(const WorkerRequest& request) {
  JetsonCaptionEngineStats now = {};
  now.size = sizeof now;
  if (engine_ != nullptr)
    api_->get_stats(engine_, &now);
  if (now.input_width > 0 || engine_ == nullptr)
    stats_ = now;
  else if (request.kind == RequestKind::Create && answer_.status == JETSONCAPTION_ENGINE_OK)
    fail(JETSONCAPTION_ENGINE_INTERNAL, api_->last_error());
  answer_.stats = stats_;
}

void Worker::perform(const WorkerRequest& request) {
  answer_.status = JETSONCAPTION_ENGINE_OK;
  answer_.error.clear();
  answer_.caption.words.clear();
  answer_.caption.maps.clear();
  switch (request.kind) {
    case RequestKind::Create:
      return create(request.create);
    case RequestKind::Describe:
      return describe(request.describe);
    case RequestKind::Trim:
      return api_->trim_memory(engine_);
    case RequestKind::Cancel:
      break;
  }
}

void Worker::create(const CreateRequest& request) {
  tell(WorkerStage::OpeningEngine);
  // The plugin has seen that there may be a GPU; here its driver is asked.
  const EngineKind kind =
      request.engine == EngineKind::Int8
          ? EngineKind::Int8
          : choose_engine(static_cast<JetsonCaptionEngineDevice>(request.device),
                          static_cast<JetsonCaptionEnginePrecision>(request.precision),
                          request.model_dir, CudaEvidence::Driver)
                .kind;
  const Result<EngineLibrary> library = open_engine(kind);
  if (!library.ok()) {
    // NotFound is said of models.
    const bool is_missing = library.error().kind == ErrorKind::NotFound;
    return fail(
        is_missing ? JETSONCAPTION_ENGINE_UNSUPPORTED : static_cast<int32_t>(library.error().kind),
        library.error().message);
  }
  if (kind == EngineKind::Torch)
    keep_freed_blocks();
  tell(WorkerStage::LoadingModel);
  JetsonCaptionEngineOptions options = {};
  options.size = sizeof options;
  options.model_dir = request.model_dir.c_str();
  options.device = request.device;
  options.precision = request.precision;
  options.threads = request.threads;
  options.cudnn = request.cudnn ? 1 : 0;
  const JetsonCaptionEngineApi* api = library.value().api;
  JetsonCaptionEngine* engine = nullptr;
  const int32_t status = api->create(&options, &engine);
  if (status != JETSONCAPTION_ENGINE_OK)
    return fail(status, api->last_error());
  confine_or_tell(confinement_of(*api, engine, kind));
  const std::lock_guard<std::mutex> lock(mutex_);
  api_ = api;
  engine_ = engine;
}

void Worker::describe(const DescribeRequest& request) {
  const size_t row = size_t{request.width} * 3;
  if (row * request.height > pixels_.size())
    end_with(kNonsense, "a picture is larger than its memory");
  JetsonCaptionEngineImage image = {};
  image.size = sizeof image;
  image.pixels = pixels_.bytes();
  image.width = request.width;
  image.height = request.height;
  image.stride = row;
  JetsonCaptionEngineCaption& caption = answer_.caption.caption;
  caption = {};
  caption.size = sizeof caption;
  if (request.cells > 0) {
    const size_t most = std::min<size_t>(request.request.max_words, JETSONCAPTION_ENGINE_MAX_WORDS);
    answer_.caption.words.resize(most);
    answer_.caption.maps.resize(most * request.cells);
    caption.word_list = answer_.caption.words.data();
    caption.word_capacity = static_cast<uint32_t>(most);
    caption.attention = answer_.caption.maps.data();
    caption.attention_capacity = answer_.caption.maps.size();
  }
  const int32_t status = api_->describe(engine_, &image, &request.request, &caption);
  if (status != JETSONCAPTION_ENGINE_OK)
    return fail(status, api_->last_error());
  if (request.cells > 0) {
    const size_t listed = std::min<size_t>(caption.words, answer_.caption.words.size());
    answer_.caption.words.resize(listed);
    answer_.caption.maps.resize(listed * request.cells);
  }
}

void Worker::fail(int32_t status, const std::string& error) {
  answer_.status = status;
  answer_.error = error;
}

void Worker::send(const std::vector<char>& message) {
  while (::send(kWorkerSocket, message.data(), message.size(), MSG_NOSIGNAL) < 0) {
    if (errno == EPIPE || errno == ECONNRESET)
      end(0);
    if (errno != EINTR)
      end(kWorkerFault + errno);
  }
}

void Worker::tell(WorkerStage stage) {
  encode_stage(stage, outgoing_);
  send(outgoing_);
}

}  // namespace
}  // namespace jetsoncaption

int main(int argc, char** argv) {
  using namespace jetsoncaption;
  struct stat status;
  const int fault = fstat(kWorkerSocket, &status) != 0 ? errno : 0;
  if (argc == 3 && fault != 0 && fault != EBADF)
    return kWorkerFault + fault;
  if (argc != 3 || fault != 0 || !S_ISSOCK(status.st_mode)) {
    std::fputs(
        "jetsoncaption-worker is started by the element jetsoncaption with isolation=process.\n",
        stderr);
    return kUsage;
  }
  // OpenBLAS, which comes with LibTorch, reads them while it is opened.
  set_variables(missing_blas_variables(this_processor(), std::getenv));
  std::set_terminate(end_for_an_exception);
  std::signal(SIGPIPE, SIG_IGN);  // standard error may be a pipe whose reader has gone
  give_up_what_is_not_needed(static_cast<pid_t>(std::strtol(argv[1], nullptr, 10)),
                             std::strtoull(argv[2], nullptr, 10));
  Worker().run();
}
