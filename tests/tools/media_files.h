// SPDX-License-Identifier: LGPL-2.1-or-later
// Small picture and video files for the tests, made on the spot with GStreamer.
#pragma once

#include <string>

#include <gtest/gtest.h>

namespace jetsoncaption {

// A folder for one test, removed with everything in it afterwards. The test is skipped, with the
// reason, where GStreamer has no encoder for a file.
class MediaFilesTest : public testing::Test {
 protected:
  MediaFilesTest();
  ~MediaFilesTest() override;

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write_text(const std::string& name, const std::string& bytes) const;
  std::string read_text(const std::string& name) const;

  // A red picture with a blue left half, encoded with "jpegenc" or "pngenc".
  void write_picture(const std::string& name, const std::string& encoder, int width, int height);
  // Motion JPEG in AVI, or in Matroska where the name ends with .mkv, 10 frames a second.
  void write_video(const std::string& name, int frames, int width, int height);
  // One frame like that of write_picture() in QuickTime, which says that it is to be turned by a
  // quarter clockwise.
  void write_turned_video(const std::string& name, int width, int height);

  // Runs a pipeline to its end.
  void run(const std::string& pipeline);

 private:
  void write_frame(int width, int height) const;

  std::string folder_;
};

}  // namespace jetsoncaption
