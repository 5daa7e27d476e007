// SPDX-License-Identifier: LGPL-2.1-or-later
// Fonts that take long to read hold up neither a start nor a stop. A test of its own, because fonts
// are read once in a process.
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"
#include "fakes/scoped_variable.h"
#include "fakes/temporary_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};
constexpr gint64 kNoTimeUs = 60'000;

// A configuration of fonts that whoever reads it has to wait for.
class SlowFonts {
 public:
  SlowFonts() : path_(directory_.file("fonts.conf")), variable_("FONTCONFIG_FILE", path_.c_str()) {
    EXPECT_EQ(mkfifo(path_.c_str(), 0600), 0);
  }

  // As the system has them.
  void deliver() const {
    const int file = open(path_.c_str(), O_WRONLY);
    const std::string text =
        "<?xml version=\"1.0\"?><fontconfig><include>/etc/fonts/fonts.conf</include></fontconfig>";
    EXPECT_EQ(write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(file);
  }

 private:
  TemporaryDirectory directory_;
  const std::string path_;
  const ScopedVariable variable_;
};

TEST(ElementFonts, AreNotWaitedFor) {
  SlowFonts fonts;
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}});
  harness.pass_and_drop(kGray);
  g_usleep(100'000);
  const gint64 begin = g_get_monotonic_time();
  gst_element_set_state(harness.get(), GST_STATE_NULL);
  EXPECT_LT(g_get_monotonic_time() - begin, kNoTimeUs);
  fonts.deliver();  // blocks unless they are being read
}

}  // namespace
}  // namespace jetsoncaption
