// SPDX-License-Identifier: LGPL-2.1-or-later
// Speaks with a worker process: one request and its answer at a time, within a time limit, and with
// a sentence for how the process is lost. Trusts nothing that comes back.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "worker/protocol.h"
#include "worker/worker_process.h"

#include <sys/types.h>

namespace jetsoncaption {

// One ask() at a time; cancel() and pid() from any thread.
class WorkerConversation {
 public:
  explicit WorkerConversation(std::unique_ptr<WorkerProcess> process)
      : process_(std::move(process)), pid_(process_->pid()) {}

  // To be filled in before ask(); its serial is not the caller's.
  WorkerRequest& request() { return request_; }

  // The answer is in answer(). `stage` is what the process begins with; `descriptor` goes with the
  // request, unless it is -1. No timeout: 0. Lost, once and for all.
  Result<void> ask(WorkerStage stage, std::chrono::milliseconds timeout, int descriptor = -1);

  // The same, until `is_cancelled` says, in this thread, that nobody wants an answer any more: the
  // process is killed then. Cancelled.
  Result<void> ask_unless(const std::function<bool()>& is_cancelled, WorkerStage stage,
                          std::chrono::milliseconds timeout);

  const WorkerAnswer& answer() const { return answer_; }

  // That of the request to describe, and of those before it. Not waited for: where there is no room
  // for the message, the caption comes to its end. A process that goes on all the same is
  // lost at the timeout, and without one after ten seconds.
  void cancel(uint64_t number);

  // Lost where the process is.
  Result<void> check() const;

  // Kills it.
  Error lost_by_nonsense(const std::string& what);

  pid_t pid() const { return pid_; }  // 0 when it is lost

 private:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;

  Result<void> send(const Deadline& deadline, int descriptor);
  Result<void> wait_for(short events, const Deadline& deadline);
  Result<void> receive(const Deadline& deadline);
  Deadline end_of_cancelled() const;

  Error end_cancelled();
  Error lost_by_end();
  Error lost_by_time(bool is_cancelled);
  Error lost_by_socket(int fault);
  Error lose(const std::string& sentence);

  const std::unique_ptr<WorkerProcess> process_;
  std::atomic<pid_t> pid_;

  // Of the one call at a time that asks.
  WorkerRequest request_;
  WorkerAnswer answer_;
  std::vector<char> outgoing_;
  std::vector<char> incoming_;
  WorkerStage stage_ = WorkerStage::Starting;
  std::chrono::milliseconds asked_for_{0};
  std::function<bool()> is_cancelled_;
  std::string lost_;  // a sentence; empty while it is not

  mutable std::mutex cancelled_mutex_;  // of what follows
  uint64_t cancelled_number_ = 0;
  std::optional<std::chrono::steady_clock::time_point> cancelled_at_;  // the first time
};

}  // namespace jetsoncaption
