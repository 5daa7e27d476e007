// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the core's remarks go. The core never prints: an application installs a sink, or nobody
// hears them.
#pragma once

#include <functional>
#include <string>

namespace jetsoncaption {

enum class LogLevel { Debug, Info, Warning };

using LogSink = std::function<void(LogLevel, const std::string&)>;

// Replaces the sink for the whole process; an empty one is silence. Thread-safe. The sink may be
// called from any thread.
void set_log_sink(LogSink sink);

void log_message(LogLevel level, const std::string& message);

}  // namespace jetsoncaption
