// SPDX-License-Identifier: LGPL-2.1-or-later
// Elements that behave as those of a Jetson board at the ends of a pipeline, for tests:
//
//   nvmmtestsrc   as nvarguscamerasrc: a camera with a pool of 6 to 8 frames, that fails when the
//                 pipeline keeps them all for a second
//   nvmmtestsink  as nvoverlaysink: shows a frame until the next one comes, and offers a pool of
//   its
//                 own kind of memory to whoever would copy into it
#include <gst/base/gstbasesink.h>
#include <gst/base/gstpushsrc.h>
#include <gst/video/video.h>

#include "nvmm_frames.h"

#define PACKAGE "jetsoncaption"

namespace {

using namespace jetsoncaption;

constexpr const char* kCaps =
    "video/x-raw(memory:NVMM), format=(string){ NV12, RGBA }, "
    "width=(int)[ 16, 8192 ], height=(int)[ 16, 8192 ], "
    "framerate=(fraction)[ 0, 120 ]";

// Frames are gray, in a new level each.
fake_nvmm::Pixel picture_of(guint64 frame, GstVideoFormat format) {
  const auto level = static_cast<uint8_t>(32 + frame % 160);
  if (format == GST_VIDEO_FORMAT_NV12)
    return {level, 128, 128};
  return {level, level, level};
}

// --- nvmmtestsrc --------------------------------------------------------------------------------

struct NvmmTestSrc {
  GstPushSrc parent;
  GstBufferPool* pool;
  GstVideoInfo info;
  guint64 frame;
  guint frames;      // of the pool
  gboolean surface;  // buffers hold an NvBufSurface, as with bufapi-version=true and on r34
  gboolean block_linear;
  gboolean live;
};
struct NvmmTestSrcClass {
  GstPushSrcClass parent;
};

enum { SRC_PROP_0, SRC_PROP_FRAMES, SRC_PROP_BUFAPI_VERSION, SRC_PROP_BLOCK_LINEAR, SRC_PROP_LIVE };

G_DEFINE_TYPE(NvmmTestSrc, nvmm_test_src, GST_TYPE_PUSH_SRC)

NvmmTestSrc* as_src(gpointer object) {
  return static_cast<NvmmTestSrc*>(object);
}

void nvmm_test_src_init(NvmmTestSrc* self) {
  gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
  self->frames = 6;
  self->block_linear = TRUE;
}

void set_src_property(GObject* object, guint id, const GValue* value, GParamSpec*) {
  NvmmTestSrc* self = as_src(object);
  if (id == SRC_PROP_FRAMES)
    self->frames = g_value_get_uint(value);
  else if (id == SRC_PROP_BUFAPI_VERSION)
    self->surface = g_value_get_boolean(value);
  else if (id == SRC_PROP_BLOCK_LINEAR)
    self->block_linear = g_value_get_boolean(value);
  else
    gst_base_src_set_live(GST_BASE_SRC(object), g_value_get_boolean(value));
}

void free_pool(NvmmTestSrc* self) {
  if (self->pool == nullptr)
    return;
  gst_buffer_pool_set_active(self->pool, FALSE);
  gst_object_unref(self->pool);
  self->pool = nullptr;
}

gboolean set_src_caps(GstBaseSrc* src, GstCaps* caps) {
  NvmmTestSrc* self = as_src(src);
  if (!gst_video_info_from_caps(&self->info, caps))
    return FALSE;
  free_pool(self);
  self->pool = make_nvmm_pool(
      self->info, self->surface ? NvmmKind::Surface : NvmmKind::Handle,
      self->block_linear ? fake_nvmm::Layout::BlockLinear : fake_nvmm::Layout::Pitch, self->frames);
  return TRUE;
}

GstCaps* fixate_src(GstBaseSrc*, GstCaps* caps) {
  caps = gst_caps_make_writable(gst_caps_truncate(caps));
  GstStructure* structure = gst_caps_get_structure(caps, 0);
  gst_structure_fixate_field_nearest_int(structure, "width", 1280);
  gst_structure_fixate_field_nearest_int(structure, "height", 720);
  gst_structure_fixate_field_nearest_fraction(structure, "framerate", 30, 1);
  return gst_caps_fixate(caps);
}

// The element has a pool of its own, whatever downstream offers.
gboolean decide_src_allocation(GstBaseSrc*, GstQuery* query) {
  while (gst_query_get_n_allocation_pools(query) > 0)
    gst_query_remove_nth_allocation_pool(query, 0);
  return TRUE;
}

GstFlowReturn create_frame(GstPushSrc* src, GstBuffer** buffer) {
  NvmmTestSrc* self = as_src(src);
  GstBufferPoolAcquireParams params = {};
  params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
  const gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;
  GstFlowReturn flow = GST_FLOW_EOS;
  while (flow == GST_FLOW_EOS && g_get_monotonic_time() < end) {
    flow = gst_buffer_pool_acquire_buffer(self->pool, buffer, &params);
    if (flow == GST_FLOW_EOS)
      g_usleep(500);
  }
  if (flow != GST_FLOW_OK) {
    GST_ELEMENT_ERROR(self, RESOURCE, FAILED, ("Error in pool acquire buffer."), (nullptr));
    return GST_FLOW_ERROR;
  }
  fake_nvmm::fill(nvmm_surface_of(*buffer),
                  picture_of(self->frame, GST_VIDEO_INFO_FORMAT(&self->info)));
  const guint64 fps_n = static_cast<guint64>(MAX(GST_VIDEO_INFO_FPS_N(&self->info), 1));
  const guint64 fps_d = static_cast<guint64>(MAX(GST_VIDEO_INFO_FPS_D(&self->info), 1));
  GST_BUFFER_PTS(*buffer) = gst_util_uint64_scale(self->frame * GST_SECOND, fps_d, fps_n);
  GST_BUFFER_DURATION(*buffer) = gst_util_uint64_scale(GST_SECOND, fps_d, fps_n);
  self->frame++;
  return GST_FLOW_OK;
}

void get_src_times(GstBaseSrc* src, GstBuffer* buffer, GstClockTime* start, GstClockTime* end) {
  *start = *end = GST_CLOCK_TIME_NONE;
  if (gst_base_src_is_live(src)) {
    *start = GST_BUFFER_PTS(buffer);
    *end = *start + GST_BUFFER_DURATION(buffer);
  }
}

gboolean stop_src(GstBaseSrc* src) {
  free_pool(as_src(src));
  as_src(src)->frame = 0;
  return TRUE;
}

void nvmm_test_src_class_init(NvmmTestSrcClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_src_property;
  const auto write_only = static_cast<GParamFlags>(G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      object_class, SRC_PROP_FRAMES,
      g_param_spec_uint("frames", "Frames", "How many the pool has", 1, 8, 6, write_only));
  g_object_class_install_property(
      object_class, SRC_PROP_BUFAPI_VERSION,
      g_param_spec_boolean("bufapi-version", "New API", "Buffers hold an NvBufSurface", FALSE,
                           write_only));
  g_object_class_install_property(
      object_class, SRC_PROP_BLOCK_LINEAR,
      g_param_spec_boolean("block-linear", "Block linear", "Frames are tiled", TRUE, write_only));
  g_object_class_install_property(
      object_class, SRC_PROP_LIVE,
      g_param_spec_boolean("is-live", "Live", "Frames come in their time", FALSE, write_only));
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "NVMM test source",
                                        "Source/Video", "Makes frames in NVMM memory",
                                        "The jetsoncaption authors");
  GstCaps* caps = gst_caps_from_string(kCaps);
  gst_element_class_add_pad_template(
      GST_ELEMENT_CLASS(klass), gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_caps_unref(caps);
  auto* src_class = GST_BASE_SRC_CLASS(klass);
  src_class->set_caps = set_src_caps;
  src_class->fixate = fixate_src;
  src_class->decide_allocation = decide_src_allocation;
  src_class->get_times = get_src_times;
  src_class->stop = stop_src;
  GST_PUSH_SRC_CLASS(klass)->create = create_frame;
}

// --- nvmmtestsink -------------------------------------------------------------------------------

struct NvmmTestSink {
  GstBaseSink parent;
  GstBuffer* shown;
  GstVideoInfo info;
  guint64 frames;
  guint64 captioned;  // frames whose picture is not that of one gray level any more
  guint64 foreign;    // frames that are not in NVMM memory
};
struct NvmmTestSinkClass {
  GstBaseSinkClass parent;
};

enum { SINK_PROP_0, SINK_PROP_FRAMES, SINK_PROP_CAPTIONED, SINK_PROP_FOREIGN };

G_DEFINE_TYPE(NvmmTestSink, nvmm_test_sink, GST_TYPE_BASE_SINK)

NvmmTestSink* as_sink(gpointer object) {
  return static_cast<NvmmTestSink*>(object);
}

void nvmm_test_sink_init(NvmmTestSink* self) {
  gst_base_sink_set_last_sample_enabled(GST_BASE_SINK(self), FALSE);
  gst_base_sink_set_sync(GST_BASE_SINK(self), FALSE);
}

void get_sink_property(GObject* object, guint id, GValue* value, GParamSpec*) {
  const NvmmTestSink* self = as_sink(object);
  if (id == SINK_PROP_FRAMES)
    g_value_set_uint64(value, self->frames);
  else if (id == SINK_PROP_CAPTIONED)
    g_value_set_uint64(value, self->captioned);
  else
    g_value_set_uint64(value, self->foreign);
}

gboolean set_sink_caps(GstBaseSink* sink, GstCaps* caps) {
  return gst_video_info_from_caps(&as_sink(sink)->info, caps);
}

// A trap: memory that is of no use to anybody who fills it with a handle.
gboolean propose_pool(GstBaseSink*, GstQuery* query) {
  GstBufferPool* pool = gst_buffer_pool_new();
  gst_query_add_allocation_pool(query, pool, 4096, 2, 2);
  gst_object_unref(pool);
  return TRUE;
}

// Along the middle of where captions are drawn.
bool has_caption(const NvmmTestSink* self, int fd) {
  const auto width = static_cast<uint32_t>(GST_VIDEO_INFO_WIDTH(&self->info));
  const auto height = static_cast<uint32_t>(GST_VIDEO_INFO_HEIGHT(&self->info));
  const fake_nvmm::Pixel corner = fake_nvmm::pixel_at(fd, 0, 0);
  for (uint32_t y = height / 2; y < height; y++) {
    if (!(fake_nvmm::pixel_at(fd, width / 2, y) == corner))
      return true;
  }
  return false;
}

GstFlowReturn render_frame(GstBaseSink* sink, GstBuffer* buffer) {
  NvmmTestSink* self = as_sink(sink);
  self->frames++;
  const int fd = nvmm_surface_of(buffer);
  if (fd < 0)
    self->foreign++;
  else if (has_caption(self, fd))
    self->captioned++;
  gst_buffer_replace(&self->shown, buffer);
  return GST_FLOW_OK;
}

gboolean stop_sink(GstBaseSink* sink) {
  gst_buffer_replace(&as_sink(sink)->shown, nullptr);
  return TRUE;
}

void nvmm_test_sink_class_init(NvmmTestSinkClass* klass) {
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->get_property = get_sink_property;
  const auto read_only = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property(
      object_class, SINK_PROP_FRAMES,
      g_param_spec_uint64("frames", "Frames", "How many came", 0, G_MAXUINT64, 0, read_only));
  g_object_class_install_property(
      object_class, SINK_PROP_CAPTIONED,
      g_param_spec_uint64("captioned", "Captioned", "How many were drawn on", 0, G_MAXUINT64, 0,
                          read_only));
  g_object_class_install_property(
      object_class, SINK_PROP_FOREIGN,
      g_param_spec_uint64("foreign", "Foreign", "How many were in other memory", 0, G_MAXUINT64, 0,
                          read_only));
  gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "NVMM test sink", "Sink/Video",
                                        "Looks at frames in NVMM memory",
                                        "The jetsoncaption authors");
  GstCaps* caps = gst_caps_from_string(kCaps);
  gst_element_class_add_pad_template(
      GST_ELEMENT_CLASS(klass), gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_caps_unref(caps);
  auto* sink_class = GST_BASE_SINK_CLASS(klass);
  sink_class->set_caps = set_sink_caps;
  sink_class->propose_allocation = propose_pool;
  sink_class->render = render_frame;
  sink_class->stop = stop_sink;
}

gboolean plugin_init(GstPlugin* plugin) {
  return gst_element_register(plugin, "nvmmtestsrc", GST_RANK_NONE, nvmm_test_src_get_type()) &&
         gst_element_register(plugin, "nvmmtestsink", GST_RANK_NONE, nvmm_test_sink_get_type());
}

}  // namespace

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, nvmmtest,
                  "NVMM memory as on a Jetson board, for tests", plugin_init, "1", "LGPL", PACKAGE,
                  "Unknown package origin")
