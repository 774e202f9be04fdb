// A sidecar's memory by itself: when it is too much, and how long it is away.
#include <gtest/gtest.h>

#include "models/mesh/sidecar_memory.hpp"

namespace tailrace::models {
namespace {

constexpr std::int64_t kS = 1'000'000'000;

TEST(SidecarMemory, IsTooMuchOneConnectionOverTheLimit) {
  SidecarMemory m({40e6, 1e6, 42e6, {kS}, {10 * kS}});
  m.opened(), m.opened();
  EXPECT_FALSE(m.must_die());
  m.opened();
  EXPECT_TRUE(m.must_die());
  m.closed();
  EXPECT_FALSE(m.must_die());
  EXPECT_DOUBLE_EQ(m.gauge(), 43e6 / (1024 * 1024));  // the most it had
}

// A second; then ten more, twenty, ... up to five minutes; after ten minutes of running a second again.
TEST(SidecarMemory, ComesBackLaterEachTimeUntilItHasRunLongEnough) {
  SidecarMemory m({40e6, 1e6, 42e6, {kS}, {10 * kS}});
  std::int64_t now = 0;
  for (const std::int64_t backoff : {0, 10, 20, 40, 80, 160, 300, 300}) {
    const sim::Duration away = m.killed({now});
    EXPECT_EQ(away.ns, (1 + backoff) * kS);
    EXPECT_FALSE(m.must_die());
    now += away.ns;
    m.restarted({now});
    now += 60 * kS;
  }
  now += 540 * kS;
  EXPECT_EQ(m.killed({now}).ns, kS);
}

}  // namespace
}  // namespace tailrace::models
