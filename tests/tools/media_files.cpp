// SPDX-License-Identifier: LGPL-2.1-or-later
// Makes and removes the files.
#include "media_files.h"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <vector>

#include <gst/gst.h>

#include <ftw.h>
#include <stdlib.h>

namespace jetsoncaption {

namespace {

int remove_entry(const char* path, const struct stat*, int, struct FTW*) {
  return std::remove(path);
}

}  // namespace

MediaFilesTest::MediaFilesTest() {
  gst_init(nullptr, nullptr);
  std::string pattern = testing::TempDir() + "jetsoncaption-XXXXXX";
  folder_ = mkdtemp(&pattern[0]);
}

MediaFilesTest::~MediaFilesTest() {
  nftw(folder_.c_str(), remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void MediaFilesTest::write_text(const std::string& name, const std::string& bytes) const {
  std::ofstream(path(name), std::ios::binary) << bytes;
}

std::string MediaFilesTest::read_text(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(path(name), std::ios::binary).rdbuf();
  return text.str();
}

void MediaFilesTest::write_frame(int width, int height) const {
  std::string row;
  for (int x = 0; x < width; ++x) {
    row += x < width / 2 ? std::string("\0\0\xFF", 3) : std::string("\xFF\0\0", 3);
  }
  row.resize((row.size() + 3) / 4 * 4);  // GStreamer's rows are multiples of four bytes
  std::string frame;
  for (int y = 0; y < height; ++y)
    frame += row;
  write_text("frame.rgb", frame);
}

void MediaFilesTest::write_picture(const std::string& name, const std::string& encoder, int width,
                                   int height) {
  write_frame(width, height);
  std::ostringstream pipeline;
  pipeline << "filesrc location=" << path("frame.rgb")
           << " blocksize=" << read_text("frame.rgb").size()
           << " ! rawvideoparse format=rgb width=" << width << " height=" << height
           << " ! videoconvert ! " << encoder << " ! filesink location=" << path(name);
  run(pipeline.str());
}

void MediaFilesTest::write_turned_video(const std::string& name, int width, int height) {
  write_frame(width, height);
  std::ostringstream pipeline;
  pipeline << "filesrc location=" << path("frame.rgb")
           << " blocksize=" << read_text("frame.rgb").size()
           << " ! rawvideoparse format=rgb framerate=10/1 width=" << width << " height=" << height
           << " ! videoconvert ! jpegenc quality=100 ! qtmux ! filesink location=" << path(name);
  run(pipeline.str());
  std::string bytes = read_text(name);
  // QuickTime File Format, "Track header atoms": where the matrix stands behind the type.
  const size_t matrix = bytes.find("tkhd") + 44;
  ASSERT_LT(matrix, bytes.size());
  bytes.replace(matrix, 20, std::string("\0\0\0\0\0\1\0\0\0\0\0\0\xFF\xFF\0\0\0\0\0\0", 20));
  write_text(name, bytes);
}

void MediaFilesTest::write_video(const std::string& name, int frames, int width, int height) {
  const bool is_matroska = name.find(".mkv") != std::string::npos;
  std::ostringstream pipeline;
  pipeline << "videotestsrc num-buffers=" << frames
           << " ! video/x-raw,framerate=10/1,width=" << width << ",height=" << height
           << " ! jpegenc ! " << (is_matroska ? "matroskamux" : "avimux")
           << " ! filesink location=" << path(name);
  run(pipeline.str());
}

void MediaFilesTest::run(const std::string& description) {
  GError* error = nullptr;
  GstElement* pipeline =
      gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
  if (pipeline == nullptr) {
    const std::string reason = error->message;
    g_clear_error(&error);
    GTEST_SKIP() << "the test's files cannot be made here: " << reason;
  }
  GstBus* bus = gst_element_get_bus(pipeline);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, 30 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  EXPECT_TRUE(message != nullptr && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) << description;
  if (message != nullptr)
    gst_message_unref(message);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(pipeline);
}

}  // namespace jetsoncaption
