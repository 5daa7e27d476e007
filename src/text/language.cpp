// SPDX-License-Identifier: LGPL-2.1-or-later
// Splits sentences with ICU, and English ones without it.
#include "text/language.h"

#include <utility>

#include "text/tokenizer.h"

#ifdef JETSONCAPTION_ICU
#include <unicode/ubrk.h>
#include <unicode/uloc.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#endif

namespace jetsoncaption {
namespace {

class EnglishTokenizer : public Tokenizer {
 public:
  std::vector<std::string> words(const std::string& sentence) override {
    return tokenize(sentence);
  }
};

#ifdef JETSONCAPTION_ICU

// The longest that a sentence can be when it is in UTF-16: captions are shorter by far.
constexpr size_t kMaxBytes = 65536;

using Utf16 = std::vector<UChar>;

// Runs a function of ICU that writes into a buffer, in a buffer that is large enough.
template <typename Function>
Utf16 filled(size_t guess, Function&& function) {
  Utf16 buffer(guess + 1);
  for (int attempt = 0; attempt < 2; ++attempt) {
    UErrorCode status = U_ZERO_ERROR;
    const int32_t length = function(buffer.data(), static_cast<int32_t>(buffer.size()), &status);
    if (U_SUCCESS(status)) {
      buffer.resize(static_cast<size_t>(length));
      return buffer;
    }
    if (status != U_BUFFER_OVERFLOW_ERROR)
      break;
    buffer.resize(static_cast<size_t>(length) + 1);
  }
  return {};
}

std::string to_utf8(const UChar* text, int32_t length) {
  std::string bytes(static_cast<size_t>(length) * 3, '\0');
  UErrorCode status = U_ZERO_ERROR;
  int32_t written = 0;
  u_strToUTF8(&bytes[0], static_cast<int32_t>(bytes.size()), &written, text, length, &status);
  bytes.resize(U_SUCCESS(status) ? static_cast<size_t>(written) : 0);
  return bytes;
}

struct CloseBreaks {
  void operator()(UBreakIterator* breaks) const { ubrk_close(breaks); }
};
using Breaks = std::unique_ptr<UBreakIterator, CloseBreaks>;

class UnicodeTokenizer : public Tokenizer {
 public:
  UnicodeTokenizer(std::string locale, Breaks breaks)
      : locale_(std::move(locale)), breaks_(std::move(breaks)) {}

  std::vector<std::string> words(const std::string& sentence) override {
    const Utf16 text = lowered(sentence.substr(0, kMaxBytes));
    std::vector<std::string> words;
    UErrorCode status = U_ZERO_ERROR;
    ubrk_setText(breaks_.get(), text.data(), static_cast<int32_t>(text.size()), &status);
    if (U_FAILURE(status))
      return words;
    int32_t end_of_last = -1;  // of the word before
    int32_t begin = ubrk_first(breaks_.get());
    for (int32_t end = ubrk_next(breaks_.get()); end != UBRK_DONE; end = ubrk_next(breaks_.get())) {
      // Below this there are blanks, punctuation and symbols.
      if (ubrk_getRuleStatus(breaks_.get()) >= UBRK_WORD_NONE_LIMIT) {
        std::string word = to_utf8(text.data() + begin, end - begin);
        // "T-Shirt" is one word, as it is in English captions.
        const bool hyphenated = end_of_last >= 0 && begin == end_of_last + 1 &&
                                is_hyphen(text[static_cast<size_t>(end_of_last)]);
        if (hyphenated)
          words.back() += "-" + word;
        else
          words.push_back(std::move(word));
        end_of_last = end;
      }
      begin = end;
    }
    return words;
  }

 private:
  static bool is_hyphen(UChar c) { return c == '-' || c == 0x2010 || c == 0x2011; }

  // Lower case as the language has it, and each letter with its accents as one character.
  Utf16 lowered(const std::string& sentence) const {
    const Utf16 utf16 = filled(sentence.size(), [&](UChar* to, int32_t size, UErrorCode* status) {
      int32_t length = 0;
      u_strFromUTF8WithSub(to, size, &length, sentence.data(),
                           static_cast<int32_t>(sentence.size()), 0xFFFD, nullptr, status);
      return length;
    });
    const auto length = static_cast<int32_t>(utf16.size());
    const Utf16 lower = filled(utf16.size(), [&](UChar* to, int32_t size, UErrorCode* status) {
      return u_strToLower(to, size, utf16.data(), length, locale_.c_str(), status);
    });
    return filled(lower.size(), [&](UChar* to, int32_t size, UErrorCode* status) {
      const UNormalizer2* composed = unorm2_getNFCInstance(status);
      return unorm2_normalize(composed, lower.data(), static_cast<int32_t>(lower.size()), to, size,
                              status);
    });
  }

  const std::string locale_;
  const Breaks breaks_;
};

Result<std::unique_ptr<Tokenizer>> make_unicode_tokenizer(const std::string& tag) {
  char locale[ULOC_FULLNAME_CAPACITY];
  UErrorCode status = U_ZERO_ERROR;
  int32_t understood = 0;
  uloc_forLanguageTag(tag.c_str(), locale, sizeof locale, &understood, &status);
  // ICU takes any letters for a language; one that it has a three-letter code for exists.
  if (U_FAILURE(status) || static_cast<size_t>(understood) != tag.size() ||
      *uloc_getISO3Language(locale) == '\0') {
    return Error{ErrorKind::InvalidArgument, "'" + tag +
                                                 "' is no language that is known here; "
                                                 "use a tag such as en, de or zh-Hans"};
  }
  status = U_ZERO_ERROR;
  Breaks breaks(ubrk_open(UBRK_WORD, locale, nullptr, 0, &status));
  if (U_FAILURE(status)) {
    return Error{ErrorKind::Unsupported, "ICU cannot split sentences in '" + tag +
                                             "': " + u_errorName(status) + "; is its data there?"};
  }
  return std::unique_ptr<Tokenizer>(new UnicodeTokenizer(locale, std::move(breaks)));
}

#else

Result<std::unique_ptr<Tokenizer>> make_unicode_tokenizer(const std::string& tag) {
  return Error{ErrorKind::Unsupported, "This build knows only English, not '" + tag +
                                           "'; install libicu-dev and build again"};
}

#endif

}  // namespace

Result<std::unique_ptr<Tokenizer>> make_tokenizer(const std::string& language) {
  if (primary_language(language) == "en")
    return std::unique_ptr<Tokenizer>(new EnglishTokenizer);
  return make_unicode_tokenizer(language);
}

}  // namespace jetsoncaption
