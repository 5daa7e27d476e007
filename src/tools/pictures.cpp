// SPDX-License-Identifier: LGPL-2.1-or-later
// Pictures, videos and cameras as GStreamer pipelines that end in an appsink.
#include "tools/pictures.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <mutex>
#include <utility>
#include <vector>

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "tools/orientation.h"

#include <sys/stat.h>

namespace jetsoncaption {

namespace {

// A camera or decoder that gives nothing for so long will not give anything any more.
constexpr GstClockTime kPatience = 30 * GST_SECOND;

// The first bytes of each kind of picture file, and the element that decodes it without decodebin.
struct PictureFormat {
  const char* name;
  const char* magic;
  size_t magic_size;
  const char* decoder;  // nullptr: decodebin finds one
};

constexpr PictureFormat kPictureFormats[] = {
    {"JPEG", "\xFF\xD8\xFF", 3, "jpegdec"},
    {"PNG", "\x89PNG\r\n\x1A\n", 8, "pngdec"},
    {"GIF", "GIF8", 4, nullptr},
    {"BMP", "BM", 2, nullptr},
    {"TIFF", "II*\0", 4, nullptr},
    {"TIFF", "MM\0*", 4, nullptr},
    {"PNM", "P5", 2, nullptr},
    {"PNM", "P6", 2, nullptr},
};

const PictureFormat* find_format(const char* bytes, size_t size) {
  static constexpr PictureFormat kWebp = {"WebP", "", 0, nullptr};
  if (size >= 12 && std::memcmp(bytes, "RIFF", 4) == 0 && std::memcmp(bytes + 8, "WEBP", 4) == 0) {
    return &kWebp;
  }
  for (const PictureFormat& format : kPictureFormats) {
    if (size >= format.magic_size && std::memcmp(bytes, format.magic, format.magic_size) == 0) {
      return &format;
    }
  }
  return nullptr;
}

// Tools that read no picture should not pay for GStreamer's registry.
Result<void> initialise_gstreamer() {
  static std::once_flag once;
  static std::string failure;
  std::call_once(once, [] {
    GError* error = nullptr;
    if (!gst_init_check(nullptr, nullptr, &error)) {
      failure = error != nullptr ? error->message : "no reason given";
      g_clear_error(&error);
    }
  });
  if (failure.empty())
    return {};
  return Error{ErrorKind::Internal, "GStreamer does not start: " + failure + "."};
}

bool has_element(const char* name) {
  GstElementFactory* factory = gst_element_factory_find(name);
  if (factory == nullptr)
    return false;
  gst_object_unref(factory);
  return true;
}

Result<struct stat> examine(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return Error{ErrorKind::NotFound,
                 path + " cannot be opened: " + std::strerror(errno) + "; check the path."};
  }
  if (S_ISDIR(status.st_mode)) {
    return Error{ErrorKind::InvalidArgument,
                 path + " is a directory; name the files in it, for example " + path + "/*.jpg."};
  }
  return status;
}

// Turns an error message of a pipeline into ours.
Error describe_failure(const std::string& path, GstMessage* message) {
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  const bool no_plugin = g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN) ||
                         g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_CODEC_NOT_FOUND);
  const bool no_access = error->domain == GST_RESOURCE_ERROR;
  const std::string text = error->message;
  g_clear_error(&error);
  if (no_plugin) {
    return {ErrorKind::Unsupported,
            path + " needs a decoder that GStreamer does not have here (" + text +
                "); install the package gstreamer1.0-plugins-good, or gstreamer1.0-libav for most "
                "videos."};
  }
  if (no_access)
    return {ErrorKind::NotFound, path + " cannot be read: " + text};
  return {ErrorKind::InvalidArgument,
          path + " is not a picture or video that can be decoded, or it is damaged: " + text};
}

Result<Image> copy_pixels(const std::string& path, GstSample* sample) {
  GstVideoInfo info;
  GstVideoFrame mapped;
  if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
      !gst_video_frame_map(&mapped, &info, gst_sample_get_buffer(sample), GST_MAP_READ)) {
    return Error{ErrorKind::Internal, path + " was decoded to pixels that cannot be read."};
  }
  Image image;
  image.width = GST_VIDEO_FRAME_WIDTH(&mapped);
  image.height = GST_VIDEO_FRAME_HEIGHT(&mapped);
  const size_t row_bytes = static_cast<size_t>(image.width) * 3;
  const size_t stride = GST_VIDEO_FRAME_PLANE_STRIDE(&mapped, 0);
  const auto* rows = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&mapped, 0));
  image.pixels.resize(row_bytes * image.height);
  for (int y = 0; y < image.height; ++y) {
    std::copy_n(rows + y * stride, row_bytes, image.pixels.data() + y * row_bytes);
  }
  gst_video_frame_unmap(&mapped);
  return image;
}

double stream_time_s(GstSample* sample) {
  const GstBuffer* buffer = gst_sample_get_buffer(sample);
  const GstClockTime time = gst_segment_to_stream_time(gst_sample_get_segment(sample),
                                                       GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  return GST_CLOCK_TIME_IS_VALID(time) ? static_cast<double>(time) / GST_SECOND : 0.0;
}

// A running pipeline whose last element is an appsink named "sink". Frames, the end and errors all
// arrive as bus messages, so that there is a single place to wait at and an error can never leave
// us waiting for a frame.
class RunningPipeline {
 public:
  static Result<std::unique_ptr<RunningPipeline>> create(const std::string& path,
                                                         const std::string& description) {
    GError* error = nullptr;
    GstElement* pipeline =
        gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (pipeline == nullptr) {
      const std::string text = error != nullptr ? error->message : "no reason given";
      g_clear_error(&error);
      return Error{ErrorKind::Unsupported,
                   path + " cannot be read with the GStreamer plugins of this machine (" + text +
                       "); install the packages gstreamer1.0-plugins-base and "
                       "gstreamer1.0-plugins-good."};
    }
    return std::make_unique<RunningPipeline>(path, pipeline);
  }

  RunningPipeline(std::string path, GstElement* pipeline)
      : path_(std::move(path)),
        pipeline_(pipeline),
        sink_(gst_bin_get_by_name(GST_BIN(pipeline), "sink")),
        bus_(gst_element_get_bus(pipeline)) {
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = post_frame_message;
    gst_app_sink_set_callbacks(GST_APP_SINK(sink_), &callbacks, nullptr, nullptr);
  }

  ~RunningPipeline() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(bus_);
    gst_object_unref(sink_);
    gst_object_unref(pipeline_);
  }

  RunningPipeline(const RunningPipeline&) = delete;
  RunningPipeline& operator=(const RunningPipeline&) = delete;

  // Borrowed; nullptr when the description has no such element.
  GstElement* element(const char* name) const {
    GstElement* found = gst_bin_get_by_name(GST_BIN(pipeline_), name);
    if (found != nullptr)
      gst_object_unref(found);  // the pipeline keeps it alive
    return found;
  }

  // Failures show up as messages, and so in pull().
  void play() { gst_element_set_state(pipeline_, GST_STATE_PLAYING); }

  // The next frame, owned by the caller; nullptr at the end.
  Result<GstSample*> pull() {
    const auto wanted =
        static_cast<GstMessageType>(GST_MESSAGE_APPLICATION | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    while (!ended_) {
      GstMessage* message = gst_bus_timed_pop_filtered(bus_, kPatience, wanted);
      if (message == nullptr) {
        return Error{ErrorKind::Internal, path_ + " gave no picture for 30 seconds."};
      }
      const GstMessageType type = GST_MESSAGE_TYPE(message);
      if (type == GST_MESSAGE_ERROR) {
        Error error = describe_failure(path_, message);
        gst_message_unref(message);
        return error;
      }
      gst_message_unref(message);
      if (type == GST_MESSAGE_EOS)
        break;
      // Of a camera the frame may be gone already, because a newer one replaced it.
      if (GstSample* sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink_), 0))
        return sample;
    }
    ended_ = true;
    return static_cast<GstSample*>(nullptr);
  }

 private:
  static GstFlowReturn post_frame_message(GstAppSink* sink, gpointer) {
    gst_element_post_message(
        GST_ELEMENT(sink),
        gst_message_new_application(GST_OBJECT(sink), gst_structure_new_empty("frame")));
    return GST_FLOW_OK;
  }

  const std::string path_;
  GstElement* pipeline_;
  GstElement* sink_;
  GstBus* bus_;
  bool ended_ = false;
};

// Decodes a picture that is in memory: a fifth of the time that decodebin takes to find its way.
Result<Image> decode_directly(const std::string& path, const PictureFormat& format,
                              const std::vector<char>& bytes) {
  if (!has_element(format.decoder)) {
    return Error{ErrorKind::Unsupported,
                 path + " is a " + format.name + " picture, and the GStreamer element " +
                     format.decoder +
                     " is missing; install the package gstreamer1.0-plugins-good."};
  }
  auto created = RunningPipeline::create(
      path, std::string("appsrc name=source ! ") + format.decoder +
                " ! videoconvert ! video/x-raw,format=RGB ! appsink name=sink sync=false");
  if (!created.ok())
    return created.error();
  RunningPipeline& pipeline = *created.value();
  auto* source = GST_APP_SRC(pipeline.element("source"));
  pipeline.play();
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, bytes.size(), nullptr);
  gst_buffer_fill(buffer, 0, bytes.data(), bytes.size());
  gst_app_src_push_buffer(source, buffer);
  gst_app_src_end_of_stream(source);

  auto sample = pipeline.pull();
  if (!sample.ok())
    return sample.error();
  if (sample.value() == nullptr) {
    return Error{ErrorKind::InvalidArgument, path + " begins like a " + format.name +
                                                 " picture, but no picture can be decoded from it; "
                                                 "the file is damaged."};
  }
  auto image = copy_pixels(path, sample.value());
  gst_sample_unref(sample.value());
  return image;
}

}  // namespace

bool is_picture_file(const std::string& path) {
  char bytes[12];
  std::ifstream file(path, std::ios::binary);
  file.read(bytes, sizeof bytes);
  return find_format(bytes, static_cast<size_t>(file.gcount())) != nullptr;
}

Result<Image> read_picture(const std::string& path) {
  auto status = examine(path);
  if (!status.ok())
    return status.error();
  auto started = initialise_gstreamer();
  if (!started.ok())
    return started.error();

  if (S_ISREG(status.value().st_mode)) {
    std::ifstream file(path, std::ios::binary);
    std::vector<char> bytes(static_cast<size_t>(status.value().st_size));
    if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
      return Error{ErrorKind::NotFound, path + " cannot be read: " + std::strerror(errno) + "."};
    }
    const PictureFormat* format = find_format(bytes.data(), bytes.size());
    if (format != nullptr && format->decoder != nullptr) {
      auto image = decode_directly(path, *format, bytes);
      if (!image.ok())
        return image.error();
      return upright(
          std::move(image.value()),
          jpeg_orientation(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
    }
  }

  auto reader = VideoReader::open(path);
  if (!reader.ok())
    return reader.error();
  VideoFrame frame;
  auto found = reader.value()->next(frame);
  if (!found.ok())
    return found.error();
  return std::move(frame.image);
}

struct VideoReader::Pipeline {
  std::string path;
  std::unique_ptr<RunningPipeline> running;
  bool had_frame = false;
};

VideoReader::VideoReader(std::unique_ptr<Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}

VideoReader::~VideoReader() = default;

Result<std::unique_ptr<VideoReader>> VideoReader::open(const std::string& path) {
  auto status = examine(path);
  if (!status.ok())
    return status.error();
  auto started = initialise_gstreamer();
  if (!started.ok())
    return started.error();

  const bool camera = S_ISCHR(status.value().st_mode);
  // Only the pictures are wanted: a missing sound decoder must not matter.
  std::string description = camera ? "v4l2src" : "filesrc";
  description +=
      " name=source ! decodebin caps=video/x-raw expose-all-streams=false ! videoconvert";
  // Videos from telephones are turned by a tag.
  if (has_element("videoflip"))
    description += " ! videoflip video-direction=auto ! videoconvert";
  description += " ! video/x-raw,format=RGB ! appsink name=sink sync=false ";
  description += camera ? "max-buffers=1 drop=true" : "max-buffers=2";

  auto running = RunningPipeline::create(path, description);
  if (!running.ok())
    return running.error();
  g_object_set(running.value()->element("source"), camera ? "device" : "location", path.c_str(),
               nullptr);
  auto pipeline = std::make_unique<Pipeline>();
  pipeline->path = path;
  pipeline->running = std::move(running.value());
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
    auto image = copy_pixels(pipeline_->path, sample.value());
    gst_sample_unref(sample.value());
    if (!image.ok())
      return image.error();
    frame.image = std::move(image.value());
    return true;
  }
  if (pipeline_->had_frame)
    return false;
  return Error{ErrorKind::InvalidArgument,
               pipeline_->path + " contains no picture; it needs at least one video frame."};
}

}  // namespace jetsoncaption
