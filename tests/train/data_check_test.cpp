// SPDX-License-Identifier: LGPL-2.1-or-later
// One bad picture ends nothing: it is named, and the others are kept.
#include "train/data_check.h"

#include <atomic>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "fakes/temporary_directory.h"

#include <gmock/gmock.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr int kSide = 8;

void no_progress(const std::string&, int, int) {}

// Pictures are called after their red value: "folder/17.png" is 17, 100, 200 everywhere.
Result<Image> read_number(const std::string& path, PictureSize) {
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name == "broken.png")
    return Error{ErrorKind::InvalidArgument, path + " is damaged"};
  if (name == "huge.png")
    throw std::bad_alloc();
  if (name == "odd.png")
    throw std::runtime_error("what is this?");
  if (name == "empty.png")
    return Image();
  if (path.find("pictures/") != 0 || path.find("/nowhere/") != std::string::npos)
    return Error{ErrorKind::NotFound, path + " does not exist"};
  Image image;
  image.width = image.height = 20;
  for (int i = 0; i < 400; ++i)
    image.pixels.insert(image.pixels.end(), {static_cast<uint8_t>(std::stoi(name)), 100, 200});
  return image;
}

class DataCheck : public testing::Test {
 protected:
  CheckedPictures check(std::vector<std::string> names, int threads = 3) {
    PictureSource source{"pictures", std::move(names), kSide, kSide, threads};
    auto store = ShardStore::create(
        {directory_.file("pictures"), "", source.record_bytes(), source.names.size(), 1000});
    EXPECT_TRUE(store.ok());
    store_ = std::move(store.value());
    auto checked = check_pictures(source, read_number, *store_, no_progress);
    EXPECT_TRUE(checked.ok()) << checked.error().message;
    return checked.ok() ? checked.value() : CheckedPictures();
  }

  // "17 100 200": the values of the planes, if each has only one.
  std::string stored(size_t record) const {
    std::vector<uint8_t> planes(kSide * kSide * 3);
    if (!store_->read(record, planes.data()).ok())
      return "nothing";
    std::string text;
    for (size_t channel = 0; channel < 3; ++channel) {
      const size_t plane = channel * kSide * kSide;
      for (size_t i = 1; i < kSide * kSide; ++i)
        EXPECT_EQ(planes[plane + i], planes[plane]);
      text += std::to_string(planes[plane]) + (channel < 2 ? " " : "");
    }
    return text;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<ShardStore> store_;
};

TEST_F(DataCheck, KeepsEachPictureAtItsPlace) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i)
    names.push_back(std::to_string(i) + ".png");
  const auto checked = check(names, 4);
  ASSERT_EQ(checked.usable.size(), 200U);
  for (size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(checked.usable[i], i);
    EXPECT_EQ(stored(i), std::to_string(i) + " 100 200");
  }
}

TEST_F(DataCheck, NamesWhatCannotBeReadAndGoesOnWithoutIt) {
  const auto checked =
      check({"0.png", "broken.png", "huge.png", "3.png", "odd.png", "/lost.png", "empty.png"});
  EXPECT_THAT(checked.usable, ElementsAre(0, 3));
  EXPECT_EQ(stored(3), "3 100 200");
  EXPECT_THAT(checked.unreadable,
              ElementsAre(Pair(1, HasSubstr("broken.png: pictures/broken.png is damaged")),
                          Pair(2, HasSubstr("huge.png: there is not enough memory")),
                          Pair(4, HasSubstr("odd.png: what is this?")),
                          Pair(5, HasSubstr("/lost.png: /lost.png does not exist")),
                          Pair(6, HasSubstr("empty.png: "))));
}

TEST_F(DataCheck, FindsPicturesAlsoWithoutTheFoldersOfTheList) {
  const auto checked = check({"sub/1.png", "nowhere/2.png"});
  EXPECT_THAT(checked.usable, ElementsAre(0, 1));
  EXPECT_EQ(stored(0), "1 100 200");
  EXPECT_EQ(stored(1), "2 100 200");
}

TEST_F(DataCheck, StopsOnlyWhenTheDiskIsFull) {
  ASSERT_EQ(symlink("/dev/full", directory_.file("full-0000.shard").c_str()), 0);
  PictureSource source{"pictures", {"1.png", "2.png", "3.png"}, kSide, kSide, 2};
  auto store = ShardStore::create({directory_.file("full"), "", source.record_bytes(), 3, 1 << 20});
  ASSERT_TRUE(store.ok());
  const auto checked = check_pictures(source, read_number, *store.value(), no_progress);
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(checked.error().message, HasSubstr("No space left on device"));
}

TEST_F(DataCheck, EndsItsThreadsWhenTheReportThrows) {
  std::atomic<int> read{0};
  PictureSource source{"pictures", std::vector<std::string>(1000, "1.png"), kSide, kSide, 3};
  auto store =
      ShardStore::create({directory_.file("some"), "", source.record_bytes(), 1000, 1 << 20});
  ASSERT_TRUE(store.ok());
  const auto count = [&](const std::string& path, PictureSize size) {
    ++read;
    return read_number(path, size);
  };
  const auto interrupt = [](const std::string&, int, int) { throw std::runtime_error("enough"); };
  EXPECT_THROW(static_cast<void>(check_pictures(source, count, *store.value(), interrupt)),
               std::runtime_error);
  const int then = read;
  EXPECT_LE(then, 1000);
  usleep(1000);
  EXPECT_EQ(read, then) << "nothing runs any more";
}

TEST_F(DataCheck, ReadsOnlyWhatIsNotThereYet) {
  std::atomic<int> read{0};
  const auto count = [&](const std::string& path, PictureSize size) {
    ++read;
    return read_number(path, size);
  };
  PictureSource source{"pictures", {"1.png", "broken.png", "3.png"}, kSide, kSide, 2};
  auto store = ShardStore::create({directory_.file("some"), "", source.record_bytes(), 3, 1 << 20});
  ASSERT_TRUE(store.ok());
  for (const int reads : {3, 4}) {
    const auto checked = check_pictures(source, count, *store.value(), no_progress);
    ASSERT_TRUE(checked.ok());
    EXPECT_THAT(checked.value().usable, ElementsAre(0, 2));
    EXPECT_EQ(checked.value().unreadable.size(), 1U) << "it may have been mended";
    EXPECT_EQ(read, reads);
  }
}

TEST(PicturesKey, ChangesWithTheFilesAndTheirOrder) {
  const TemporaryDirectory directory;
  directory.write("a.png", "1");
  directory.write("b.png", "22");
  const auto key = [&](std::vector<std::string> names, int side = kSide) {
    return pictures_key({directory.path(), std::move(names), side, side, 1});
  };
  const std::string before = key({"a.png", "b.png"});
  EXPECT_EQ(key({"a.png", "b.png"}), before);
  EXPECT_NE(key({"b.png", "a.png"}), before);
  EXPECT_NE(key({"a.png"}), before);
  EXPECT_NE(key({"a.png", "b.png"}, 16), before);
  directory.write("b.png", "333");
  EXPECT_NE(key({"a.png", "b.png"}), before);
}

TEST(PicturesWithoutSentence, AreNamedInOrder) {
  const TemporaryDirectory directory;
  for (const char* name : {"c.JPG", "a.png", "b.jpg", "notes.txt"})
    directory.write(name, "x");
  EXPECT_THAT(pictures_without_sentence(directory.path(), {"sub/b.jpg"}).named,
              ElementsAre("a.png has no sentence", "c.JPG has no sentence"));
  EXPECT_THAT(pictures_without_sentence("/nonexistent", {}).named, IsEmpty());
}

}  // namespace
}  // namespace jetsoncaption
