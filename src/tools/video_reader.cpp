// SPDX-License-Identifier: LGPL-2.1-or-later
// The frames of a video or camera, one after the other.
#include <utility>

#include <gst/gst.h>

#include "tools/orientation.h"
#include "tools/pictures.h"
#include "tools/running_pipeline.h"
#include "tools/small_frames.h"

namespace jetsoncaption {

namespace {

// A frame of this size has 200 MB, and a decoder takes more than that.
constexpr int kMostSide = 8192;

// Vector graphics have any size, for which memory is taken at once: they are no videos.
gboolean is_decoded(GstElement*, GstPad*, GstCaps* caps, gpointer) {
  const GstStructure* first = gst_caps_get_structure(caps, 0);
  return !g_str_has_prefix(gst_structure_get_name(first), "image/svg");
}

double stream_time_s(GstSample* sample) {
  const GstBuffer* buffer = gst_sample_get_buffer(sample);
  const GstClockTime time = gst_segment_to_stream_time(gst_sample_get_segment(sample),
                                                       GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  return GST_CLOCK_TIME_IS_VALID(time) ? static_cast<double>(time) / GST_SECOND : 0.0;
}

}  // namespace

struct VideoReader::Pipeline {
  MediaFile file;
  PictureSize size;
  std::unique_ptr<RunningPipeline> running;
  SmallFrames frames;
  bool had_frame = false;
};

VideoReader::VideoReader(std::unique_ptr<Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}

VideoReader::~VideoReader() = default;

Result<std::unique_ptr<VideoReader>> VideoReader::open(const MediaFile& file, PictureSize size) {
  auto started = initialise_gstreamer();
  if (!started.ok())
    return started.error();

  const bool camera = file.is_camera();
  // Only the pictures are wanted: a missing sound decoder must not matter.
  std::string description = camera ? "v4l2src" : "filesrc";
  description +=
      " name=source ! decodebin name=decoder caps=video/x-raw expose-all-streams=false ! "
      "videoconvert ! appsink name=sink sync=false ";
  description += camera ? "max-buffers=1 drop=true" : "max-buffers=2";

  const std::string sides = "[1," + std::to_string(kMostSide) + "]";
  description +=
      " caps=\"" JETSONCAPTION_SMALL_FRAMES_CAPS ",width=" + sides + ",height=" + sides + "\"";

  auto running = RunningPipeline::create(file.name(), description);
  if (!running.ok())
    return running.error();
  g_object_set(running.value()->element("source"), camera ? "device" : "location",
               file.path().c_str(), nullptr);
  g_signal_connect(running.value()->element("decoder"), "autoplug-continue", G_CALLBACK(is_decoded),
                   nullptr);
  auto pipeline = std::make_unique<Pipeline>(
      Pipeline{file, size, std::move(running.value()), SmallFrames(file.name())});
  pipeline->running->play();
  return std::unique_ptr<VideoReader>(new VideoReader(std::move(pipeline)));
}

Result<bool> VideoReader::next(VideoFrame& frame, double not_before_s) {
  for (;;) {
    auto sample = pipeline_->running->pull();
    if (!sample.ok())
      return sample.error();
    if (sample.value() == nullptr)
      break;
    pipeline_->had_frame = true;
    frame.time_s = stream_time_s(sample.value());
    if (frame.time_s < not_before_s) {
      gst_sample_unref(sample.value());
      continue;
    }
    // Videos from telephones are turned by a tag.
    const int orientation = pipeline_->running->orientation();
    auto image =
        pipeline_->frames.shrink(sample.value(), stored_size(pipeline_->size, orientation));
    gst_sample_unref(sample.value());
    if (!image.ok())
      return image.error();
    frame.image = upright(std::move(image.value()), orientation);
    return true;
  }
  if (pipeline_->had_frame)
    return false;
  return Error{ErrorKind::InvalidArgument,
               pipeline_->file.name() + " contains no picture; it needs at least one video frame."};
}

}  // namespace jetsoncaption
