// SPDX-License-Identifier: LGPL-2.1-or-later
// The main of every test: when each of its cases was skipped, the test was skipped and not passed.
#include <gtest/gtest.h>

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;  // by this exit status meson knows it
  testing::InitGoogleTest(&argc, argv);
  const int status = RUN_ALL_TESTS();
  const testing::UnitTest& test = *testing::UnitTest::GetInstance();
  const bool all_skipped = test.skipped_test_count() > 0 && test.successful_test_count() == 0;
  return status == 0 && all_skipped ? kSkipped : status;
}
