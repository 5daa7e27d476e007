// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs a program and keeps what it prints, for tests of files rather than of functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <glib.h>

namespace jetsoncaption {

struct Outcome {
  bool ran = false;  // false: there is no such program
  int status = -1;
  std::string out;
  std::string err;
};

// Runs a command line as a shell would split it; `variables` are set in its environment only.
inline Outcome run(const std::string& command,
                   const std::vector<std::pair<const char*, const char*>>& variables = {}) {
  Outcome outcome;
  gchar** argv = nullptr;
  if (!g_shell_parse_argv(command.c_str(), nullptr, &argv, nullptr))
    return outcome;
  gchar** environment = g_get_environ();
  for (const auto& variable : variables)
    environment = g_environ_setenv(environment, variable.first, variable.second, TRUE);
  gchar* out = nullptr;
  gchar* err = nullptr;
  outcome.ran = g_spawn_sync(nullptr, argv, environment, G_SPAWN_SEARCH_PATH, nullptr, nullptr,
                             &out, &err, &outcome.status, nullptr);
  outcome.out = out != nullptr ? out : "";
  outcome.err = err != nullptr ? err : "";
  g_free(out);
  g_free(err);
  g_strfreev(argv);
  g_strfreev(environment);
  return outcome;
}

}  // namespace jetsoncaption
