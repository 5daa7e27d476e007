// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of the element are those of its documentation.
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

enum class Access { WhenStopped, Always, ReadOnly };

struct Expected {
  const char* name;
  const char* type;
  const char* value;  // the default, as gst-launch-1.0 writes it
  Access access;
};

// The table of the documentation.
const Expected kTable[] = {
    {"model", "gchararray", "NULL", Access::WhenStopped},
    {"precision", "GstJetsonCaptionPrecision", "auto", Access::WhenStopped},
    {"mode", "GstJetsonCaptionMode", "auto", Access::WhenStopped},
    {"interval", "guint", "1", Access::Always},
    {"beam-size", "guint", "1", Access::Always},
    {"max-words", "guint", "20", Access::Always},
    {"threads", "guint", "0", Access::WhenStopped},
    {"enabled", "gboolean", "true", Access::Always},
    {"overlay", "gboolean", "true", Access::Always},
    {"font-desc", "gchararray", "\"Sans\\ Bold\"", Access::Always},
    {"text-color", "guint", "4294967295", Access::Always},        // 0xFFFFFFFF
    {"background-color", "guint", "2566914048", Access::Always},  // 0x99000000
    {"halignment", "GstJetsonCaptionHAlignment", "center", Access::Always},
    {"valignment", "GstJetsonCaptionVAlignment", "bottom", Access::Always},
    {"max-lines", "guint", "2", Access::Always},
    {"memory-threshold", "guint", "2500", Access::Always},
    {"memory-check-interval", "guint", "5", Access::Always},
    {"memory-action", "GstJetsonCaptionMemoryAction", "trim", Access::Always},
    {"post-messages", "gboolean", "true", Access::Always},
    {"caption", "gchararray", "NULL", Access::ReadOnly},
    {"memory-usage", "guint", "0", Access::ReadOnly},
};

std::string serialized(const GValue* value) {
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
  for (const Expected& expected : kTable) {
    SCOPED_TRACE(expected.name);
    GParamSpec* spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), expected.name);
    ASSERT_NE(spec, nullptr);
    EXPECT_STREQ(g_type_name(spec->value_type), expected.type);
    EXPECT_EQ(serialized(g_param_spec_get_default_value(spec)), expected.value);
    EXPECT_GT(strlen(g_param_spec_get_blurb(spec)), 20u);
  }
}

TEST(ElementProperties, HaveTheirDefaultsInANewElement) {
  const CaptionElement element(PropertyValues{});
  for (const Expected& expected : kTable) {
    GParamSpec* spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), expected.name);
    ASSERT_NE(spec, nullptr) << expected.name;
    EXPECT_EQ(current_value(element, spec), expected.value) << expected.name;
  }
}

TEST(ElementProperties, SayWhenTheyMayChange) {
  const CaptionElement element(PropertyValues{});
  for (const Expected& expected : kTable) {
    SCOPED_TRACE(expected.name);
    GParamSpec* spec =
        g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), expected.name);
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
  for (const Expected& expected : kTable)
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
                                 {"post-messages", "false"}};
  const CaptionElement element(values);
  for (const auto& value : values) {
    GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element.get()), value.first);
    EXPECT_EQ(current_value(element, spec), value.second) << value.first;
  }
}

TEST(ElementProperties, TakeTheModelAwayAgain) {
  CaptionElement element(PropertyValues{{"model", "some/where"}});
  g_object_set(element.get(), "model", nullptr, nullptr);
  EXPECT_EQ(element.get_string("model"), "");
}

}  // namespace
}  // namespace jetsoncaption
