// SPDX-License-Identifier: LGPL-2.1-or-later
// What other threads ask of the session. All of it takes the lock for a moment, but the waits.
#include "plugin/session/caption_session.h"

#include <chrono>
#include <utility>

#include "plugin/session/abandoned_loads.h"

namespace jetsoncaption {

namespace {

using Clock = std::chrono::steady_clock;

// How long a stop waits for what may be left alone: most of it ends sooner, and then nothing of the
// element is left when its state has changed.
constexpr std::chrono::milliseconds kPatience{20};

// A frame that waits for the engine, which others use, gives way to a newer one when it is so old:
// to read each frame would cost the streaming thread more than it is worth.
constexpr std::chrono::milliseconds kFreshFor{100};

constexpr std::chrono::seconds kLookForSilence{1};

// What may be left begins and ends without a word.
constexpr std::chrono::milliseconds kLookAgain{5};

}  // namespace

CaptionSession::CaptionSession(EngineLoaders load, CaptionListener& listener, bool draws)
    : load_engine_(std::move(load)), listener_(listener), fonts_requested_(draws) {}

std::shared_ptr<CaptionSession> CaptionSession::start(EngineLoaders load, CaptionListener& listener,
                                                      bool draws) {
  std::shared_ptr<CaptionSession> session(new CaptionSession(std::move(load), listener, draws));
  finish_abandoned_loads_before_main_ends();
  // The thread may outlive everybody else who has the session.
  session->worker_ = std::thread([session] { session->run(); });
  return session;
}

CaptionSession::~CaptionSession() = default;

Turn CaptionSession::turn() {
  std::optional<Overdue> overdue;
  Turn turn;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    turn = current_turn();
    if (turn == Turn::Busy)
      overdue = note_overdue();
  }
  if (overdue)
    listener_.caption_overdue(*overdue);
  return turn;
}

// With mutex_ held.
Turn CaptionSession::current_turn() {
  if (flushing_ || interrupted_)
    return Turn::Interrupted;
  if (phase_ == Phase::Broken)
    return Turn::Broken;
  if (phase_ == Phase::Waiting && is_queueing_ && !waited_for_ && hold_ == MemoryHold::None &&
      Clock::now() - job_.taken_at >= kFreshFor) {
    statistics_.frame_skipped();
    shrinker_.reset();
    phase_ = Phase::Idle;
    is_renewing_ = true;
  }
  if (is_busy())
    return Turn::Busy;
  const bool free =
      phase_ == Phase::Idle && hold_ == MemoryHold::None && caption_pause_.is_over(Clock::now());
  return free ? Turn::Yes : Turn::NotNow;
}

Turn CaptionSession::wait_for_turn() {
  std::unique_lock<std::mutex> lock(mutex_);
  wait_while_busy(lock);
  if (flushing_ || interrupted_)
    return Turn::Interrupted;
  if (phase_ == Phase::Broken)
    return Turn::Broken;
  return phase_ == Phase::Idle && hold_ == MemoryHold::None ? Turn::Yes : Turn::NotNow;
}

EngineInfo CaptionSession::engine_info() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return engine_info_;
}

std::string CaptionSession::worker_fallback() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return is_modest_ ? lost_cause_ : "";
}

unsigned CaptionSession::engine_users() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return engine_ ? engine_->users() : 0;
}

PictureSize CaptionSession::picture_size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return {engine_info_.input_width, engine_info_.input_height};
}

// With mutex_ held.
bool CaptionSession::is_busy() const {
  return phase_ == Phase::Loading || phase_ == Phase::Waiting || phase_ == Phase::Running;
}

// Of the streaming thread, with mutex_ held by `lock`.
void CaptionSession::wait_while_busy(std::unique_lock<std::mutex>& lock) {
  const auto is_over = [this] { return !is_busy() || flushing_ || interrupted_; };
  while (!wake_streaming_.wait_for(lock, kLookForSilence, is_over)) {
    const auto overdue = note_overdue();
    if (!overdue)
      continue;
    lock.unlock();
    listener_.caption_overdue(*overdue);
    lock.lock();
  }
}

// With mutex_ held. What the listener is to be told.
std::optional<Overdue> CaptionSession::note_overdue() {
  return silence_.look(phase_ == Phase::Loading || is_loading_, Clock::now());
}

// With mutex_ held.
bool CaptionSession::start(const CaptionJob& job, std::shared_ptr<FrameShrinker> shrinker,
                           bool waited_for) {
  if (phase_ != Phase::Idle || flushing_ || interrupted_)
    return false;
  job_ = job;
  shrinker_ = std::move(shrinker);
  waited_for_ = waited_for;
  waited_outcome_ = {};
  phase_ = Phase::Waiting;
  is_renewing_ = false;
  silence_.asked(Clock::now());
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
    if (start(job, std::move(shrinker), true)) {
      wake_worker_.notify_one();
      wait_while_busy(lock);
    }
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

SessionState CaptionSession::state() const {
  std::lock_guard<std::mutex> lock(mutex_);
  switch (phase_) {
    case Phase::Loading:
      return SessionState::Loading;
    case Phase::Unloaded:
      return SessionState::Unloaded;
    case Phase::Broken:
      return SessionState::Failed;
    default:
      return hold_ == MemoryHold::None ? SessionState::Ready : SessionState::Paused;
  }
}

void CaptionSession::request_trim() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    trim_requested_ = true;
  }
  wake_worker_.notify_one();
}

void CaptionSession::change_model(EngineLoaders load) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (phase_ == Phase::Broken) {
      want_model(std::move(load));  // as if it were the first
      load_pause_ = {};
      phase_ = Phase::Unloaded;
    } else {
      next_model_ = std::move(load);
    }
  }
  wake_worker_.notify_one();
}

void CaptionSession::set_memory_hold(MemoryHold hold) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (hold_ == hold)
      return;
    hold_ = hold;
  }
  wake_worker_.notify_one();
}

void CaptionSession::forget() {
  std::lock_guard<std::mutex> lock(mutex_);
  forget_job();
}

bool CaptionSession::prepare_drawing() {
  if (has_fonts_)
    return true;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    fonts_requested_ = true;
  }
  wake_worker_.notify_one();
  return false;
}

void CaptionSession::set_flushing(bool flushing) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    flushing_ = flushing;
    if (flushing)
      forget_job();
  }
  wake_streaming_.notify_all();
}

void CaptionSession::interrupt() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    interrupted_ = true;
    forget_job();
  }
  wake_streaming_.notify_all();
}

// With mutex_ held, so that the engine cannot be unloaded meanwhile.
void CaptionSession::cancel_running() {
  if (phase_ == Phase::Running)
    engine_->cancel(running_turn_);
}

// With mutex_ held.
void CaptionSession::forget_job() {
  epoch_++;
  newest_.reset();
  if (phase_ == Phase::Waiting) {
    phase_ = Phase::Idle;
    shrinker_.reset();
    silence_.ended();
  }
  is_renewing_ = false;
  cancel_running();
}

bool CaptionSession::shut_down() {
  interrupt();
  {
    std::unique_lock<std::mutex> lock(mutex_);
    stopping_ = true;
    if (engine_)
      engine_->leave();
    wake_worker_.notify_one();
    const Clock::time_point end = Clock::now() + kPatience;
    while (!worker_ended_ && !(may_be_left_ && Clock::now() >= end))
      wake_streaming_.wait_for(lock, kLookAgain, [this] { return worker_ended_; });
    if (!worker_ended_ && worker_.joinable()) {
      is_abandoned_ = true;
      begin_abandoned_load();
      worker_.detach();
    }
  }
  if (worker_.joinable())
    worker_.join();
  return is_loading_;
}

}  // namespace jetsoncaption
