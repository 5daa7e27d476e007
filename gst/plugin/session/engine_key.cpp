// SPDX-License-Identifier: LGPL-2.1-or-later
// What makes two engines the same.
#include "plugin/session/engine_key.h"

#include <climits>
#include <cstdint>
#include <cstdlib>

#include <sys/stat.h>

namespace jetsoncaption {

namespace {

constexpr const char* kBundleFiles[] = {"config.json", "vocabulary.txt", "tags.txt",
                                        "model.safetensors", "model-int8.safetensors"};

void add(std::string& key, const std::string& part) {
  key += part + '\n';
}

void add_number(std::string& key, int64_t number) {
  key += std::to_string(number) + ' ';
}

// A file that is replaced is another one.
void add_file(std::string& key, const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) == 0) {
    add_number(key, static_cast<int64_t>(status.st_dev));
    add_number(key, static_cast<int64_t>(status.st_ino));
    add_number(key, static_cast<int64_t>(status.st_size));
    add_number(key, static_cast<int64_t>(status.st_mtim.tv_sec));
    add_number(key, static_cast<int64_t>(status.st_mtim.tv_nsec));
  }
  key += '\n';
}

std::string real_path(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::string engine_key(const EngineOptions& options) {
  std::string key;
  add(key, real_path(options.model_dir));
  for (const char* file : kBundleFiles)
    add_file(key, options.model_dir + "/" + file);
  add_number(key, options.device);
  add_number(key, options.precision);
  add_number(key, options.threads);
  add_number(key, options.cudnn ? 1 : 0);
  add_number(key, options.worker ? 1 : 0);
  if (options.worker) {
    add_number(key, options.worker_timeout_ms);
    add_number(key, options.worker_memory_limit_mb);
    add(key, variable("JETSONCAPTION_WORKER"));
  }
  add(key, variable("JETSONCAPTION_ENGINE"));
  return key;
}

}  // namespace jetsoncaption
