// SPDX-License-Identifier: LGPL-2.1-or-later
// Characters that do something to whoever shows a text: a terminal, a log, a screen.
//
// They move the cursor, recolour or rename a terminal (ECMA-48: control characters and those of
// C1), or show a line in another order than it has (Unicode's embeddings, overrides and isolates).
#pragma once

#include <string>

namespace jetsoncaption {

// What a text has of them, to follow "has ", or nullptr. What is not UTF-8 counts too.
const char* find_active_character(const std::string& text);

// The text with U+FFFD in the place of each of them, and a blank in that of line feeds and
// tabulators: valid UTF-8 for whoever reads it, whatever it was.
std::string replace_active_characters(const std::string& text);

// The text with each of them written out, as \x1B or \u202E; line feeds and tabulators stay.
std::string show_active_characters(const std::string& text);

}  // namespace jetsoncaption
