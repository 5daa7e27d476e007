// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption import-backbone`: makes an encoder to train from out of a TensorFlow Lite file.
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "tools/commands.h"
#include "tools/messages.h"
#include "train/backbone_import.h"

#include <CLI/CLI.hpp>

namespace jetsoncaption {
namespace {

struct ImportOptions {
  std::string file;
  std::string output;
  float scale = 0;  // 0: as the file says
  float offset = 0;
};

Result<Backbone> read_backbone(const ImportOptions& options) {
  std::ifstream stream(options.file, std::ios::binary);
  if (!stream)
    return Error{ErrorKind::NotFound, options.file + " cannot be opened; name a .tflite file"};
  std::ostringstream content;
  if (!(content << stream.rdbuf()))
    return Error{ErrorKind::InvalidArgument, options.file + " is empty or no file"};
  const std::string bytes = content.str();
  auto model = read_tflite(bytes, options.file);
  if (!model.ok())
    return model.error();
  auto backbone = backbone_of(model.value(), options.file);
  if (backbone.ok() && options.scale > 0) {
    backbone.value().scale = options.scale;
    backbone.value().offset = options.offset;
  }
  return backbone;
}

int run(const ImportOptions& options) {
  const auto backbone = read_backbone(options);
  const auto written =
      backbone.ok() ? write_backbone(backbone.value(), options.output) : backbone.error();
  if (!written.ok()) {
    print_error(written.error().message);
    return kWrongCall;
  }
  const Backbone& made = backbone.value();
  std::cerr << options.output << " takes pictures of " << made.width << "x" << made.height
            << " as pixel * " << made.scale << " + " << made.offset << " and has "
            << made.encoder.blocks.size() << " blocks and " << made.encoder.head_channels
            << " channels.\n";
  return kAllWell;
}

}  // namespace

void add_import_backbone_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App& command = *program.add_subcommand(
      "import-backbone", "Make an encoder to train from out of a TensorFlow Lite file");
  command
      .add_option("file", options->file,
                  "MobileNetV2, EfficientNet-Lite or a relative: float, fp16 or int8 (.tflite)")
      ->type_name("FILE")
      ->required();
  command
      .add_option("--output", options->output,
                  "Backbone to write (.safetensors); its .json is written beside it")
      ->type_name("FILE")
      ->required();
  auto* scale = command.add_option(
      "--scale", options->scale,
      "The network takes pixel * scale + offset; if not given, what a quantized input says, or "
      "pixel / 127.5 - 1");
  scale->check(CLI::PositiveNumber);
  command.add_option("--offset", options->offset, "See --scale")->needs(scale);
  command.footer(
      "The classifier behind the last 1x1 convolution is left out.\n"
      "Example:\n"
      "  jetsoncaption import-backbone mobilenet_v2_1.0_224.tflite --output "
      "mobilenet_v2.safetensors\n"
      "  jetsoncaption train --backbone mobilenet_v2.safetensors ...");
  command.callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace jetsoncaption
