// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of the element that are settings: their documentation and their storage.
#include "plugin/properties.h"

#include "plugin/compat.h"

namespace jetsoncaption {

namespace {

constexpr GParamFlags kReadable = GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
constexpr GParamFlags kAlways =
    GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
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
      {static_cast<int>(Isolation::Process), "In a process of its own; not available yet",
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
       "Also describe nothing until use has fallen to 90 % of the threshold", "pause"},
      {static_cast<int>(MemoryAction::Unload),
       "Also give up the model until use has fallen to 90 % of the threshold", "unload"},
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

void install_captioning(GObjectClass* klass, const Settings& defaults) {
  g_object_class_install_property(
      klass, PROP_MODEL,
      g_param_spec_string("model", "Model",
                          "Directory of the model bundle. Not set: the environment variable "
                          "JETSONCAPTION_MODEL, else the installed model",
                          nullptr, kStopped));
  g_object_class_install_property(klass, PROP_DEVICE,
                                  g_param_spec_enum("device", "Device", "Where the model computes",
                                                    device_type(), defaults.device, kStopped));
  g_object_class_install_property(
      klass, PROP_PRECISION,
      g_param_spec_enum("precision", "Precision",
                        "Arithmetic of the model. A bundle may not have all of them",
                        precision_type(), defaults.precision, kStopped));
  g_object_class_install_property(
      klass, PROP_MODE,
      g_param_spec_enum("mode", "Mode",
                        "When frames wait for captions. auto asks upstream once, at the first "
                        "frame, with a LATENCY query; no answer counts as not live",
                        mode_type(), static_cast<int>(defaults.mode), kStopped));
  g_object_class_install_property(
      klass, PROP_INTERVAL,
      g_param_spec_uint("interval", "Interval",
                        "Describe at most every Nth frame; the frames between carry the newest "
                        "caption",
                        1, G_MAXUINT, defaults.interval, kAlways));
  g_object_class_install_property(
      klass, PROP_MAX_RATE,
      gst_param_spec_fraction("max-rate", "Max rate",
                              "Describe at most so many frames a second, by their timestamps; 0/1: "
                              "no limit. Frames without timestamps are limited by interval only",
                              0, 1, G_MAXINT, 1, defaults.max_rate_numerator,
                              defaults.max_rate_denominator, kAlways));
  g_object_class_install_property(
      klass, PROP_BEAM_SIZE,
      g_param_spec_uint("beam-size", "Beam size",
                        "Sentences compared at each word; 1 is greedy search, more is better and "
                        "slower",
                        1, kMaxBeamSize, defaults.beam_size, kAlways));
  g_object_class_install_property(
      klass, PROP_MAX_WORDS,
      g_param_spec_uint("max-words", "Max words",
                        "Longest caption in words; a longer one is cut and marked truncated", 1,
                        kMaxWords, defaults.max_words, kAlways));
  g_object_class_install_property(
      klass, PROP_MAX_INFERENCE_TIME,
      g_param_spec_uint("max-inference-time", "Max inference time",
                        "End a caption after the word at which so many milliseconds have passed, "
                        "and mark it truncated; 0: no limit",
                        0, G_MAXUINT, defaults.max_inference_ms, kAlways));
  g_object_class_install_property(
      klass, PROP_MIN_CONFIDENCE,
      g_param_spec_double("min-confidence", "Min confidence",
                          "Captions of less confidence are neither drawn nor announced by message "
                          "or signal; the metadata carries them",
                          0, 1, defaults.min_confidence, kAlways));
  g_object_class_install_property(
      klass, PROP_ATTENTION,
      g_param_spec_boolean("attention", "Attention",
                           "List the words in the metadata, each with a map of where the model "
                           "looked when it chose it",
                           defaults.attention, kAlways));
  g_object_class_install_property(
      klass, PROP_THREADS,
      g_param_spec_uint("threads", "Threads",
                        "CPU threads of the engine; 0: chosen for the machine", 0, kMaxThreads,
                        defaults.threads, kStopped));
  g_object_class_install_property(
      klass, PROP_CUDNN,
      g_param_spec_boolean("cudnn", "cuDNN",
                           "Allow cuDNN with CUDA: faster on some boards, unstable on others, and "
                           "some hundred MB larger",
                           defaults.cudnn, kStopped));
  g_object_class_install_property(
      klass, PROP_ENABLED,
      g_param_spec_boolean("enabled", "Enabled",
                           "Describe frames. false: frames pass untouched, without caption, "
                           "drawing or metadata",
                           defaults.enabled, kAlways));
  g_object_class_install_property(
      klass, PROP_ISOLATION,
      g_param_spec_enum("isolation", "Isolation", "Where the engine runs", isolation_type(),
                        static_cast<int>(defaults.isolation), kStopped));
}

void install_text(GObjectClass* klass, const Settings& defaults) {
  g_object_class_install_property(
      klass, PROP_OVERLAY,
      g_param_spec_boolean("overlay", "Overlay",
                           "Draw the caption on the picture. Frames without a picture (GAP flag) "
                           "are not drawn on",
                           defaults.overlay, kAlways));
  g_object_class_install_property(
      klass, PROP_FONT_DESC,
      g_param_spec_string("font-desc", "Font description",
                          "Pango font description of the caption, for example \"Sans Bold 24\"; "
                          "without a size it follows the height of the frame",
                          defaults.style.font_desc.c_str(), kAlways));
  g_object_class_install_property(
      klass, PROP_TEXT_COLOR,
      g_param_spec_uint("text-color", "Text color", "Color of the text as 0xAARRGGBB", 0,
                        G_MAXUINT32, defaults.style.text_color, kAlways));
  g_object_class_install_property(
      klass, PROP_BACKGROUND_COLOR,
      g_param_spec_uint("background-color", "Background color",
                        "Color of the box behind the text as 0xAARRGGBB; 0: no box", 0, G_MAXUINT32,
                        defaults.style.background_color, kAlways));
  g_object_class_install_property(
      klass, PROP_HALIGNMENT,
      g_param_spec_enum("halignment", "Horizontal alignment", "Where the caption stands in a row",
                        halignment_type(), static_cast<int>(defaults.style.halignment), kAlways));
  g_object_class_install_property(
      klass, PROP_VALIGNMENT,
      g_param_spec_enum("valignment", "Vertical alignment", "At which height the caption stands",
                        valignment_type(), static_cast<int>(defaults.style.valignment), kAlways));
  g_object_class_install_property(
      klass, PROP_MAX_LINES,
      g_param_spec_uint("max-lines", "Max lines", "Lines of text before it ends with an ellipsis",
                        1, kMaxLines, static_cast<guint>(defaults.style.max_lines), kAlways));
  g_object_class_install_property(
      klass, PROP_CAPTION_TIMEOUT,
      g_param_spec_uint64("caption-timeout", "Caption timeout",
                          "Hide a caption when the frame it describes is so many nanoseconds old; "
                          "after half the time it is dimmed and marked stale. 0: never",
                          0, G_MAXUINT64, defaults.caption_timeout_ns, kAlways));
}

void install_memory(GObjectClass* klass, const Settings& defaults) {
  g_object_class_install_property(
      klass, PROP_MEMORY_THRESHOLD,
      g_param_spec_uint("memory-threshold", "Memory threshold",
                        "Memory of this process in MB (2^20 bytes) that a warning is posted at, "
                        "once until use has fallen to 90 % of it; 0: no limit",
                        0, G_MAXUINT, defaults.memory_threshold_mb, kAlways));
  g_object_class_install_property(
      klass, PROP_MEMORY_CHECK_INTERVAL,
      g_param_spec_uint("memory-check-interval", "Memory check interval",
                        "Read the memory in use at every Nth frame", 1, G_MAXUINT,
                        defaults.memory_check_interval, kAlways));
  g_object_class_install_property(
      klass, PROP_MEMORY_ACTION,
      g_param_spec_enum("memory-action", "Memory action",
                        "What to do when memory use reaches the threshold", memory_action_type(),
                        static_cast<int>(defaults.memory_action), kAlways));
}

void install_results(GObjectClass* klass, const Settings& defaults) {
  g_object_class_install_property(
      klass, PROP_POST_MESSAGES,
      g_param_spec_boolean("post-messages", "Post messages",
                           "Post an element message named jetsoncaption for each new caption",
                           defaults.post_messages, kAlways));
  g_object_class_install_property(
      klass, PROP_CAPTION,
      g_param_spec_string("caption", "Caption",
                          "Newest caption; NULL before the first one, after a flush and when "
                          "stopped. Changes are not notified: listen to the messages",
                          nullptr, kReadable));
  g_object_class_install_property(
      klass, PROP_MEMORY_USAGE,
      g_param_spec_uint("memory-usage", "Memory usage",
                        "Newest reading of the memory of this process in MB (2^20 bytes), the "
                        "accelerator's share included; 0 before the first start",
                        0, G_MAXUINT, 0, kReadable));
  g_object_class_install_property(
      klass, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics",
                         "What the element has done since it started: counts, times of captions, "
                         "memory, and which model and engine it uses",
                         GST_TYPE_STRUCTURE, kReadable));
}

std::string string_of(const GValue* value) {
  const char* text = g_value_get_string(value);
  return text != nullptr ? text : "";
}

}  // namespace

void install_properties(GObjectClass* klass) {
  const Settings defaults;
  install_captioning(klass, defaults);
  install_text(klass, defaults);
  install_memory(klass, defaults);
  install_results(klass, defaults);
}

bool set_setting(Settings& settings, guint id, const GValue* value) {
  // clang-format off
  switch (id) {
    case PROP_MODEL: settings.model = string_of(value); break;
    case PROP_DEVICE: settings.device = g_value_get_enum(value); break;
    case PROP_PRECISION: settings.precision = g_value_get_enum(value); break;
    case PROP_MODE: settings.mode = static_cast<Mode>(g_value_get_enum(value)); break;
    case PROP_INTERVAL: settings.interval = g_value_get_uint(value); break;
    case PROP_MAX_RATE:
      settings.max_rate_numerator = gst_value_get_fraction_numerator(value);
      settings.max_rate_denominator = gst_value_get_fraction_denominator(value);
      break;
    case PROP_BEAM_SIZE: settings.beam_size = g_value_get_uint(value); break;
    case PROP_MAX_WORDS: settings.max_words = g_value_get_uint(value); break;
    case PROP_MAX_INFERENCE_TIME: settings.max_inference_ms = g_value_get_uint(value); break;
    case PROP_MIN_CONFIDENCE: settings.min_confidence = g_value_get_double(value); break;
    case PROP_THREADS: settings.threads = g_value_get_uint(value); break;
    case PROP_CUDNN: settings.cudnn = g_value_get_boolean(value); break;
    case PROP_ATTENTION: settings.attention = g_value_get_boolean(value); break;
    case PROP_ENABLED: settings.enabled = g_value_get_boolean(value); break;
    case PROP_ISOLATION: settings.isolation = static_cast<Isolation>(g_value_get_enum(value)); break;
    case PROP_OVERLAY: settings.overlay = g_value_get_boolean(value); break;
    case PROP_FONT_DESC: settings.style.font_desc = string_of(value); break;
    case PROP_TEXT_COLOR: settings.style.text_color = g_value_get_uint(value); break;
    case PROP_BACKGROUND_COLOR: settings.style.background_color = g_value_get_uint(value); break;
    case PROP_HALIGNMENT: settings.style.halignment = static_cast<HAlign>(g_value_get_enum(value)); break;
    case PROP_VALIGNMENT: settings.style.valignment = static_cast<VAlign>(g_value_get_enum(value)); break;
    case PROP_MAX_LINES: settings.style.max_lines = static_cast<int>(g_value_get_uint(value)); break;
    case PROP_CAPTION_TIMEOUT: settings.caption_timeout_ns = g_value_get_uint64(value); break;
    case PROP_MEMORY_THRESHOLD: settings.memory_threshold_mb = g_value_get_uint(value); break;
    case PROP_MEMORY_CHECK_INTERVAL: settings.memory_check_interval = g_value_get_uint(value); break;
    case PROP_MEMORY_ACTION: settings.memory_action = static_cast<MemoryAction>(g_value_get_enum(value)); break;
    case PROP_POST_MESSAGES: settings.post_messages = g_value_get_boolean(value); break;
    default: return false;
  }
  // clang-format on
  return true;
}

bool get_setting(const Settings& settings, guint id, GValue* value) {
  const OverlayStyle& style = settings.style;
  const char* model = settings.model.empty() ? nullptr : settings.model.c_str();
  // clang-format off
  switch (id) {
    case PROP_MODEL: g_value_set_string(value, model); break;
    case PROP_DEVICE: g_value_set_enum(value, settings.device); break;
    case PROP_PRECISION: g_value_set_enum(value, settings.precision); break;
    case PROP_MODE: g_value_set_enum(value, static_cast<int>(settings.mode)); break;
    case PROP_INTERVAL: g_value_set_uint(value, settings.interval); break;
    case PROP_MAX_RATE: gst_value_set_fraction(value, settings.max_rate_numerator, settings.max_rate_denominator); break;
    case PROP_BEAM_SIZE: g_value_set_uint(value, settings.beam_size); break;
    case PROP_MAX_WORDS: g_value_set_uint(value, settings.max_words); break;
    case PROP_MAX_INFERENCE_TIME: g_value_set_uint(value, settings.max_inference_ms); break;
    case PROP_MIN_CONFIDENCE: g_value_set_double(value, settings.min_confidence); break;
    case PROP_THREADS: g_value_set_uint(value, settings.threads); break;
    case PROP_CUDNN: g_value_set_boolean(value, settings.cudnn); break;
    case PROP_ATTENTION: g_value_set_boolean(value, settings.attention); break;
    case PROP_ENABLED: g_value_set_boolean(value, settings.enabled); break;
    case PROP_ISOLATION: g_value_set_enum(value, static_cast<int>(settings.isolation)); break;
    case PROP_OVERLAY: g_value_set_boolean(value, settings.overlay); break;
    case PROP_FONT_DESC: g_value_set_string(value, style.font_desc.c_str()); break;
    case PROP_TEXT_COLOR: g_value_set_uint(value, style.text_color); break;
    case PROP_BACKGROUND_COLOR: g_value_set_uint(value, style.background_color); break;
    case PROP_HALIGNMENT: g_value_set_enum(value, static_cast<int>(style.halignment)); break;
    case PROP_VALIGNMENT: g_value_set_enum(value, static_cast<int>(style.valignment)); break;
    case PROP_MAX_LINES: g_value_set_uint(value, static_cast<guint>(style.max_lines)); break;
    case PROP_CAPTION_TIMEOUT: g_value_set_uint64(value, settings.caption_timeout_ns); break;
    case PROP_MEMORY_THRESHOLD: g_value_set_uint(value, settings.memory_threshold_mb); break;
    case PROP_MEMORY_CHECK_INTERVAL: g_value_set_uint(value, settings.memory_check_interval); break;
    case PROP_MEMORY_ACTION: g_value_set_enum(value, static_cast<int>(settings.memory_action)); break;
    case PROP_POST_MESSAGES: g_value_set_boolean(value, settings.post_messages); break;
    default: return false;
  }
  // clang-format on
  return true;
}

}  // namespace jetsoncaption
