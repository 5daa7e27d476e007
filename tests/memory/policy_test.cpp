// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of what is done about a lack of memory: when, in which order, and how it is taken back.
#include "memory/policy.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
// Of memory that is left, where a test is about use.
constexpr uint64_t kPlenty = 1 << 30;

MemoryReading reading_of(uint64_t used, uint64_t available = kPlenty) {
  MemoryReading reading;
  reading.used_bytes = used;
  reading.available_bytes = available;
  reading.is_available_known = true;
  return reading;
}

MemoryLimits limits_to(MemoryStep furthest, uint64_t threshold = 1000, uint64_t reserve = 0) {
  MemoryLimits limits;
  limits.threshold_bytes = threshold;
  limits.reserve_bytes = reserve;
  limits.furthest = furthest;
  limits.is_greedy = false;
  return limits;
}

// A policy with a clock of its own.
class Watched {
 public:
  explicit Watched(const MemoryLimits& first_limits) : limits(first_limits) {}

  MemoryDecision at(int ms, const MemoryReading& reading) {
    return policy_.update(reading, limits, MemoryLadder::TimePoint() + milliseconds(ms));
  }
  MemoryStep step() const { return policy_.step(); }

  MemoryLimits limits;

 private:
  MemoryPolicy policy_;
};

struct Moment {
  int ms;
  uint64_t value;  // used or available
  MemoryStep step;
};

void expect_steps(Watched& watched, const std::vector<Moment>& moments, MemoryCause cause) {
  for (const Moment& moment : moments) {
    SCOPED_TRACE("at " + std::to_string(moment.ms) + " ms, " + std::to_string(moment.value));
    const MemoryStep before = watched.step();
    const MemoryDecision decision =
        watched.at(moment.ms, cause == MemoryCause::Use ? reading_of(moment.value)
                                                        : reading_of(0, moment.value));
    EXPECT_EQ(decision.before, before);
    EXPECT_EQ(decision.step, moment.step);
    const MemoryNews expected = moment.step > before   ? MemoryNews::Worse
                                : moment.step < before ? MemoryNews::Better
                                                       : MemoryNews::None;
    EXPECT_EQ(cause == MemoryCause::Use ? decision.use : decision.reserve, expected);
    EXPECT_EQ(cause == MemoryCause::Use ? decision.reserve : decision.use, MemoryNews::None);
  }
}

TEST(MemoryPolicy, DoesNothingUpToTheThreshold) {
  Watched watched(limits_to(MemoryStep::Unload));
  expect_steps(watched, {{0, 0, MemoryStep::None}, {5000, 1000, MemoryStep::None}},
               MemoryCause::Use);
}

TEST(MemoryPolicy, ReportsOnceUntilUseFallsWellBelowTheThreshold) {
  for (const MemoryStep step : {MemoryStep::Warn, MemoryStep::Trim}) {
    Watched watched(limits_to(step));
    expect_steps(watched,
                 {{0, 1001, step},
                  {200, 1200, step},   // already reported
                  {5000, 950, step},   // not low enough to arm again
                  {9000, 1001, step},  // not armed
                  {9001, 901, step},
                  {9002, 900, MemoryStep::None},
                  {9003, 800, MemoryStep::None},  // already reported
                  {9004, 1001, step}},            // armed again
                 MemoryCause::Use);
  }
}

TEST(MemoryPolicy, GoesFurtherByOneStepEveryTwoSecondsWhileUseIsAboveTheThreshold) {
  Watched watched(limits_to(MemoryStep::Unload));
  expect_steps(watched,
               {{0, 1001, MemoryStep::Trim},
                {1999, 1100, MemoryStep::Trim},
                {2000, 1100, MemoryStep::SlowDown},
                {3999, 1100, MemoryStep::SlowDown},
                {4000, 1100, MemoryStep::Greedy},
                {4500, 950, MemoryStep::Greedy},  // below the threshold, but not by much
                {9000, 950, MemoryStep::Greedy},
                {9001, 1001, MemoryStep::Greedy},
                {11000, 1001, MemoryStep::Greedy},
                {11001, 1001, MemoryStep::Pause},
                {13001, 1001, MemoryStep::Unload},
                {99999, 1001, MemoryStep::Unload}},
               MemoryCause::Use);
}

TEST(MemoryPolicy, GoesBackByOneStepEveryTwoSecondsWhileUseIsLow) {
  Watched watched(limits_to(MemoryStep::Unload));
  watched.at(0, reading_of(5000));
  expect_steps(watched,
               {{100, 900, MemoryStep::Unload},
                {2000, 900, MemoryStep::Pause},
                {3999, 900, MemoryStep::Pause},
                {4000, 900, MemoryStep::Greedy},
                {6000, 900, MemoryStep::SlowDown},
                {8000, 950, MemoryStep::SlowDown},
                {8001, 900, MemoryStep::None}},  // what was trimmed cannot be taken back
               MemoryCause::Use);
}

TEST(MemoryPolicy, TurnsRoundOnTheWayBack) {
  Watched watched(limits_to(MemoryStep::Unload));
  watched.at(0, reading_of(5000));
  expect_steps(watched,
               {{2000, 900, MemoryStep::Pause},
                {2500, 1001, MemoryStep::Pause},
                {4499, 1001, MemoryStep::Pause},
                {4500, 1001, MemoryStep::Unload},
                {6499, 900, MemoryStep::Unload},
                {6500, 900, MemoryStep::Pause}},
               MemoryCause::Use);
}

// What lives just below the limit crosses it now and then, for a month.
TEST(MemoryPolicy, IsNotLedFurtherBySingleReadingsAboveTheThreshold) {
  Watched watched(limits_to(MemoryStep::Unload));
  std::vector<Moment> moments = {{0, 1001, MemoryStep::Trim}, {170, 950, MemoryStep::Trim}};
  for (int hour = 1; hour < 10; ++hour) {
    moments.push_back({hour * 3600000, 1001, MemoryStep::Trim});
    moments.push_back({hour * 3600000 + 170, 950, MemoryStep::Trim});
  }
  moments.push_back({36000000, 1001, MemoryStep::Trim});
  moments.push_back({36001999, 1001, MemoryStep::Trim});
  moments.push_back({36002000, 1001, MemoryStep::SlowDown});
  expect_steps(watched, moments, MemoryCause::Use);
}

// With its model a program may need just about what it may have: without captions for ever it would
// keep both limits and be of no use.
TEST(MemoryPolicy, GoesBackStepByStepWhereUseSettlesBelowTheThreshold) {
  Watched watched(limits_to(MemoryStep::Unload));
  watched.at(0, reading_of(5000));
  expect_steps(watched,
               {{1000, 950, MemoryStep::Unload},
                {60999, 950, MemoryStep::Unload},
                {61000, 950, MemoryStep::Pause},
                {120999, 950, MemoryStep::Pause},
                {121000, 950, MemoryStep::Greedy},
                {181000, 950, MemoryStep::SlowDown},
                {241000, 950, MemoryStep::Trim},
                {999000, 950, MemoryStep::Trim}},  // and tells when it is well inside
               MemoryCause::Use);
}

TEST(MemoryPolicy, WaitsTwiceAsLongBeforeItTriesAgainWhatWasTooMuch) {
  Watched watched(limits_to(MemoryStep::Unload));
  watched.at(0, reading_of(5000));
  watched.at(1000, reading_of(950));
  expect_steps(watched,
               {{61000, 950, MemoryStep::Pause},
                {62000, 1001, MemoryStep::Pause},
                {64000, 1001, MemoryStep::Unload},
                {65000, 950, MemoryStep::Unload},
                {184999, 950, MemoryStep::Unload},
                {185000, 950, MemoryStep::Pause},
                {186000, 1300, MemoryStep::Unload},
                {187000, 950, MemoryStep::Unload},
                {426999, 950, MemoryStep::Unload},
                {427000, 950, MemoryStep::Pause}},
               MemoryCause::Use);
}

// A neighbour with a buffer of its own that comes and goes each second.
TEST(MemoryPolicy, IsSoonSilentAboutUseThatSwings) {
  for (const int period_ms : {200, 2000, 30000}) {
    SCOPED_TRACE(period_ms);
    Watched watched(limits_to(MemoryStep::Trim));
    int news = 0;
    constexpr int kHourMs = 3600000;
    for (int ms = 0; ms < kHourMs; ms += period_ms / 2) {
      const bool is_high = ms / (period_ms / 2) % 2 == 0;
      if (watched.at(ms, reading_of(is_high ? 1001 : 800)).use != MemoryNews::None)
        ++news;
    }
    EXPECT_LE(news, 20);
    // When it is over, that is told, and a single crossing much later is as the first.
    EXPECT_EQ(watched.at(2 * kHourMs, reading_of(800)).step, MemoryStep::None);
    EXPECT_EQ(watched.at(3 * kHourMs, reading_of(1001)).step, MemoryStep::Trim);
    EXPECT_EQ(watched.at(3 * kHourMs + 1, reading_of(800)).step, MemoryStep::None);
  }
}

TEST(MemoryPolicy, GivesCaptionsBackAlsoWhileItIsSilentAboutUseThatSwings) {
  Watched watched(limits_to(MemoryStep::Unload));
  int ms = 0;
  for (int i = 0; i < 20; ++i, ms += 2)
    watched.at(ms, reading_of(i % 2 == 0 ? 1001 : 800));
  const int begin = ms;
  for (; ms < begin + 2000; ms += 100)
    watched.at(ms, reading_of(1001));
  watched.at(ms, reading_of(1001));
  ASSERT_EQ(watched.step(), MemoryStep::SlowDown);
  watched.at(ms + 2000, reading_of(800));
  EXPECT_EQ(watched.step(), MemoryStep::Trim) << "not none, and nothing that takes captions away";
}

TEST(MemoryPolicy, LeavesOutTheSmallerSearchWhereThereIsNone) {
  Watched watched(limits_to(MemoryStep::Pause));
  watched.limits.is_greedy = true;
  expect_steps(watched,
               {{0, 1001, MemoryStep::Trim},
                {2000, 1001, MemoryStep::SlowDown},
                {4000, 1001, MemoryStep::Pause},
                {9000, 900, MemoryStep::SlowDown},
                {11000, 900, MemoryStep::None}},
               MemoryCause::Use);
}

TEST(MemoryPolicy, GoesAsFarAsItMayAtOnceWhereUseIsFarAboveTheThreshold) {
  for (const MemoryStep step :
       {MemoryStep::Warn, MemoryStep::Trim, MemoryStep::Pause, MemoryStep::Unload}) {
    Watched watched(limits_to(step));
    expect_steps(watched, {{0, 1251, step}, {1, 1251, step}, {9000, 1251, step}}, MemoryCause::Use);
  }
}

TEST(MemoryPolicy, NeverGoesFurtherThanItMay) {
  for (const MemoryStep step :
       {MemoryStep::Warn, MemoryStep::Trim, MemoryStep::Pause, MemoryStep::Unload}) {
    Watched watched(limits_to(step));
    for (int ms = 0; ms < 60000; ms += 100)
      watched.at(ms, reading_of(1100));
    EXPECT_EQ(watched.step(), step);
  }
}

TEST(MemoryPolicy, GoesBackAtOnceToWhatIsStillAllowed) {
  Watched watched(limits_to(MemoryStep::Unload));
  watched.at(0, reading_of(5000));
  watched.limits.furthest = MemoryStep::Warn;
  EXPECT_EQ(watched.at(1, reading_of(5000)).step, MemoryStep::Warn);
}

TEST(MemoryPolicy, EndsAtOnceWithTheThreshold) {
  Watched watched(limits_to(MemoryStep::Unload));
  watched.at(0, reading_of(5000));
  watched.limits.threshold_bytes = 0;
  const MemoryDecision decision = watched.at(1, reading_of(5000));
  EXPECT_EQ(decision.step, MemoryStep::None);
  EXPECT_EQ(decision.use, MemoryNews::Better);
}

TEST(MemoryPolicy, FollowsTheThreshold) {
  Watched watched(limits_to(MemoryStep::Trim, 2000));
  EXPECT_EQ(watched.at(0, reading_of(1001)).step, MemoryStep::None);
  watched.limits.threshold_bytes = 1000;
  EXPECT_EQ(watched.at(1, reading_of(1001)).step, MemoryStep::Trim);
  watched.limits.threshold_bytes = 2000;
  EXPECT_EQ(watched.at(2, reading_of(1001)).step, MemoryStep::None);
}

TEST(MemoryPolicy, TakesZeroForNoLimit) {
  Watched watched(limits_to(MemoryStep::Unload, 0, 0));
  EXPECT_EQ(watched.at(0, reading_of(kMost, 0)).step, MemoryStep::None);
}

TEST(MemoryPolicy, DoesTheSameWhereTheSystemHasLittleLeft) {
  Watched watched(limits_to(MemoryStep::Unload, 0, 1000));
  expect_steps(watched,
               {{0, 1000, MemoryStep::None},
                {1, 999, MemoryStep::Trim},
                {2000, 999, MemoryStep::Trim},
                {2001, 500, MemoryStep::SlowDown},
                {2002, 499, MemoryStep::Unload},  // no time is left
                {9000, 1249, MemoryStep::Unload},
                {9001, 1250, MemoryStep::Pause}},
               MemoryCause::Reserve);
}

TEST(MemoryPolicy, LooksAtNoReserveWhereNobodyKnowsWhatIsLeft) {
  Watched watched(limits_to(MemoryStep::Unload, 0, 1000));
  EXPECT_EQ(watched.at(0, MemoryReading()).step, MemoryStep::None);
  EXPECT_EQ(watched.at(1, reading_of(0, 0)).step, MemoryStep::Unload) << "known, and none";
  EXPECT_EQ(watched.at(2, MemoryReading()).step, MemoryStep::None);
}

TEST(MemoryPolicy, DoesWhatTheWorseLimitAsksAndReportsBothCrossings) {
  Watched watched(limits_to(MemoryStep::Unload, 1000, 1000));
  watched.at(0, reading_of(0, 100));
  MemoryDecision decision = watched.at(1, reading_of(1100, 100));
  EXPECT_EQ(decision.step, MemoryStep::Unload);
  EXPECT_EQ(decision.use, MemoryNews::Worse) << "this limit is broken too";
  EXPECT_EQ(decision.reserve, MemoryNews::None);

  decision = watched.at(2001, reading_of(1100, 100));
  EXPECT_EQ(decision.use, MemoryNews::None) << "a step that was taken before";

  decision = watched.at(2500, reading_of(1000, 5000));
  EXPECT_EQ(decision.step, MemoryStep::Pause);
  EXPECT_EQ(decision.reserve, MemoryNews::Better);
  decision = watched.at(9000, reading_of(1000, 5000));
  decision = watched.at(19000, reading_of(1000, 5000));
  decision = watched.at(29000, reading_of(1000, 5000));
  EXPECT_EQ(decision.reserve, MemoryNews::Better) << "this limit is kept again";
  EXPECT_EQ(decision.step, MemoryStep::SlowDown) << "the other one is not";
}

TEST(MemoryShortage, OfTheSystemIsAlsoThatAllProgramsWait) {
  const auto with_stalls = [](double percent, uint64_t available) {
    MemoryReading reading = reading_of(0, available);
    reading.stalled_percent = percent;
    return shortage_of(MemoryCause::Reserve, reading, limits_to({}, 0, 1000));
  };
  EXPECT_EQ(with_stalls(9.99, 5000), MemoryShortage::Low);
  EXPECT_EQ(with_stalls(10, 5000), MemoryShortage::Near);
  EXPECT_EQ(with_stalls(20, 5000), MemoryShortage::Exceeded);
  EXPECT_EQ(with_stalls(0, 999), MemoryShortage::Exceeded);
  EXPECT_EQ(with_stalls(100, 499), MemoryShortage::Dangerous);
}

TEST(MemoryTotals, OfASmallBoardWantSwap) {
  const auto lacks = [](uint64_t total_mb, uint64_t swap_mb) {
    return lacks_swap({total_mb << 20, swap_mb << 20});
  };
  EXPECT_TRUE(lacks(3964, 0));
  EXPECT_TRUE(lacks(4096, 0));
  EXPECT_FALSE(lacks(3964, 1982));
  EXPECT_FALSE(lacks(7900, 0));
  EXPECT_FALSE(lacks(0, 0)) << "nobody knows";
}

struct Case {
  uint64_t value;
  uint64_t limit;
  MemoryShortage shortage;
};

TEST(MemoryShortage, OfUseIsMeasuredInSharesOfTheThreshold) {
  for (const Case& c : std::vector<Case>{{0, 0, MemoryShortage::Off},
                                         {kMost, 0, MemoryShortage::Off},
                                         {0, 1000, MemoryShortage::Low},
                                         {900, 1000, MemoryShortage::Low},
                                         {901, 1000, MemoryShortage::Near},
                                         {1000, 1000, MemoryShortage::Near},
                                         {1001, 1000, MemoryShortage::Exceeded},
                                         {1250, 1000, MemoryShortage::Exceeded},
                                         {1251, 1000, MemoryShortage::Dangerous},
                                         {1, 1, MemoryShortage::Low},
                                         {2, 1, MemoryShortage::Dangerous},
                                         {kMost, kMost - 1, MemoryShortage::Exceeded},
                                         {kMost / 2, kMost - 1, MemoryShortage::Low}}) {
    EXPECT_EQ(shortage_of(MemoryCause::Use, reading_of(c.value), limits_to({}, c.limit)),
              c.shortage)
        << c.value << " of " << c.limit;
  }
}

TEST(MemoryShortage, OfTheSystemIsMeasuredInSharesOfTheReserve) {
  for (const Case& c : std::vector<Case>{{0, 0, MemoryShortage::Off},
                                         {1250, 1000, MemoryShortage::Low},
                                         {kMost, 1000, MemoryShortage::Low},
                                         {1249, 1000, MemoryShortage::Near},
                                         {1000, 1000, MemoryShortage::Near},
                                         {999, 1000, MemoryShortage::Exceeded},
                                         {500, 1000, MemoryShortage::Exceeded},
                                         {499, 1000, MemoryShortage::Dangerous},
                                         {0, 1000, MemoryShortage::Dangerous},
                                         {0, kMost, MemoryShortage::Dangerous},
                                         {kMost, kMost, MemoryShortage::Near}}) {
    EXPECT_EQ(shortage_of(MemoryCause::Reserve, reading_of(0, c.value), limits_to({}, 0, c.limit)),
              c.shortage)
        << c.value << " of " << c.limit;
  }
}

}  // namespace
}  // namespace jetsoncaption
