// SPDX-License-Identifier: LGPL-2.1-or-later
// Safetensors files are read back as written, and whatever is wrong with one is refused.
#include "bundle/safetensors.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/mutation.h"
#include "fakes/temporary_directory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

std::string length_bytes(uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i)
    bytes += static_cast<char>(length >> (8 * i));
  return bytes;
}

std::string file_bytes(const std::string& header, size_t data_bytes) {
  return length_bytes(header.size()) + header + std::string(data_bytes, 'd');
}

const float kFloats[] = {1.5F, -2, 0.25F, 3, 4, 5};
const uint16_t kHalves[] = {0x3c00, 0xc000, 0x3800};
const int8_t kBytes[] = {-128, 0, 127};

// One tensor of each type, an empty one, and metadata.
Result<void> write_sample(const std::string& path) {
  return write_safetensors(path,
                           {{"bytes", {DataType::I8, {3}, kBytes}},
                            {"empty", {DataType::F32, {0, 4}, nullptr}},
                            {"floats", {DataType::F32, {2, 3}, kFloats}},
                            {"halves", {DataType::F16, {3, 1}, kHalves}}},
                           {{"made-by", "a \"test\""}});
}

// Reads every byte that the file says is there; each must lie inside the file.
void expect_consistent(const SafetensorsFile& file, size_t file_size) {
  size_t bytes = 0;
  unsigned sum = 0;
  for (const auto& item : file.tensors()) {
    const auto* data = static_cast<const unsigned char*>(item.second.data);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % data_type_size(item.second.type), 0U);
    bytes += item.second.bytes();
    ASSERT_LE(bytes, file_size);
    for (size_t i = 0; i < item.second.bytes(); ++i)
      sum += data[i];
  }
  EXPECT_LE(sum, bytes * 255);
}

TEST(Safetensors, PointersOfGitLfsAreRecognised) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("model.safetensors");
  std::ofstream(path)
      << "version https://git-lfs.github.com/spec/v1\n"
         "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
         "size 12345\n";

  const auto file = SafetensorsFile::open(path);

  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().message.find("model.safetensors is a pointer of git LFS"),
            std::string::npos)
      << file.error().message;
  EXPECT_NE(file.error().message.find("git lfs pull"), std::string::npos);
}

TEST(Safetensors, TensorsAreReadBackAsWritten) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("sample.safetensors");
  const auto written = write_sample(path);
  ASSERT_TRUE(written.ok()) << written.error().message;

  const auto file = SafetensorsFile::open(path);

  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file.value().path(), path);
  EXPECT_EQ(file.value().tensors().size(), 4U);
  const TensorView* floats = file.value().find("floats");
  ASSERT_NE(floats, nullptr);
  EXPECT_EQ(floats->type, DataType::F32);
  EXPECT_EQ(floats->shape, (std::vector<int64_t>{2, 3}));
  ASSERT_EQ(floats->bytes(), sizeof kFloats);
  EXPECT_EQ(std::memcmp(floats->data, kFloats, sizeof kFloats), 0);
  const TensorView* halves = file.value().find("halves");
  ASSERT_NE(halves, nullptr);
  ASSERT_EQ(halves->bytes(), sizeof kHalves);
  EXPECT_EQ(std::memcmp(halves->data, kHalves, sizeof kHalves), 0);
  const TensorView* bytes = file.value().find("bytes");
  ASSERT_NE(bytes, nullptr);
  ASSERT_EQ(bytes->bytes(), sizeof kBytes);
  EXPECT_EQ(std::memcmp(bytes->data, kBytes, sizeof kBytes), 0);
  EXPECT_EQ(file.value().find("empty")->elements(), 0);
  EXPECT_EQ(file.value().find("absent"), nullptr);
}

TEST(Safetensors, DataThatIsWrittenBeginsAtACacheLine) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("sample.safetensors");
  ASSERT_TRUE(write_sample(path).ok());

  const auto file = SafetensorsFile::open(path);

  ASSERT_TRUE(file.ok());
  // The file's memory begins at a page, and floats come first.
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file.value().find("floats")->data) % 64, 0U);
}

TEST(Safetensors, FileOfOtherProgramsInAnyOrderIsRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.write(
      "other.safetensors",
      file_bytes(R"({"b":{"shape":[2],"data_offsets":[0,2],"dtype":"I8"},"__metadata__":{},)"
                 R"("a":{"dtype":"I8","shape":[],"data_offsets":[2,3]}}   )",
                 3));
  const auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file.value().find("a")->elements(), 1) << "a scalar has no sides and one element";
  EXPECT_EQ(file.value().find("b")->elements(), 2);
}

TEST(Safetensors, FileWithoutTensorsIsRead) {
  const TemporaryDirectory directory;
  const auto file = SafetensorsFile::open(directory.write("none.safetensors", file_bytes("{}", 0)));
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_TRUE(file.value().tensors().empty());
}

TEST(Safetensors, TensorsOutliveAMove) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("sample.safetensors");
  ASSERT_TRUE(write_sample(path).ok());
  auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok());
  const TensorView floats = *file.value().find("floats");

  const SafetensorsFile moved = std::move(file.value());

  EXPECT_EQ(std::memcmp(floats.data, kFloats, sizeof kFloats), 0);
}

// cp new.safetensors model.safetensors
TEST(Safetensors, TensorsStayAsTheyAreWhenTheFileIsWrittenOver) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("sample.safetensors");
  ASSERT_TRUE(write_sample(path).ok());
  const auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok());
  const std::string others(directory.read("sample.safetensors").size(), 'x');

  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary) << others;

  EXPECT_EQ(std::memcmp(file.value().find("floats")->data, kFloats, sizeof kFloats), 0);
}

TEST(Safetensors, TensorsStayWhenTheFileIsCutOff) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("sample.safetensors");
  ASSERT_TRUE(write_sample(path).ok());
  const auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok());

  ASSERT_EQ(truncate(path.c_str(), 0), 0);

  EXPECT_EQ(std::memcmp(file.value().find("floats")->data, kFloats, sizeof kFloats), 0);
}

// How many of the pages are in memory.
size_t resident_pages(const void* data, size_t bytes) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t begin = (reinterpret_cast<uintptr_t>(data) + page - 1) / page * page;
  const size_t end = (reinterpret_cast<uintptr_t>(data) + bytes) / page * page;
  std::vector<unsigned char> pages((end - begin) / page);
  EXPECT_EQ(mincore(reinterpret_cast<void*>(begin), end - begin, pages.data()), 0);
  size_t count = 0;
  for (const unsigned char state : pages)
    count += state & 1;
  return count;
}

TEST(Safetensors, WhatIsGivenBackLeavesMemoryAndTheOthersStay) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("large.safetensors");
  const std::vector<int8_t> numbers(1 << 20, 7);
  const TensorView large{DataType::I8, {1 << 20}, numbers.data()};
  ASSERT_TRUE(write_safetensors(path, {{"a.1", large}, {"a.2", large}, {"b", large}}, {}).ok());
  auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok());
  const void* copied = file.value().find("a.1")->data;
  ASSERT_GT(resident_pages(copied, 2 << 20), 0U);

  file.value().give_back([](const std::string& name, const TensorView&) { return name != "b"; });

  EXPECT_EQ(resident_pages(copied, 2 << 20), 0U);
  EXPECT_EQ(file.value().find("a.1")->data, nullptr);
  EXPECT_EQ(file.value().find("a.2")->elements(), 1 << 20) << "type and shape stay";
  EXPECT_EQ(std::memcmp(file.value().find("b")->data, numbers.data(), numbers.size()), 0);
}

TEST(Safetensors, FileOverItsLimitIsNotRead) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("sparse.safetensors", "");
  ASSERT_EQ(truncate(path.c_str(), off_t{1} << 40), 0);

  const auto file = SafetensorsFile::open(path);

  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().message.find("has 1099511627776 bytes; at most 4294967296"),
            std::string::npos)
      << file.error().message;
}

TEST(Safetensors, WriterReplacesAFileThatIsInUse) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("sample.safetensors");
  ASSERT_TRUE(write_sample(path).ok());
  const auto before = SafetensorsFile::open(path);
  ASSERT_TRUE(before.ok());

  ASSERT_TRUE(write_safetensors(path, {{"x", {DataType::I8, {3}, kBytes}}}, {}).ok());

  EXPECT_EQ(std::memcmp(before.value().find("floats")->data, kFloats, sizeof kFloats), 0);
  const auto after = SafetensorsFile::open(path);
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after.value().tensors().size(), 1U);
}

TEST(Safetensors, WriterSaysThatTheDirectoryIsMissing) {
  const auto written = write_sample("/nonexistent/sample.safetensors");
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().kind, ErrorKind::NotFound);
  EXPECT_NE(written.error().message.find("/nonexistent/sample.safetensors"), std::string::npos);
}

TEST(Safetensors, MissingFileIsNotFound) {
  const auto file = SafetensorsFile::open("/nonexistent/model.safetensors");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().kind, ErrorKind::NotFound);
}

TEST(Safetensors, DirectoryIsRefused) {
  const TemporaryDirectory directory;
  const auto file = SafetensorsFile::open(directory.path());
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().message.find("not a regular file"), std::string::npos);
}

struct Refusal {
  const char* name;
  std::string bytes;  // the whole file
  const char* words;  // in the message
};

std::ostream& operator<<(std::ostream& stream, const Refusal& refusal) {
  return stream << refusal.name;
}

// A file with the tensor "t" of 8 bytes; `entry` is its description.
std::string with_entry(const std::string& entry) {
  return file_bytes("{\"t\":" + entry + "}    ", 8);
}

std::string nested(size_t depth) {
  return "{\"t\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
}

class SafetensorsRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(SafetensorsRefusal, NamesFileAndFault) {
  const TemporaryDirectory directory;
  const std::string path = directory.write("bad.safetensors", GetParam().bytes);

  const auto file = SafetensorsFile::open(path);

  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().kind, ErrorKind::CorruptModel);
  EXPECT_EQ(file.error().message.find(path), 0U) << file.error().message;
  EXPECT_NE(file.error().message.find(GetParam().words), std::string::npos) << file.error().message;
  EXPECT_LT(file.error().message.size(), path.size() + 400) << "too long to be read";
}

const char* const kTwice = R"({"t":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},)"
                           R"("t":{"dtype":"I8","shape":[4],"data_offsets":[4,8]}})";
const char* const kOverlap = R"({"a":{"dtype":"I8","shape":[5],"data_offsets":[0,5]},)"
                             R"("b":{"dtype":"I8","shape":[4],"data_offsets":[4,8]}})";
const char* const kGap = R"({"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]},)"
                         R"("b":{"dtype":"I8","shape":[4],"data_offsets":[4,8]}})";

INSTANTIATE_TEST_SUITE_P(
    Header, SafetensorsRefusal,
    testing::Values(
        Refusal{"EmptyFile", "", "0 bytes"}, Refusal{"SevenBytes", "1234567", "7 bytes"},
        Refusal{"HeaderPastTheEnd", length_bytes(3) + "{}", "header has 3 bytes; at most 2"},
        Refusal{"HugeHeader", length_bytes(~0ULL) + "{}", "18446744073709551615 bytes"},
        Refusal{"HeaderOver16Mebibytes", file_bytes(std::string((16 << 20) + 1, ' '), 0),
                "at most 16777216"},
        Refusal{"NoHeader", file_bytes("", 0), "begins with"},
        Refusal{"BlankFirst", file_bytes(" {}", 0), "begins with"},
        Refusal{"ByteOrderMark", file_bytes("\xEF\xBB\xBF{}", 0), "begins with"},
        Refusal{"Array", file_bytes("[]", 0), "begins with"},
        Refusal{"NotJson", file_bytes("{\"t\":}", 0), "not valid JSON at byte 6"},
        Refusal{"TextAfterTheObject", file_bytes("{} {}", 0), "not valid JSON"},
        Refusal{"ZeroAfterTheObject", file_bytes(std::string("{}\0x", 4), 0), "zero byte"},
        Refusal{"NotUtf8", file_bytes("{\"\xff\":1}", 0), "not valid JSON"},
        Refusal{"KeyTwice", file_bytes(kTwice, 8), "key \"t\" twice"},
        Refusal{"TooDeep", file_bytes(nested(40), 0), "nested more than 32"},
        Refusal{"VeryDeep", file_bytes(nested(4000000), 0), "nested more than 32"},
        Refusal{"MetadataIsNoObject", file_bytes(R"({"__metadata__":[]})", 0),
                "__metadata__ is []"},
        Refusal{"MetadataIsNoText", file_bytes(R"({"__metadata__":{"a":1}})", 0),
                "__metadata__ has 1 for \"a\""},
        Refusal{"Overlap", file_bytes(kOverlap, 8), "\"b\" overlaps"},
        Refusal{"Gap", file_bytes(kGap, 8), "\"b\" leaves a gap"},
        Refusal{"TrailingBytes",
                file_bytes(R"({"t":{"dtype":"I8","shape":[4],"data_offsets":[0,4]}})", 5),
                "1 bytes after its last tensor"}),
    [](const auto& test) { return std::string(test.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Tensor, SafetensorsRefusal,
    testing::Values(
        Refusal{"NoObject", with_entry("7"), "tensor \"t\" is 7"},
        Refusal{"NoType", with_entry(R"({"shape":[8],"data_offsets":[0,8]})"), "no dtype"},
        Refusal{"UnknownType", with_entry(R"({"dtype":"F64","shape":[1],"data_offsets":[0,8]})"),
                "dtype \"F64\"; use F32, F16 or I8"},
        Refusal{"TypeIsNoText", with_entry(R"({"dtype":4,"shape":[8],"data_offsets":[0,8]})"),
                "dtype 4"},
        Refusal{"NoShape", with_entry(R"({"dtype":"I8","data_offsets":[0,8]})"), "no shape"},
        Refusal{"ShapeIsNoArray", with_entry(R"({"dtype":"I8","shape":8,"data_offsets":[0,8]})"),
                "shape 8"},
        Refusal{"TooManySides",
                with_entry(R"({"dtype":"I8","shape":[1,1,1,1,1,1,1,1,8],"data_offsets":[0,8]})"),
                "array of up to 8"},
        Refusal{"NegativeSide", with_entry(R"({"dtype":"I8","shape":[-8],"data_offsets":[0,8]})"),
                "-8 in its shape"},
        Refusal{"FractionalSide",
                with_entry(R"({"dtype":"I8","shape":[8.0],"data_offsets":[0,8]})"),
                "8.0 in its shape"},
        Refusal{"SideAsText", with_entry(R"({"dtype":"I8","shape":["8"],"data_offsets":[0,8]})"),
                "\"8\" in its shape"},
        Refusal{"SideOver63Bits",
                with_entry(R"({"dtype":"I8","shape":[18446744073709551615],"data_offsets":[0,8]})"),
                "18446744073709551615 in its shape"},
        Refusal{"ProductOverflows",
                with_entry(R"({"dtype":"I8","shape":[4294967296,4294967296,8],)"
                           R"("data_offsets":[0,8]})"),
                "larger than any file"},
        Refusal{"ProductOverflowsBeforeZero",
                with_entry(R"({"dtype":"F32","shape":[4294967296,4294967296,0],)"
                           R"("data_offsets":[0,0]})"),
                "larger than any file"},
        Refusal{"NoOffsets", with_entry(R"({"dtype":"I8","shape":[8]})"), "no data_offsets"},
        Refusal{"OneOffset", with_entry(R"({"dtype":"I8","shape":[8],"data_offsets":[8]})"),
                "data_offsets [8]"},
        Refusal{"NegativeOffset", with_entry(R"({"dtype":"I8","shape":[8],"data_offsets":[-8,0]})"),
                "data_offsets [-8,0]"},
        Refusal{"OffsetsBackwards",
                with_entry(R"({"dtype":"I8","shape":[8],"data_offsets":[8,0]})"),
                "data_offsets [8,0]"},
        Refusal{"OffsetPastTheEnd",
                with_entry(R"({"dtype":"I8","shape":[9],"data_offsets":[0,9]})"),
                "has 8 bytes of data"},
        Refusal{"SizeIsNotTheShapes",
                with_entry(R"({"dtype":"F32","shape":[1],"data_offsets":[0,8]})"),
                "has 8 bytes, but its shape [1] of F32 takes 4"},
        Refusal{"NotAligned",
                file_bytes(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} )", 8),
                "not a multiple of its element size 4"},
        Refusal{"LongNameIsCut", file_bytes("{\"" + std::string(100000, 'n') + "\":7}", 0),
                "nnn... is 7"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Safetensors, TooManyValuesAreRefusedBeforeMemoryRunsOut) {
  const TemporaryDirectory directory;
  std::string header = "{\"t\":[0";
  for (int i = 0; i < 500000; ++i)
    header += ",0";
  const auto file =
      SafetensorsFile::open(directory.write("many.safetensors", file_bytes(header + "]}", 0)));
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().message.find("more than 500000 values"), std::string::npos);
}

TEST(Safetensors, FileCutAnywhereIsRefused) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(write_sample(directory.file("sample.safetensors")).ok());
  const std::string bytes = directory.read("sample.safetensors");
  for (size_t length = 0; length < bytes.size(); ++length) {
    const std::string path = directory.write("cut.safetensors", bytes.substr(0, length));
    EXPECT_FALSE(SafetensorsFile::open(path).ok()) << "cut to " << length << " bytes";
  }
}

TEST(Safetensors, NoDamagedHeaderByteLeadsOutsideTheFile) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(write_sample(directory.file("sample.safetensors")).ok());
  const std::string bytes = directory.read("sample.safetensors");
  const size_t header_end = bytes.rfind('}') + 1;
  for (size_t at = 0; at < header_end; ++at) {
    for (int mask : {0x01, 0x02, 0x10, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ mask);
      const auto file = SafetensorsFile::open(directory.write("bad.safetensors", damaged));
      if (file.ok())
        expect_consistent(file.value(), damaged.size());
    }
  }
}

TEST(Safetensors, NoRandomDamageLeadsOutsideTheFile) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(write_sample(directory.file("sample.safetensors")).ok());
  const std::string bytes = directory.read("sample.safetensors");
  Mutator mutator(1);
  for (int i = 0; i < 3000; ++i) {
    const std::string damaged = mutator.mutate(bytes);
    const auto file = SafetensorsFile::open(directory.write("bad.safetensors", damaged));
    if (file.ok())
      expect_consistent(file.value(), damaged.size());
  }
}

}  // namespace
}  // namespace jetsoncaption
