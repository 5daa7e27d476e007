// SPDX-License-Identifier: LGPL-2.1-or-later
// What jetsoncaption-engine-probe found out about the engine and the model.
#include "tools/doctor/engine.h"

#include <vector>

#include "tools/doctor/probe.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

constexpr const char* kProbe = "jetsoncaption-engine-probe";

template <typename Value>
void take(const nlohmann::json& line, const char* name, Value& value) {
  const auto found = line.find(name);
  if (found != line.end())
    value = found->get<Value>();
}

}  // namespace

EngineFacts read_probe(const ChildResult& probe, const std::string& model) {
  EngineFacts facts;
  for (const nlohmann::json& line : json_lines(probe.output)) {
    facts.was_loaded = facts.was_loaded || line.count("model") > 0;
    take(line, "opened", facts.path);
    take(line, "open_error", facts.open_error);
    take(line, "load_error", facts.load_error);
    take(line, "model", facts.model);
    take(line, "precision", facts.precision);
    take(line, "kernels", facts.kernels);
    take(line, "version", facts.version);
    take(line, "threads", facts.threads);
    take(line, "self_test", facts.self_test);
    take(line, "self_test_failure", facts.self_test_failure);
    take(line, "device_fallback", facts.device_fallback);
    take(line, "used_mb", facts.used_mb);
  }
  if (facts.path.empty() && facts.open_error.empty())
    facts.open_error = "The engine could not be opened: " + end_of_probe(probe);
  if (!facts.path.empty() && !model.empty() && !facts.was_loaded && facts.load_error.empty())
    facts.load_error = "The model in " + model + " could not be loaded: " + end_of_probe(probe);
  return facts;
}

EngineFacts probe_engine(const char* kind, const std::string& model) {
  std::vector<std::string> arguments = {find_probe(kProbe), kind};
  if (!model.empty())
    arguments.push_back(model);
  const auto probe = run_child(arguments, kProbeTimeout);
  if (probe.ok())
    return read_probe(probe.value(), model);
  EngineFacts facts;
  facts.open_error = "The engine could not be tried: " + probe.error().message +
                     ". Install the program completely, with meson install.";
  return facts;
}

}  // namespace jetsoncaption
