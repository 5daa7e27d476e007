// SPDX-License-Identifier: LGPL-2.1-or-later
// The options that all commands which run a model share, and how they find it.
#pragma once

#include <string>

#include "base/result.h"
#include "captioner/captioner.h"

namespace CLI {
class App;
}

namespace jetsoncaption {

// Adds --precision alone, with a description that says what it is for.
void add_precision_option(CLI::App& command, const std::string& description, Precision& precision);

// Adds --model, --device, --precision and --threads. `options` must outlive the command.
void add_model_options(CLI::App& command, CaptionerOptions& options);

// Adds --model alone, for commands that decide about the rest themselves.
void add_model_directory_option(CLI::App& command, std::string& directory);

// Adds --beam-size, --max-words, --tag-weight and --hedge-below. `options` must outlive the
// command.
void add_search_options(CLI::App& command, DescribeOptions& options);

// The bundle to use: the one that was asked for, else $JETSONCAPTION_MODEL, else the one installed
// with the program. NotFound tells how to name one.
Result<std::string> find_model(const std::string& asked_for);

}  // namespace jetsoncaption
