// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines of text files as they were meant: editors and web pages leave bytes in them that nobody
// sees, and that make two words or two names of one.
#pragma once

#include <string>

#include "base/result.h"

namespace jetsoncaption {

// Both refuse what cannot have been meant: control characters, a zero byte among them, and what is
// not UTF-8; the InvalidArgument's message says which byte it is, to follow a file and a line.

// Blanks of any kind (no-break, ideographic, tabulators) become one plain blank, those at the ends
// go, and so do byte order marks, soft hyphens, zero-width blanks and marks of the writing
// direction. Joiners stay, which some scripts need.
Result<std::string> clean_sentence(const std::string& text);

// The same at the ends alone: inside a file's name all of them may be meant.
Result<std::string> clean_name(const std::string& text);

}  // namespace jetsoncaption
