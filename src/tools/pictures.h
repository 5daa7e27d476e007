// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads picture files, videos and cameras as RGB images, through GStreamer.
//
//   Result<Image> image = read_picture("dog.jpg");
//
//   auto video = VideoReader::open("/dev/video0");
//   VideoFrame frame;
//   while (video.value()->next(frame).value()) use(frame.image.view(), frame.time_s);
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "image/image_view.h"

namespace jetsoncaption {

// Whether the file begins like a picture (JPEG, PNG, GIF, BMP, WebP, TIFF, PNM); anything else is
// worth a try as a video. False when it cannot be read.
bool is_picture_file(const std::string& path);

// The picture as it is meant to be seen: turned as its EXIF orientation says, blended colours
// untouched, transparency ignored. JPEG and PNG are decoded directly, others through decodebin.
// NotFound: no such file. InvalidArgument: not a picture, or a damaged one. Unsupported: a decoder
// is missing; the message names the Debian package. Thread-safe.
Result<Image> read_picture(const std::string& path);

struct VideoFrame {
  Image image;
  double time_s = 0;  // since the beginning of the video; of a camera, since it was opened
};

// Hands out the frames of a video file or camera one after the other. One thread at a time.
class VideoReader {
 public:
  // A file, or a camera such as /dev/video0. Errors as read_picture(); what is wrong inside the
  // file is reported by next().
  static Result<std::unique_ptr<VideoReader>> open(const std::string& path);
  ~VideoReader();
  VideoReader(const VideoReader&) = delete;
  VideoReader& operator=(const VideoReader&) = delete;

  // Waits for the next frame whose time is at least `not_before_s` and replaces `frame` with it;
  // false at the end. Of a camera it is the newest frame, those that nobody waited for are lost.
  // A file in which there is no frame at all is an error.
  Result<bool> next(VideoFrame& frame, double not_before_s = 0);

 private:
  struct Pipeline;
  explicit VideoReader(std::unique_ptr<Pipeline> pipeline);
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace jetsoncaption
