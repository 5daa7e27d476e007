// SPDX-License-Identifier: LGPL-2.1-or-later
// Describes frames one after the other on a thread of its own, from start to stop.
#include "plugin/caption_session.h"

#include <exception>
#include <utility>

#include "memory/trimmer.h"

#include <pthread.h>

namespace jetsoncaption {

namespace {

using Clock = std::chrono::steady_clock;

// How often a stop repeats cancel(): one that comes a moment before describe() begins is lost.
constexpr std::chrono::milliseconds kCancelAgain{10};

Image make_picture(const EngineInfo& info) {
  Image picture;
  picture.width = info.input_width;
  picture.height = info.input_height;
  picture.pixels.resize(static_cast<size_t>(picture.width) * picture.height * 3);
  return picture;
}

}  // namespace

CaptionSession::CaptionSession(std::unique_ptr<EngineHandle> engine, CaptionEvents events)
    : engine_(std::move(engine)),
      events_(std::move(events)),
      model_name_(engine_->info().model_name),
      picture_(make_picture(engine_->info())),
      device_memory_bytes_(engine_->info().device_memory_bytes) {
  worker_ = std::thread([this] { run(); });
}

CaptionSession::~CaptionSession() {
  shut_down();
}

bool CaptionSession::is_idle() {
  std::lock_guard<std::mutex> lock(mutex_);
  return phase_ == Phase::Idle && pause_.is_over(Clock::now()) && !flushing_ && !interrupted_;
}

bool CaptionSession::wait_until_idle() {
  std::unique_lock<std::mutex> lock(mutex_);
  wake_streaming_.wait(lock, [this] { return phase_ == Phase::Idle || flushing_ || interrupted_; });
  return !flushing_ && !interrupted_;
}

// With mutex_ held.
bool CaptionSession::start(const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker,
                           bool waited_for) {
  if (flushing_ || interrupted_)
    return false;
  job_ = job;
  shrinker_ = std::move(shrinker);
  waited_for_ = waited_for;
  waited_outcome_ = {};
  phase_ = Phase::Waiting;
  return true;
}

void CaptionSession::submit(const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!start(job, std::move(shrinker), false))
      return;
  }
  wake_worker_.notify_one();
}

bool CaptionSession::submit_and_wait(const CaptionJob& job,
                                     std::shared_ptr<FrameShrinker> shrinker) {
  Outcome outcome;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!start(job, std::move(shrinker), true))
      return false;
    wake_worker_.notify_one();
    wake_streaming_.wait(lock,
                         [this] { return phase_ == Phase::Idle || flushing_ || interrupted_; });
    if (flushing_ || interrupted_)
      return false;
    outcome = std::exchange(waited_outcome_, {});
  }
  tell(outcome);
  return true;
}

std::shared_ptr<const FrameCaption> CaptionSession::newest() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return newest_;
}

uint64_t CaptionSession::epoch() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return epoch_;
}

void CaptionSession::request_trim() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    trim_requested_ = true;
  }
  wake_worker_.notify_one();
}

void CaptionSession::set_flushing(bool flushing) {
  bool running = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    flushing_ = flushing;
    if (flushing)
      running = forget_job();
  }
  wake_streaming_.notify_all();
  if (running)
    engine_->cancel();
}

void CaptionSession::interrupt() {
  bool running = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    interrupted_ = true;
    running = forget_job();
  }
  wake_streaming_.notify_all();
  if (running)
    engine_->cancel();
}

bool CaptionSession::forget_job() {
  epoch_++;
  newest_.reset();
  if (phase_ == Phase::Waiting) {
    phase_ = Phase::Idle;
    shrinker_.reset();
  }
  return phase_ == Phase::Running;
}

void CaptionSession::shut_down() {
  interrupt();
  {
    std::unique_lock<std::mutex> lock(mutex_);
    stopping_ = true;
    wake_worker_.notify_one();
    while (!wake_streaming_.wait_for(lock, kCancelAgain, [this] { return worker_ended_; })) {
      lock.unlock();
      engine_->cancel();
      lock.lock();
    }
  }
  if (worker_.joinable())
    worker_.join();
}

void CaptionSession::run() {
  pthread_setname_np(pthread_self(), "jetsoncaption");
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wake_worker_.wait(lock,
                      [this] { return stopping_ || trim_requested_ || phase_ == Phase::Waiting; });
    if (stopping_)
      break;
    if (std::exchange(trim_requested_, false)) {
      lock.unlock();
      engine_->trim_memory();
      trim_process_memory();
    } else {
      phase_ = Phase::Running;
      const CaptionJob job = job_;
      const std::shared_ptr<FrameShrinker> shrinker = std::move(shrinker_);
      const uint64_t epoch = epoch_;
      const bool waited_for = waited_for_;
      lock.unlock();
      guarded_describe(job, *shrinker, epoch, waited_for);
    }
    lock.lock();
  }
  worker_ended_ = true;
  lock.unlock();
  wake_streaming_.notify_all();
}

// An exception must not end the thread, and the process with it: this caption is lost instead.
void CaptionSession::guarded_describe(const CaptionJob& job, FrameShrinker& shrinker,
                                      uint64_t epoch, bool waited_for) {
  try {
    describe(job, shrinker, epoch, waited_for);
  } catch (const std::exception&) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      phase_ = Phase::Idle;
    }
    wake_streaming_.notify_all();
  }
}

void CaptionSession::describe(const CaptionJob& job, FrameShrinker& shrinker, uint64_t epoch,
                              bool waited_for) {
  shrinker.finish(picture_.pixels.data());
  Result<EngineCaption> result = engine_->describe(picture_.view(), job.request);
  device_memory_bytes_ = engine_->info().device_memory_bytes;
  Outcome outcome;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::Idle;
    if (epoch == epoch_)  // else flushed or stopped meanwhile
      outcome = settle(job, std::move(result));
    if (waited_for)
      std::swap(outcome, waited_outcome_);
  }
  wake_streaming_.notify_all();
  // After the session is idle again: a slow listener delays captions, but it holds up no frame.
  if (!waited_for)
    tell(outcome);
}

CaptionSession::Outcome CaptionSession::settle(const CaptionJob& job,
                                               Result<EngineCaption> result) {
  const Clock::time_point now = Clock::now();
  Outcome outcome;
  if (result.ok()) {
    pause_.succeeded(now);
    auto caption = std::make_shared<FrameCaption>();
    caption->caption = std::move(result.value());
    caption->job = job;
    caption->model = model_name_;
    caption->changed = newest_ == nullptr || caption->caption.text != newest_->caption.text;
    newest_ = caption;
    outcome.caption = std::move(caption);
  } else if (result.error().kind != ErrorKind::Cancelled && pause_.is_over(now)) {
    pause_.failed(now);
    outcome.failure = CaptionFailure{result.error(), job.frame, pause_.length()};
  }
  return outcome;
}

void CaptionSession::tell(const Outcome& outcome) const {
  if (outcome.caption)
    events_.captioned(*outcome.caption);
  if (outcome.failure)
    events_.failed(*outcome.failure);
}

}  // namespace jetsoncaption
