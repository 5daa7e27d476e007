// SPDX-License-Identifier: LGPL-2.1-or-later
// One engine for all elements of the process that want the same one.
#include "plugin/session/shared_engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/condition.h"

namespace jetsoncaption {

struct SharedEngine {
  explicit SharedEngine(std::string wanted) : key(std::move(wanted)) {}

  const std::string key;
  std::atomic<unsigned> users{0};

  std::mutex mutex;  // of what follows; never held while the engine works
  Condition changed;
  std::unique_ptr<EngineHandle> handle;   // stays as it is once it is there
  std::optional<Error> failure;           // one of both, when the load is over
  std::function<bool()> loader_has_left;  // asked without the lock
  std::vector<const EngineShare*> queue;  // the first one has its turn
  uint64_t turns = 0;                     // that were given
};

namespace {

using Clock = std::chrono::steady_clock;

// How often one who waits for a load looks whether it is still wanted.
constexpr std::chrono::milliseconds kAskAgain{20};

// How long the load of an element that was stopped is waited for: its engine may hang.
constexpr std::chrono::seconds kLongestForLeft{30};

// Those who lost one worker process try again after the same pause, and not at the same instant.
constexpr std::chrono::milliseconds kSameEvent{250};

// The engines of the process by their keys.
struct Registry {
  struct Entry {
    std::weak_ptr<SharedEngine> engine;
    std::optional<Error> lost;  // its load, at that time
    Clock::time_point lost_at;

    bool is_over() const {
      return engine.expired() && (!lost || Clock::now() - lost_at >= kSameEvent);
    }
  };

  std::mutex mutex;
  std::map<std::string, Entry> entries;

  // With the lock.
  void forget_what_is_over() {
    for (auto at = entries.begin(); at != entries.end();)
      at = at->second.is_over() ? entries.erase(at) : std::next(at);
  }
};

// Never destroyed: threads that nobody waits for may use it while the process ends.
Registry& registry() {
  static Registry* const the_one = new Registry;
  return *the_one;
}

// Who joins from here on gets another engine.
void forget(const SharedEngine& engine, const std::optional<Error>& lost_in_load = {}) {
  Registry& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto found = all.entries.find(engine.key);
  if (found == all.entries.end() || found->second.engine.lock().get() != &engine)
    return;
  found->second = {{}, lost_in_load, Clock::now()};
}

// Ends the load in any case, so that nobody waits for ever.
class Loading {
 public:
  explicit Loading(SharedEngine& engine) : engine_(engine) {}
  ~Loading() {
    if (failure.kind == ErrorKind::Lost)
      forget(engine_, failure);
    else if (!handle)
      forget(engine_);
    {
      const std::lock_guard<std::mutex> lock(engine_.mutex);
      if (handle)
        engine_.handle = std::move(handle);
      else
        engine_.failure = std::move(failure);
    }
    engine_.changed.notify_all();
  }
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

  std::unique_ptr<EngineHandle> handle;
  // What an exception leaves: others load it for themselves.
  Error failure{ErrorKind::Cancelled, ""};

 private:
  SharedEngine& engine_;
};

// Goes on for others, who have the engine too, when `is_stopped` says that this one is.
Result<void> load_for_all(const std::shared_ptr<SharedEngine>& engine,
                          const EngineShare::Load& load, const std::function<bool()>& is_stopped) {
  Loading loading(*engine);
  Result<std::unique_ptr<EngineHandle>> loaded =
      load([&] { return engine.use_count() == 1 && is_stopped(); });
  if (loaded.ok()) {
    loading.handle = std::move(loaded.value());
    return {};
  }
  loading.failure = loaded.error();
  return loaded.error();
}

// Cancelled: whoever loads it has stopped, or `is_stopped` says so.
Result<void> wait_for_load(SharedEngine& engine, const std::function<bool()>& is_stopped) {
  const Error stopped{ErrorKind::Cancelled, "The element was stopped."};
  std::optional<Clock::time_point> left_at;
  std::unique_lock<std::mutex> lock(engine.mutex);
  while (!engine.handle && !engine.failure) {
    engine.changed.wait_for(lock, kAskAgain);
    lock.unlock();
    if (is_stopped())
      return stopped;
    if (!left_at && engine.loader_has_left())
      left_at = Clock::now();
    if (left_at && Clock::now() - *left_at >= kLongestForLeft) {
      forget(engine);
      return stopped;
    }
    lock.lock();
  }
  if (engine.failure)
    return *engine.failure;
  return {};
}

}  // namespace

EngineShare::EngineShare(std::shared_ptr<SharedEngine> engine) : engine_(std::move(engine)) {
  const unsigned users = ++engine_->users;
  const std::lock_guard<std::mutex> lock(engine_->mutex);
  engine_->queue.reserve(std::max<size_t>(users, engine_->queue.capacity()));
}

EngineShare::~EngineShare() {
  --engine_->users;
}

Result<std::unique_ptr<EngineShare>> EngineShare::join(const std::string& key, const Load& load,
                                                       const std::function<bool()>& is_stopped) {
  for (;;) {
    std::shared_ptr<SharedEngine> engine;
    bool is_first = false;
    {
      Registry& all = registry();
      const std::lock_guard<std::mutex> lock(all.mutex);
      all.forget_what_is_over();
      Registry::Entry& entry = all.entries[key];
      engine = entry.engine.lock();
      if (!engine && entry.lost)
        return *entry.lost;
      if (!engine) {
        is_first = true;
        engine = std::make_shared<SharedEngine>(key);
        engine->loader_has_left = is_stopped;
        entry.engine = engine;
      }
    }
    const Result<void> loaded =
        is_first ? load_for_all(engine, load, is_stopped) : wait_for_load(*engine, is_stopped);
    if (loaded.ok())
      return std::unique_ptr<EngineShare>(new EngineShare(std::move(engine)));
    const bool is_left_by_another = !is_first && loaded.error().kind == ErrorKind::Cancelled;
    if (!is_left_by_another || is_stopped())
      return loaded.error();
  }
}

Result<CaptionBuffer> EngineShare::describe(const ImageView& image, const EngineRequest& request) {
  Result<CaptionBuffer> caption = engine_->handle->describe(image, request);
  if (!caption.ok() && caption.error().kind == ErrorKind::Lost)
    forget(*engine_);
  return caption;
}

void EngineShare::trim_memory() {
  engine_->handle->trim_memory();
}

// Turns before that one are over, and later ones have higher numbers.
void EngineShare::cancel(uint64_t turn) {
  engine_->handle->cancel(turn);
}

void EngineShare::leave() {
  {
    const std::lock_guard<std::mutex> lock(engine_->mutex);
    has_left_ = true;
  }
  engine_->changed.notify_all();
}

EngineInfo EngineShare::info() const {
  return engine_->handle->info();
}

unsigned EngineShare::users() const {
  return engine_->users;
}

EngineTurn::EngineTurn(EngineShare& share, const std::function<void()>& begin_to_wait)
    : share_(share) {
  SharedEngine& engine = *share.engine_;
  std::unique_lock<std::mutex> lock(engine.mutex);
  if (share.has_left_)
    return;
  engine.queue.push_back(&share);  // has room for all users
  is_queued_ = true;
  const auto is_first = [&] { return engine.queue.front() == &share; };
  if (!is_first()) {
    lock.unlock();
    begin_to_wait();
    lock.lock();
    engine.changed.wait(lock, [&] { return share.has_left_ || is_first(); });
  }
  if (!share.has_left_) {
    number_ = ++engine.turns;
    return;
  }
  lock.unlock();
  end();
}

void EngineTurn::end() {
  number_ = 0;
  if (!std::exchange(is_queued_, false))
    return;
  SharedEngine& engine = *share_.engine_;
  {
    const std::lock_guard<std::mutex> lock(engine.mutex);
    engine.queue.erase(std::find(engine.queue.begin(), engine.queue.end(), &share_));
  }
  engine.changed.notify_all();
}

}  // namespace jetsoncaption
