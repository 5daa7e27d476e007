// SPDX-License-Identifier: LGPL-2.1-or-later
// The element between the elements that pipelines put around it: each pair starts, has its caps
// negotiated again, and goes on when what is behind the element is replaced while frames pass.
#include <atomic>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include <gst/gst.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>
#include <gtest/gtest.h>

namespace {

struct Neighbour {
  const char* name;
  const char* description;
  bool needs_display = false;
};

// GoogleTest would print the bytes, padding included.
void PrintTo(const Neighbour& neighbour, std::ostream* out) {
  *out << neighbour.name;
}

#define COMPOSITION "video/x-raw(memory:SystemMemory,meta:GstVideoOverlayComposition)"

// Of these several take any features; fakevideosink draws compositions for who names them.
const std::vector<Neighbour> kBehind = {
    {"identity", "identity ! fakesink"},
    {"fakevideosink", "fakevideosink sync=false"},
    {"composition", "capsfilter caps=\"" COMPOSITION "\" ! fakevideosink sync=false"},
    {"videocrop", "videocrop left=8 ! fakesink"},
    {"videocrop_convert",
     "videocrop left=8 ! videoconvert ! appsink sync=false drop=true max-buffers=1"},
    {"videocrop_composition", "videocrop left=8 ! fakevideosink sync=false"},
    {"videoscale", "videoscale ! video/x-raw,width=64,height=48 ! fakesink"},
    {"videoconvert", "videoconvert ! video/x-raw,format=BGRx ! fakesink"},
    {"videoconvert_composition",
     "videoconvert ! capsfilter caps=\"" COMPOSITION "\" ! fakevideosink sync=false"},
    {"videoflip", "videoflip video-direction=90r ! fakesink"},
    {"videobox", "videobox left=-4 ! fakesink"},
    {"deinterlace", "deinterlace ! fakesink"},
    {"textoverlay", "textoverlay text=x ! fakesink"},
    {"glupload", "glupload ! gldownload ! fakesink", true},
    {"queue", "queue ! fakesink"},
    {"appsink", "appsink sync=false drop=true max-buffers=1"},
    {"tee",
     "tee name=t t. ! queue ! fakesink t. ! queue ! videoconvert ! "
     "video/x-raw,format=GRAY8 ! fakevideosink sync=false"},
    {"compositor", "identity ! compositor name=mixer ! fakesink"},
    {"jpegenc", "jpegenc ! fakesink"},
    {"vp8enc", "vp8enc deadline=1 cpu-used=8 ! fakesink"},
    {"x264enc", "x264enc tune=zerolatency speed-preset=ultrafast ! fakesink"},
};

const std::vector<Neighbour> kBefore = {
    {"source", "videotestsrc"},
    {"videocrop", "videotestsrc ! videocrop right=16"},
    {"jpegdec", "videotestsrc ! jpegenc ! jpegdec"},
    {"pngdec", "videotestsrc ! videoconvert ! pngenc ! pngdec ! videoconvert"},
    {"vp8dec", "videotestsrc ! vp8enc deadline=1 cpu-used=8 ! vp8dec"},
    {"imagefreeze", "videotestsrc num-buffers=1 ! imagefreeze"},
};

struct ObjectUnref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};
template <typename T>
using Ref = std::unique_ptr<T, ObjectUnref>;

// Frames that came to the end of the pipeline, and those of the element that had a caption.
struct Counts {
  std::atomic<int> captioned{0};
  std::atomic<int> shown{0};
};

// What is behind the element, which counts what its sinks get; null and a skipped test where an
// element is not installed.
GstElement* make_behind(const Neighbour& neighbour, Counts& counts) {
  GError* error = nullptr;
  GstParseContext* context = gst_parse_context_new();
  GstElement* bin = gst_parse_bin_from_description_full(neighbour.description, TRUE, context,
                                                        GST_PARSE_FLAG_FATAL_ERRORS, &error);
  gst_parse_context_free(context);
  g_clear_error(&error);
  if (bin == nullptr)
    return nullptr;
  GstIterator* sinks = gst_bin_iterate_sinks(GST_BIN(bin));
  GValue item = G_VALUE_INIT;
  while (gst_iterator_next(sinks, &item) == GST_ITERATOR_OK) {
    auto* sink = GST_ELEMENT(g_value_get_object(&item));
    g_object_set(sink, "async", FALSE, nullptr);
    const Ref<GstPad> pad(gst_element_get_static_pad(sink, "sink"));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo*, gpointer data) {
          static_cast<Counts*>(data)->shown++;
          return GST_PAD_PROBE_OK;
        },
        &counts, nullptr);
    g_value_reset(&item);
  }
  g_value_unset(&item);
  gst_iterator_free(sinks);
  return bin;
}

// Whether a neighbour gets frames even without the element, to the end.
bool works_alone(const Neighbour& behind) {
  static std::map<std::string, bool> known;
  const auto found = known.find(behind.name);
  if (found != known.end())
    return found->second;
  Counts counts;
  const Ref<GstElement> pipeline(gst_pipeline_new(nullptr));
  GstElement* source = gst_parse_bin_from_description(
      "videotestsrc num-buffers=2 ! video/x-raw,format=I420", TRUE, nullptr);
  GstElement* sink = make_behind(behind, counts);
  if (sink == nullptr) {
    gst_object_unref(source);
    return known[behind.name] = false;
  }
  gst_bin_add_many(GST_BIN(pipeline.get()), source, sink, nullptr);
  gst_element_link(source, sink);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const Ref<GstBus> bus(gst_element_get_bus(pipeline.get()));
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus.get(), 20 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS));
  const bool works = message != nullptr && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
  if (message != nullptr)
    gst_message_unref(message);
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return known[behind.name] = works;
}

// A pipeline that plays without an end.
class Playing {
 public:
  Playing(const Neighbour& before, const Neighbour& behind, bool overlay) {
    const std::string description = std::string(before.description) +
                                    " ! video/x-raw,format=I420 ! jetsoncaption name=captioner "
                                    "mode=every-frame interval=2 overlay=" +
                                    (overlay ? "true" : "false");
    GError* error = nullptr;
    GstParseContext* context = gst_parse_context_new();
    pipeline_.reset(
        gst_parse_launch_full(description.c_str(), context, GST_PARSE_FLAG_FATAL_ERRORS, &error));
    gst_parse_context_free(context);
    g_clear_error(&error);
    behind_ = make_behind(behind, counts_);
    if (!pipeline_ || behind_ == nullptr)
      return;
    captioner_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "captioner"));
    gst_bin_add(GST_BIN(pipeline_.get()), behind_);
    gst_element_link(captioner_.get(), behind_);
    const Ref<GstPad> pad(gst_element_get_static_pad(captioner_.get(), "src"));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
          if (gst_buffer_get_jetson_caption_meta(GST_PAD_PROBE_INFO_BUFFER(info)) != nullptr)
            static_cast<Counts*>(data)->captioned++;
          g_usleep(500);  // videotestsrc would fill the queues of a whole hour
          return GST_PAD_PROBE_OK;
        },
        &counts_, nullptr);
    bus_.reset(gst_element_get_bus(pipeline_.get()));
  }
  ~Playing() {
    if (pipeline_)
      gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }

  bool is_installed() const { return bus_ != nullptr; }
  void play() { gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING); }

  void set_enabled(bool enabled) {
    g_object_set(captioner_.get(), "enabled", static_cast<gboolean>(enabled), nullptr);
  }

  void reconfigure() {
    const Ref<GstPad> pad(gst_element_get_static_pad(captioner_.get(), "src"));
    gst_pad_send_event(pad.get(), gst_event_new_reconfigure());
  }

  // Puts something else behind the element, between two frames. False where that is not installed.
  bool replace_behind(const Neighbour& other) {
    Swap swap = {this, make_behind(other, counts_)};
    if (swap.next == nullptr)
      return false;
    // Before the element, as the documentation of GStreamer has it: a frame that is in the element
    // would go on with caps that were agreed with who was behind it.
    const Ref<GstPad> sink(gst_element_get_static_pad(captioner_.get(), "sink"));
    const Ref<GstPad> pad(gst_pad_get_peer(sink.get()));
    gst_pad_add_probe(
        pad.get(),
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER),
        [](GstPad*, GstPadProbeInfo*, gpointer data) {
          auto* self = static_cast<Swap*>(data);
          self->playing->swap(self->next);
          self->done = true;
          return GST_PAD_PROBE_REMOVE;
        },
        &swap, nullptr);
    for (int i = 0; i < 20000 && !swap.done; i++)
      g_usleep(1000);
    EXPECT_TRUE(swap.done);
    return true;
  }

  // Fails the test unless frames reach the end from now on, and captions are on them.
  void expect_frames() { expect(3); }
  // The same without captions.
  void expect_shown() { expect(0); }

 private:
  void expect(int captions) {
    const int captioned = counts_.captioned;
    const int shown = counts_.shown;
    std::string error;
    for (int i = 0; i < 10000 && error.empty(); i++) {
      if (counts_.captioned >= captioned + captions && counts_.shown >= shown + 3)
        return;
      GstMessage* message = gst_bus_timed_pop_filtered(
          bus_.get(), GST_MSECOND,
          static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_WARNING | GST_MESSAGE_EOS));
      if (message != nullptr)
        error = text_of(message);
    }
    ADD_FAILURE() << counts_.captioned - captioned << " frames with captions and "
                  << counts_.shown - shown << " at the end; " << error;
  }

  struct Swap {
    Playing* playing;
    GstElement* next;
    std::atomic<bool> done{false};
    Swap(Playing* self, GstElement* element) : playing(self), next(element) {}
  };

  void swap(GstElement* next) {
    gst_element_unlink(captioner_.get(), behind_);
    gst_element_set_state(behind_, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(pipeline_.get()), behind_);
    gst_bin_add(GST_BIN(pipeline_.get()), next);
    gst_element_link(captioner_.get(), next);
    gst_element_sync_state_with_parent(next);
    behind_ = next;
  }

  static std::string text_of(GstMessage* message) {
    std::string text = GST_MESSAGE_TYPE_NAME(message);
    GError* error = nullptr;
    gchar* debug = nullptr;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
      gst_message_parse_error(message, &error, &debug);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
      gst_message_parse_warning(message, &error, &debug);
    if (error != nullptr)
      text += std::string(" of ") + GST_MESSAGE_SRC_NAME(message) + ": " + error->message + " " +
              (debug != nullptr ? debug : "");
    g_clear_error(&error);
    g_free(debug);
    gst_message_unref(message);
    return text;
  }

  Ref<GstElement> pipeline_;
  Ref<GstElement> captioner_;
  Ref<GstBus> bus_;
  GstElement* behind_ = nullptr;  // of the pipeline
  Counts counts_;
};

class Neighbours : public testing::TestWithParam<std::tuple<Neighbour, Neighbour, bool>> {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  // Else everything would be skipped.
  void SetUp() override {
    GstElementFactory* factory = gst_element_factory_find("jetsoncaption");
    ASSERT_NE(factory, nullptr) << "run the tests through meson";
    gst_object_unref(factory);
  }
};

INSTANTIATE_TEST_SUITE_P(Pairs, Neighbours,
                         testing::Combine(testing::ValuesIn(kBefore), testing::ValuesIn(kBehind),
                                          testing::Bool()),
                         [](const auto& tested) {
                           return std::string(std::get<0>(tested.param).name) + "_" +
                                  std::get<1>(tested.param).name +
                                  (std::get<2>(tested.param) ? "_drawn" : "_plain");
                         });

TEST_P(Neighbours, GetFramesFromTheStartAfterAReconfigureAndWhenReplaced) {
  const Neighbour& behind = std::get<1>(GetParam());
  if (behind.needs_display && !works_alone(behind))
    GTEST_SKIP() << behind.name << " is not installed, or has no display";
  Playing playing(std::get<0>(GetParam()), behind, std::get<2>(GetParam()));
  if (!playing.is_installed())
    GTEST_SKIP() << "an element is not installed";
  playing.play();
  playing.expect_frames();
  playing.reconfigure();
  playing.expect_frames();
  for (const Neighbour& other : {kBehind[3], kBehind[2], behind}) {
    SCOPED_TRACE(std::string("replaced by ") + other.name);
    if (playing.replace_behind(other))
      playing.expect_frames();
  }
}

// Upstream crops by metadata where it may, and not at all where the element does not know of crops.
TEST(Passthrough, EndsWhileUpstreamCrops) {
  gst_init(nullptr, nullptr);
  Playing playing({"videocrop", "videotestsrc ! videocrop right=16 top=8"},
                  {"sink", "fakevideosink sync=false"}, true);
  if (!playing.is_installed())
    GTEST_SKIP() << "an element is not installed";
  playing.set_enabled(false);
  playing.play();
  playing.expect_shown();
  for (int i = 0; i < 3; i++) {
    playing.set_enabled(true);
    playing.expect_frames();
    playing.set_enabled(false);
    playing.expect_shown();
  }
}

}  // namespace
