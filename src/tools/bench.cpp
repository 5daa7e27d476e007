// SPDX-License-Identifier: LGPL-2.1-or-later
// `jetsoncaption bench`: how long a caption takes, step by step, and how much memory stays in use.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "captioner/captioner.h"
#include "memory/sampler.h"
#include "tools/bench_setup.h"
#include "tools/commands.h"
#include "tools/figures.h"
#include "tools/messages.h"
#include "tools/model_options.h"
#include "tools/open_captioner.h"
#include "tools/progress.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace jetsoncaption {

namespace {

constexpr int kMaxSide = 8192;
constexpr int kPictures = 4;  // different ones, so that captions differ in length
constexpr int kWarmUpCaptions = 10;
constexpr int kSettledCaptions = 100;  // after so many, memory must not grow any more

// In pixels.
struct PictureSize {
  int width = 1920;
  int height = 1080;
};

struct BenchArguments {
  CaptionerOptions model;
  DescribeOptions search;
  PictureSize picture;
  int runs = 200;
  int captions = 200;
  bool isolation = false;
  bool json = false;
};

// One way to compute the same captions, with the time of each step of each run.
struct Path {
  std::string name;  // "int8": our kernels; "torch": LibTorch's operators
  std::unique_ptr<Captioner> captioner;
  std::vector<double> shrink_ms;
  std::vector<double> encode_ms;
  std::vector<double> word_ms;
  std::vector<double> caption_ms;
  double words = 0;  // of all runs together
};

// Resident memory in units of 2^20 bytes.
struct MemoryUse {
  double before_load = 0;
  double after_load = 0;
  double after_settling = 0;  // after 100 captions, or all if there are fewer
  double at_the_end = 0;      // after `captions` captions
  double peak = 0;            // the most there was until then; 0 where the kernel does not say
};

// The same captions in this process and in a worker process, in turn: of pictures that have the
// size that the model looks at, as the element hands them over.
struct IsolationCost {
  std::string path;
  std::vector<double> none_ms;
  std::vector<double> process_ms;
  double client_mb = 0;  // that the worker adds to this process
};

double used_mb(const MemorySampler& sampler) {
  return static_cast<double>(sampler.sample().used_bytes) / (1 << 20);
}

std::vector<Image> make_pictures(const PictureSize& size) {
  std::vector<Image> pictures;
  for (int i = 0; i < kPictures; ++i)
    pictures.push_back(make_bench_picture(size.width, size.height, i));
  return pictures;
}

Result<Path> load_path(const BenchArguments& arguments, Precision precision) {
  CaptionerOptions options = arguments.model;
  options.precision = precision;
  auto captioner = load_captioner(options);
  if (!captioner.ok())
    return captioner.error();
  Path path;
  path.name = precision == Precision::Int8 ? "int8" : "torch";
  path.captioner = std::move(captioner.value());
  return path;
}

// Describes `captions` pictures and watches memory.
Result<void> watch_memory(const BenchArguments& arguments, const std::vector<Image>& pictures,
                          const MemorySampler& sampler, Path& path, MemoryUse& memory) {
  Progress progress;
  for (int i = 0; i < arguments.captions; ++i) {
    const auto done =
        path.captioner->describe(pictures[i % pictures.size()].view(), arguments.search);
    if (!done.ok())
      return done.error();
    if (i < kSettledCaptions)
      memory.after_settling = used_mb(sampler);
    progress.report("watching memory", i + 1, arguments.captions);
  }
  memory.at_the_end = used_mb(sampler);
  memory.peak = peak_memory_mb();
  return {};
}

Result<void> time_one(const BenchArguments& arguments, const Image& picture, Path& path) {
  auto caption = path.captioner->describe(picture.view(), arguments.search);
  if (!caption.ok())
    return caption.error();
  const CaptionTimes times = path.captioner->last_times();
  path.shrink_ms.push_back(times.shrink_ms);
  path.encode_ms.push_back(times.encode_ms);
  path.word_ms.push_back(times.decode_ms / std::max(1, times.steps));
  path.caption_ms.push_back(caption.value().inference_ms);
  path.words += static_cast<double>(caption.value().words.size());
  return {};
}

// Takes turns, so that a machine that slows down meanwhile does so for every path.
Result<void> time_all(const BenchArguments& arguments, const std::vector<Image>& pictures,
                      std::vector<Path>& paths) {
  Progress progress;
  for (Path& path : paths) {
    for (int i = 0; i < kWarmUpCaptions; ++i) {
      const auto done =
          path.captioner->describe(pictures[i % pictures.size()].view(), arguments.search);
      if (!done.ok())
        return done.error();
    }
  }
  for (int i = 0; i < arguments.runs; ++i) {
    for (Path& path : paths) {
      const auto done = time_one(arguments, pictures[i % pictures.size()], path);
      if (!done.ok())
        return done;
    }
    progress.report("timing", i + 1, arguments.runs);
  }
  return {};
}

Result<void> time_caption(const BenchArguments& arguments, const Image& picture,
                          Captioner& captioner, std::vector<double>& times_ms) {
  const auto begin = std::chrono::steady_clock::now();
  const auto caption = captioner.describe(picture.view(), arguments.search);
  if (!caption.ok())
    return caption.error();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  times_ms.push_back(took.count());
  return {};
}

Result<IsolationCost> time_isolation(const BenchArguments& arguments, const MemorySampler& sampler,
                                     const Path& path) {
  const CaptionerInfo info = path.captioner->info();
  CaptionerOptions options = arguments.model;
  options.precision = info.precision;
  options.threads = info.threads;
  IsolationCost cost;
  cost.path = path.name;
  const double before = used_mb(sampler);
  const auto worker = load_worker_captioner(options);
  if (!worker.ok())
    return worker.error();
  const std::vector<Image> pictures = make_pictures({info.input_width, info.input_height});
  Progress progress;
  for (int i = 0; i < kWarmUpCaptions + arguments.runs; ++i) {
    const Image& picture = pictures[i % pictures.size()];
    for (const auto& turn : {std::make_pair(path.captioner.get(), &cost.none_ms),
                             std::make_pair(worker.value().get(), &cost.process_ms)}) {
      const auto done = time_caption(arguments, picture, *turn.first, *turn.second);
      if (!done.ok())
        return done.error();
      if (i < kWarmUpCaptions)
        turn.second->clear();
    }
    progress.report("timing isolation", i + 1, kWarmUpCaptions + arguments.runs);
  }
  cost.client_mb = used_mb(sampler) - before;
  return cost;
}

// The rows of the result, in the order in which a caption goes through them.
struct Step {
  const char* name;
  std::vector<double> Path::*times_ms;
};
constexpr std::array<Step, 4> kSteps = {{{"shrink", &Path::shrink_ms},
                                         {"encode", &Path::encode_ms},
                                         {"word", &Path::word_ms},
                                         {"caption", &Path::caption_ms}}};

// "LibTorch 1.13.1"; "no LibTorch" where it was not used.
std::string libtorch_of(const std::vector<Path>& paths) {
  for (const Path& path : paths) {
    if (path.name == "torch")
      return path.captioner->info().version;
  }
  return "no LibTorch";
}

void print_json(const BenchArguments& arguments, const std::vector<Path>& paths,
                const MemoryUse& memory, const std::vector<IsolationCost>& isolation) {
  const MachineDescription machine = describe_machine();
  nlohmann::json results = nlohmann::json::array();
  for (const Path& path : paths) {
    const CaptionerInfo& info = path.captioner->info();
    for (const Step& step : kSteps) {
      const std::vector<double>& times_ms = path.*step.times_ms;
      results.push_back({{"name", step.name},
                         {"path", path.name},
                         {"precision", name_of(info.precision)},
                         {"engine", info.engine},
                         {"threads", info.threads},
                         {"words", rounded(path.words / arguments.runs, 1)},
                         {"p50_ms", rounded(percentile(times_ms, 50), 4)},
                         {"p95_ms", rounded(percentile(times_ms, 95), 4)},
                         {"p99_ms", rounded(percentile(times_ms, 99), 4)}});
    }
  }
  const CaptionerInfo& info = paths.front().captioner->info();
  nlohmann::json report = {{"machine",
                            {{"cpu", machine.cpu},
                             {"cores", machine.cores},
                             {"memory_mb", rounded(machine.memory_mb, 0)},
                             {"libtorch", libtorch_of(paths)}}},
                           {"model", info.model_name},
                           {"beam_size", arguments.search.beam_size},
                           {"runs", arguments.runs},
                           {"picture", {arguments.picture.width, arguments.picture.height}},
                           {"results", results},
                           {"memory",
                            {{"path", paths.front().name},
                             {"captions", arguments.captions},
                             {"before_load_mb", rounded(memory.before_load, 2)},
                             {"after_load_mb", rounded(memory.after_load, 2)},
                             {"after_100_captions_mb", rounded(memory.after_settling, 2)},
                             {"after_captions_mb", rounded(memory.at_the_end, 2)},
                             {"peak_mb", rounded(memory.peak, 2)}}}};
  for (const IsolationCost& cost : isolation) {
    report["isolation"].push_back({{"path", cost.path},
                                   {"none_p50_ms", rounded(percentile(cost.none_ms, 50), 4)},
                                   {"process_p50_ms", rounded(percentile(cost.process_ms, 50), 4)},
                                   {"none_p99_ms", rounded(percentile(cost.none_ms, 99), 4)},
                                   {"process_p99_ms", rounded(percentile(cost.process_ms, 99), 4)},
                                   {"client_mb", rounded(cost.client_mb, 2)}});
  }
  std::cout << format_json(report) << std::endl;
}

void print_table(const BenchArguments& arguments, const std::vector<Path>& paths,
                 const MemoryUse& memory, const std::vector<IsolationCost>& isolation) {
  const MachineDescription machine = describe_machine();
  const CaptionerInfo& info = paths.front().captioner->info();
  std::cout << machine.cpu << ", " << machine.cores << " cores, "
            << format_fixed(machine.memory_mb / 1024, 1) << " GB, " << libtorch_of(paths) << '\n'
            << info.model_name << ", " << arguments.runs << " pictures of "
            << arguments.picture.width << "x" << arguments.picture.height << ", beam size "
            << arguments.search.beam_size << ", milliseconds\n\n"
            << "  path   precision  step         p50       p95       p99\n";
  for (const Path& path : paths) {
    for (const Step& step : kSteps) {
      std::cout << "  " << std::left << std::setw(7) << path.name << std::setw(11)
                << name_of(path.captioner->info().precision) << std::setw(8) << step.name
                << std::right;
      for (const double percent : {50.0, 95.0, 99.0}) {
        std::cout << std::setw(10) << format_fixed(percentile(path.*step.times_ms, percent), 3);
      }
      std::cout << '\n';
    }
    std::cout << "         " << path.captioner->info().engine << ", "
              << path.captioner->info().threads << " threads, "
              << format_fixed(path.words / arguments.runs, 1) << " words a caption\n\n";
  }
  std::cout << "  memory of the " << paths.front().name << " path, MB\n"
            << "    before loading       " << format_fixed(memory.before_load, 1) << '\n'
            << "    after loading        " << format_fixed(memory.after_load, 1) << '\n'
            << "    after " << std::min(kSettledCaptions, arguments.captions) << " captions   "
            << format_fixed(memory.after_settling, 1) << '\n'
            << "    after " << arguments.captions << " captions   "
            << format_fixed(memory.at_the_end, 1) << '\n'
            << "    most until then      " << format_fixed(memory.peak, 1) << std::endl;
  for (const IsolationCost& cost : isolation) {
    std::cout << "\n  " << cost.path << ", a caption of a picture of the model's size\n"
              << "    isolation=none       " << format_fixed(percentile(cost.none_ms, 50), 3)
              << '\n'
              << "    isolation=process    " << format_fixed(percentile(cost.process_ms, 50), 3)
              << ", and " << format_fixed(cost.client_mb, 1) << " MB in this process" << std::endl;
  }
}

void report_single(const std::string& path, const Error& error) {
  std::cerr << "jetsoncaption: only the " << path << " path is measured: " << error.message
            << std::endl;
}

// Memory is watched on the first path before the other is loaded: only one model is in a camera.
Result<void> bench(const BenchArguments& arguments) {
  const std::vector<Image> pictures = make_pictures(arguments.picture);
  const MemorySampler sampler;
  MemoryUse memory;
  memory.before_load = used_mb(sampler);
  std::vector<Path> paths;
  const bool both = arguments.model.precision == Precision::Auto;
  auto first = load_path(arguments, both ? Precision::Int8 : arguments.model.precision);
  const bool only_torch = both && !first.ok();
  if (only_torch) {
    report_single("torch", first.error());
    first = load_path(arguments, Precision::Fp32);
  }
  if (!first.ok())
    return first.error();
  paths.push_back(std::move(first.value()));
  memory.after_load = used_mb(sampler);
  auto done = watch_memory(arguments, pictures, sampler, paths.front(), memory);
  if (!done.ok())
    return done;
  if (both && !only_torch) {
    auto torch = load_path(arguments, Precision::Fp32);
    if (torch.ok())
      paths.push_back(std::move(torch.value()));
    else
      report_single("int8", torch.error());
  }
  done = time_all(arguments, pictures, paths);
  if (!done.ok())
    return done;
  std::vector<IsolationCost> isolation;
  for (size_t i = 0; arguments.isolation && i < paths.size(); ++i) {
    auto cost = time_isolation(arguments, sampler, paths[i]);
    if (!cost.ok())
      return cost.error();
    isolation.push_back(std::move(cost.value()));
  }
  if (arguments.json) {
    print_json(arguments, paths, memory, isolation);
  } else {
    print_table(arguments, paths, memory, isolation);
  }
  return {};
}

PictureSize read_picture_size(const std::string& text) {
  PictureSize size;
  char rest = 0;
  const int read = std::sscanf(text.c_str(), "%dx%d%c", &size.width, &size.height, &rest);
  const auto is_side = [](int pixels) { return pixels >= 1 && pixels <= kMaxSide; };
  if (read != 2 || !is_side(size.width) || !is_side(size.height)) {
    throw CLI::ValidationError("--picture",
                               "'" + text + "' is no size; name a width and a height of 1 to " +
                                   std::to_string(kMaxSide) + " pixels, as in 224x224.");
  }
  return size;
}

}  // namespace

void add_bench_command(CLI::App& program, int& exit_code) {
  auto arguments = std::make_shared<BenchArguments>();
  CLI::App& command = *program.add_subcommand("bench", "Measure time and memory of captions");
  add_model_directory_option(command, arguments->model.model_dir);
  add_precision_option(command, "Measure only this: fp32, fp16 or int8 (default: both paths)",
                       arguments->model.precision);
  command
      .add_option("--threads", arguments->model.threads, "CPU threads; 0 is chosen for the machine")
      ->type_name("N")
      ->check(CLI::Range(0, 64));
  add_search_options(command, arguments->search);
  command
      .add_option_function<std::string>(
          "--picture",
          [arguments](const std::string& text) { arguments->picture = read_picture_size(text); },
          "Size of the pictures (default: 1920x1080)")
      ->type_name("WIDTHxHEIGHT");
  command.add_option("--runs", arguments->runs, "Captions timed on each path, after a warm-up")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command
      .add_option("--captions", arguments->captions,
                  "Captions after which memory is read for the last time")
      ->type_name("N")
      ->check(CLI::Range(1, 10000000))
      ->capture_default_str();
  command.add_flag("--isolation", arguments->isolation,
                   "Compare each path with the same one in a worker process");
  command.add_flag("--json", arguments->json, "Print the figures as a JSON object");
  command.footer(
      "Describes pictures that are made by a formula, on two paths in turn:\n"
      "  int8   our kernels, as the element runs it\n"
      "  torch  fp32 with LibTorch's operators\n"
      "and times shrinking to the model's input, the encoder, each word, and the whole caption.\n"
      "Examples:\n"
      "  jetsoncaption bench\n"
      "  jetsoncaption bench --precision int8 --isolation\n"
      "  jetsoncaption bench --threads 1 --picture 224x224 --max-words 8\n"
      "  jetsoncaption bench --captions 10000 --json > bench.json");
  command.callback([arguments, &exit_code] {
    const auto result = bench(*arguments);
    if (result.ok())
      return;
    print_error(result.error().message);
    exit_code = kWrongCall;
  });
}

}  // namespace jetsoncaption
