// SPDX-License-Identifier: LGPL-2.1-or-later
// The pipelines in pipelines/: each parses where its elements exist, and runs with stand-ins for
// cameras and screens.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gst/gst.h>
#include <gtest/gtest.h>

#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

const std::string kFolder = JETSONCAPTION_PIPELINES;

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The names of the files, without their ending.
std::vector<std::string> pipelines() {
  const std::string ending = ".launch";
  std::vector<std::string> names;
  DIR* directory = opendir(kFolder.c_str());
  while (const dirent* entry = directory != nullptr ? readdir(directory) : nullptr) {
    const std::string name = entry->d_name;
    if (name.size() > ending.size() && name.rfind(ending) == name.size() - ending.size())
      names.push_back(name.substr(0, name.size() - ending.size()));
  }
  if (directory != nullptr)
    closedir(directory);
  std::sort(names.begin(), names.end());
  return names;
}

std::string description_of(const std::string& pipeline) {
  return read_file(kFolder + "/" + pipeline + ".launch");
}

// What README.md says to do on a Jetson.
std::string on_a_jetson(const std::string& description) {
  return std::regex_replace(description, std::regex("decodebin ! videoconvert"),
                            "decodebin ! nvvidconv ! video/x-raw");
}

// Test pictures instead of cameras, nothing instead of screens, and software instead of a board's
// decoder and encoder.
std::string with_stand_ins(std::string description) {
  const std::string camera = "videotestsrc is-live=true num-buffers=20 ";
  const std::vector<std::pair<std::string, std::string>> replacements = {
      {"(v4l2src|nvarguscamerasrc)[^!]*", camera},
      {"rtspsrc[^!]*", camera + "! jpegenc ! rtpjpegpay "},
      {"qtdemux\\s*!\\s*h264parse\\s*!\\s*nvv4l2decoder", "decodebin ! videoconvert"},
      {"nvv4l2h264enc[^!]*!\\s*h264parse", "jpegenc"},
      {"\\(memory:NVMM\\)", ""},
      {"nvvidconv", "videoconvert"},
      {"nv3dsink|nvoverlaysink|autovideosink", "fakesink sync=true"}};
  for (const auto& replacement : replacements)
    description =
        std::regex_replace(description, std::regex(replacement.first), replacement.second);
  return description;
}

struct ObjectUnref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};

struct Parsed {
  std::unique_ptr<GstElement, ObjectUnref> pipeline;
  std::string missing;  // elements that are not installed
  std::string error;
};

Parsed parse(const std::string& description) {
  Parsed parsed;
  GstParseContext* context = gst_parse_context_new();
  GError* error = nullptr;
  GstElement* pipeline =
      gst_parse_launch_full(description.c_str(), context, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (pipeline != nullptr)
    parsed.pipeline.reset(GST_ELEMENT(gst_object_ref_sink(pipeline)));
  gchar** missing = gst_parse_context_get_missing_elements(context);
  std::set<std::string> names;
  for (gchar** name = missing; name != nullptr && *name != nullptr; ++name)
    names.insert(*name);
  for (const std::string& name : names)
    parsed.missing += (parsed.missing.empty() ? "" : ", ") + name;
  if (error != nullptr)
    parsed.error = error->message;
  g_strfreev(missing);
  g_clear_error(&error);
  gst_parse_context_free(context);
  return parsed;
}

// What a pipeline said until it ended.
struct Run {
  std::string error;
  std::map<std::string, int> captions;  // by the name of the element
};

Run play(GstElement* pipeline) {
  Run run;
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  for (bool running = true; running;) {
    GstMessage* message = gst_bus_timed_pop(bus, 60 * GST_SECOND);
    if (message == nullptr) {
      run.error = "it did not end within a minute";
      break;
    }
    if (gst_message_has_name(message, "jetsoncaption"))
      run.captions[GST_MESSAGE_SRC_NAME(message)]++;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
      GError* error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      run.error = std::string(GST_MESSAGE_SRC_NAME(message)) + ": " + error->message;
      g_error_free(error);
    }
    running = run.error.empty() && GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS;
    gst_message_unref(message);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  return run;
}

int remove_entry(const char* path, const struct stat*, int, struct FTW*) {
  return remove(path);
}

class Pipeline : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  // The files name their inputs and outputs relative to the current folder.
  void SetUp() override {
    std::string pattern = testing::TempDir() + "jetsoncaption-pipelines-XXXXXX";
    folder_ = mkdtemp(&pattern[0]);
    ASSERT_EQ(chdir(folder_.c_str()), 0);
  }

  void TearDown() override {
    ASSERT_EQ(chdir("/"), 0);
    nftw(folder_.c_str(), remove_entry, 8, FTW_DEPTH | FTW_PHYS);
  }

  // A video with sound, and three numbered pictures.
  static void make_inputs() {
    mkdir("pictures", 0755);
    mkdir("captioned", 0755);
    const Parsed inputs = parse(
        "videotestsrc num-buffers=3 ! jpegenc ! multifilesink location=pictures/%03d.jpg index=1 "
        "matroskamux name=mux ! filesink location=in.mp4 "
        "videotestsrc num-buffers=40 ! video/x-raw,framerate=30/1 ! jpegenc ! mux. "
        "audiotestsrc num-buffers=60 ! vorbisenc ! mux.");
    if (!inputs.missing.empty())
      GTEST_SKIP() << "these elements are not installed: " << inputs.missing;
    ASSERT_EQ(inputs.error, "");
    ASSERT_EQ(play(inputs.pipeline.get()).error, "");
  }

 private:
  std::string folder_;
};

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  return std::regex_replace(info.param, std::regex("[^a-z0-9]"), "_");
}

INSTANTIATE_TEST_SUITE_P(Files, Pipeline, testing::ValuesIn(pipelines()), test_name);

TEST_P(Pipeline, SurvivesTheShell) {
  const std::string description = description_of(GetParam());
  ASSERT_NE(description, "");
  for (const char* sign : {"#", "\"", "'", "\\"})
    EXPECT_FALSE(contains(description, sign)) << sign << " in " << description;
}

TEST_P(Pipeline, IsExplainedInTheReadme) {
  EXPECT_TRUE(contains(read_file(kFolder + "/README.md"), "(" + GetParam() + ".launch)"));
}

TEST_P(Pipeline, Parses) {
  const Parsed parsed = parse(description_of(GetParam()));
  if (!parsed.missing.empty())
    GTEST_SKIP() << "these elements are not installed: " << parsed.missing;
  EXPECT_EQ(parsed.error, "");
}

// Each element that captions must have said something.
void expect_captions(const std::string& description) {
  const Parsed parsed = parse(description);
  if (!parsed.missing.empty())
    GTEST_SKIP() << "these elements are not installed: " << parsed.missing;
  ASSERT_EQ(parsed.error, "");

  const Run run = play(parsed.pipeline.get());

  EXPECT_EQ(run.error, "");
  const std::regex element("jetsoncaption");
  const auto elements =
      std::distance(std::sregex_iterator(description.begin(), description.end(), element),
                    std::sregex_iterator());
  EXPECT_EQ(static_cast<std::ptrdiff_t>(run.captions.size()), elements);
}

TEST_P(Pipeline, CaptionsWithStandIns) {
  make_inputs();
  if (IsSkipped() || HasFatalFailure())
    return;
  expect_captions(with_stand_ins(description_of(GetParam())));
}

TEST_P(Pipeline, CaptionsWithStandInsAsOnAJetson) {
  const std::string description = description_of(GetParam());
  if (!contains(description, "decodebin"))
    GTEST_SKIP() << "nothing is decoded";
  ASSERT_NE(on_a_jetson(description), description) << "the command in README.md changes nothing";
  make_inputs();
  if (IsSkipped() || HasFatalFailure())
    return;
  expect_captions(with_stand_ins(on_a_jetson(description)));
}

TEST_F(Pipeline, OfAFileWritesAVideo) {
  make_inputs();
  if (IsSkipped() || HasFatalFailure())
    return;
  expect_captions(description_of("file-to-file"));
  if (IsSkipped())
    return;
  EXPECT_GT(read_file("captioned.webm").size(), 1000U);
}

// The sides of a PNG picture.
std::pair<int, int> png_size(const std::string& file) {
  const std::string bytes = read_file(file);
  const auto number = [&](size_t at) {
    return bytes.size() < at + 4 ? 0
                                 : static_cast<unsigned char>(bytes[at + 2]) * 256 +
                                       static_cast<unsigned char>(bytes[at + 3]);
  };
  return {number(16), number(20)};
}

TEST_F(Pipeline, OfAFileTurnsVideosAsTheirOrientationSays) {
  Parsed inputs = parse(
      "videotestsrc num-buffers=20 ! video/x-raw,width=64,height=48,framerate=10/1 ! jpegenc ! "
      "qtmux ! filesink location=in.mp4");
  if (!inputs.missing.empty())
    GTEST_SKIP() << "these elements are not installed: " << inputs.missing;
  ASSERT_EQ(inputs.error, "");
  ASSERT_EQ(play(inputs.pipeline.get()).error, "");
  // As a telephone's: the matrix in the header of the track turns it by a quarter.
  std::string video = read_file("in.mp4");
  const size_t header = video.find("tkhd");
  ASSERT_NE(header, std::string::npos);
  const std::string quarter(
      "\0\0\0\0\0\x01\0\0\0\0\0\0"
      "\xFF\xFF\0\0\0\0\0\0\0\0\0\0"
      "\0\0\0\0\0\0\0\0\x40\0\0\0",
      36);
  video.replace(header + 44, quarter.size(), quarter);
  std::ofstream("in.mp4", std::ios::binary) << video;

  expect_captions(description_of("file-to-file"));
  if (IsSkipped())
    return;

  const Parsed frame = parse(
      "filesrc location=captioned.webm ! decodebin ! videoconvert ! pngenc snapshot=true ! "
      "filesink location=frame.png");
  ASSERT_EQ(frame.error, "");
  ASSERT_EQ(play(frame.pipeline.get()).error, "");
  EXPECT_EQ(png_size("frame.png"), std::make_pair(48, 64));
}

// The orientation of photographs reaches videoflip through jpegparse; README.md says how.
TEST_F(Pipeline, OfPicturesTurnsThemWithJpegparse) {
  make_inputs();
  if (IsSkipped() || HasFatalFailure())
    return;
  const std::string exif(
      "\xFF\xE1\0\x22"
      "Exif\0\0"
      "MM\0*\0\0\0\x08"
      "\0\x01"
      "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
      "\0\0\0\0",
      36);
  for (const char* file : {"pictures/001.jpg", "pictures/002.jpg", "pictures/003.jpg"}) {
    const std::string turned = read_file(file).insert(2, exif);
    std::ofstream(file, std::ios::binary) << turned;
  }
  const std::string description =
      std::regex_replace(description_of("pictures"), std::regex("jpegdec"), "jpegparse ! jpegdec");

  expect_captions(description);
  if (IsSkipped())
    return;

  const Parsed picture = parse(
      "filesrc location=captioned/002.jpg ! jpegdec ! videoconvert ! pngenc ! "
      "filesink location=picture.png");
  ASSERT_EQ(picture.error, "");
  ASSERT_EQ(play(picture.pipeline.get()).error, "");
  EXPECT_EQ(png_size("picture.png"), std::make_pair(240, 320));
}

TEST_F(Pipeline, OfPicturesWritesOneForEach) {
  make_inputs();
  if (IsSkipped() || HasFatalFailure())
    return;
  expect_captions(description_of("pictures"));
  if (IsSkipped())
    return;
  for (const char* file : {"captioned/001.jpg", "captioned/002.jpg", "captioned/003.jpg"})
    EXPECT_GT(read_file(file).size(), 1000U) << file;
}

TEST_F(Pipeline, OfARecordingWritesAVideo) {
  expect_captions(with_stand_ins(description_of("record-and-show")));
  if (IsSkipped())
    return;
  EXPECT_GT(read_file("recording.webm").size(), 1000U);
}

}  // namespace
