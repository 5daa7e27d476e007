// SPDX-License-Identifier: LGPL-2.1-or-later
// Loads the model and describes frames one after the other, on a thread of its own.
#include "plugin/session/caption_session.h"

#include <chrono>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "memory/trimmer.h"

#include <pthread.h>

namespace jetsoncaption {

namespace {

using Clock = std::chrono::steady_clock;

// How often a stop repeats cancel(): one that comes a moment before describe() begins is lost.
constexpr std::chrono::milliseconds kCancelAgain{10};
// How often a session without a model looks whether the pause after a failed load is over.
constexpr std::chrono::milliseconds kLookAgain{200};

Image make_picture(const EngineInfo& info) {
  Image picture;
  picture.width = info.input_width;
  picture.height = info.input_height;
  picture.pixels.resize(static_cast<size_t>(picture.width) * picture.height * 3);
  return picture;
}

// A sentence that a limit ended is not shown as if it were whole.
std::string shown_text(const EngineCaption& caption) {
  return caption.truncated ? caption.text + "\u2026" : caption.text;
}

}  // namespace

CaptionSession::CaptionSession(EngineLoader load, CaptionListener& listener)
    : load_engine_(std::move(load)), listener_(listener) {
  worker_ = std::thread([this] { run(); });
}

CaptionSession::~CaptionSession() {
  shut_down();
}

Turn CaptionSession::turn() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (flushing_ || interrupted_)
    return Turn::Interrupted;
  if (phase_ == Phase::Broken)
    return Turn::Broken;
  if (is_busy())
    return Turn::Busy;
  const bool free =
      phase_ == Phase::Idle && hold_ == MemoryHold::None && caption_pause_.is_over(Clock::now());
  return free ? Turn::Yes : Turn::NotNow;
}

Turn CaptionSession::wait_for_turn() {
  std::unique_lock<std::mutex> lock(mutex_);
  wake_streaming_.wait(lock, [this] { return !is_busy() || flushing_ || interrupted_; });
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

PictureSize CaptionSession::picture_size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return {engine_info_.input_width, engine_info_.input_height};
}

// With mutex_ held.
bool CaptionSession::is_busy() const {
  return phase_ == Phase::Loading || phase_ == Phase::Waiting || phase_ == Phase::Running;
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
      wake_streaming_.wait(lock, [this] { return !is_busy() || flushing_ || interrupted_; });
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

void CaptionSession::set_memory_hold(MemoryHold hold) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (hold_ == hold)
      return;
    hold_ = hold;
  }
  wake_worker_.notify_one();
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
    engine_->cancel();
}

// With mutex_ held.
void CaptionSession::forget_job() {
  epoch_++;
  newest_.reset();
  if (phase_ == Phase::Waiting) {
    phase_ = Phase::Idle;
    shrinker_.reset();
  }
  cancel_running();
}

void CaptionSession::shut_down() {
  interrupt();
  {
    std::unique_lock<std::mutex> lock(mutex_);
    stopping_ = true;
    wake_worker_.notify_one();
    while (!wake_streaming_.wait_for(lock, kCancelAgain, [this] { return worker_ended_; }))
      cancel_running();
  }
  if (worker_.joinable())
    worker_.join();
}

void CaptionSession::run() {
  pthread_setname_np(pthread_self(), "jetsoncaption");
  load(true);
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    if (has_work())
      work(lock);
    else if (phase_ == Phase::Unloaded)
      wake_worker_.wait_for(lock, kLookAgain);
    else
      wake_worker_.wait(lock);
  }
  const std::unique_ptr<EngineHandle> engine = std::move(engine_);
  worker_ended_ = true;
  lock.unlock();
  wake_streaming_.notify_all();
}

// With mutex_ held, as all of this thread's steps begin and end.
bool CaptionSession::has_work() const {
  if (phase_ == Phase::Unloaded && hold_ != MemoryHold::Unload)
    return load_pause_.is_over(Clock::now());
  return trim_requested_ || phase_ == Phase::Waiting ||
         (phase_ == Phase::Idle && hold_ == MemoryHold::Unload);
}

void CaptionSession::work(std::unique_lock<std::mutex>& lock) {
  if (std::exchange(trim_requested_, false)) {
    EngineHandle* const engine = engine_.get();
    lock.unlock();
    if (engine != nullptr)
      engine->trim_memory();
    trim_process_memory();
    lock.lock();
  } else if (phase_ == Phase::Unloaded) {
    phase_ = Phase::Loading;
    lock.unlock();
    load(false);
    lock.lock();
  } else if (hold_ == MemoryHold::Unload) {
    unload(lock);
  } else {
    phase_ = Phase::Running;
    const CaptionJob job = job_;
    const std::shared_ptr<FrameShrinker> shrinker = std::move(shrinker_);
    const uint64_t epoch = epoch_;
    const bool waited_for = waited_for_;
    lock.unlock();
    describe(job, *shrinker, epoch, waited_for);
    lock.lock();
  }
}

// What is told comes first: whoever is let go on afterwards can rely on it.
void CaptionSession::load(bool first) {
  listener_.load_started();
  Result<std::unique_ptr<EngineHandle>> loaded = guarded_load();
  EngineInfo info;
  if (loaded.ok()) {
    info = loaded.value()->info();
    device_memory_bytes_ = info.device_memory_bytes;
    listener_.load_finished(info, first);
    tell_of_move(info);
  } else {
    listener_.load_failed(loaded.error(), first);
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (loaded.ok()) {
      engine_ = std::move(loaded.value());
      engine_info_ = info;
      phase_ = Phase::Idle;
      load_pause_.succeeded(Clock::now());
    } else {
      phase_ = first ? Phase::Broken : Phase::Unloaded;
      load_pause_.failed(Clock::now());
    }
  }
  wake_streaming_.notify_all();
}

// The engine, and all else that its first caption needs.
Result<std::unique_ptr<EngineHandle>> CaptionSession::guarded_load() {
  try {
    auto loaded = load_engine_();
    if (loaded.ok()) {
      picture_ = make_picture(loaded.value()->info());
      // Reading the system's fonts takes long, and is done once in a process.
      renderer_.render("a", {320, 240}, OverlayStyle());
    }
    return loaded;
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::OutOfMemory, "Memory ran out while the model was loaded."};
  } catch (const std::exception& e) {
    return Error{ErrorKind::Internal, std::string("The model could not be loaded: ") + e.what()};
  }
}

void CaptionSession::unload(std::unique_lock<std::mutex>& lock) {
  phase_ = Phase::Unloaded;
  shrinker_.reset();
  std::unique_ptr<EngineHandle> engine = std::move(engine_);
  lock.unlock();
  wake_streaming_.notify_all();
  engine.reset();
  device_memory_bytes_ = 0;
  trim_process_memory();
  lock.lock();
  // Memory may rise again as soon as the model is back: not at once, and later each time.
  load_pause_.failed(Clock::now());
}

void CaptionSession::describe(const CaptionJob& job, FrameShrinker& shrinker, uint64_t epoch,
                              bool waited_for) {
  Result<std::shared_ptr<FrameCaption>> result = guarded_caption(job, shrinker);
  look_at_engine();
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

// What may have changed while a frame was described.
void CaptionSession::look_at_engine() {
  const EngineInfo info = engine_->info();
  device_memory_bytes_ = info.device_memory_bytes;
  if (info.device_fallback.empty() || move_told_)
    return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    engine_info_ = info;
  }
  tell_of_move(info);
}

// A model that is given up because of memory may be moved again when it is back: that is no news.
void CaptionSession::tell_of_move(const EngineInfo& info) {
  if (!info.device_fallback.empty() && !std::exchange(move_told_, true))
    listener_.moved_to_cpu(info);
}

// An exception must not end the thread, and the process with it: this caption fails instead.
Result<std::shared_ptr<FrameCaption>> CaptionSession::guarded_caption(const CaptionJob& job,
                                                                      FrameShrinker& shrinker) {
  try {
    shrinker.finish(picture_.pixels.data());
    auto caption = engine_->describe(picture_.view(), job.request);
    if (!caption.ok())
      return caption.error();
    return finish_caption(job, std::move(caption.value()));
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::OutOfMemory, "Memory ran out while a frame was described."};
  } catch (const std::exception& e) {
    return Error{ErrorKind::Internal, std::string("The frame could not be described: ") + e.what()};
  }
}

// Draws the caption too, so that the streaming thread need not.
std::shared_ptr<FrameCaption> CaptionSession::finish_caption(const CaptionJob& job,
                                                             EngineCaption caption) {
  auto finished = std::make_shared<FrameCaption>();
  finished->caption = std::move(caption);
  finished->job = job;
  finished->model = engine_info_.model_name;
  finished->shown_text = shown_text(finished->caption);
  if (job.is_drawn)
    finished->drawn = DrawnCaption::make(renderer_, finished->shown_text, job.info, job.style);
  return finished;
}

// With mutex_ held.
CaptionSession::Outcome CaptionSession::settle(const CaptionJob& job,
                                               Result<std::shared_ptr<FrameCaption>> result) {
  const Clock::time_point now = Clock::now();
  Outcome outcome;
  if (result.ok()) {
    caption_pause_.succeeded(now);
    const auto& caption = result.value();
    caption->changed = newest_ == nullptr || caption->caption.text != newest_->caption.text;
    statistics_.captioned(caption->caption.inference_ms);
    newest_ = caption;
    outcome.caption = caption;
  } else if (result.error().kind != ErrorKind::Cancelled) {
    statistics_.failed();
    if (caption_pause_.is_over(now)) {
      caption_pause_.failed(now);
      outcome.failure = CaptionFailure{result.error(), job.frame, caption_pause_.length()};
    }
  }
  return outcome;
}

void CaptionSession::tell(const Outcome& outcome) const {
  if (outcome.caption)
    listener_.captioned(*outcome.caption);
  if (outcome.failure)
    listener_.caption_failed(*outcome.failure);
}

}  // namespace jetsoncaption
