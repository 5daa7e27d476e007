// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption describe`: says what pictures and videos show.
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "captioner/captioner.h"
#include "engine/engine_api.h"
#include "tools/commands.h"
#include "tools/figures.h"
#include "tools/messages.h"
#include "tools/model_options.h"
#include "tools/open_captioner.h"
#include "tools/pictures.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace jetsoncaption {

namespace {

struct DescribeArguments {
  CaptionerOptions model;
  DescribeOptions search;
  std::vector<std::string> files;
  double every_s = 1;  // of video
  bool json = false;
};

nlohmann::json word_json(const CaptionWord& word, int grid_columns) {
  nlohmann::json json = {{"word", word.text}, {"probability", rounded(word.probability, 4)}};
  if (word.attention.empty())
    return json;
  const auto columns = static_cast<size_t>(grid_columns);
  nlohmann::json map = nlohmann::json::array();
  for (size_t cell = 0; cell < word.attention.size(); ++cell) {
    if (cell % columns == 0)
      map.push_back(nlohmann::json::array());
    map.back().push_back(rounded(static_cast<double>(word.attention[cell]), 4));
  }
  json["attention"] = std::move(map);
  return json;
}

// Of a picture the orientation is known, of a moment in a video the time.
struct Source {
  std::string file;
  std::optional<double> time_s;
  std::optional<int> orientation;
};

void print_caption(const DescribeArguments& arguments, const Captioner& captioner,
                   const Source& source, const Caption& caption) {
  if (!arguments.json) {
    std::cout << shown_name(source.file);
    if (source.time_s)
      std::cout << " (" << format_fixed(*source.time_s, 2) << " s)";
    std::cout << ": " << caption.text << std::endl;
    return;
  }
  nlohmann::json words = nlohmann::json::array();
  for (const CaptionWord& word : caption.words)
    words.push_back(word_json(word, captioner.info().grid_columns));
  nlohmann::json tags = nlohmann::json::array();
  for (const CaptionTag& tag : caption.tags)
    tags.push_back({{"tag", tag.text}, {"probability", rounded(tag.probability, 4)}});
  nlohmann::json line = {{"file", source.file},
                         {"caption", caption.text},
                         {"confidence", rounded(caption.confidence, 4)},
                         {"words", words},
                         {"tags", tags},
                         {"inference_ms", rounded(caption.inference_ms, 2)},
                         {"truncated", caption.truncated},
                         {"hedged", caption.hedged},
                         {"time", nullptr},
                         {"orientation", nullptr}};
  if (source.time_s)
    line["time"] = rounded(*source.time_s, 3);
  if (source.orientation)
    line["orientation"] = *source.orientation;
  // Flushed line by line: whoever reads a camera's captions wants each as it comes.
  std::cout << format_json(line) << std::endl;
}

Result<void> describe_picture(const DescribeArguments& arguments, Captioner& captioner,
                              const MediaFile& file) {
  auto picture = decode_picture(file, captioner.info().input_size());
  if (!picture.ok())
    return picture.error();
  auto caption = captioner.describe(picture.value().image.view(), arguments.search);
  if (!caption.ok())
    return caption.error();
  print_caption(arguments, captioner, {file.name(), std::nullopt, picture.value().orientation},
                caption.value());
  return {};
}

Result<void> describe_video(const DescribeArguments& arguments, Captioner& captioner,
                            const MediaFile& file) {
  auto reader = VideoReader::open(file, captioner.info().input_size());
  if (!reader.ok())
    return reader.error();
  VideoFrame frame;
  for (double due_s = 0;; due_s = frame.time_s + arguments.every_s) {
    auto found = reader.value()->next(frame, due_s);
    if (!found.ok())
      return found.error();
    if (!found.value())
      return {};
    auto caption = captioner.describe(frame.image.view(), arguments.search);
    if (!caption.ok())
      return caption.error();
    print_caption(arguments, captioner, {file.name(), frame.time_s, std::nullopt}, caption.value());
  }
}

Result<void> describe_file(const DescribeArguments& arguments, Captioner& captioner,
                           const std::string& name) {
  const auto file = MediaFile::open(name);
  if (!file.ok())
    return file.error();
  return file.value().picture_kind() ? describe_picture(arguments, captioner, file.value())
                                     : describe_video(arguments, captioner, file.value());
}

int describe(const DescribeArguments& arguments) {
  auto captioner = load_captioner(arguments.model);
  if (!captioner.ok()) {
    print_error(captioner.error().message);
    return kWrongCall;
  }
  int exit_code = kAllWell;
  for (const std::string& file : arguments.files) {
    const auto done = describe_file(arguments, *captioner.value(), file);
    if (done.ok())
      continue;
    print_error(done.error().message);
    exit_code = kSomeFailed;
  }
  return exit_code;
}

}  // namespace

void add_describe_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<DescribeArguments>();
  CLI::App& command = *program.add_subcommand("describe", "Say what pictures and videos show");
  command.add_option("FILE", arguments->files, "Pictures, videos, or a camera such as /dev/video0")
      ->type_name("")
      ->required();
  add_model_options(command, arguments->model);
  arguments->search.hedge_below = JETSONCAPTION_ENGINE_HEDGE_BELOW;
  add_search_options(command, arguments->search);
  command
      .add_option("--every", arguments->every_s,
                  "Of a video, describe a frame every so many seconds; 0: each frame")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  command.add_flag("--json", arguments->json, "Print one JSON object a line");
  command
      .add_flag("--attention", arguments->search.attention,
                "With --json: for each word the shares of the model's attention, as rows of a grid "
                "over the whole picture")
      ->needs("--json");
  command.footer(
      "Prints `FILE: sentence` for a picture, `FILE (1.00 s): sentence` for a moment of a video.\n"
      "With --json the orientation is that in which EXIF says the picture is stored, 1 to 8; it "
      "was\n"
      "turned before it was described.\n"
      "Examples:\n"
      "  jetsoncaption describe photographs/*.jpg\n"
      "  jetsoncaption describe --beam-size 3 --json holiday.mp4 --every 2\n"
      "  jetsoncaption describe /dev/video0\n"
      "  jetsoncaption describe <(curl https://example.org/dog.jpg)");
  command.callback([arguments, &exit_code] { exit_code = describe(*arguments); });
}

}  // namespace jetsoncaption
