// SPDX-License-Identifier: LGPL-2.1-or-later
// What GStreamer on this machine knows of the plugin.
#include "tools/doctor/gstreamer.h"

#include <cstdlib>
#include <sstream>

#include <gst/gst.h>

#include "base/text.h"

#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr const char* kElement = "jetsoncaption";
constexpr const char* kPluginFile = "libgstjetsoncaption.so";

std::string version_text() {
  guint major = 0, minor = 0, micro = 0, nano = 0;
  gst_version(&major, &minor, &micro, &nano);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(micro);
}

// The folders that an environment variable names; the newer name comes first, as in GStreamer.
void add_folders(const char* newer, const char* older, std::vector<std::string>& folders) {
  const char* value = std::getenv(newer);
  if (value == nullptr)
    value = std::getenv(older);
  std::istringstream stream(value != nullptr ? value : "");
  for (std::string folder; std::getline(stream, folder, ':');) {
    if (!folder.empty())
      folders.push_back(folder);
  }
}

void look_in_folders(GstreamerFacts& facts) {
  add_folders("GST_PLUGIN_PATH_1_0", "GST_PLUGIN_PATH", facts.searched);
  add_folders("GST_PLUGIN_SYSTEM_PATH_1_0", "GST_PLUGIN_SYSTEM_PATH", facts.searched);
  facts.searched.emplace_back(JETSONCAPTION_PLUGINS_DIR);
  for (const std::string& folder : facts.searched) {
    const std::string file = folder + "/" + kPluginFile;
    if (facts.plugin_file.empty() && access(file.c_str(), F_OK) == 0)
      facts.plugin_file = file;
  }
}

// What the registry says of a plugin file that could not be loaded, or of one without its element.
void look_in_registry(GstreamerFacts& facts) {
  GList* plugins = gst_registry_get_plugin_list(gst_registry_get());
  for (GList* item = plugins; item != nullptr; item = item->next) {
    auto* plugin = GST_PLUGIN(item->data);
    const char* file = gst_plugin_get_filename(plugin);
    if (file == nullptr || !ends_with(file, kPluginFile))
      continue;
    facts.plugin_file = file;
    facts.is_blacklisted =
        facts.is_blacklisted || GST_OBJECT_FLAG_IS_SET(plugin, GST_PLUGIN_FLAG_BLACKLISTED);
  }
  gst_plugin_list_free(plugins);
}

bool look_for_element(GstreamerFacts& facts) {
  GstElementFactory* factory = gst_element_factory_find(kElement);
  if (factory == nullptr)
    return false;
  GstPlugin* plugin = gst_plugin_feature_get_plugin(GST_PLUGIN_FEATURE(factory));
  if (plugin != nullptr) {
    const char* file = gst_plugin_get_filename(plugin);
    facts.plugin_file = file != nullptr ? file : "";
    facts.plugin_version = gst_plugin_get_version(plugin);
    gst_object_unref(plugin);
  }
  gst_object_unref(factory);
  return true;
}

// The registry may be older than the file: only loading it tells.
void try_to_load(GstreamerFacts& facts) {
  GError* error = nullptr;
  GstPlugin* plugin = gst_plugin_load_file(facts.plugin_file.c_str(), &error);
  if (plugin == nullptr)
    facts.load_error = error != nullptr ? error->message : "no reason was given";
  else
    gst_object_unref(plugin);
  g_clear_error(&error);
}

}  // namespace

GstreamerFacts look_at_gstreamer() {
  GstreamerFacts facts;
  facts.version = version_text();
  GError* error = nullptr;
  if (!gst_init_check(nullptr, nullptr, &error)) {
    facts.init_error = error != nullptr ? error->message : "no reason was given";
    g_clear_error(&error);
    return facts;
  }
  facts.is_registered = look_for_element(facts);
  if (!facts.is_registered)
    look_in_registry(facts);
  if (facts.plugin_file.empty())
    look_in_folders(facts);
  if (!facts.plugin_file.empty())
    try_to_load(facts);
  for (const char* name : {"videoconvert", "videoscale", "decodebin"}) {
    GstElementFactory* factory = gst_element_factory_find(name);
    if (factory == nullptr)
      facts.missing_elements.emplace_back(name);
    else
      gst_object_unref(factory);
  }
  return facts;
}

}  // namespace jetsoncaption
