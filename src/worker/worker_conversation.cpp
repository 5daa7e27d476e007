// SPDX-License-Identifier: LGPL-2.1-or-later
// Packets to the worker process and back, and all that may come between.
#include "worker/worker_conversation.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include <poll.h>
#include <sys/socket.h>

namespace jetsoncaption {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kMostRefused = 100;  // a second

// An end of the process that its socket does not tell of, because a copy of that is somewhere, is
// seen so often.
constexpr milliseconds kLookAgain{200};

// And that nobody wants an answer any more.
constexpr milliseconds kAskAgain{20};

// How long an engine may go on with what was cancelled, where nothing else ends it. It looks
// between two words; encoding takes seconds where a slow processor has no kernels of its own.
constexpr milliseconds kStopPatience{10000};

// How long a process may take to end that has closed its socket: it may write a core file.
constexpr milliseconds kEndPatience{2000};

// What it tells of while it works on one request.
constexpr int kMaxStages = 16;

}  // namespace

Result<void> WorkerConversation::check() const {
  if (!lost_.empty())
    return Error{ErrorKind::Lost, lost_};
  return {};
}

Error WorkerConversation::lose(const std::string& sentence) {
  pid_ = 0;
  lost_ = "The worker process " + std::to_string(process_->pid()) + " " + sentence + ".";
  return {ErrorKind::Lost, lost_};
}

Error WorkerConversation::end_cancelled() {
  process_->kill();
  return {ErrorKind::Cancelled, lose("is not wanted any more, and was killed").message};
}

Error WorkerConversation::lost_by_end() {
  const std::string how = process_->wait(kEndPatience);
  return lose(how + " " + describe_stage(stage_));
}

Error WorkerConversation::lost_by_time(bool is_cancelled) {
  process_->kill();
  const std::string how =
      is_cancelled ? "was told to stop, did not for " + std::to_string(kStopPatience.count())
                   : "did not answer for " + std::to_string(asked_for_.count());
  return lose(how + " ms " + describe_stage(stage_) + ", and was killed");
}

// When what was asked and then cancelled is to be over, where there is no other limit: a seek is to
// end no process that would have been in time.
WorkerConversation::Deadline WorkerConversation::end_of_cancelled() const {
  const std::lock_guard<std::mutex> lock(cancelled_mutex_);
  if (asked_for_.count() != 0 || request_.kind != RequestKind::Describe || !cancelled_at_ ||
      request_.describe.request.number > cancelled_number_)
    return {};
  return *cancelled_at_ + kStopPatience;
}

Error WorkerConversation::lost_by_nonsense(const std::string& what) {
  process_->kill();
  return lose("said what makes no sense " + std::string(describe_stage(stage_)) + " (" + what +
              "), and was killed");
}

Error WorkerConversation::lost_by_socket(int fault) {
  process_->kill();
  return lose("could not be spoken to " + std::string(describe_stage(stage_)) + " (" +
              std::strerror(fault) + "), and was killed");
}

Result<void> WorkerConversation::wait_for(short events, const Deadline& deadline) {
  for (;;) {
    if (is_cancelled_ && is_cancelled_())
      return end_cancelled();
    const Deadline stop = end_of_cancelled();
    const bool is_stop_first = stop && (!deadline || *stop < *deadline);
    const Deadline end = is_stop_first ? stop : deadline;
    milliseconds left = is_cancelled_ ? kAskAgain : kLookAgain;
    if (end)
      left = std::min(
          left, std::chrono::duration_cast<milliseconds>(*end - Clock::now()) + milliseconds(1));
    if (left.count() <= 0)
      return lost_by_time(is_stop_first);
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

Result<void> WorkerConversation::send(const Deadline& deadline, int descriptor) {
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

Result<void> WorkerConversation::receive(const Deadline& deadline) {
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

Result<void> WorkerConversation::ask(WorkerStage stage, milliseconds timeout, int descriptor) {
  const Result<void> there = check();
  if (!there.ok())
    return there;
  asked_for_ = timeout;
  const Deadline deadline = timeout.count() == 0 ? Deadline() : Deadline(Clock::now() + timeout);
  ++request_.serial;
  encode_request(request_, outgoing_);
  Result<void> done = send(deadline, descriptor);
  if (!done.ok())
    return done;
  stage_ = stage;
  done = receive(deadline);
  if (done.ok())
    stage_ = WorkerStage::Waiting;
  return done;
}

Result<void> WorkerConversation::ask_unless(const std::function<bool()>& is_cancelled,
                                            WorkerStage stage, milliseconds timeout) {
  is_cancelled_ = is_cancelled;
  Result<void> asked = ask(stage, timeout);
  is_cancelled_ = nullptr;
  return asked;
}

void WorkerConversation::cancel(uint64_t number) {
  {
    const std::lock_guard<std::mutex> lock(cancelled_mutex_);
    if (!cancelled_at_ || number > cancelled_number_)
      cancelled_at_ = Clock::now();
    cancelled_number_ = std::max(cancelled_number_, number);
  }
  WorkerRequest request;
  request.kind = RequestKind::Cancel;
  request.cancel_number = number;
  std::vector<char> message;
  encode_request(request, message);
  const ssize_t sent =
      ::send(process_->socket(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  (void)sent;
}

}  // namespace jetsoncaption
