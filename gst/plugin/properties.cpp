// SPDX-License-Identifier: LGPL-2.1-or-later
// One row a property: its name, documentation, kind and limits, when it may be set, and where it is
// stored. The defaults are those of Settings.
#include "plugin/properties.h"

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "plugin/compat.h"

namespace jetsoncaption {

namespace {

constexpr GParamFlags kReadable = GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
constexpr GParamFlags kAlways =
    GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
// Also follows control sources, at the stream time of each frame.
constexpr GParamFlags kControlled = GParamFlags(kAlways | GST_PARAM_CONTROLLABLE);
constexpr GParamFlags kStopped =
    GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

GType register_enum(const char* name, const GEnumValue* values) {
  const GType type = g_enum_register_static(name, values);
  mark_as_plugin_api(type);
  return type;
}

GType mode_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Mode::Auto), "Live when upstream is live, else every-frame", "auto"},
      {static_cast<int>(Mode::Live), "Frames never wait for a caption", "live"},
      {static_cast<int>(Mode::EveryFrame), "Each due frame waits for its own caption",
       "every-frame"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstJetsonCaptionMode", values);
  return type;
}

GType device_type() {
  static const GEnumValue values[] = {
      {JETSONCAPTION_ENGINE_DEVICE_AUTO, "CUDA where there is one, else the CPU", "auto"},
      {JETSONCAPTION_ENGINE_DEVICE_CPU, "CPU", "cpu"},
      {JETSONCAPTION_ENGINE_DEVICE_CUDA, "GPU with CUDA", "cuda"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstJetsonCaptionDevice", values);
  return type;
}

GType isolation_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Isolation::None), "In the process of the application", "none"},
      {static_cast<int>(Isolation::Process), "In a process of its own, which may end without harm",
       "process"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstJetsonCaptionIsolation", values);
  return type;
}

GType precision_type() {
  static const GEnumValue values[] = {
      {JETSONCAPTION_ENGINE_PRECISION_AUTO, "fp16 with CUDA; on the CPU int8 if the model has it",
       "auto"},
      {JETSONCAPTION_ENGINE_PRECISION_FP32, "32-bit floating point", "fp32"},
      {JETSONCAPTION_ENGINE_PRECISION_FP16, "16-bit floating point", "fp16"},
      {JETSONCAPTION_ENGINE_PRECISION_INT8, "8-bit integers", "int8"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstJetsonCaptionPrecision", values);
  return type;
}

GType memory_action_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(MemoryAction::Warn), "Post a warning", "warn"},
      {static_cast<int>(MemoryAction::Trim), "Also give back memory that is not needed just now",
       "trim"},
      {static_cast<int>(MemoryAction::Pause),
       "Also describe less, then nothing, until memory has fallen", "pause"},
      {static_cast<int>(MemoryAction::Unload), "Also give up the model until memory has fallen",
       "unload"},
      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstJetsonCaptionMemoryAction", values);
  return type;
}

GType halignment_type() {
  static const GEnumValue values[] = {{static_cast<int>(HAlign::Left), "Left", "left"},
                                      {static_cast<int>(HAlign::Center), "Center", "center"},
                                      {static_cast<int>(HAlign::Right), "Right", "right"},
                                      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstJetsonCaptionHAlignment", values);
  return type;
}

GType valignment_type() {
  static const GEnumValue values[] = {{static_cast<int>(VAlign::Top), "Top", "top"},
                                      {static_cast<int>(VAlign::Center), "Center", "center"},
                                      {static_cast<int>(VAlign::Bottom), "Bottom", "bottom"},
                                      {0, nullptr, nullptr}};
  static const GType type = register_enum("GstJetsonCaptionVAlignment", values);
  return type;
}

struct Row {
  GParamSpec* spec;
  std::function<void(Settings&, const GValue*)> set;
  std::function<void(const Settings&, GValue*)> get;
};

struct Text {
  const char* name;
  const char* nick;
  const char* blurb;
};

// A row whose field, which `access` finds in Settings, is read and written by these functions of
// GValue.
template <typename Access, typename Get, typename Set>
Row make_row(GParamSpec* spec, Access access, Get get_value, Set set_value) {
  const auto set = [access, get_value](Settings& settings, const GValue* value) {
    auto& field = access(settings);
    field = static_cast<std::decay_t<decltype(field)>>(get_value(value));
  };
  const auto get = [access, set_value](const Settings& settings, GValue* value) {
    set_value(value, access(settings));
  };
  return {spec, set, get};
}

const Settings& defaults() {
  static const Settings settings;
  return settings;
}

template <typename Access>
Row uint_row(const Text& text, guint least, guint most, GParamFlags flags, Access access) {
  const auto set = [](GValue* value, auto field) {
    g_value_set_uint(value, static_cast<guint>(field));
  };
  return make_row(g_param_spec_uint(text.name, text.nick, text.blurb, least, most,
                                    static_cast<guint>(access(defaults())), flags),
                  access, g_value_get_uint, set);
}

template <typename Access>
Row boolean_row(const Text& text, GParamFlags flags, Access access) {
  return make_row(
      g_param_spec_boolean(text.name, text.nick, text.blurb, access(defaults()), flags), access,
      [](const GValue* value) { return g_value_get_boolean(value) != FALSE; }, g_value_set_boolean);
}

template <typename Access>
Row enum_row(const Text& text, GType type, GParamFlags flags, Access access) {
  const auto set = [](GValue* value, auto field) {
    g_value_set_enum(value, static_cast<gint>(field));
  };
  return make_row(g_param_spec_enum(text.name, text.nick, text.blurb, type,
                                    static_cast<gint>(access(defaults())), flags),
                  access, g_value_get_enum, set);
}

// An empty string is NULL, which it is by default or not.
template <typename Access>
Row string_row(const Text& text, GParamFlags flags, Access access) {
  const auto or_null = [](const std::string& string) {
    return string.empty() ? nullptr : string.c_str();
  };
  const auto get = [](const GValue* value) {
    const char* string = g_value_get_string(value);
    return std::string(string != nullptr ? string : "");
  };
  const auto set = [or_null](GValue* value, const std::string& field) {
    g_value_set_string(value, or_null(field));
  };
  return make_row(
      g_param_spec_string(text.name, text.nick, text.blurb, or_null(access(defaults())), flags),
      access, get, set);
}

Row max_rate_row() {
  GParamSpec* spec = gst_param_spec_fraction("max-rate", "Max rate",
                                             "Describe at most so many frames a second, by their "
                                             "timestamps; 0/1: no limit. Frames without "
                                             "timestamps are limited by interval only",
                                             0, 1, G_MAXINT, 1, defaults().max_rate_numerator,
                                             defaults().max_rate_denominator, kAlways);
  const auto set = [](Settings& settings, const GValue* value) {
    settings.max_rate_numerator = gst_value_get_fraction_numerator(value);
    settings.max_rate_denominator = gst_value_get_fraction_denominator(value);
  };
  const auto get = [](const Settings& settings, GValue* value) {
    gst_value_set_fraction(value, settings.max_rate_numerator, settings.max_rate_denominator);
  };
  return {spec, set, get};
}

// Where a setting is stored, in Settings that may be changed and in others.
#define FIELD(member)           \
  [](auto& settings) -> auto& { \
    return settings.member;     \
  }

std::vector<Row> captioning_rows() {
  return {
      string_row(
          {"model", "Model",
           "Directory of the model bundle. Not set: the environment variable "
           "JETSONCAPTION_MODEL, else the installed model. Set while the element runs, it is "
           "loaded beside the one before and takes its place, or is refused with a warning"},
          kAlways, FIELD(model)),
      enum_row({"device", "Device", "Where the model computes"}, device_type(), kStopped,
               FIELD(device)),
      enum_row(
          {"precision", "Precision", "Arithmetic of the model. A bundle may not have all of them"},
          precision_type(), kStopped, FIELD(precision)),
      enum_row({"mode", "Mode",
                "When frames wait for captions. auto asks upstream once, at the first "
                "frame, with a LATENCY query; no answer counts as not live"},
               mode_type(), kStopped, FIELD(mode)),
      uint_row({"interval", "Interval",
                "Describe at most every Nth frame; the frames between carry the newest "
                "caption"},
               1, G_MAXUINT, kAlways, FIELD(interval)),
      max_rate_row(),
      uint_row({"beam-size", "Beam size",
                "Sentences compared at each word; 1 is greedy search, more is better and "
                "slower"},
               1, kMaxBeamSize, kAlways, FIELD(beam_size)),
      uint_row({"max-words", "Max words",
                "Longest caption in words; a longer one is cut and marked truncated"},
               1, kMaxWords, kAlways, FIELD(max_words)),
      uint_row({"max-inference-time", "Max inference time",
                "End a caption after the word at which so many milliseconds have passed, "
                "and mark it truncated; 0: no limit"},
               0, G_MAXUINT, kAlways, FIELD(max_inference_ms)),
      make_row(g_param_spec_double(
                   "min-confidence", "Min confidence",
                   "Captions of less confidence are neither drawn nor announced by message "
                   "or signal; the metadata carries them",
                   0, 1, defaults().min_confidence, kControlled),
               FIELD(min_confidence), g_value_get_double, g_value_set_double),
      make_row(
          g_param_spec_double(
              "hedge-below", "Hedge below",
              "Captions of less confidence give way to 'perhaps: ' and the likeliest things "
              "in the picture, where there are likely ones, or 'perhaps: nothing' where there is "
              "nothing to see; 0: none does",
              0, 1, defaults().hedge_below, kControlled),
          FIELD(hedge_below), g_value_get_double, g_value_set_double),
      boolean_row({"attention", "Attention",
                   "List the words in the metadata, each with a map of where the model "
                   "looked when it chose it"},
                  kAlways, FIELD(attention)),
      uint_row({"threads", "Threads",
                "CPU threads of the engine, of which int8 takes one; 0: chosen for the machine"},
               0, kMaxThreads, kStopped, FIELD(threads)),
      boolean_row({"cudnn", "cuDNN",
                   "Allow cuDNN with CUDA: faster on some boards, unstable on others, and "
                   "some hundred MB larger"},
                  kStopped, FIELD(cudnn)),
      boolean_row({"enabled", "Enabled",
                   "Describe frames. false: frames pass untouched, without caption, "
                   "drawing or metadata"},
                  kAlways, FIELD(enabled)),
      enum_row({"isolation", "Isolation", "Where the engine runs"}, isolation_type(), kStopped,
               FIELD(isolation)),
      uint_row({"worker-timeout", "Worker timeout",
                "With isolation=process: end the process when a caption takes so many "
                "milliseconds, and start another; 0: never"},
               0, kMaxWorkerTimeoutMs, kStopped, FIELD(worker_timeout_ms)),
      uint_row({"worker-memory-limit", "Worker memory limit",
                "With isolation=process: memory in MB (2^20 bytes) that the process can have for "
                "its data (RLIMIT_DATA); 0: no limit"},
               0, G_MAXUINT, kStopped, FIELD(worker_memory_limit_mb)),
  };
}

std::vector<Row> text_rows() {
  return {
      boolean_row({"overlay", "Overlay",
                   "Draw the caption on the picture. Frames without a picture (GAP flag) "
                   "are not drawn on"},
                  kAlways, FIELD(overlay)),
      string_row({"font-desc", "Font description",
                  "Pango font description of the caption, for example \"Sans Bold 24\"; "
                  "without a size it follows the height of the frame"},
                 kAlways, FIELD(style.font_desc)),
      uint_row({"text-color", "Text color", "Color of the text as 0xAARRGGBB"}, 0, G_MAXUINT32,
               kControlled, FIELD(style.text_color)),
      uint_row({"background-color", "Background color",
                "Color of the box behind the text as 0xAARRGGBB; 0: no box"},
               0, G_MAXUINT32, kControlled, FIELD(style.background_color)),
      enum_row({"halignment", "Horizontal alignment", "Where the caption stands in a row"},
               halignment_type(), kControlled, FIELD(style.halignment)),
      enum_row({"valignment", "Vertical alignment", "At which height the caption stands"},
               valignment_type(), kControlled, FIELD(style.valignment)),
      uint_row({"max-lines", "Max lines", "Lines of text before it ends with an ellipsis"}, 1,
               kMaxLines, kControlled, FIELD(style.max_lines)),
      make_row(g_param_spec_uint64(
                   "caption-timeout", "Caption timeout",
                   "Hide a caption when the frame it describes is so many nanoseconds old; "
                   "after half the time it is dimmed and marked stale. 0: never",
                   0, G_MAXUINT64, defaults().caption_timeout_ns, kControlled),
               FIELD(caption_timeout_ns), g_value_get_uint64, g_value_set_uint64),
  };
}

std::vector<Row> memory_rows() {
  return {
      uint_row(
          {"memory-threshold", "Memory threshold",
           "Memory of this process and its worker in MB (2^20 bytes) above which a warning "
           "is posted and memory-action taken, until use has fallen to 90 % of it; 0: no limit"},
          0, G_MAXUINT, kControlled, FIELD(memory_threshold_mb)),
      uint_row({"memory-reserve", "Memory reserve",
                "Memory in MB (2^20 bytes) that the system, or the cgroup of this process, is to "
                "have left; where it has less, the same is done as at the threshold; 0: not "
                "looked at"},
               0, G_MAXUINT, kControlled, FIELD(memory_reserve_mb)),
      uint_row({"memory-check-interval", "Memory check interval",
                "Read the memory in use at every Nth frame"},
               1, G_MAXUINT, kAlways, FIELD(memory_check_interval)),
      enum_row(
          {"memory-action", "Memory action", "How far to go, step by step, while memory is short"},
          memory_action_type(), kAlways, FIELD(memory_action)),
      boolean_row({"post-messages", "Post messages",
                   "Post an element message named jetsoncaption for each new caption"},
                  kAlways, FIELD(post_messages)),
  };
}

#undef FIELD

// In the order of the documentation. A property's number is its place here, from 1.
const std::vector<Row>& rows() {
  static const std::vector<Row> all = [] {
    std::vector<Row> rows = captioning_rows();
    for (auto&& more : {text_rows(), memory_rows()})
      rows.insert(rows.end(), more.begin(), more.end());
    return rows;
  }();
  return all;
}

const Row* find_row(guint id) {
  return id >= 1 && id <= rows().size() ? &rows()[id - 1] : nullptr;
}

}  // namespace

void install_properties(GObjectClass* klass) {
  for (guint i = 0; i < rows().size(); i++)
    g_object_class_install_property(klass, i + 1, rows()[i].spec);
  g_object_class_install_property(
      klass, PROP_CAPTION,
      g_param_spec_string(
          "caption", "Caption",
          "Newest caption; NULL before the first one, after a flush or a new stream, "
          "and when stopped. Changes are not notified: listen to the messages",
          nullptr, kReadable));
  g_object_class_install_property(
      klass, PROP_MEMORY_USAGE,
      g_param_spec_uint("memory-usage", "Memory usage",
                        "Newest reading of the memory of this process and its worker in MB "
                        "(2^20 bytes), the accelerator's share included; 0 before the first start",
                        0, G_MAXUINT, 0, kReadable));
  g_object_class_install_property(
      klass, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "What the element has done since it started: counts, times of captions, "
                         "memory, and which model and engine it uses",
                         GST_TYPE_STRUCTURE, kReadable));
}

bool set_setting(Settings& settings, guint id, const GValue* value) {
  const Row* row = find_row(id);
  if (row != nullptr)
    row->set(settings, value);
  return row != nullptr;
}

bool get_setting(const Settings& settings, guint id, GValue* value) {
  const Row* row = find_row(id);
  if (row != nullptr)
    row->get(settings, value);
  return row != nullptr;
}

}  // namespace jetsoncaption
