// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the parts of the program apart: reads every source file and checks what it includes.
//
// LibTorch's headers define macros that collide with others', and the plugin must work where
// LibTorch is missing; the core must be testable without GStreamer. docs/architecture.md draws the
// arrows.
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <dirent.h>

namespace {

struct Include {
  std::string file;  // relative to the source root
  int line = 0;
  std::string header;  // as it is written, without the brackets or quotes
  bool quoted = false;
};

bool begins_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Adds the includes of one file.
void read_includes(const std::string& root, const std::string& file,
                   std::vector<Include>& includes) {
  std::ifstream stream(root + "/" + file);
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    const size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#')
      continue;
    const size_t word = line.find_first_not_of(" \t", hash + 1);
    if (word == std::string::npos || line.compare(word, 7, "include") != 0)
      continue;
    const size_t open = line.find_first_of("<\"", word);
    const size_t close = open == std::string::npos ? open : line.find_first_of(">\"", open + 1);
    if (close == std::string::npos)
      continue;
    includes.push_back({file, number, line.substr(open + 1, close - open - 1), line[open] == '"'});
  }
}

// Walks a folder; <filesystem> would do, but the oldest compiler we support has none.
void collect(const std::string& root, const std::string& folder, std::vector<Include>& includes) {
  DIR* directory = opendir((root + "/" + folder).c_str());
  if (directory == nullptr)
    return;
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (begins_with(name, "."))
      continue;
    const std::string path = folder + "/" + name;
    const bool source = ends_with(name, ".h") || ends_with(name, ".cpp") || ends_with(name, ".c");
    if (source) {
      read_includes(root, path, includes);
    } else {
      collect(root, path, includes);
    }
  }
  closedir(directory);
}

std::vector<Include> includes_below(const std::string& folder) {
  std::vector<Include> includes;
  collect(JETSONCAPTION_SOURCE_ROOT, folder, includes);
  return includes;
}

std::string place(const Include& include) {
  return include.file + ", line " + std::to_string(include.line) + ": " + include.header;
}

bool is_torch(const Include& include) {
  if (include.quoted)
    return false;  // of src/torch/
  for (const char* start : {"torch/", "ATen/", "c10/", "caffe2/"}) {
    if (begins_with(include.header, start))
      return true;
  }
  return false;
}

bool is_gstreamer(const Include& include) {
  return begins_with(include.header, "gst/") || begins_with(include.header, "glib");
}

// "src/bundle/config.cpp" and the header "bundle/config.h" are both of the part "bundle".
std::string part_of(const std::string& path_in_src) {
  return path_in_src.substr(0, path_in_src.find('/'));
}

// What each part may include besides itself.
const std::map<std::string, std::set<std::string>>& allowed_parts() {
  static const std::map<std::string, std::set<std::string>> allowed = {
      {"base", {}},
      {"image", {"base"}},
      {"text", {"base"}},
      {"search", {"base"}},
      {"memory", {"base"}},
      {"bundle", {"base", "image", "text"}},
      {"captioner", {"base", "image", "text", "search", "bundle"}},
      {"int8", {"base", "search", "bundle", "captioner"}},
      {"torch", {"base", "image", "search", "bundle", "captioner", "int8"}},
      {"engine", {"base", "image", "bundle", "captioner", "int8", "torch"}},
      {"worker", {"base", "engine"}},
      {"train",
       {"base", "image", "text", "search", "memory", "bundle", "captioner", "int8", "torch"}},
      {"tools",
       {"base", "image", "text", "search", "memory", "worker", "bundle", "captioner", "int8",
        "torch", "engine", "train"}},
  };
  return allowed;
}

TEST(Layering, KeepsLibTorchInItsFolderAndTheTrainer) {
  int uses = 0;
  for (const char* folder : {"src", "gst"}) {
    for (const Include& include : includes_below(folder)) {
      if (!is_torch(include))
        continue;
      ++uses;
      EXPECT_TRUE(begins_with(include.file, "src/torch/") ||
                  begins_with(include.file, "src/train/"))
          << place(include);
    }
  }
  EXPECT_GT(uses, 0) << "the test finds no LibTorch header at all, so it checks nothing";
}

TEST(Layering, KeepsGStreamerInThePluginAndAFewFilesOfTheTools) {
  const std::set<std::string> allowed = {
      "src/tools/doctor/gstreamer.cpp", "src/tools/pictures.cpp",
      "src/tools/running_pipeline.cpp", "src/tools/running_pipeline.h",
      "src/tools/small_frames.cpp",     "src/tools/small_frames.h",
      "src/tools/video_reader.cpp"};
  int uses = 0;
  for (const Include& include : includes_below("src")) {
    if (!is_gstreamer(include))
      continue;
    ++uses;
    EXPECT_EQ(allowed.count(include.file), 1U) << place(include);
  }
  EXPECT_GT(uses, 0) << "the test finds no GStreamer header at all, so it checks nothing";
}

// What the tools have of the plugin: pictures are shrunk in one way.
bool is_shrinking_of_the_element(const Include& include) {
  return begins_with(include.file, "src/tools/") &&
         (include.header == "plugin/frames/frame_shrink.h" ||
          include.header == "plugin/frames/frame_formats.h" ||
          include.header == "plugin/frames/mapped_video_frame.h");
}

TEST(Layering, PointsTheArrowsOfTheCoreOneWay) {
  for (const Include& include : includes_below("src")) {
    if (!include.quoted || is_shrinking_of_the_element(include))
      continue;
    const std::string from = part_of(include.file.substr(4));
    const std::string to = part_of(include.header);
    if (from == to)
      continue;
    const auto allowed = allowed_parts().find(from);
    ASSERT_NE(allowed, allowed_parts().end())
        << include.file << " is of the part '" << from << "', which this test does not know";
    EXPECT_EQ(allowed->second.count(to), 1U) << place(include);
  }
}

TEST(Layering, LetsThePluginIncludeOnlyWhatNeedsNoLibTorch) {
  const std::set<std::string> parts = {"base", "image", "memory"};
  const std::set<std::string> headers = {"engine/engine_api.h", "engine/engine_choice.h",
                                         "engine/engine_loader.h", "text/plain_text.h",
                                         "worker/worker_client.h"};
  for (const Include& include : includes_below("gst/plugin")) {
    const std::string part = part_of(include.header);
    if (!include.quoted || allowed_parts().count(part) == 0)
      continue;
    EXPECT_TRUE(parts.count(part) == 1 || headers.count(include.header) == 1) << place(include);
  }
}

// "plugin/overlay/drawn_caption.h" is of the floor "overlay"; what lies in gst/plugin/ itself is of
// the topmost one, "".
std::string floor_of(const std::string& path) {
  const std::string in_plugin = path.substr(path.find("plugin/") + 7);
  const size_t slash = in_plugin.find('/');
  return slash == std::string::npos ? "" : in_plugin.substr(0, slash);
}

TEST(Layering, PointsTheArrowsOfThePluginOneWay) {
  const std::map<std::string, std::set<std::string>> allowed = {
      {"overlay", {}}, {"frames", {"overlay"}}, {"session", {"overlay", "frames"}}};
  // What is known on all floors: plain structures.
  const std::set<std::string> common = {"plugin/settings.h", "plugin/live_values.h"};
  for (const Include& include : includes_below("gst/plugin")) {
    const std::string from = floor_of(include.file);
    if (!begins_with(include.header, "plugin/") || from.empty() ||
        from == floor_of(include.header) || common.count(include.header) != 0)
      continue;
    ASSERT_EQ(allowed.count(from), 1U) << include.file << " is in a folder this test does not know";
    EXPECT_EQ(allowed.at(from).count(floor_of(include.header)), 1U) << place(include);
  }
}

TEST(Layering, KeepsTheMetadataLibraryFreeOfEverythingElse) {
  for (const Include& include : includes_below("gst/meta")) {
    if (!include.quoted)
      continue;
    EXPECT_EQ(allowed_parts().count(part_of(include.header)), 0U) << place(include);
    EXPECT_FALSE(begins_with(include.header, "plugin/")) << place(include);
  }
}

}  // namespace
