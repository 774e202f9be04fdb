// Closed forms of producer batching and of partitions as queues. Poisson arrivals and exponential handlers
// come from streams of the test.
#include <functional>

#include "event_log_world.hpp"
#include "sim/base/math.hpp"

namespace tailrace::models::event_log {
namespace {

std::int64_t exponential(sim::Stream& s, double mean_ns) {
  return sim::Duration::from_ns(-mean_ns * sim::math::log(1 - s.uniform())).ns;
}

// n publications at the rate, each `made` by the test.
void poisson(LogWorld& w, double per_s, std::uint64_t n, const std::function<void()>& made) {
  sim::Stream arrivals(1, 0, "shop", "arrivals");
  std::int64_t at = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    at += exponential(arrivals, 1e9 / per_s);
    w.host.run_until(at);
    made();
  }
}

struct Batching {
  double per_s, size_mean, delay_mean_s;
};
Batching batching(const LogSettings& s, double per_s) {
  LogWorld w(s);
  const std::uint64_t n = 400'000;
  poisson(w, per_s, n, [&] { w.publish(); });
  const double seconds = static_cast<double>(w.host.now()) * 1e-9;
  const std::vector<std::int64_t>& delays = w.host.times[{ChannelTime::batching, kNobody}];
  double sum = 0;
  for (const std::int64_t d : delays) sum += static_cast<double>(d) * 1e-9;
  const auto batches = static_cast<double>(w.channel->record().counts.batches);
  return {batches / seconds, static_cast<double>(delays.size()) / batches,
          sum / static_cast<double>(delays.size())};
}

TEST(EventLogTheory, BatchByCountWaitsHalfABatch) {
  LogSettings s = topic(1);
  s.linger = kNever;
  s.batch_size = 20;
  const Batching b = batching(s, 100);
  EXPECT_NEAR(b.delay_mean_s, 0.095, 0.01 * 0.095);  // (B - 1) / (2 lambda) = 19 / 200
  EXPECT_NEAR(b.per_s, 5, 0.05);                     // lambda / B
}

TEST(EventLogTheory, LingerAloneIsARenewalCycle) {
  LogSettings s = topic(1);
  s.linger = 20 * kMs;
  const Batching b = batching(s, 200);
  EXPECT_NEAR(b.size_mean, 5, 0.05);                 // 1 + lambda T
  EXPECT_NEAR(b.per_s, 40, 0.4);                     // 1 / (T + 1 / lambda)
  EXPECT_NEAR(b.delay_mean_s, 0.012, 0.01 * 0.012);  // (T + lambda T^2 / 2) / (1 + lambda T)
}

// A batch's first message is followed by a Poisson process until T, or until the fourth. With Q_k the
// probability that more than k come in T, k = 0 to 3: its size is 1 + sum Q_k on average. While it has k + 1
// messages they wait for Q_k / lambda on average, so their delays together are sum (k + 1) Q_k / lambda.
TEST(EventLogTheory, LingerOrCountWhicheverComesFirst) {
  LogSettings s = topic(1);
  s.linger = 40 * kMs;
  s.batch_size = 5;
  const Batching b = batching(s, 120);
  double size = 1, delays_s = 0;
  double at_most = 0, term = sim::math::exp(-120 * 0.04);
  for (int k = 0; k < 4; ++k) {
    at_most += term;  // k in T
    term *= 120 * 0.04 / (k + 1);
    size += 1 - at_most;
    delays_s += (k + 1) * (1 - at_most) / 120;
  }
  EXPECT_NEAR(b.size_mean, size, 0.01 * size);                           // 4.507
  EXPECT_NEAR(b.per_s, 120 / size, 0.01 * 120 / size);                   // 26.62
  EXPECT_NEAR(b.delay_mean_s, delays_s / size, 0.01 * delays_s / size);  // 15.33 ms
}

TEST(EventLogTheory, EachOfEightPartitionsIsAnMM1) {
  LogSettings s = topic(8);
  s.groups = {group(8)};
  LogWorld w(s);
  sim::Stream keys(1, 0, "shop", "keys"), work(1, 0, "mailers", "service");
  double time_sum = 0, busy_ns = 0;
  std::uint64_t done = 0;
  w.host.handling = [&](const FakeHost::Started& started) {
    const std::int64_t ns = exponential(work, 1e7);
    time_sum += static_cast<double>(w.host.now() + ns - started.messages[0].born) * 1e-9;
    busy_ns += static_cast<double>(ns);
    ++done;
    return std::pair{ns, Outcome::success};
  };
  const std::uint64_t n = 500'000;
  poisson(w, 480, n, [&] { w.publish(keys.next()); });
  const auto end = static_cast<double>(w.host.now());
  // rho = 480 / 8 * 0.01 = 0.6; T = 0.01 / (1 - rho) = 25 ms; L = 8 rho / (1 - rho) = 12.
  EXPECT_NEAR(time_sum / static_cast<double>(done), 0.025, 0.03 * 0.025);
  double lag = 0;
  for (const PlaceCounts& p : w.channel->record().places) lag += static_cast<double>(p.area) / end;
  EXPECT_NEAR(lag, 12, 0.03 * 12);
  EXPECT_NEAR(busy_ns / end / 8, 0.6, 0.02 * 0.6);
  w.check();
}

TEST(EventLogTheory, LagGrowsByWhatConsumersCannotDo) {
  LogSettings s = topic(8);
  s.groups = {group(4)};
  LogWorld w(s);
  sim::Stream keys(1, 0, "shop", "keys"), work(1, 0, "mailers", "service");
  w.host.handling = [&](const FakeHost::Started&) {
    return std::pair{exponential(work, 5e6), Outcome::success};
  };
  poisson(w, 1000, 100'000, [&] { w.publish(keys.next()); });
  const double seconds = static_cast<double>(w.host.now()) * 1e-9;
  EXPECT_NEAR(static_cast<double>(w.channel->depth(0)), (1000 - 4 * 200) * seconds, 0.04 * 200 * seconds);
  EXPECT_NEAR(static_cast<double>(w.ended(Fate::consumed)) / seconds, 800, 8);
  w.check();
}

TEST(EventLogTheory, AHotKeyHasTheRateOfOnePartition) {
  LogSettings s = topic(8);
  s.groups = {group(8)};
  LogWorld w(s);
  w.handle_in(10 * kMs);
  poisson(w, 400, 40'000, [&] { w.publish(7); });
  const double seconds = static_cast<double>(w.host.now()) * 1e-9;
  EXPECT_NEAR(static_cast<double>(w.ended(Fate::consumed)) / seconds, 100,
              1);  // 1 / 10 ms, however many instances
}

TEST(EventLogTheory, RetentionBoundsTheLag) {
  LogSettings s = topic(1);
  s.groups = {group(1)};
  s.groups[0].max_poll_records = 1;
  s.retention = 2 * kSecond;
  LogWorld w(s);
  w.handle_in(20 * kMs);
  poisson(w, 100, 20'000, [&] { w.publish(); });
  // Half is never read: lambda - mu = 50 per s. What is read is 2 s old, so the lag is lambda times that.
  EXPECT_NEAR(static_cast<double>(w.channel->depth(0)), 200, 50);
  EXPECT_NEAR(static_cast<double>(w.ended(Fate::expired)) / 20'000, 0.5, 0.02);
  EXPECT_LE(w.host.now() - w.channel->oldest_born(0), 2 * kSecond + 20 * kMs);
  w.check();
}

}  // namespace
}  // namespace tailrace::models::event_log
