// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of the element are those of its documentation.
#include <atomic>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>
#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

enum class Access { WhenStopped, Always, ReadOnly };

struct Expected {
  std::string name;
  std::string type;
  std::string value;  // the default, as gst-launch-1.0 writes it
  Access access;
};

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream stream(row);
  std::string cell;
  while (std::getline(stream, cell, '|')) {
    const size_t first = cell.find_first_not_of(" `");
    const size_t last = cell.find_last_not_of(" `");
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, last + 1 - first));
  }
  return cells;
}

// The table of docs/element.md: | `property` | type | default | changes | meaning |
std::vector<Expected> read_table() {
  std::vector<Expected> table;
  std::ifstream file(JETSONCAPTION_SOURCE_ROOT "/docs/element.md");
  std::string line;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() < 6 || line.compare(0, 3, "| `") != 0)
      continue;
    const Access access = cells[4] == "ready"     ? Access::WhenStopped
                          : cells[4] == "playing" ? Access::Always
                                                  : Access::ReadOnly;
    table.push_back({cells[1], cells[2], cells[3], access});
  }
  EXPECT_GT(table.size(), 20u) << "docs/element.md has no table of properties";
  return table;
}

const std::vector<Expected>& table() {
  static const std::vector<Expected> read = read_table();
  return read;
}

std::string serialized(const GValue* value) {
  if (G_VALUE_HOLDS_BOXED(value) && g_value_get_boxed(value) == nullptr)
    return "NULL";
  gchar* text = gst_value_serialize(value);
  const std::string result = text != nullptr ? text : "NULL";
  g_free(text);
  return result;
}

std::string current_value(const CaptionElement& element, GParamSpec* spec) {
  GValue value = G_VALUE_INIT;
  g_value_init(&value, spec->value_type);
  g_object_get_property(G_OBJECT(element.get()), spec->name, &value);
  const std::string text = serialized(&value);
  g_value_unset(&value);
  return text;
}

TEST(ElementProperties, AreThoseOfTheDocumentation) {
  const CaptionElement element(PropertyValues{});
  for (const Expected& expected : table()) {
    SCOPED_TRACE(expected.name);
    GParamSpec* spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), expected.name.c_str());
    ASSERT_NE(spec, nullptr);
    EXPECT_EQ(g_type_name(spec->value_type), expected.type);
    EXPECT_EQ(serialized(g_param_spec_get_default_value(spec)), expected.value);
    EXPECT_GT(strlen(g_param_spec_get_blurb(spec)), 20u);
  }
}

TEST(ElementProperties, HaveTheirDefaultsInANewElement) {
  const CaptionElement element(PropertyValues{});
  for (const Expected& expected : table()) {
    GParamSpec* spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), expected.name.c_str());
    ASSERT_NE(spec, nullptr) << expected.name;
    if (expected.name == "stats")
      continue;  // always a structure
    EXPECT_EQ(current_value(element, spec), expected.value) << expected.name;
  }
}

TEST(ElementProperties, SayWhenTheyMayChange) {
  const CaptionElement element(PropertyValues{});
  for (const Expected& expected : table()) {
    SCOPED_TRACE(expected.name);
    GParamSpec* spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), expected.name.c_str());
    ASSERT_NE(spec, nullptr);
    EXPECT_TRUE(spec->flags & G_PARAM_READABLE);
    EXPECT_EQ((spec->flags & G_PARAM_WRITABLE) != 0, expected.access != Access::ReadOnly);
    EXPECT_EQ((spec->flags & GST_PARAM_MUTABLE_PLAYING) != 0, expected.access == Access::Always);
    EXPECT_EQ((spec->flags & GST_PARAM_MUTABLE_READY) != 0, expected.access == Access::WhenStopped);
  }
}

TEST(ElementProperties, HaveNoOthersOfTheirOwn) {
  const CaptionElement element(PropertyValues{});
  std::set<std::string> documented;
  for (const Expected& expected : table())
    documented.insert(expected.name);
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
  for (guint i = 0; i < count; i++) {
    const bool is_ours = specs[i]->owner_type == G_OBJECT_TYPE(element.get());
    EXPECT_TRUE(!is_ours || documented.count(specs[i]->name) == 1) << specs[i]->name;
  }
  g_free(specs);
}

TEST(ElementProperties, KeepWhatIsSet) {
  const PropertyValues values = {{"model", "some/where"},
                                 {"precision", "int8"},
                                 {"mode", "every-frame"},
                                 {"interval", "7"},
                                 {"beam-size", "3"},
                                 {"max-words", "12"},
                                 {"threads", "2"},
                                 {"enabled", "false"},
                                 {"overlay", "false"},
                                 {"font-desc", "Serif"},
                                 {"text-color", "305419896"},
                                 {"background-color", "1"},
                                 {"halignment", "left"},
                                 {"valignment", "top"},
                                 {"max-lines", "3"},
                                 {"memory-threshold", "77"},
                                 {"memory-check-interval", "9"},
                                 {"memory-action", "warn"},
                                 {"post-messages", "false"},
                                 {"attention", "true"},
                                 {"device", "cpu"},
                                 {"max-rate", "5/2"},
                                 {"max-inference-time", "250"},
                                 {"min-confidence", "0.25"},
                                 {"cudnn", "true"},
                                 {"isolation", "process"},
                                 {"caption-timeout", "7000000000"}};
  const CaptionElement element(values);
  for (const auto& value : values) {
    GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), value.first);
    EXPECT_EQ(current_value(element, spec), value.second) << value.first;
  }
}

TEST(ElementProperties, ThatAreReadAtStartWarnWhenTheyChangeLater) {
  CaptionHarness harness(PropertyValues{{"model", "fake:"}});
  harness.set("threads", "0");
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0) << "it did not change";

  harness.set("threads", "2");
  GstMessage* message = harness.wait_for_message(GST_MESSAGE_WARNING, 0);

  ASSERT_NE(message, nullptr);
  GError* error = nullptr;
  gst_message_parse_warning(message, &error, nullptr);
  EXPECT_TRUE(g_error_matches(error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS));
  EXPECT_NE(std::string(error->message).find("threads"), std::string::npos);
  g_error_free(error);
  gst_message_unref(message);
  EXPECT_EQ(harness.get_uint("threads"), 2u) << "for the next start";
}

TEST(ElementProperties, ThatChangeWhilePlayingDoNotWarn) {
  CaptionHarness harness(PropertyValues{{"model", "fake:"}});
  harness.set("interval", "3");
  harness.set("max-rate", "5/1");
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
}

// For sanitizers: whatever happens, it happens under a lock.
TEST(ElementProperties, MayBeSetAndReadByOtherThreadsAllTheTime) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "live"}});
  std::atomic<bool> done{false};
  const auto storm = [&](int seed) {
    for (int i = seed; !done; i++) {
      harness.set("interval", std::to_string(1 + i % 3));
      harness.set("font-desc", i % 2 == 0 ? "Serif" : "Sans");
      harness.set("overlay", i % 5 == 0 ? "false" : "true");
      harness.set("memory-action", i % 2 == 0 ? "unload" : "warn");
      harness.set("enabled", i % 7 == 0 ? "false" : "true");
      EXPECT_LE(harness.get_string("caption").size(), 100u);
      const auto captions = harness.stat("captions");  // first: both grow meanwhile
      EXPECT_LE(captions, harness.stat("frames"));
    }
  };
  std::thread first(storm, 0);
  std::thread second(storm, 1);
  for (int i = 0; i < 200; i++)
    harness.pass_and_drop(Color{1, 2, 3});
  done = true;
  first.join();
  second.join();
}

TEST(ElementProperties, TakeTheModelAwayAgain) {
  CaptionElement element(PropertyValues{{"model", "some/where"}});
  g_object_set(element.get(), "model", nullptr, nullptr);
  EXPECT_EQ(element.get_string("model"), "");
}

// A control source that says 0 until a second of the stream has passed, and 1 from then on.
TEST(Properties, FollowControlSourcesInStreamTime) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  GstControlSource* source = gst_interpolation_control_source_new();
  auto* values = GST_TIMED_VALUE_CONTROL_SOURCE(source);
  gst_timed_value_control_source_set(values, 0, 0.0);
  gst_timed_value_control_source_set(values, GST_SECOND, 1.0);
  ASSERT_TRUE(gst_object_add_control_binding(
      GST_OBJECT(harness.get()), gst_direct_control_binding_new_absolute(
                                     GST_OBJECT(harness.get()), "min-confidence", source)));
  const GstVideoInfo& info = harness.info();
  const std::vector<uint8_t> untouched(GST_VIDEO_INFO_SIZE(&info), 100);
  for (const int second : {0, 1, 2}) {
    GstBuffer* frame = harness.make_frame(Color{100, 100, 100});
    GST_BUFFER_PTS(frame) = static_cast<GstClockTime>(second) * GST_SECOND;
    GstBuffer* passed = harness.pass(frame);
    const bool is_drawn = gst_buffer_memcmp(passed, 0, untouched.data(), untouched.size()) != 0;
    EXPECT_EQ(is_drawn, second == 0) << "second " << second;
    gst_buffer_unref(passed);
  }
  gst_object_unref(source);
}

TEST(Properties, OfLookAndThresholdsAreControllable) {
  const CaptionElement element(PropertyValues{});
  for (const char* name : {"text-color", "background-color", "halignment", "valignment",
                           "min-confidence", "memory-threshold", "caption-timeout"})
    EXPECT_TRUE(g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), name)->flags &
                GST_PARAM_CONTROLLABLE)
        << name;
}

// A control source makes numbers.
TEST(Properties, TextIsNotControllable) {
  const CaptionElement element(PropertyValues{});
  guint count = 0;
  GParamSpec** all = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
  for (guint i = 0; i < count; i++) {
    if (G_IS_PARAM_SPEC_STRING(all[i])) {
      EXPECT_EQ(all[i]->flags & GST_PARAM_CONTROLLABLE, 0) << all[i]->name;
    }
  }
  g_free(all);
}

}  // namespace
}  // namespace jetsoncaption
