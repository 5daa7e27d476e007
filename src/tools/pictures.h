// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads picture files, videos and cameras as RGB images of the size that a model looks at, through
// GStreamer. They are shrunk by the element's own shrinker, from the format that the decoder gives:
// a file is the same picture here and in a pipeline.
//
//   Result<Image> image = read_picture("dog.jpg", {224, 224});
//
//   auto camera = MediaFile::open("/dev/video0");
//   auto video = VideoReader::open(camera.value(), {224, 224});
//   VideoFrame frame;
//   while (video.value()->next(frame).value()) use(frame.image.view(), frame.time_s);
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "image/image_view.h"
#include "tools/media_file.h"

namespace jetsoncaption {

// The picture as it is meant to be seen: turned as its EXIF orientation says, blended colours
// untouched, transparency ignored; squashed to the size. Of a video it is the first frame.
// NotFound: no such file. InvalidArgument: not a picture, or one that shows nothing, is damaged,
// cut short or larger than 100 megapixels or 16384 on a side. Unsupported: a decoder is missing;
// the message names the Debian package. Thread-safe.
Result<Image> read_picture(const std::string& path, PictureSize size);

struct Picture {
  Image image;
  int orientation = 1;  // in which it was stored; the image is upright
};
Result<Picture> decode_picture(const MediaFile& file, PictureSize size);

struct VideoFrame {
  Image image;
  double time_s = 0;  // since the beginning of the video; of a camera, since it was opened
};

// Hands out the frames of a video file or camera one after the other. One thread at a time.
class VideoReader {
 public:
  // Frames are squashed to the size. Keeps the file. Errors as read_picture(); what is wrong inside
  // the file is reported by next().
  static Result<std::unique_ptr<VideoReader>> open(const MediaFile& file, PictureSize size);
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
