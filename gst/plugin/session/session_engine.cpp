// SPDX-License-Identifier: LGPL-2.1-or-later
// How the session's thread comes to an engine, changes it, loses it and gives it up.
#include <chrono>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "plugin/session/caption_session.h"

namespace jetsoncaption {

namespace {

using Clock = std::chrono::steady_clock;

// A model that was held for so long is loaded again after the shortest pause.
constexpr std::chrono::minutes kLongHeld{1};

// What may be otherwise in a moment ends no stream.
bool passes(const Error& error) {
  return error.kind == ErrorKind::Lost || error.kind == ErrorKind::OutOfMemory;
}

}  // namespace

// What is told comes first: whoever is let go on afterwards can rely on it.
void CaptionSession::load() {
  if (std::exchange(is_lost_, false))
    statistics_.restarted();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (next_model_) {
      model_before_ = std::move(load_engine_);
      want_model(*std::exchange(next_model_, std::nullopt));
    }
  }
  be_modest_after_losses();
  is_loading_ = true;
  listener_.load_started();
  const bool is_modest = is_modest_;
  Result<std::unique_ptr<EngineShare>> loaded =
      guarded_load(is_modest ? load_engine_.modest : load_engine_.wanted);
  if (model_before_)
    refuse_untrue(loaded);
  if (has_been_stopped())
    return give_up_loaded(std::move(loaded));  // the listener may be gone
  if (model_before_ && !loaded.ok())
    return keep_model(loaded.error());
  model_before_.reset();
  EngineInfo info;
  const bool is_lost = !loaded.ok() && loaded.error().kind == ErrorKind::Lost;
  const bool goes_on = !first_load_ || is_modest || (!loaded.ok() && passes(loaded.error())) ||
                       wants_another_model();
  if (loaded.ok()) {
    info = loaded.value()->info();
    make_picture({info.input_width, info.input_height});
    note_memory(info);
    listener_.load_finished(info, first_load_);
    tell_of_move(info);
  } else {
    listener_.load_failed(loaded.error(), goes_on);
  }
  is_loading_ = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (loaded.ok()) {
      engine_ = std::move(loaded.value());
      engine_info_ = std::move(info);
      phase_ = Phase::Idle;
      loaded_at_ = Clock::now();
      has_captioned_ = false;
    } else if (is_lost) {
      phase_ = Phase::Unloaded;
      note_loss(loaded.error(), Clock::duration(0));
    } else if (is_modest) {
      phase_ = Phase::Unloaded;
      load_pause_.failed(Clock::now());
      if (!passes(loaded.error())) {
        load_engine_.modest = nullptr;  // cannot be had
        is_modest_ = false;
      }
    } else if (next_model_) {
      phase_ = Phase::Unloaded;
    } else {
      phase_ = goes_on ? Phase::Unloaded : Phase::Broken;
      load_pause_.failed(Clock::now());
    }
    first_load_ = first_load_ && !loaded.ok();
    silence_.ended();
  }
  wake_streaming_.notify_all();
}

// Frames may be submitted meanwhile, and go to the model that is there in the end.
void CaptionSession::change_model() {
  EngineLoaders load_engine;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    load_engine = *std::exchange(next_model_, std::nullopt);
    is_queueing_ = true;
  }
  is_loading_ = true;
  listener_.load_started();
  Result<std::unique_ptr<EngineShare>> loaded = guarded_load(load_engine.wanted);
  refuse_untrue(loaded);
  if (has_been_stopped())
    return give_up_loaded(std::move(loaded));  // the listener may be gone
  if (!loaded.ok()) {
    listener_.model_kept(loaded.error());
    is_loading_ = false;
    std::lock_guard<std::mutex> lock(mutex_);
    end_change();
    return;
  }
  EngineInfo info = loaded.value()->info();
  note_memory(info);
  listener_.load_finished(info, false);
  is_loading_ = false;
  move_told_ = false;
  tell_of_move(info);
  std::unique_ptr<EngineShare> before = std::move(loaded.value());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    std::swap(engine_, before);
    engine_info_ = std::move(info);
    want_model(std::move(load_engine));
    loaded_at_ = Clock::now();
    has_captioned_ = false;
    caption_pause_ = {};  // failures of the model before say nothing of this one
    end_change();
  }
  give_up(std::move(before));
}

// With mutex_ held. A frame that was submitted meanwhile has waited for the load, not for its
// caption.
void CaptionSession::end_change() {
  is_queueing_ = false;
  silence_.begin_anew(Clock::now());
}

Result<std::unique_ptr<EngineShare>> CaptionSession::guarded_load(const EngineLoader& load_engine) {
  Result<std::unique_ptr<EngineShare>> loaded =
      Error{ErrorKind::Internal, "The model could not be loaded."};
  try {
    const MayBeLeft leave(*this);
    // Asked by those too who wait for this load; they may outlive the session.
    const auto is_stopped = [weak = weak_from_this()] {
      const auto session = weak.lock();
      return !session || session->has_been_stopped();
    };
    if (!is_stopped())
      loaded = load_engine(is_stopped);
  } catch (const std::bad_alloc&) {
    loaded = Error{ErrorKind::OutOfMemory, "Memory ran out while the model was loaded."};
  } catch (const std::exception& e) {
    loaded = Error{ErrorKind::Internal, std::string("The model could not be loaded: ") + e.what()};
  }
  return loaded;
}

// Of a model that is to take the place of another.
void CaptionSession::refuse_untrue(Result<std::unique_ptr<EngineShare>>& loaded) {
  if (!loaded.ok())
    return;
  EngineInfo info = loaded.value()->info();
  if (info.self_test != JETSONCAPTION_ENGINE_SELF_TEST_FAILED)
    return;
  give_up(std::move(loaded.value()));
  loaded = Error{ErrorKind::CorruptModel, std::move(info.self_test_failure)};
}

// One that was set while no model was loaded is refused: the one before is loaded again, at once,
// for who waits for a caption is not to go on without one.
void CaptionSession::keep_model(const Error& error) {
  listener_.model_kept(error);
  is_loading_ = false;
  bool is_held = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    want_model(*std::exchange(model_before_, std::nullopt));
    is_held = hold_ == MemoryHold::Unload;
    if (is_held)
      phase_ = Phase::Unloaded;
  }
  if (is_held)
    wake_streaming_.notify_all();
  else
    load();
}

void CaptionSession::give_up_loaded(Result<std::unique_ptr<EngineShare>> loaded) {
  if (loaded.ok())
    give_up(std::move(loaded.value()));
}

// A model that was changed may read pictures of another size.
void CaptionSession::make_picture(PictureSize size) {
  if (size.width == picture_.width && size.height == picture_.height)
    return;
  picture_.pixels.resize(static_cast<size_t>(size.width) * size.height * 3);
  // Only now: without memory it would have another size than it says.
  picture_.width = size.width;
  picture_.height = size.height;
}

void CaptionSession::give_up(std::unique_ptr<EngineShare> engine) {
  const MayBeLeft leave(*this);
  engine.reset();
}

void CaptionSession::unload() {
  std::unique_ptr<EngineShare> engine;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    phase_ = Phase::Unloaded;
    shrinker_.reset();
    silence_.ended();
    engine = std::move(engine_);
    engine_info_.worker_pid = 0;
  }
  wake_streaming_.notify_all();
  give_up(std::move(engine));
  note_memory({});
  // Memory may rise again as soon as the model is back: not at once, and later each time.
  std::lock_guard<std::mutex> lock(mutex_);
  const Clock::time_point now = Clock::now();
  if (now - loaded_at_ >= kLongHeld)
    load_pause_.succeeded(now);
  load_pause_.failed(now);
}

// With mutex_ held. The engine's process has ended; the caller gives up what is left.
std::unique_ptr<EngineShare> CaptionSession::lose_engine(const Error& error) {
  phase_ = Phase::Unloaded;
  engine_info_.worker_pid = 0;
  worker_pid_ = 0;
  device_memory_bytes_ = 0;
  // One that ended before its first caption was not ready for long, however long that took.
  note_loss(error, has_captioned_ ? Clock::now() - loaded_at_ : Clock::duration(0));
  return std::move(engine_);
}

// With mutex_ held.
void CaptionSession::note_loss(const Error& error, Clock::duration ready_for) {
  losses_.lost(Clock::now(), ready_for);
  if (!is_modest_)
    lost_cause_ = error.message;
  is_lost_ = true;
}

// What ended the worker process again and again may have to do with how it was to compute.
void CaptionSession::be_modest_after_losses() {
  std::string cause;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (is_modest_ || !load_engine_.modest || !losses_.are_many())
      return;
    is_modest_ = true;
    cause = lost_cause_;
  }
  statistics_.fell_back();
  listener_.made_modest(cause);
}

bool CaptionSession::wants_another_model() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return next_model_.has_value();
}

// With mutex_ held.
void CaptionSession::want_model(EngineLoaders load) {
  load_engine_ = std::move(load);
  is_modest_ = false;
  losses_.forget();
}

// What may have changed while a frame was described.
void CaptionSession::look_at_engine() {
  const EngineInfo info = engine_->info();
  note_memory(info);
  if (info.device_fallback.empty() || move_told_)
    return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    engine_info_ = info;
  }
  tell_of_move(info);
}

void CaptionSession::note_memory(const EngineInfo& info) {
  device_memory_bytes_ = info.device_memory_bytes;
  worker_pid_ = info.worker_pid;
}

// A model that is given up because of memory may be moved again when it is back: that is no news.
void CaptionSession::tell_of_move(const EngineInfo& info) {
  if (!info.device_fallback.empty() && !std::exchange(move_told_, true))
    listener_.moved_to_cpu(info);
}

}  // namespace jetsoncaption
