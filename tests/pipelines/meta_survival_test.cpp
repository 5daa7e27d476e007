// SPDX-License-Identifier: LGPL-2.1-or-later
// What becomes of captions and maps of attention behind elements that change the picture, as
// docs/meta-and-messages.md has it.
#include <ostream>
#include <string>

#include <gst/gst.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>
#include <gtest/gtest.h>

namespace {

enum class Maps { Kept, Dropped, Either };

struct Change {
  const char* name;
  const char* elements;
  Maps maps;
};

// GoogleTest would print the bytes, padding included.
void PrintTo(const Change& change, std::ostream* out) {
  *out << change.name;
}

class MetaSurvival : public testing::TestWithParam<Change> {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  // Else everything would be skipped.
  void SetUp() override {
    GstElementFactory* factory = gst_element_factory_find("jetsoncaption");
    ASSERT_NE(factory, nullptr) << "run the tests through meson";
    gst_object_unref(factory);
  }
};

INSTANTIATE_TEST_SUITE_P(
    Behind, MetaSurvival,
    testing::Values(Change{"identity", "identity", Maps::Kept},
                    Change{"tee", "tee ! queue", Maps::Kept},
                    Change{"convert", "videoconvert ! video/x-raw,format=BGRx", Maps::Kept},
                    Change{"scale", "videoscale ! video/x-raw,width=100,height=50", Maps::Kept},
                    Change{"flip", "videoflip video-direction=horiz", Maps::Dropped},
                    Change{"rotation", "videoflip video-direction=90r", Maps::Dropped},
                    Change{"crop", "videocrop left=100", Maps::Dropped},
                    // The picture is the same; newer ones keep maps, older ones do not.
                    Change{"jpegenc", "jpegenc", Maps::Either},
                    Change{"vp8enc", "vp8enc deadline=1", Maps::Either},
                    Change{"jpegdec", "jpegenc ! jpegdec", Maps::Either},
                    Change{"vp8dec", "vp8enc deadline=1 ! vp8dec", Maps::Either},
                    Change{"pngdec", "pngenc ! pngdec", Maps::Either}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct Counts {
  int frames = 0;
  int captions = 0;
  int maps = 0;
};

TEST_P(MetaSurvival, KeepsTheTextAndMapsOnlyOfTheSamePicture) {
  const std::string description =
      "videotestsrc num-buffers=10 ! video/x-raw,format=I420,width=320,height=240 ! jetsoncaption "
      "mode=every-frame "
      "attention=true ! " +
      std::string(GetParam().elements) + " ! fakesink name=sink signal-handoffs=true";
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
  if (error != nullptr) {
    g_clear_error(&error);
    GTEST_SKIP() << "an element is not installed";
  }
  Counts counts;
  GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  g_signal_connect(
      sink, "handoff", G_CALLBACK(+[](GstElement*, GstBuffer* buffer, GstPad*, Counts* seen) {
        const gfloat* map =
            gst_buffer_get_jetson_caption_attention(buffer, 0, nullptr, nullptr, nullptr);
        const auto* meta = gst_buffer_get_jetson_caption_meta(buffer);
        seen->frames++;
        seen->captions += meta != nullptr ? 1 : 0;
        seen->maps += map != nullptr ? 1 : 0;
      }),
      &counts);
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* end = gst_bus_timed_pop_filtered(
      bus, 60 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(GST_MESSAGE_TYPE(end), GST_MESSAGE_EOS);
  gst_message_unref(end);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(bus);
  gst_object_unref(sink);
  gst_object_unref(pipeline);

  EXPECT_EQ(counts.frames, 10);
  EXPECT_EQ(counts.captions, 10);
  if (GetParam().maps != Maps::Either) {
    EXPECT_EQ(counts.maps, GetParam().maps == Maps::Kept ? 10 : 0);
  }
}

}  // namespace
