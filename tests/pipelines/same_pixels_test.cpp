// SPDX-License-Identifier: LGPL-2.1-or-later
// What `jetsoncaption describe` and `evaluate` see of a file is what the element sees of it, to the
// bit: so the scores that are published are those of the element.
#include <string>

#include <gst/gst.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "media_files.h"
#include "tools/pictures.h"

namespace jetsoncaption {
namespace {

constexpr PictureSize kSize{224, 224};

// As the fake engine hashes them.
std::string hash_of(const Image& image) {
  return "hash " + std::to_string(hash_text({image.pixels.begin(), image.pixels.end()}));
}

class SamePixels : public MediaFilesTest {
 protected:
  // Of the first frame that the element gets from the decoder.
  std::string seen_by_the_element(const std::string& name, const std::string& decoder) const {
    const std::string description = "filesrc location=" + path(name) + " ! " + decoder +
                                    " ! jetsoncaption name=captions mode=every-frame "
                                    "model=fake:hash=1 overlay=false ! fakesink";
    GstElement* pipeline = gst_parse_launch(description.c_str(), nullptr);
    EXPECT_NE(pipeline, nullptr);
    gst_element_set_state(pipeline, GST_STATE_PAUSED);
    EXPECT_EQ(gst_element_get_state(pipeline, nullptr, nullptr, 30 * GST_SECOND),
              GST_STATE_CHANGE_SUCCESS);
    GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), "captions");
    gchar* caption = nullptr;
    g_object_get(element, "caption", &caption, nullptr);
    const std::string seen = caption != nullptr ? caption : "nothing";
    g_free(caption);
    gst_object_unref(element);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    return seen;
  }

  std::string seen_by_the_tools(const std::string& name) const {
    auto image = read_picture(path(name), kSize);
    return image.ok() ? hash_of(image.value()) : image.error().message;
  }

  // Bars and noise: colors with sharp edges show any difference in shrinking.
  void write(const std::string& name, const std::string& caps, const std::string& encoder) {
    run("videotestsrc num-buffers=1 pattern=smpte ! video/x-raw," + caps + " ! " + encoder +
        " ! filesink location=" + path(name));
  }
};

TEST_F(SamePixels, InJpegWhateverTheSamplingOfColors) {
  for (const char* format : {"I420", "Y42B", "Y444", "GRAY8"}) {
    // An odd one, and one that is as large as the model's input.
    for (const char* size : {"width=641,height=483", "width=224,height=224"}) {
      write("a.jpg", std::string("format=") + format + "," + size, "jpegenc");
      if (IsSkipped())
        return;

      EXPECT_EQ(seen_by_the_tools("a.jpg"), seen_by_the_element("a.jpg", "jpegdec"))
          << format << ", " << size;
    }
  }
}

TEST_F(SamePixels, InPng) {
  for (const char* format : {"RGB", "RGBA", "GRAY8"}) {
    write("a.png", std::string("format=") + format + ",width=641,height=483", "pngenc");
    if (IsSkipped())
      return;

    EXPECT_EQ(seen_by_the_tools("a.png"), seen_by_the_element("a.png", "pngdec")) << format;
  }
}

TEST_F(SamePixels, InVideo) {
  write("a.avi", "format=I420,width=640,height=480,framerate=10/1", "jpegenc ! avimux");
  if (IsSkipped())
    return;

  EXPECT_EQ(seen_by_the_tools("a.avi"), seen_by_the_element("a.avi", "avidemux ! jpegdec"));
}

}  // namespace
}  // namespace jetsoncaption
