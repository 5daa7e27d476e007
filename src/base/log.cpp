// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the one log sink of the process.
#include "base/log.h"

#include <mutex>
#include <utility>

namespace jetsoncaption {
namespace {

struct Sink {
  std::mutex mutex;
  LogSink function;
};

Sink& sink() {
  static Sink instance;
  return instance;
}

}  // namespace

void set_log_sink(LogSink function) {
  std::lock_guard<std::mutex> lock(sink().mutex);
  sink().function = std::move(function);
}

void log_message(LogLevel level, const std::string& message) {
  LogSink function;
  {
    std::lock_guard<std::mutex> lock(sink().mutex);
    function = sink().function;
  }
  if (function)
    function(level, message);
}

}  // namespace jetsoncaption
