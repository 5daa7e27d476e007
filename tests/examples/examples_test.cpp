// SPDX-License-Identifier: LGPL-2.1-or-later
// The example applications do what examples/README.md says of them.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "gst/run_command.h"

namespace jetsoncaption {
namespace {

const char* const kCaptions = JETSONCAPTION_BUILT_EXAMPLES "/captions";
const char* const kSubtitles = JETSONCAPTION_BUILT_EXAMPLES "/subtitles";

// "" when the interpreter has no PyGObject.
std::string watch_command() {
  const char* python = std::getenv("JETSONCAPTION_PYTHON");
  if (python == nullptr)
    return "";
  const Outcome has_gi =
      run(std::string(python) + " -c \"import gi; gi.require_version('Gst', '1.0')\"");
  return has_gi.status == 0 ? std::string(python) + " " JETSONCAPTION_EXAMPLES "/watch.py" : "";
}

Outcome run_with_model(const std::string& command, const char* model) {
  return run(command, {{"JETSONCAPTION_MODEL", model}});
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const char* const kDogs = "fake:text=a dog runs;count=1";
const char* const kTwoFrames = " 'videotestsrc num-buffers=2'";

TEST(Examples, AreShort) {
  for (const char* file : {"captions.c", "subtitles.cpp", "watch.py"}) {
    std::ifstream stream(std::string(JETSONCAPTION_EXAMPLES "/") + file);
    int lines = 0;
    for (std::string line; std::getline(stream, line);)
      ++lines;
    EXPECT_GT(lines, 0) << file;
    EXPECT_LT(lines, 105) << file;
  }
}

TEST(CaptionsExample, PrintsCaptionsOfTestPicturesWithoutArguments) {
  const Outcome outcome = run_with_model(kCaptions, kDogs);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "frame: a dog runs 0 (confidence 0.50)\n")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "message: a dog runs 0 (1.5 ms)\n")) << outcome.out;
}

TEST(CaptionsExample, PrintsTheCaptionOfEachFrameThatHasANewOne) {
  const Outcome outcome = run_with_model(std::string(kCaptions) + kTwoFrames, kDogs);
  EXPECT_TRUE(contains(outcome.out, "frame: a dog runs 0 (confidence 0.50)\n")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "frame: a dog runs 1 (confidence 0.50)\n")) << outcome.out;
}

TEST(CaptionsExample, PrintsTheDetailsOfTheMemoryWarning) {
  const Outcome outcome = run_with_model(
      std::string(kCaptions) + kTwoFrames + " 'memory-threshold=1 memory-action=warn'", kDogs);
  EXPECT_TRUE(contains(outcome.err, "memory: ")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "the threshold is 1 MB")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "action: warn")) << outcome.err;
}

TEST(CaptionsExample, SaysWhyItCannotStart) {
  const Outcome outcome = run_with_model(kCaptions, "/nowhere");
  EXPECT_NE(outcome.status, 0);
  EXPECT_TRUE(contains(outcome.err, "/nowhere")) << outcome.err;
}

TEST(SubtitlesExample, WritesACueForEachSentenceThatDiffers) {
  const std::string video = testing::TempDir() + "subtitles-example.avi";
  const Outcome recorded =
      run("gst-launch-1.0 -q videotestsrc num-buffers=30 ! video/x-raw,framerate=30/1 ! jpegenc ! "
          "avimux ! filesink location=" +
          video);
  if (!recorded.ran || recorded.status != 0)
    GTEST_SKIP() << "a video cannot be made: " << recorded.err;

  const Outcome outcome = run_with_model(std::string(kSubtitles) + " " + video, kDogs);
  std::remove(video.c_str());

  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "1\n00:00:00,000 --> 00:00:00,500\na dog runs 0\n\n"
            "2\n00:00:00,500 --> 00:00:01,000\na dog runs 1\n\n");
}

TEST(SubtitlesExample, SaysWhatIsWrongWithAVideo) {
  const Outcome outcome = run_with_model(std::string(kSubtitles) + " /nowhere.avi", kDogs);
  EXPECT_NE(outcome.status, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err, "");
}

TEST(WatchExample, PrintsTextAndConfidenceFromTheMeta) {
  const std::string watch = watch_command();
  if (watch.empty())
    GTEST_SKIP() << "there is no typelib, or python3-gi or gir1.2-gstreamer-1.0 is not installed";
  const Outcome outcome = run_with_model(watch, kDogs);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "\na dog runs 1 (confidence 0.50)\n")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "frame 0 is the first to show: a dog runs 0\n")) << outcome.out;
}

TEST(WatchExample, IsSilentWhenTheWordDoesNotComeUp) {
  const std::string watch = watch_command();
  if (watch.empty())
    GTEST_SKIP() << "there is no typelib, or python3-gi or gir1.2-gstreamer-1.0 is not installed";
  const Outcome outcome = run_with_model(watch + " cat" + kTwoFrames, kDogs);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

TEST(WatchExample, PrintsTheDetailsOfTheMemoryWarning) {
  const std::string watch = watch_command();
  if (watch.empty())
    GTEST_SKIP() << "there is no typelib, or python3-gi or gir1.2-gstreamer-1.0 is not installed";
  const Outcome outcome =
      run_with_model(watch + " dog" + kTwoFrames + " memory-threshold=1", kDogs);
  EXPECT_TRUE(contains(outcome.err, "the threshold is 1 MB, action: trim")) << outcome.err;
}

TEST(WatchExample, SaysWhyItCannotStart) {
  const std::string watch = watch_command();
  if (watch.empty())
    GTEST_SKIP() << "there is no typelib, or python3-gi or gir1.2-gstreamer-1.0 is not installed";
  const Outcome outcome = run_with_model(watch, "/nowhere");
  EXPECT_NE(outcome.status, 0);
  EXPECT_TRUE(contains(outcome.err, "/nowhere")) << outcome.err;
}

}  // namespace
}  // namespace jetsoncaption
