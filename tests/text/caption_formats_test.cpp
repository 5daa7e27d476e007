// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions are understood in every format in which people hand them on, and bad ones are named.
#include "text/caption_formats.h"

#include <string>
#include <vector>

#include "fakes/temporary_directory.h"

#include <gmock/gmock.h>

namespace jetsoncaption {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// "dog.jpg: A dog runs.; Grass." for each picture.
std::vector<std::string> shown(const CaptionList& list) {
  std::vector<std::string> lines;
  for (const CaptionedPicture& picture : list.pictures) {
    std::string line = picture.name + ":";
    for (const std::string& sentence : picture.sentences)
      line += " " + sentence + ";";
    lines.push_back(line);
  }
  return lines;
}

struct Example {
  CaptionFormat format;
  std::string text;
};

// All of them say the same.
const std::vector<Example>& examples() {
  static const std::vector<Example> all = {
      {CaptionFormat::Tsv, "dog.jpg\tA dog, running\ndog.jpg\tGrass.\nsub/cat.png\tA \"cat\"\n"},
      {CaptionFormat::Tsv,
       "file\tcaption\ndog.jpg\tA dog, running\ndog.jpg\tGrass.\nsub/cat.png\tA \"cat\"\n"},
      {CaptionFormat::Flickr,
       "dog.jpg#0\tA dog, running\ndog.jpg#1\tGrass.\nsub/cat.png#0\tA \"cat\"\n"},
      {CaptionFormat::Csv,
       "image,caption\ndog.jpg,\"A dog, running\"\ndog.jpg,Grass.\nsub/cat.png,\"A "
       "\"\"cat\"\"\"\n"},
      {CaptionFormat::Csv,
       "image,caption\ndog.jpg,A dog, running\ndog.jpg,Grass.\nsub/cat.png,A \"cat\"\n"},
      {CaptionFormat::Csv, "dog.jpg,\"A dog, running\"\ndog.jpg,Grass.\nsub/cat.png,A \"cat\"\n"},
      {CaptionFormat::Csv,
       "image_name| comment_number| comment\ndog.jpg| 0| A dog, running\ndog.jpg| 1| Grass.\n"
       "sub/cat.png| 0| A \"cat\"\n"},
      {CaptionFormat::Csv,
       "id;caption;image\n1;A dog, running;dog.jpg\n2;Grass.;dog.jpg\n3;A \"cat\";sub/cat.png\n"},
      {CaptionFormat::Coco,
       R"({"info": {"year": 2014}, "licenses": [{"id": 1}],
           "images": [{"id": 7, "file_name": "dog.jpg"}, {"id": 8, "file_name": "sub/cat.png"}],
           "annotations": [{"image_id": 7, "id": 1, "caption": "A dog, running"},
                           {"image_id": 7, "id": 2, "caption": "Grass."},
                           {"image_id": 8, "id": 3, "caption": "A \"cat\""}]})"},
      {CaptionFormat::Coco,
       R"({"annotations": [{"image_id": "a", "caption": "A dog, running"},
                           {"image_id": "a", "caption": "Grass."},
                           {"image_id": "b", "caption": "A \"cat\""}],
           "images": [{"id": "a", "file_name": "dog.jpg"}, {"id": "b", "file_name": "sub/cat.png"}]})"},
      {CaptionFormat::Karpathy,
       R"({"images": [{"filename": "dog.jpg", "imgid": 0, "split": "train", "sentids": [0, 1],
                       "sentences": [{"tokens": ["a", "dog"], "raw": "A dog, running"},
                                     {"tokens": ["grass"], "raw": "Grass."}]},
                      {"filepath": "sub", "filename": "cat.png", "split": "val",
                       "sentences": [{"raw": "A \"cat\""}]}],
           "dataset": "flickr8k"})"},
      {CaptionFormat::JsonLines,
       "{\"file_name\": \"dog.jpg\", \"text\": \"A dog, running\"}\n"
       "{\"file\": \"dog.jpg\", \"caption\": \"Grass.\"}\n"
       "{\"image\": \"sub/cat.png\", \"captions\": [\"A \\\"cat\\\"\"]}\n"},
      {CaptionFormat::JsonLines,
       R"([{"image": "dog.jpg", "captions": ["A dog, running", "Grass."]},
           {"image": "sub/cat.png", "caption": "A \"cat\""}])"},
  };
  return all;
}

TEST(CaptionFormats, AreToldApartByTheirContent) {
  for (const Example& example : examples()) {
    const auto read = read_captions(example.text, "captions");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_STREQ(caption_format_name(read.value().format), caption_format_name(example.format))
        << example.text;
    EXPECT_THAT(shown(read.value()),
                ElementsAre("dog.jpg: A dog, running; Grass.;", "sub/cat.png: A \"cat\";"))
        << example.text;
    EXPECT_EQ(read.value().bad_lines.count, 0U) << read.value().bad_lines.text();
    EXPECT_EQ(read.value().sentence_count(), 3U);
  }
}

std::string with_windows_lines(const std::string& text) {
  std::string changed;
  for (const char c : text)
    changed += c == '\n' ? "\r\n" : std::string(1, c);
  return changed;
}

TEST(CaptionFormats, MayComeFromWindowsWithAByteOrderMarkAndSpareBlanks) {
  for (const Example& example : examples()) {
    const auto read = read_captions(
        "\xEF\xBB\xBF" + with_windows_lines("\n" + example.text + "  \n"), "captions");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_THAT(shown(read.value()),
                ElementsAre("dog.jpg: A dog, running; Grass.;", "sub/cat.png: A \"cat\";"))
        << example.text;
    EXPECT_EQ(read.value().bad_lines.count, 0U) << read.value().bad_lines.text();
  }
  const auto read = read_captions("./dog.jpg \t  Ein\tHund   im Gras . \t\r\n", "captions");
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(shown(read.value()), ElementsAre("dog.jpg: Ein Hund im Gras .;"));
}

struct Fault {
  std::string text;
  std::vector<std::string> named;
};

TEST(CaptionFormats, LeaveBadLinesOutAndNameThemByNumber) {
  const std::vector<Fault> faults = {
      {"a.jpg\tA dog\nno tab\n\tno name\nb.jpg\t \nc.jpg\tA \xFF\nd.jpg\tA cat\n",
       {"line 2: 'no tab' has no tab", "line 3: there is no name", "line 4: there is no sentence",
        "line 5: byte 3 of it is not UTF-8"}},
      {"image,caption\na.jpg,A dog\nb.jpg\nc.jpg,\"never closed\nd.jpg,\"A cat\"\n",
       {"line 3: it has 1 of 2 columns", "line 4: a quotation mark is never closed"}},
      {"image,caption\na.jpg,\"A\ndog\"\nb.jpg\nd.jpg,A cat\n", {"line 4: it has 1 of 2"}},
      {R"({"images": [{"id": 1, "file_name": "a.jpg"}, 5, {"id": 3, "file_name": "d.jpg"}],
           "annotations": [{"image_id": 1, "caption": "A dog"}, {"image_id": 4, "caption": "A"},
                           {"image_id": 1, "caption": 5}, {"image_id": 3, "caption": "A cat"}]})",
       {"image 2: there is no \"file_name\"", "annotation 2: there is no image with the id 4",
        "annotation 3: there is no sentence"}},
      {R"({"images": [{"filename": "a.jpg", "sentences": [{"raw": "A dog"}]},
                      {"filename": "b.jpg", "sentences": []},
                      {"sentences": [{"raw": "A dog"}]},
                      {"filename": "d.jpg", "sentences": [{"raw": "A cat"}]}]})",
       {"image 2: there is no sentence", "image 3: there is no name"}},
      {"{\"file\": \"a.jpg\", \"text\": \"A dog\"}\n{\"file\": \"b.jpg\"\n[]\n"
       "{\"file\": \"d.jpg\", \"text\": \"A cat\"}\n",
       {"line 2: it is not JSON from byte", "line 3: it is no object"}},
  };
  for (const Fault& fault : faults) {
    const auto read = read_captions(fault.text, "captions");
    ASSERT_TRUE(read.ok()) << read.error().message;
    const CaptionList& list = read.value();
    ASSERT_THAT(list.bad_lines.named, SizeIs(fault.named.size())) << list.bad_lines.text();
    for (size_t i = 0; i < fault.named.size(); ++i)
      EXPECT_THAT(list.bad_lines.named[i], HasSubstr(fault.named[i]));
    ASSERT_THAT(list.pictures, SizeIs(2)) << fault.text;
    EXPECT_EQ(list.pictures[0].name, "a.jpg");
    EXPECT_EQ(list.pictures[1].name, "d.jpg");
  }
}

TEST(CaptionFormats, NameOnlyTheFirstOfManyBadLines) {
  std::string text = "a.jpg\tA dog\n";
  for (int i = 0; i < 1000; ++i)
    text += "no tab\n";
  const auto read = read_captions(text, "captions");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.value().bad_lines.count, 1000U);
  EXPECT_THAT(read.value().bad_lines.named, SizeIs(LeftOut::kNamed));
  EXPECT_THAT(read.value().bad_lines.text(), HasSubstr("and 990 more"));
}

TEST(CaptionFormats, UseWhatComesBeforeJsonBreaksOff) {
  const auto coco = read_captions(R"({"images": [{"id": 1, "file_name": "a.jpg"}],
      "annotations": [{"image_id": 1, "caption": "A dog"}, {"image_id": 1, "cap)",
                                  "captions");
  ASSERT_TRUE(coco.ok()) << coco.error().message;
  EXPECT_THAT(shown(coco.value()), ElementsAre("a.jpg: A dog;"));
  EXPECT_THAT(coco.value().bad_lines.text(), HasSubstr("record 3: it is not JSON from byte"));
}

TEST(CaptionFormats, TakeThePartsThatTheFileNames) {
  const auto read = read_captions(
      "image,caption,split\na.jpg,A,train\nb.jpg,B,val\nc.jpg,C,test\nd.jpg,D,restval\ne.jpg,E,\n",
      "captions");
  ASSERT_TRUE(read.ok()) << read.error().message;
  std::vector<Part> parts;
  for (const CaptionedPicture& picture : read.value().pictures)
    parts.push_back(picture.part);
  EXPECT_THAT(parts, ElementsAre(Part::Train, Part::Dev, Part::Test, Part::Train, Part::Unsaid));
}

TEST(CaptionFormats, RefuseWhatHasNoCaptionsWithTheReason) {
  struct Nonsense {
    std::string text;
    std::string why;
  };
  const std::vector<Nonsense> all = {
      {"", "x.txt is empty"},
      {" \n\r\n", "x.txt is empty"},
      {std::string("\xFF\xFE"
                   "a\0",
                   4),
       "x.txt is UTF-16; save it as UTF-8"},
      {"A dog runs.\nA cat.\n", "x.txt begins with 'A dog runs.'"},
      {"image,caption\n", "x.txt has no captions in it; it was read as csv"},
      {"a.jpg\t\xFC"
       "ber\n",
       "line 1: byte 1 of it is not UTF-8"},
      {"{", "line 1: it is not JSON"},
      {"[]", "it was read as json-lines"},
      {R"({"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"image_id": 1,
          "category_id": 3, "bbox": [1, 2, 3, 4]}]})",
       "annotation 1: there is no sentence"},
      {std::string(100000, '['), "levels deep"},
      {"[{\"a\":" + std::string(100000, '['), "levels deep"},
      {"{\"a\":" + std::string(100000, '['), "levels deep"},
  };
  for (const Nonsense& nonsense : all) {
    const auto read = read_captions(nonsense.text, "x.txt");
    ASSERT_FALSE(read.ok()) << nonsense.why;
    EXPECT_EQ(read.error().kind, ErrorKind::InvalidArgument);
    EXPECT_THAT(read.error().message, HasSubstr(nonsense.why));
  }
}

TEST(CaptionFormats, RefuseLongNamesSentencesAndRecords) {
  const std::string text = "a.jpg\tA dog\n" + std::string(2000, 'n') + "\tA dog\nb.jpg\t" +
                           std::string(5000, 's') + "\nc.jpg\t" + std::string(100000, 's') + "\n";
  const auto read = read_captions(text, "captions");
  ASSERT_TRUE(read.ok());
  EXPECT_THAT(
      read.value().bad_lines.named,
      ElementsAre(HasSubstr("line 2: the name of the picture is longer"),
                  HasSubstr("line 3: the sentence is longer"), HasSubstr("line 4: it is longer")));
  std::string record = R"({"file": "a.jpg", "text": "A dog", "boxes": [0)";
  for (int i = 0; i < 20000; ++i)
    record += ",0";
  const auto large = read_captions(record + "]}", "captions");
  ASSERT_FALSE(large.ok());
  EXPECT_THAT(large.error().message, HasSubstr("a record has more than"));
}

TEST(CaptionFormats, AreReadFromFiles) {
  const TemporaryDirectory directory;
  const auto read = load_captions(directory.write("captions.txt", examples()[0].text));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_THAT(read.value().pictures, SizeIs(2));
  EXPECT_THAT(read.value().bad_lines.named, IsEmpty());

  for (const std::string& file : {directory.file("missing"), directory.path()}) {
    const auto missing = load_captions(file);
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().kind, ErrorKind::NotFound);
    EXPECT_THAT(missing.error().message, HasSubstr(file));
  }
  const auto empty = load_captions(directory.write("empty", ""));
  ASSERT_FALSE(empty.ok());
  EXPECT_THAT(empty.error().message, HasSubstr("is empty"));
}

}  // namespace
}  // namespace jetsoncaption
