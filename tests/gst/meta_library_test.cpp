// SPDX-License-Identifier: LGPL-2.1-or-later
// The metadata library as a file: what it exports is what its header promises, and documented.
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include <gst/gst.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>
#include <gtest/gtest.h>

#include "run_command.h"

namespace {

using Names = std::set<std::string>;

std::string read_file(const std::string& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

const std::string& header() {
  static const std::string text =
      read_file(JETSONCAPTION_META_DIR "/gst/jetsoncaptionmeta/jetsoncaptionmeta.h");
  return text;
}

// The word that ends where `end` is.
std::string word_before(const std::string& text, size_t end) {
  size_t start = end;
  while (start > 0 &&
         (std::isalnum(static_cast<unsigned char>(text[start - 1])) != 0 || text[start - 1] == '_'))
    --start;
  return text.substr(start, end - start);
}

// The functions after the export macro: "GST_JETSON_CAPTION_META_API gdouble gst_name(".
Names declared_functions() {
  const std::string macro = "GST_JETSON_CAPTION_META_API ";
  const size_t body = header().find("G_BEGIN_DECLS");
  Names names;
  for (size_t at = header().find(macro, body); at != std::string::npos;
       at = header().find(macro, at + 1))
    names.insert(word_before(header(), header().find('(', at)));
  return names;
}

// The third column of nm; what begins with an underscore comes from the compiler.
Names exported_names(const std::string& nm) {
  Names names;
  std::istringstream lines(nm);
  std::string address, type, name;
  while (lines >> address >> type >> name) {
    if (name[0] != '_')
      names.insert(name.substr(0, name.find('@')));
  }
  return names;
}

TEST(MetaLibrary, ExportsExactlyWhatItsHeaderDeclares) {
  const jetsoncaption::Outcome nm =
      jetsoncaption::run("nm -D --defined-only " JETSONCAPTION_META_LIBRARY);
  if (!nm.ran)
    GTEST_SKIP() << "nm is not installed";
  ASSERT_EQ(nm.status, 0) << nm.err;

  EXPECT_EQ(exported_names(nm.out), declared_functions());
  EXPECT_GE(declared_functions().size(), 11U) << "the test does not find the declarations";
}

TEST(MetaLibrary, DocumentsEachFunctionAndSaysSinceWhen) {
  const std::string source = read_file(JETSONCAPTION_META_DIR "/jetsoncaptionmeta.c") +
                             read_file(JETSONCAPTION_META_DIR "/captionlist.c") +
                             read_file(JETSONCAPTION_META_DIR "/attentionmeta.c");
  for (const std::string& name : declared_functions()) {
    const size_t start = source.find("/**\n * " + name + ":");
    ASSERT_NE(start, std::string::npos) << name << " has no comment";
    const std::string comment = source.substr(start, source.find("*/", start) - start);
    EXPECT_NE(comment.find(" * Since: "), std::string::npos) << comment;
    EXPECT_NE(comment.find(" * Returns:"), std::string::npos) << comment;
  }
}

TEST(MetaLibrary, SaysSinceWhenEachTypeIs) {
  for (const char* type : {"GstJetsonCaptionFlags", "GstJetsonCaptionMeta"}) {
    const size_t start = header().find("/**\n * " + std::string(type) + ":");
    ASSERT_NE(start, std::string::npos) << type << " has no comment";
    const std::string comment = header().substr(start, header().find("*/", start) - start);
    EXPECT_NE(comment.find(" * Since: "), std::string::npos) << comment;
  }
}

TEST(MetaLibrary, ReservesRoomForFieldsAndClearsIt) {
  gst_init(nullptr, nullptr);
  GstBuffer* buffer = gst_buffer_new();

  const GstJetsonCaptionMeta* meta =
      gst_buffer_add_jetson_caption_meta(buffer, "", 0, 0, 0, 0, GST_JETSON_CAPTION_FLAG_NONE);

  for (gpointer reserved : meta->_gst_reserved)
    EXPECT_EQ(reserved, nullptr);
  gst_buffer_unref(buffer);
}

}  // namespace
