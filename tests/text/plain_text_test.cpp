// SPDX-License-Identifier: LGPL-2.1-or-later
// What acts on a terminal is found and written out; every script passes.
#include "text/plain_text.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::HasSubstr;
using testing::IsNull;

TEST(PlainText, OfAnyScriptHasNothingActive) {
  for (const char* text : {"a dog", "d\u00e9j\u00e0 vu", "\u05DB\u05DC\u05D1", "\u0643\u0644\u0628",
                           "\u72D7", "\u0915\u094D\u200D\u0937", "\U0001F415", ""}) {
    EXPECT_THAT(find_active_character(text), IsNull()) << text;
    EXPECT_EQ(show_active_characters(text), text);
  }
}

TEST(PlainText, ControlCharactersOfAsciiAndOfC1AreFound) {
  for (const char* text : {"\x1b[2J", "a\n", "a\tb", "\x7f", "\u0085", "\u009b31m", "\u2028"})
    EXPECT_STREQ(find_active_character(text), "a control character") << text;
}

TEST(PlainText, WhatTurnsTheDirectionOfWritingIsFound) {
  for (const char* text : {"\u202e", "a\u202a", "\u2066", "\u2069", "\u200f", "\u061c"})
    EXPECT_THAT(find_active_character(text), HasSubstr("direction")) << text;
}

TEST(PlainText, BytesThatAreNoCharacterAreFound) {
  EXPECT_THAT(find_active_character("\x9b"
                                    "31m"),
              HasSubstr("not UTF-8"));
}

TEST(PlainText, WhatIsActiveIsReplaced) {
  const std::string replaced = replace_active_characters("a\x1b[2J\nb\u009b\u202e.\xff");
  EXPECT_EQ(replaced, "a\uFFFD[2J b\uFFFD\uFFFD.\uFFFD");
  EXPECT_THAT(find_active_character(replaced), IsNull());
  EXPECT_EQ(replace_active_characters("\u05DB\u05DC\u05D1 d\u00e9j\u00e0"),
            "\u05DB\u05DC\u05D1 d\u00e9j\u00e0");
}

TEST(PlainText, WhatIsActiveIsWrittenOut) {
  EXPECT_EQ(show_active_characters("a\x1b[2Jb\u009b\u202e.jpg\xff"),
            "a\\x1B[2Jb\\u009B\\u202E.jpg\\xFF");
  EXPECT_EQ(show_active_characters("two\nlines\t."), "two\nlines\t.");
}

}  // namespace
}  // namespace jetsoncaption
