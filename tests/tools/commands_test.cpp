// SPDX-License-Identifier: LGPL-2.1-or-later
// The commands as a shell sees them: exit codes, and what goes to standard output and standard
// error. The captioner is a fake that repeats a sentence.
#include "tools/commands.h"

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "captioner/captioner.h"
#include "media_files.h"
#include "picture_bytes.h"
#include "tools/open_captioner.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr char kKnownModel[] = "known-model";
constexpr char kInt8Model[] = "int8-model";  // has no other precision

class FakeCaptioner : public Captioner {
 public:
  explicit FakeCaptioner(Precision precision) {
    info_.model_name = "fake";
    info_.precision = precision == Precision::Fp32 ? Precision::Fp32 : Precision::Int8;
    info_.version = "LibTorch 0";
    info_.grid_columns = 3;
    info_.grid_rows = 2;
    info_.input_width = info_.input_height = 32;
  }

  Result<Caption> describe(const ImageView&, const DescribeOptions& options) override {
    Caption caption;
    caption.text = "a red dog";
    caption.confidence = 0.41239;
    caption.words = {{"a", 0.9, {}}, {"red", 0.5, {}}, {"dog", 0.25, {}}};
    if (options.attention)
      caption.words[1].attention = {0.5F, 0.25F, 0.125F, 0, 0.12341F, 0};
    caption.inference_ms = 2.5;
    return caption;
  }
  void cancel(uint64_t) override {}
  CaptionerInfo info() const override { return info_; }
  CaptionTimes last_times() const override { return {0.5, 1.0, 0.8, 4}; }

 private:
  CaptionerInfo info_;
};

}  // namespace

Result<std::unique_ptr<Captioner>> open_captioner(const CaptionerOptions& options) {
  if (options.model_dir == kInt8Model && options.precision != Precision::Int8)
    return Error{ErrorKind::InvalidArgument, options.model_dir + " has no fp32."};
  if (options.model_dir != kKnownModel && options.model_dir != kInt8Model)
    return Error{ErrorKind::NotFound, options.model_dir + " does not exist."};
  return std::unique_ptr<Captioner>(new FakeCaptioner(options.precision));
}

// Slower by a millisecond.
Result<std::unique_ptr<Captioner>> open_worker_captioner(const CaptionerOptions& options) {
  class SlowCaptioner : public FakeCaptioner {
   public:
    using FakeCaptioner::FakeCaptioner;
    Result<Caption> describe(const ImageView& image, const DescribeOptions& given) override {
      usleep(1000);
      return FakeCaptioner::describe(image, given);
    }
  };
  return std::unique_ptr<Captioner>(new SlowCaptioner(options.precision));
}

namespace {

using testing::HasSubstr;

struct Outcome {
  int exit_code = 0;
  std::string output;
  std::string errors;
};

class Commands : public MediaFilesTest {
 protected:
  void SetUp() override {
    setenv("JETSONCAPTION_MODEL", kKnownModel, 1);
    write_picture("dog.png", "pngenc", 40, 30);
  }

  static Outcome run(const std::vector<std::string>& words) {
    Outcome outcome;
    CLI::App program("test");
    add_describe_command(program, outcome.exit_code);
    add_evaluate_command(program, outcome.exit_code);
    add_bench_command(program, outcome.exit_code);
    // CLI11 takes the words from the end.
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    try {
      program.parse(reversed);
    } catch (const CLI::ParseError& error) {
      outcome.exit_code = kWrongCall;
      std::cerr << error.what();
    }
    outcome.output = testing::internal::GetCapturedStdout();
    outcome.errors = testing::internal::GetCapturedStderr();
    return outcome;
  }
};

TEST_F(Commands, EvaluateLeavesFilesAloneUntilItHasPredictions) {
  const std::string captions = path("captions.txt");
  std::ofstream(captions) << "dog.png\tA red dog .\n";
  const std::string kept = path("kept.txt");
  std::ofstream(kept) << "kept";
  const auto content = [](const std::string& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  };
  Outcome outcome =
      run({"evaluate", "--images", path(""), "--captions", captions, "--predictions", captions});
  EXPECT_EQ(outcome.exit_code, kWrongCall);
  EXPECT_THAT(outcome.errors, HasSubstr("would overwrite"));
  EXPECT_EQ(content(captions), "dog.png\tA red dog .\n");
  outcome = run(
      {"evaluate", "--images", path(""), "--captions", path("none.txt"), "--predictions", kept});
  EXPECT_EQ(outcome.exit_code, kWrongCall);
  EXPECT_EQ(content(kept), "kept");
  outcome =
      run({"evaluate", "--images", path(""), "--captions", captions, "--predictions", "/dev/full"});
  EXPECT_EQ(outcome.exit_code, kSomeFailed);
  EXPECT_THAT(outcome.output, HasSubstr("BLEU-4")) << "the scores are there all the same";
}

TEST_F(Commands, EvaluateWritesPredictionsIntoAPipe) {
  const std::string captions = path("captions.txt");
  std::ofstream(captions) << "dog.png\tA red dog .\n";
  const std::string pipe = path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::string line;
  std::thread reader([&] {
    std::ifstream file(pipe);
    std::getline(file, line);
  });
  const Outcome outcome =
      run({"evaluate", "--images", path(""), "--captions", captions, "--predictions", pipe});
  reader.join();
  EXPECT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  EXPECT_EQ(line, "dog.png\ta red dog");
}

TEST_F(Commands, DescribePrintsFileAndSentence) {
  const Outcome outcome = run({"describe", path("dog.png")});

  EXPECT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  EXPECT_EQ(outcome.output, path("dog.png") + ": a red dog\n");
  EXPECT_EQ(outcome.errors, "");
}

TEST_F(Commands, DescribeGoesOnAfterFilesThatAskForTooMuch) {
  write_text("huge.png", png_file(20000, 20000, 8, 2, {"the data would be 1.2 GB"}));
  write_text("endless.jpg", flat_jpeg(8, 8, {{}}));
  ASSERT_EQ(truncate(path("endless.jpg").c_str(), off_t{1} << 40), 0);
  ASSERT_EQ(mkfifo(path("queue.jpg").c_str(), 0600), 0);

  const Outcome outcome = run({"describe", path("huge.png"), path("endless.jpg"), path("queue.jpg"),
                               "/dev/zero", path("dog.png")});

  EXPECT_EQ(outcome.exit_code, kSomeFailed);
  EXPECT_EQ(outcome.output, path("dog.png") + ": a red dog\n");
  for (const char* refused : {"at most 100 megapixels", "at most 512 MB", "is a FIFO", "no camera"})
    EXPECT_THAT(outcome.errors, HasSubstr(refused));
}

TEST_F(Commands, MessagesShowWhatANameWouldDoToATerminal) {
  const Outcome outcome = run({"describe", "no\x1b]0;such\u202e.jpg"});

  EXPECT_EQ(outcome.exit_code, kSomeFailed);
  EXPECT_THAT(outcome.errors, HasSubstr("no\\x1B]0;such\\u202E.jpg cannot be opened"));
}

TEST_F(Commands, DescribePrintsOneJsonObjectALine) {
  const Outcome outcome = run({"describe", "--json", path("dog.png")});

  const auto line = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(line["file"], path("dog.png"));
  EXPECT_EQ(line["caption"], "a red dog");
  EXPECT_EQ(line["confidence"], 0.4124);
  EXPECT_EQ(line["words"][2]["word"], "dog");
  EXPECT_EQ(line["words"][2]["probability"], 0.25);
  EXPECT_EQ(line["inference_ms"], 2.5);
  EXPECT_TRUE(line["time"].is_null());
  EXPECT_EQ(line["orientation"], 1);
  EXPECT_FALSE(line["words"][1].contains("attention")) << "it was not asked for";
}

TEST_F(Commands, DescribePrintsTheAttentionOfAWordAsRows) {
  const Outcome outcome = run({"describe", "--json", "--attention", path("dog.png")});

  const auto line = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(line["words"][1]["attention"],
            nlohmann::json({{0.5, 0.25, 0.125}, {0.0, 0.1234, 0.0}}));
}

TEST_F(Commands, DescribeRefusesAttentionThatItWouldNotPrint) {
  const Outcome outcome = run({"describe", "--attention", path("dog.png")});

  EXPECT_EQ(outcome.exit_code, kWrongCall);
  EXPECT_THAT(outcome.errors, HasSubstr("--json"));
}

TEST_F(Commands, DescribeCaptionsAVideoAsOftenAsAsked) {
  write_video("clip.avi", 10, 40, 30);

  const Outcome outcome = run({"describe", "--json", "--every", "0.4", path("clip.avi")});

  std::istringstream lines(outcome.output);
  std::vector<double> times;
  for (std::string line; std::getline(lines, line);) {
    times.push_back(nlohmann::json::parse(line)["time"].get<double>());
  }
  EXPECT_THAT(times, testing::ElementsAre(0.0, 0.4, 0.8)) << outcome.errors;
}

TEST_F(Commands, DescribeSaysInWhichOrientationAPictureIsStored) {
  write_text("turned.jpg",
             flat_jpeg(64, 48, {{2, 2, 81}, {1, 1, 102}, {1, 1, 220}},
                       jpeg_segment(0xE1, std::string("Exif\0\0", 6) + exif_block(6))));

  const Outcome outcome = run({"describe", "--json", path("turned.jpg")});

  EXPECT_EQ(nlohmann::json::parse(outcome.output)["orientation"], 6) << outcome.errors;
}

TEST_F(Commands, DescribeReadsAPipeThatTheShellHasOpened) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string bytes = read_text("dog.png");  // fits into a pipe
  ASSERT_EQ(write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  close(ends[1]);
  const std::string name = "/dev/fd/" + std::to_string(ends[0]);

  const Outcome outcome = run({"describe", name, path("dog.png")});
  close(ends[0]);

  EXPECT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  EXPECT_EQ(outcome.output, name + ": a red dog\n" + path("dog.png") + ": a red dog\n");
}

TEST_F(Commands, DescribeNamesWhatFailsAndGoesOn) {
  const Outcome outcome = run({"describe", path("missing.png"), path("dog.png")});

  EXPECT_EQ(outcome.exit_code, kSomeFailed);
  EXPECT_EQ(outcome.output, path("dog.png") + ": a red dog\n");
  EXPECT_THAT(outcome.errors, HasSubstr("missing.png cannot be opened"));
}

TEST_F(Commands, TakeTheModelOfTheOptionBeforeThatOfTheEnvironment) {
  const Outcome outcome = run({"describe", "--model", "elsewhere", path("dog.png")});

  EXPECT_EQ(outcome.exit_code, kWrongCall);
  EXPECT_EQ(outcome.errors, "jetsoncaption: elsewhere does not exist.\n");
}

TEST_F(Commands, SayHowToNameAModelWhenThereIsNone) {
  unsetenv("JETSONCAPTION_MODEL");

  const Outcome outcome = run({"describe", path("dog.png")});

  EXPECT_EQ(outcome.exit_code, kWrongCall);
  EXPECT_THAT(outcome.errors, HasSubstr("use --model DIR, set $JETSONCAPTION_MODEL"));
}

TEST_F(Commands, RefuseAnUnknownPrecisionAndNameTheKnownOnes) {
  const Outcome outcome = run({"describe", "--precision", "fp8", path("dog.png")});

  EXPECT_EQ(outcome.exit_code, kWrongCall);
  EXPECT_THAT(outcome.errors, HasSubstr("'fp8' is not known; use one of auto, fp16, fp32, int8"));
}

TEST_F(Commands, RefuseABeamThatIsTooWide) {
  EXPECT_EQ(run({"describe", "--beam-size", "17", path("dog.png")}).exit_code, kWrongCall);
}

TEST_F(Commands, EvaluateScoresThePicturesOfTheList) {
  write_text("captions.txt", "dog.png\tA red dog .\ndog.png\tA puppy .\nb.png\tA cat .\n");
  write_text("list.txt", "dog.png\n");

  const Outcome outcome =
      run({"evaluate", "--json", "--images", path(""), "--captions", path("captions.txt"), "--list",
           path("list.txt"), "--predictions", path("predictions.txt"), "--precision", "fp32"});

  ASSERT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  const auto result = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(result["pictures"], 1);
  EXPECT_NEAR(result["bleu"][0].get<double>(), 100, 0.01)
      << "the sentence is one of the references";
  EXPECT_NEAR(result["rouge_l"].get<double>(), 100, 0.01);
  EXPECT_EQ(result["untrue"], 0);
  EXPECT_EQ(result["named"], 1) << "both references name a dog";
  EXPECT_EQ(result["repeated"], 0);
  EXPECT_EQ(result["precision"], "fp32");
  EXPECT_EQ(read_text("predictions.txt"), "dog.png\ta red dog\n");
}

TEST_F(Commands, EvaluateWritesOnlyTrueCaptionsWhereAsked) {
  write_text("captions.txt", "dog.png\tA red cat .\n");
  const std::vector<std::string> command{"evaluate",
                                         "--images",
                                         path(""),
                                         "--captions",
                                         path("captions.txt"),
                                         "--predictions",
                                         path("predictions.txt"),
                                         "--precision",
                                         "fp32"};
  ASSERT_EQ(run(command).exit_code, kAllWell);
  EXPECT_EQ(read_text("predictions.txt"), "dog.png\ta red dog\n");
  std::vector<std::string> only_true = command;
  only_true.push_back("--only-true");
  ASSERT_EQ(run(only_true).exit_code, kAllWell);
  EXPECT_EQ(read_text("predictions.txt"), "") << "nobody wrote of a dog";
}

TEST_F(Commands, EvaluateNamesPicturesThatFailAndScoresTheRest) {
  write_text("captions.txt", "dog.png\tA red dog .\nb.png\tA cat .\n");

  const Outcome outcome =
      run({"evaluate", "--json", "--images", path(""), "--captions", path("captions.txt")});

  EXPECT_EQ(outcome.exit_code, kSomeFailed);
  EXPECT_THAT(outcome.errors, HasSubstr("b.png cannot be opened"));
  const auto result = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(result["pictures"], 1);
  EXPECT_EQ(result["failed"], 1);
}

TEST_F(Commands, EvaluateSaysHowManyCaptionsAreUntrue) {
  write_text("captions.txt", "dog.png\tA cat .\ndog.png\tTwo cats .\n");

  const Outcome outcome =
      run({"evaluate", "--images", path(""), "--captions", path("captions.txt")});

  ASSERT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("  untrue   1.000\n  named    0.000\n  repeated 0.000\n"));
}

TEST_F(Commands, EvaluateCountsPicturesThatEndInTheMiddleAsFailed) {
  const std::string jpeg = flat_jpeg(64, 48, {{2, 2, 81}, {1, 1, 102}, {1, 1, 220}});
  write_text("cut.jpg", jpeg.substr(0, jpeg.size() - 20));
  write_text("captions.txt", "dog.png\tA red dog .\ncut.jpg\tA cat .\n");

  const Outcome outcome =
      run({"evaluate", "--json", "--images", path(""), "--captions", path("captions.txt")});

  EXPECT_EQ(outcome.exit_code, kSomeFailed);
  EXPECT_THAT(outcome.errors, HasSubstr("cut.jpg ends in the middle of its data"));
  EXPECT_EQ(nlohmann::json::parse(outcome.output)["failed"], 1);
}

TEST_F(Commands, EvaluateTakesTheFilesThatFlickr8kComesWith) {
  write_text("captions.txt", "dog.png#0\tA red dog .\ndog.png#1\tAn animal .\n");

  const Outcome outcome =
      run({"evaluate", "--json", "--images", path(""), "--captions", path("captions.txt")});

  EXPECT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  EXPECT_EQ(nlohmann::json::parse(outcome.output)["pictures"], 1);
}

// What is asked of each form in which captions are handed on: the scores of Flickr's token file.
TEST_F(Commands, EvaluateGivesTheSameScoresInWhateverFormTheCaptionsAre) {
  write_picture("cat.png", "pngenc", 40, 30);
  const std::string token =
      "dog.png#0\tA red dog , running .\ndog.png#1\tA dog .\ncat.png#0\tA red cat .\n";
  const std::vector<std::pair<std::string, std::string>> forms = {
      {"captions.tsv",
       "image\tcaption\ndog.png\tA red dog , running .\ndog.png\tA dog .\ncat.png\tA red cat .\n"},
      {"captions.csv",
       "image,caption\ndog.png,\"A red dog , running .\"\ndog.png,A dog .\ncat.png,A red cat .\n"},
      {"coco.json",
       R"({"images": [{"id": 7, "file_name": "dog.png"}, {"id": 9, "file_name": "cat.png"}],
           "annotations": [{"image_id": 7, "caption": "A red dog , running ."},
                           {"image_id": 9, "caption": "A red cat ."},
                           {"image_id": 7, "caption": "A dog ."}]})"},
      {"karpathy.json",
       R"({"images": [{"filename": "dog.png", "split": "val",
                       "sentences": [{"raw": "A red dog , running ."}, {"raw": "A dog ."}]},
                      {"filename": "cat.png", "split": "val", "sentences": [{"raw": "A red cat ."}]}]})"},
      {"records.jsonl",
       "{\"file_name\": \"dog.png\", \"text\": [\"A red dog , running .\", \"A dog .\"]}\n"
       "{\"file_name\": \"cat.png\", \"text\": \"A red cat .\"}\n"}};
  const auto evaluated = [this](const std::string& name, const std::string& text) {
    write_text(name, text);
    return run({"evaluate", "--json", "--images", path(""), "--captions", path(name)});
  };
  const Outcome expected = evaluated("captions.token.txt", token);
  ASSERT_EQ(expected.exit_code, kAllWell) << expected.errors;
  ASSERT_EQ(nlohmann::json::parse(expected.output)["pictures"], 2);
  for (const auto& form : forms) {
    const Outcome outcome = evaluated(form.first, form.second);
    EXPECT_EQ(outcome.exit_code, kAllWell) << form.first << ": " << outcome.errors;
    EXPECT_EQ(outcome.output, expected.output) << form.first;
    EXPECT_EQ(outcome.errors, "") << form.first;
  }
}

TEST_F(Commands, EvaluateNamesLinesOfCaptionsThatItLeavesOut) {
  write_text("captions.csv", "image,caption\ndog.png,A red dog .\ndog.png\ndog.png,...\n");

  const Outcome outcome =
      run({"evaluate", "--json", "--images", path(""), "--captions", path("captions.csv")});

  ASSERT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  EXPECT_THAT(outcome.errors, HasSubstr("1 lines of " + path("captions.csv") +
                                        " (csv) cannot be used and are left out:\n"
                                        "  line 3: it has 1 of 2 columns"));
  EXPECT_NEAR(nlohmann::json::parse(outcome.output)["bleu"][0].get<double>(), 100, 0.01);
}

TEST_F(Commands, EvaluateSaysThatAPictureHasNoWordToScoreItWith) {
  write_text("captions.txt", "dog.png\tA red dog .\nb.png\t. . .\n");
  write_text("list.txt", "./dog.png\nb.png\n");

  const Outcome outcome = run({"evaluate", "--json", "--images", path(""), "--captions",
                               path("captions.txt"), "--list", path("list.txt")});

  EXPECT_EQ(outcome.exit_code, kSomeFailed);
  EXPECT_THAT(outcome.errors, HasSubstr("b.png has no sentence with words in"));
  EXPECT_EQ(nlohmann::json::parse(outcome.output)["pictures"], 1);
}

TEST_F(Commands, EvaluateSaysWhyCiderOfOnePictureIsZero) {
  write_text("captions.txt", "dog.png\tA red dog .\n");
  const std::vector<std::string> words = {"evaluate", "--json",     "--images",
                                          path(""),   "--captions", path("captions.txt")};

  const Outcome one = run(words);
  EXPECT_EQ(nlohmann::json::parse(one.output)["cider_d"], 0);
  EXPECT_THAT(one.errors, HasSubstr("CIDEr-D of a single picture is 0 by definition"));

  write_picture("cat.png", "pngenc", 40, 30);
  write_text("captions.txt", "dog.png\tA red dog .\ncat.png\tA cat .\n");
  EXPECT_THAT(run(words).errors, testing::Not(HasSubstr("CIDEr-D")));
}

TEST_F(Commands, EvaluateRefusesAListThatIsMissing) {
  write_text("captions.txt", "dog.png\tA red dog .\n");

  const Outcome outcome = run({"evaluate", "--images", path(""), "--captions", path("captions.txt"),
                               "--list", path("nowhere.txt")});

  EXPECT_EQ(outcome.exit_code, kWrongCall);
  EXPECT_THAT(outcome.errors, HasSubstr("nowhere.txt cannot be opened"));
  EXPECT_EQ(outcome.output, "");
}

TEST_F(Commands, EvaluateRefusesPredictionsItCannotWriteBeforeItBegins) {
  const Outcome outcome = run({"evaluate", "--images", path(""), "--captions", path("none.txt"),
                               "--predictions", path("no-folder/predictions.txt")});

  EXPECT_EQ(outcome.exit_code, kWrongCall);
  EXPECT_THAT(outcome.errors, HasSubstr("no-folder/predictions.txt cannot be written"));
}

TEST_F(Commands, BenchReportsEveryStepOfBothPaths) {
  const Outcome outcome = run({"bench", "--json", "--runs", "3", "--captions", "2"});

  ASSERT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  const auto report = nlohmann::json::parse(outcome.output);
  std::vector<std::string> rows;
  for (const auto& row : report["results"]) {
    rows.push_back(row["path"].get<std::string>() + " " + row["precision"].get<std::string>() +
                   " " + row["name"].get<std::string>());
  }
  EXPECT_THAT(rows,
              testing::ElementsAre("int8 int8 shrink", "int8 int8 encode", "int8 int8 word",
                                   "int8 int8 caption", "torch fp32 shrink", "torch fp32 encode",
                                   "torch fp32 word", "torch fp32 caption"));
  EXPECT_NEAR(report["results"][2]["p50_ms"].get<double>(), 0.2, 1e-9) << "0.8 ms for 4 steps";
  EXPECT_GT(report["memory"]["after_captions_mb"].get<double>(), 0);
  EXPECT_EQ(report["memory"]["captions"], 2);
  EXPECT_GE(report["memory"]["peak_mb"], report["memory"]["after_captions_mb"]);
}

TEST_F(Commands, BenchDescribesPicturesOfTheSizeThatIsAskedFor) {
  const Outcome outcome =
      run({"bench", "--json", "--picture", "64x48", "--runs", "2", "--captions", "2"});
  ASSERT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  EXPECT_EQ(nlohmann::json::parse(outcome.output)["picture"], (nlohmann::json{64, 48}));

  for (const char* size : {"64", "64x", "0x48", "64x48x3", "64x9000", "ax48"}) {
    const Outcome refused = run({"bench", "--picture", size});
    EXPECT_EQ(refused.exit_code, kWrongCall) << size;
    EXPECT_THAT(refused.errors, HasSubstr(std::string("'") + size + "' is no size")) << size;
  }
}

TEST_F(Commands, BenchComparesWithAWorkerProcess) {
  const Outcome outcome = run({"bench", "--json", "--isolation", "--runs", "3", "--captions", "2"});

  ASSERT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  const auto isolation = nlohmann::json::parse(outcome.output)["isolation"];
  ASSERT_EQ(isolation.size(), 2U);
  EXPECT_EQ(isolation[0]["path"], "int8");
  EXPECT_EQ(isolation[1]["path"], "torch");
  EXPECT_GE(isolation[0]["process_p50_ms"], 1) << "this one sleeps for a millisecond";
}

TEST_F(Commands, BenchMeasuresOnePrecisionThatIsAskedFor) {
  const Outcome outcome =
      run({"bench", "--json", "--precision", "fp32", "--runs", "2", "--captions", "2"});

  ASSERT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  const auto report = nlohmann::json::parse(outcome.output);
  ASSERT_EQ(report["results"].size(), 4U);
  EXPECT_EQ(report["results"][0]["precision"], "fp32");
  EXPECT_EQ(report["memory"]["path"], "torch");
}

TEST_F(Commands, BenchOfABundleWithInt8AloneHasNoEagerPath) {
  setenv("JETSONCAPTION_MODEL", kInt8Model, 1);
  const Outcome outcome = run({"bench", "--json", "--runs", "2", "--captions", "2"});

  ASSERT_EQ(outcome.exit_code, kAllWell) << outcome.errors;
  EXPECT_THAT(outcome.errors, HasSubstr("only the int8 path is measured: int8-model has no fp32"));
  EXPECT_EQ(nlohmann::json::parse(outcome.output)["results"].size(), 4U);
}

}  // namespace
}  // namespace jetsoncaption
