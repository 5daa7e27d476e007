// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of returning a value or the error that kept it from being made.
#include "base/result.h"

#include <memory>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

const Error kMissing{ErrorKind::NotFound, "models/x is missing; name a directory that exists."};

Result<int> half(int number) {
  if (number % 2 != 0)
    return Error{ErrorKind::InvalidArgument,
                 std::to_string(number) + " is odd; use an even number."};
  return number / 2;
}

Result<void> check(bool good) {
  if (!good)
    return kMissing;
  return {};
}

TEST(Result, HoldsTheValue) {
  const Result<int> result = half(4);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result.value(), 2);
}

TEST(Result, HoldsTheError) {
  const Result<int> result = half(3);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::InvalidArgument);
  EXPECT_EQ(result.error().message, "3 is odd; use an even number.");
}

TEST(Result, ValueCanBeChangedInPlace) {
  Result<std::string> result(std::string("dog"));
  result.value() += "s";
  EXPECT_EQ(result.value(), "dogs");
}

TEST(Result, ValueThatCannotBeCopiedIsMovedOut) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> taken = std::move(result.value());
  EXPECT_EQ(*taken, 7);
  EXPECT_FALSE(std::is_copy_constructible<Result<std::unique_ptr<int>>>::value);
}

TEST(Result, ErrorIsHandedOnAsAnotherResult) {
  const auto outer = []() -> Result<std::string> {
    const Result<int> inner = half(5);
    if (!inner.ok())
      return inner.error();
    return std::to_string(inner.value());
  }();
  ASSERT_FALSE(outer.ok());
  EXPECT_EQ(outer.error().message, "5 is odd; use an even number.");
}

TEST(ResultOfNothing, IsGoodUnlessThereIsAnError) {
  EXPECT_TRUE(check(true).ok());
  EXPECT_TRUE(Result<void>().ok());
}

TEST(ResultOfNothing, HoldsTheError) {
  const Result<void> result = check(false);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(result.error().message, kMissing.message);
}

#ifndef NDEBUG
TEST(ResultDeathTest, AskingForWhatIsNotThereIsABug) {
  EXPECT_DEATH(half(3).value(), "ok");
  EXPECT_DEATH(static_cast<void>(half(4).error()), "ok");
  EXPECT_DEATH(static_cast<void>(check(true).error()), "ok");
}
#endif

TEST(Error, KindsKeepTheNumbersOfTheEngineApi) {
  EXPECT_EQ(static_cast<int>(ErrorKind::NotFound), 1);
  EXPECT_EQ(static_cast<int>(ErrorKind::InvalidArgument), 2);
  EXPECT_EQ(static_cast<int>(ErrorKind::CorruptModel), 3);
  EXPECT_EQ(static_cast<int>(ErrorKind::OutOfMemory), 4);
  EXPECT_EQ(static_cast<int>(ErrorKind::Unsupported), 5);
  EXPECT_EQ(static_cast<int>(ErrorKind::Cancelled), 6);
  EXPECT_EQ(static_cast<int>(ErrorKind::Internal), 7);
}

}  // namespace
}  // namespace jetsoncaption
