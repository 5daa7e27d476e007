// SPDX-License-Identifier: LGPL-2.1-or-later
// Stands in for pictures.cpp in builds without GStreamer.
#include "tools/pictures.h"

namespace jetsoncaption {

namespace {

Error no_gstreamer(const std::string& path) {
  return {ErrorKind::Unsupported,
          path +
              " cannot be read: this build has no GStreamer, which reads pictures and videos. "
              "Install libgstreamer-plugins-base1.0-dev and build again."};
}

}  // namespace

struct VideoReader::Pipeline {};

Result<Image> read_picture(const std::string& path, PictureSize) {
  return no_gstreamer(path);
}

Result<Picture> decode_picture(const MediaFile& file, PictureSize) {
  return no_gstreamer(file.name());
}

VideoReader::~VideoReader() = default;

Result<std::unique_ptr<VideoReader>> VideoReader::open(const MediaFile& file, PictureSize) {
  return no_gstreamer(file.name());
}

Result<bool> VideoReader::next(VideoFrame&, double) {
  return false;
}

}  // namespace jetsoncaption
