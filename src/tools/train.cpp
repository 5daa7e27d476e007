// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption train`: makes a model bundle from pictures with sentences.
#include <csignal>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "tools/commands.h"
#include "tools/messages.h"
#include "tools/pictures.h"
#include "tools/progress.h"
#include "train/self_test_writer.h"
#include "train/trained_bundle.h"
#include "train/trainer.h"

#include <CLI/CLI.hpp>

namespace jetsoncaption {
namespace {

int run(const TrainOptions& options) {
  // A limit on the size of files is an error with a sentence, not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  Progress progress(Progress::Log::LineEveryFewMinutes);
  TrainReports reports;
  reports.progress = [&](const std::string& what, int done, int total) {
    progress.report(what, done, total);
  };
  reports.epoch_done = [&](const std::string& json) {
    progress.clear();
    std::cout << json << std::endl;
  };
  reports.notice = [&](const std::string& sentence) {
    progress.clear();
    std::cerr << sentence << std::endl;
  };
  const auto trained = train(options, read_picture, reports);
  progress.clear();
  if (trained.ok()) {
    const auto self_test = write_self_test(options.output);
    if (!self_test.ok())
      print_warning(self_test.error().message);
    std::cerr << "The model is in " << options.output << ".\n";
    return kAllWell;
  }
  print_error(trained.error().message);
  return trained.error().kind == ErrorKind::Internal ? kSomeFailed : kWrongCall;
}

// What the command line says of the pictures: the first of each list belong together, and so on.
struct SourceLists {
  std::vector<std::string> images;
  std::vector<std::string> captions;
  std::vector<std::string> train_lists;
  std::vector<std::string> dev_lists;
};

std::vector<DataSource> join(const SourceLists& lists) {
  const size_t count = lists.images.size();
  if (lists.captions.size() != count || lists.dev_lists.size() > count ||
      (!lists.train_lists.empty() && lists.train_lists.size() != count)) {
    throw CLI::ValidationError(
        "--images, --captions, and --train-list if it is used, must each be given as often, for "
        "each set of pictures once, and --dev-list for the first of them");
  }
  std::vector<DataSource> sources;
  for (size_t i = 0; i < count; ++i) {
    const auto at = [i](const std::vector<std::string>& list) {
      return i < list.size() ? list[i] : std::string();
    };
    sources.push_back(
        {lists.images[i], lists.captions[i], at(lists.train_lists), at(lists.dev_lists)});
  }
  return sources;
}

// A bundle to start from decides what was not chosen. False when it cannot be read.
bool take_over(const CLI::App& command, TrainOptions& options) {
  if (options.start.empty())
    return true;
  const TrainOptions chosen = options;
  const auto taken = take_options_over(options.start, options);
  if (command.count("--hidden-size") > 0)
    options.hidden_size = chosen.hidden_size;
  if (command.count("--language") > 0)
    options.language = chosen.language;
  if (!taken.ok())
    print_error(taken.error().message);
  return taken.ok();
}

void add_data_options(CLI::App& command, TrainOptions& options, SourceLists& lists) {
  command
      .add_option("--images", lists.images,
                  "Folder with the pictures; may be given again, with the options below, for more "
                  "pictures, or for the same with another list: those are seen more often")
      ->type_name("DIR")
      ->required();
  command
      .add_option("--captions", lists.captions,
                  "What people wrote: TSV, Flickr's token file, CSV, COCO JSON, Karpathy JSON or "
                  "JSON lines")
      ->type_name("FILE")
      ->required();
  command
      .add_option("--train-list", lists.train_lists,
                  "Pictures to learn from, a name a line. Without lists the captions say, or a "
                  "tenth is kept aside to measure on")
      ->type_name("FILE");
  command
      .add_option("--dev-list", lists.dev_lists,
                  "Pictures to choose the best epoch with, a name a line; later sets may have none")
      ->type_name("FILE");
  command
      .add_option("--language", options.language,
                  "Of the sentences, as a tag such as de or zh-Hans; tags for things need English")
      ->type_name("TAG")
      ->capture_default_str();
  command
      .add_option("--sentences", options.sentences,
                  "Sentences without pictures, one a line, that teach words and grammar")
      ->type_name("FILE");
  command
      .add_option("--teacher-backbone", options.teacher.backbone,
                  "Encoder of a classifier that the tags learn from: .safetensors, with its .json")
      ->type_name("FILE");
  command
      .add_option("--teacher-classifier", options.teacher.classifier,
                  "Its last layer: .safetensors with classifier.weight and classifier.bias")
      ->type_name("FILE");
  command
      .add_option("--teacher-nouns", options.teacher.nouns,
                  "Lines of its class, a label and an everyday noun, after a heading")
      ->type_name("FILE");
  command
      .add_option(
          "--backbone", options.backbone,
          "Encoder to start from: .safetensors with its .json beside it, or a bundle; if not "
          "given, that of --start")
      ->type_name("FILE");
  command
      .add_option(
          "--start", options.start,
          "Bundle to go on from: its weights replace the random ones, and the backbone's where "
          "the encoder is the same; known words keep their vectors")
      ->type_name("DIR");
  command
      .add_option("--teacher-model", options.teacher_model,
                  "Bundle of a better captioner: its probabilities of words and tags are learnt "
                  "beside what people wrote, and no block is frozen unless --frozen-blocks says so")
      ->type_name("DIR");
  command.add_option("--output", options.output, "Bundle to write")->type_name("DIR")->required();
  command
      .add_option("--work", options.work,
                  "Folder for checkpoints, log.jsonl, pictures and features (5.5 GB for 6,000 "
                  "pictures); it must have no checkpoints of another run")
      ->type_name("DIR")
      ->required();
  command.add_flag("--resume", options.resume, "Go on after the last finished epoch in --work");
  command.add_option("--name", options.name, "Name of the model, for its config.json");
  command.add_option("--licence", options.licence, "Licence of the model, for its config.json");
  command.add_option("--training-data", options.training_data,
                     "Where the pictures come from and under which terms, for the config.json");
}

void add_stage_options(CLI::App& command, const std::string& name, const std::string& what,
                       StageOptions& stage) {
  command
      .add_option("--" + name + "-epochs", stage.epochs,
                  "Passes over the data " + what + "; 0 leaves the stage out")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command
      .add_option("--" + name + "-rate", stage.decoder_learning_rate,
                  "Highest learning rate of the decoder in that stage")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void add_training_options(CLI::App& command, TrainOptions& options) {
  add_stage_options(command, "decoder", "with a frozen encoder", options.decoder);
  add_stage_options(command, "joint", "with encoder and decoder", options.joint);
  command
      .add_option("--encoder-rate", options.joint.encoder_learning_rate,
                  "Highest learning rate of the encoder in the joint stage")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_stage_options(command, "reward", "with CIDEr-D as reward", options.reward);
  command
      .add_option("--reward-encoder-rate", options.reward.encoder_learning_rate,
                  "Highest learning rate of the encoder in the reward stage; 0: it stays as it is")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--frozen-blocks", options.frozen_blocks,
                  "So many blocks of the encoder, from the first one on, never change")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command.add_option("--batch", options.batch, "Pictures in a step, each with five sentences")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--dropout", options.dropout, "Share of the decoder's values left out")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  command
      .add_option("--feature-dropout", options.feature_dropout,
                  "Share of the encoder's values that the decoder is not shown")
      ->check(CLI::Range(0.0, 0.9))
      ->capture_default_str();
  command
      .add_option("--weight-decay", options.weight_decay,
                  "Share of the learning rate that each step takes off every weight")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command.add_option("--hidden-size", options.hidden_size, "Size of the decoder's state")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command
      .add_option("--tag-cells", options.tag_cells,
                  "Likeliest things in the picture that the decoder is shown; 0: none")
      ->check(CLI::Range(0, 32))
      ->capture_default_str();
  command
      .add_option("--untrue-penalty", options.untrue_penalty,
                  "Taken off the reward for each thing that is named and not there")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command
      .add_option("--teacher-weight", options.teacher_weight,
                  "Share of the teacher model in what is learnt")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--teacher-temperature", options.teacher_temperature,
                  "Makes the probabilities of the teacher model more even: 1 leaves them as they "
                  "are")
      ->check(CLI::Range(0.1, 20.0))
      ->capture_default_str();
  command
      .add_option("--text-batch", options.text_batch,
                  "Sentences without pictures that are learnt beside each batch of pictures")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_option("--text-weight", options.text_weight, "How much they count")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command
      .add_option("--min-text-count", options.min_text_count,
                  "How often a word must occur in sentences without pictures to be learnt")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command
      .add_option("--views", options.views,
                  "Variations of each picture whose features are kept in --work; 0: none is kept, "
                  "and pictures are encoded anew each time")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  command
      .add_option("--min-count", options.min_count,
                  "How often a word must occur in the training sentences to be learnt")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command.add_option("--max-words", options.max_words, "Longer sentences are cut")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();
  command.add_flag("--bfloat16", options.bfloat16,
                   "Multiply the decoder's matrices in bfloat16: faster on processors with AMX");
  command
      .add_option("--patience", options.patience,
                  "A stage ends when so many epochs were not better than the best; 0: never so")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Of all random numbers")->capture_default_str();
  command.add_option("--threads", options.threads, "CPU threads; 0: one for each core")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
}

}  // namespace

void add_train_command(CLI::App& program, int& exit_code) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App& command = *program.add_subcommand("train", "Train a model on pictures with sentences");
  auto lists = std::make_shared<SourceLists>();
  add_data_options(command, *options, *lists);
  add_training_options(command, *options);
  command.footer(
      "Prints a JSON object for each epoch, with the scores of greedy captions on the dev "
      "pictures.\n"
      "Takes hours; it runs on the CPU. An interrupted training goes on with --resume.\n"
      "Example:\n"
      "  jetsoncaption train --images photos --captions captions.csv \\\n"
      "      --start models/mobilenet-gru-flickr8k --work work --output my-model");
  command.callback([options, lists, &command, &exit_code] {
    options->sources = join(*lists);
    if (!options->teacher_model.empty() && command.count("--frozen-blocks") == 0)
      options->frozen_blocks = 0;
    exit_code = take_over(command, *options) ? run(*options) : kWrongCall;
  });
}

}  // namespace jetsoncaption
