// SPDX-License-Identifier: LGPL-2.1-or-later
// Tries what would go wrong at the end.
#include "train/option_check.h"

#include <string>
#include <utility>

#include "base/same_file.h"
#include "bundle/bundle.h"
#include "bundle/json_field.h"
#include "train/run_folder.h"
#include "train/split_files.h"

#include <nlohmann/json.hpp>

namespace jetsoncaption {
namespace {

// By the rules of config.json, which these end in.
Result<void> check_texts(const TrainOptions& options) {
  const nlohmann::json name = options.name;
  const nlohmann::json licence = options.licence;
  const nlohmann::json training_data = options.training_data;
  std::string fault;
  JsonField(&name, "--name", &fault).text();
  JsonField(&licence, "--licence", &fault).remark();
  JsonField(&training_data, "--training-data", &fault).remark();
  return fault.empty() ? Result<void>() : Error{ErrorKind::InvalidArgument, fault};
}

Result<void> refuse_to_overwrite(const TrainOptions& options) {
  const std::string weights = options.output + "/" + weight_file_name(WeightFile::Master);
  const std::pair<const char*, std::string> read[] = {
      {"--start", options.start},
      {"--teacher-model", options.teacher_model},
      {"--backbone", options.backbone},
      {"--teacher-backbone", options.teacher.backbone},
      {"--teacher-classifier", options.teacher.classifier},
  };
  for (const auto& [option, path] : read) {
    if (is_same_file(options.output, path) || is_same_file(weights, path)) {
      return Error{ErrorKind::InvalidArgument,
                   "--output " + options.output + " is the place of " + option + " " + path +
                       ", which would be overwritten; choose another folder"};
    }
  }
  return {};
}

}  // namespace

Result<void> check_options(const TrainOptions& options) {
  if (options.backbone.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 "There is no encoder to start from; name one with --backbone, or a bundle with "
                 "--start"};
  }
  auto checked = check_texts(options);
  if (checked.ok())
    checked = refuse_to_overwrite(options);
  if (!checked.ok())
    return checked;
  if (!options.teacher_model.empty()) {
    const auto teacher = open_bundle(options.teacher_model, WeightFile::Master);
    if (!teacher.ok())
      return teacher.error();
  }
  checked = try_folder(options.work, "--work");
  if (checked.ok())
    checked = try_folder(options.output, "--output");
  if (checked.ok())
    checked = refuse_checkpoints(options.work, options.resume);
  return checked.ok() ? refuse_files_of_others(options) : checked;
}

}  // namespace jetsoncaption
