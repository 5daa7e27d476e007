// SPDX-License-Identifier: LGPL-2.1-or-later
// The element is put into a pipeline that plays, and taken out of it, at any moment: no frame is
// lost, nobody complains and nothing hangs.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include <gst/gst.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>
#include <gtest/gtest.h>

#include "load_plugins.h"

namespace jetsoncaption {
namespace {

constexpr int kRounds = 20;
constexpr unsigned kLongestUs = 40'000;  // that it takes to load, and to make some captions

struct ObjectUnref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};
template <typename T>
using Ref = std::unique_ptr<T, ObjectUnref>;

// Waits so long at most; a hang fails the test, and does not hang it.
template <typename Condition>
bool comes_true(Condition&& condition) {
  for (int i = 0; i < 20000 && !condition(); i++)
    g_usleep(1000);
  return condition();
}

// What is done once, by whoever comes first: the callback of a probe may be called twice.
struct Once {
  std::function<void()> action;
  std::atomic<bool> begun{false};
  std::atomic<bool> done{false};
};

// Two neighbours, with the element between them or without it.
class RunningPipeline {
 public:
  RunningPipeline() {
    pipeline_.reset(gst_parse_launch(
        "videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,framerate=500/1 ! "
        "identity name=before ! identity name=behind ! fakesink sync=false",
        nullptr));
    before_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "before"));
    behind_.reset(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "behind"));
    bus_.reset(gst_element_get_bus(pipeline_.get()));
    const Ref<GstPad> pad(gst_element_get_static_pad(behind_.get(), "src"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, count, this, nullptr);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    // Until then the pipeline may set the state of what is put in, and of what is taken out.
    EXPECT_NE(gst_element_get_state(pipeline_.get(), nullptr, nullptr, 20 * GST_SECOND),
              GST_STATE_CHANGE_FAILURE);
    expect_frames(1);
  }
  ~RunningPipeline() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

  void put_in(GstPadProbeType when, const std::string& properties) {
    GstElement* made = gst_parse_launch(("jetsoncaption " + properties).c_str(), nullptr);
    ASSERT_NE(made, nullptr);
    captioner_ = made;
    do_between_frames(when, [this, made] {
      gst_element_unlink(before_.get(), behind_.get());
      gst_bin_add(GST_BIN(pipeline_.get()), made);
      EXPECT_TRUE(gst_element_link_many(before_.get(), made, behind_.get(), nullptr));
      EXPECT_TRUE(gst_element_sync_state_with_parent(made));
    });
  }

  void take_out(GstPadProbeType when) {
    do_between_frames(when, [this, made = std::exchange(captioner_, nullptr)] {
      gst_element_unlink_many(before_.get(), made, behind_.get(), nullptr);
      EXPECT_EQ(gst_element_set_state(made, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
      EXPECT_TRUE(gst_bin_remove(GST_BIN(pipeline_.get()), made));
      EXPECT_TRUE(gst_element_link(before_.get(), behind_.get()));
    });
  }

  // Owned by the pipeline; null when it was taken out.
  GstElement* captioner() const { return captioner_; }

  void expect_frames(int more) {
    const int wanted = frames_ + more;
    EXPECT_TRUE(comes_true([&] { return frames_ >= wanted; })) << "no frames come";
  }
  void expect_captions() {
    const int wanted = captioned_ + 3;
    EXPECT_TRUE(comes_true([&] { return captioned_ >= wanted; })) << "no captions come";
  }
  int gaps() const { return gaps_; }

  // Takes all messages from the bus; errors and warnings are told.
  std::string complaints() {
    std::string texts;
    while (GstMessage* message = gst_bus_pop(bus_.get())) {
      if ((GST_MESSAGE_TYPE(message) & (GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)) != 0) {
        gchar* text = gst_structure_to_string(gst_message_get_structure(message));
        texts += std::string(text) + "\n";
        g_free(text);
      }
      gst_message_unref(message);
    }
    return texts;
  }

 private:
  static GstPadProbeReturn count(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<RunningPipeline*>(data);
    GstBuffer* frame = GST_PAD_PROBE_INFO_BUFFER(info);
    if (GST_BUFFER_OFFSET(frame) != self->next_offset_)
      self->gaps_++;
    self->next_offset_ = GST_BUFFER_OFFSET(frame) + 1;
    if (gst_buffer_get_jetson_caption_meta(frame) != nullptr)
      self->captioned_++;
    self->frames_++;
    return GST_PAD_PROBE_OK;
  }

  void do_between_frames(GstPadProbeType when, std::function<void()> action) {
    const auto once = std::make_shared<Once>();
    once->action = std::move(action);
    const Ref<GstPad> pad(gst_element_get_static_pad(before_.get(), "src"));
    gst_pad_add_probe(
        pad.get(), when,
        [](GstPad*, GstPadProbeInfo*, gpointer data) {
          auto& what = **static_cast<std::shared_ptr<Once>*>(data);
          if (!what.begun.exchange(true)) {
            what.action();
            what.done = true;
          }
          return GST_PAD_PROBE_REMOVE;
        },
        new std::shared_ptr<Once>(once),
        [](gpointer data) { delete static_cast<std::shared_ptr<Once>*>(data); });
    ASSERT_TRUE(comes_true([&] { return once->done.load(); })) << "it hangs, or no frame comes";
  }

  Ref<GstElement> pipeline_;
  Ref<GstElement> before_;
  Ref<GstElement> behind_;
  Ref<GstBus> bus_;
  GstElement* captioner_ = nullptr;
  std::atomic<uint64_t> next_offset_{0};
  std::atomic<int> gaps_{0};
  std::atomic<int> frames_{0};
  std::atomic<int> captioned_{0};
};

class WithPlugins : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    gst_init(nullptr, nullptr);
    ASSERT_TRUE(load_plugins(JETSONCAPTION_GST_PLUGINS));
  }
};

class Removal : public WithPlugins {};

TEST_P(Removal, AtAnyMomentLosesNoFrame) {
  const std::string properties = "model=\"fake:create-ms=4;delay-ms=7;destroy-ms=3\" " + GetParam();
  RunningPipeline pipeline;
  std::mt19937 random(kRounds);
  for (int round = 0; round < kRounds && !HasFailure(); round++) {
    SCOPED_TRACE(round);
    const auto when =
        round % 2 == 0 ? GST_PAD_PROBE_TYPE_IDLE : GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM;
    pipeline.put_in(when, properties);
    // Of four rounds two are over while the model is loaded, or soon after.
    if (round % 4 < 2)
      pipeline.expect_captions();
    g_usleep(random() % kLongestUs);
    pipeline.take_out(when);
    pipeline.expect_frames(3);
  }
  pipeline.put_in(GST_PAD_PROBE_TYPE_IDLE, properties);
  pipeline.expect_captions();
  EXPECT_EQ(pipeline.gaps(), 0);
  EXPECT_EQ(pipeline.complaints(), "");
}

INSTANTIATE_TEST_SUITE_P(Element, Removal,
                         testing::Values("mode=live isolation=none",
                                         "mode=every-frame isolation=none",
                                         "mode=live isolation=process",
                                         "mode=every-frame isolation=process"));

struct Stats {
  std::string state;
  guint64 skipped = 0;  // frames that came while the model was busy
};

Stats stats_of(GstElement* captioner) {
  GstStructure* fields = nullptr;
  g_object_get(captioner, "stats", &fields, nullptr);
  Stats stats;
  stats.state = gst_structure_get_string(fields, "state");
  gst_structure_get_uint64(fields, "skipped", &stats.skipped);
  gst_structure_free(fields);
  return stats;
}

void wait_for_a_caption_in_the_making(GstElement* captioner) {
  ASSERT_TRUE(comes_true([&] { return stats_of(captioner).state == "ready"; }));
  const guint64 before = stats_of(captioner).skipped;
  ASSERT_TRUE(comes_true([&] { return stats_of(captioner).skipped >= before + 2; }));
}

class LastReference : public WithPlugins {};

TEST_P(LastReference, IsGivenBackWhileACaptionIsMade) {
  std::atomic<bool> is_gone{false};
  RunningPipeline pipeline;
  pipeline.put_in(GST_PAD_PROBE_TYPE_IDLE, "mode=live " + GetParam());
  GstElement* captioner = pipeline.captioner();
  ASSERT_NO_FATAL_FAILURE(wait_for_a_caption_in_the_making(captioner));
  g_object_weak_ref(
      G_OBJECT(captioner),
      [](gpointer data, GObject*) { *static_cast<std::atomic<bool>*>(data) = true; }, &is_gone);
  const gint64 begin = g_get_monotonic_time();

  pipeline.take_out(GST_PAD_PROBE_TYPE_IDLE);
  EXPECT_EQ(pipeline.complaints(), "");  // the messages of an element hold it too

  EXPECT_TRUE(comes_true([&] { return is_gone.load(); }));
  EXPECT_LT(g_get_monotonic_time() - begin, 1'500'000) << "it waited for the caption";
  pipeline.expect_frames(10);
  EXPECT_EQ(pipeline.gaps(), 0);
}

INSTANTIATE_TEST_SUITE_P(Element, LastReference,
                         testing::Values("isolation=none model=\"fake:delay-ms=60000\"",
                                         "isolation=none model=\"fake:deaf-ms=3000\"",
                                         "isolation=process model=\"fake:deaf-ms=3000\""));

}  // namespace
}  // namespace jetsoncaption
