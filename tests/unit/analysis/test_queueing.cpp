// The closed forms against numbers that can be derived on paper or that a second, independent method gives.
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/queueing/formulas.hpp"
#include "tests/unit/analysis/expect_close.hpp"

namespace tailrace::analysis {
namespace {

TEST(Queueing, Mm1ResponseIsExponentialWithTheSpareRate) {
  // mu - lambda = 100 - 80 = 20/s: mean 1/20 s, p99 = ln(100)/20.
  const QueueMeans m = mm1(80, 0.01);
  expect_close(m.response_mean_s, 0.05);
  expect_close(m.in_system_mean, 4);
  expect_close(m.wait_probability, 0.8);
  expect_close(mm1_response_quantile(80, 0.01, 0.99), std::log(100.0) / 20);
  expect_close(mmc_response_quantile(80, 0.01, 1, 0.99), std::log(100.0) / 20);
}

TEST(Queueing, ErlangCOfTenServersAtEightyPercent) {
  const QueueMeans m = mmc(80, 0.1, 10);
  expect_close(m.wait_probability, 0.4091802);
  expect_close(m.wait_mean_s, 0.02045901);
  expect_close(mmc_wait_quantile(80, 0.1, 10, 0.95), 0.1051066);
  expect_close(mmc_response_quantile(80, 0.1, 10, 0.5), 0.09121446);
  expect_close(mmc_response_quantile(80, 0.1, 10, 0.99), 0.4946111);
  EXPECT_EQ(mmc_wait_quantile(80, 0.1, 10, 0.5), 0);  // 59 % do not wait at all
  expect_close(mmc_wait_tail(80, 0.1, 10, 0), 0.4091802);
  expect_close(mmc_wait_tail(80, 0.1, 10, 0.1051066), 0.05, 1e-5);
  expect_close(mmc(15, 0.1, 2).wait_probability, 0.6428571);
  expect_close(mmc_response_quantile(15, 0.1, 2, 0.99), 0.9709503);
}

TEST(Queueing, ResponseTailIsSmoothWhereTheTwoRatesMeet) {
  // With c mu - lambda = mu the hypoexponential degenerates to an Erlang; its neighbours must agree.
  const double at = mmc_response_tail(10, 0.1, 2, 0.3);
  expect_close(mmc_response_tail(10 * (1 + 1e-9), 0.1, 2, 0.3), at, 1e-7);
  // By hand: a = 1, c = 2: C = 1/3, tail = exp(-3) (1 + C * 10 * 0.3) = 2 exp(-3).
  expect_close(at, 2 * std::exp(-3.0), 1e-12);
}

TEST(Queueing, ErlangBIsStableForManyServers) {
  expect_close(erlang_b(7, 10), 0.07874088);
  EXPECT_EQ(erlang_b(3, 0), 1);
  expect_close(erlang_b(2, 1), 2.0 / 3);
  // Heavy overload: B -> 1 - c/a (fluid limit).
  EXPECT_NEAR(erlang_b(2e5, 100'000), 0.5, 1e-4);
  EXPECT_LT(erlang_b(10, 100'000), 1e-300);
}

TEST(Queueing, BoundedQueueRejectsAndKeepsLittlesLaw) {
  const LossMeans m = mm1k(90, 0.01, 10);
  expect_close(m.lost_fraction, 0.05081373);
  expect_close(m.in_system_mean, 3.969441);
  expect_close(m.response_mean_s, 0.04646601);
  expect_close(m.throughput_per_s, 85.42676);
  const LossMeans two = mmck(3, 0.25, 2, 3);
  expect_close(two.lost_fraction, 0.04936015);
  expect_close(two.wait_mean_s, 0.01730769);
  expect_close(two.utilization, 0.3564899);
  // States by hand: 1, .75, .28125, .10546875; accepted arrivals that wait see state 2: .28125 / 2.03125.
  expect_close(two.wait_probability, 0.28125 / 2.03125);
  expect_close(mmck(70, 0.1, 10, 10).lost_fraction, erlang_b(7, 10), 1e-12);
  // A large bound is the unbounded queue; twice the capacity loses half.
  expect_close(mmck(80, 0.1, 10, 2000).wait_mean_s, mmc(80, 0.1, 10).wait_mean_s, 1e-9);
  expect_close(mmck(80, 0.1, 10, 2000).wait_probability, mmc(80, 0.1, 10).wait_probability, 1e-9);
  expect_close(mm1k(200, 0.01, 5000).lost_fraction, 0.5, 1e-9);
}

TEST(Queueing, ImpatientCustomers) {
  const LossMeans m = erlang_a(105, 0.1, 10, 0.2);
  expect_close(m.lost_fraction, 0.1251248);
  expect_close(m.wait_probability, 0.6884875);
  expect_close(m.in_queue_mean, 2.627621);
  expect_close(m.throughput_per_s, 91.86189);
  expect_close(erlang_a(95, 0.01, 1, 0.1).lost_fraction, 0.1723767);
  // Almost endless patience: M/M/c below capacity, the fluid loss 1 - c mu / lambda above it.
  expect_close(erlang_a(80, 0.1, 10, 1e9).wait_mean_s, mmc(80, 0.1, 10).wait_mean_s, 1e-5);
  expect_close(erlang_a(200, 0.1, 10, 1e5).lost_fraction, 0.5, 1e-4);
  expect_close(erlang_a(80, 0.1, 10, 1e9).served_wait_s, mmc(80, 0.1, 10).wait_mean_s, 1e-5);
  // One server, as patient as it is fast: the number inside is Poisson, and who finds n waiting is served
  // with probability 1 / (n + 2), after 1/2 + ... + 1/(n + 2) service times.
  for (const double a : {0.7, 4.0}) {
    double weight = std::exp(-a), sum = 0, stages = 0;
    for (int n = 0; n < 100; ++n) {
      weight *= a / (n + 1);
      stages += 1.0 / (n + 2);
      sum += weight * stages / (n + 2);
    }
    const LossMeans one = erlang_a(a, 1, 1, 1);
    expect_close(one.served_wait_s, sum / (1 - one.lost_fraction), 1e-9);
  }
}

TEST(Queueing, AcquireTimeoutIsDeterministicPatience) {
  const LossMeans m = mmc_timeout(240, 0.02, 5, 0.05);
  expect_close(m.lost_fraction, 0.0460586);
  expect_close(m.wait_mean_s, 0.01942767);
  expect_close(m.throughput_per_s, 228.9459);
  // Those who gave up waited for 50 ms.
  expect_close(m.served_wait_s, (0.01942767 - 0.0460586 * 0.05) / (1 - 0.0460586), 1e-5);
  // No patience is Erlang B, endless patience M/M/c; the critical load is a removable singularity.
  expect_close(mmc_timeout(70, 0.1, 10, 0).lost_fraction, erlang_b(7, 10), 1e-12);
  expect_close(mmc_timeout(80, 0.1, 10, 100).wait_mean_s, mmc(80, 0.1, 10).wait_mean_s, 1e-9);
  expect_close(mmc_timeout(250, 0.02, 5, 0.05).wait_mean_s, mmc_timeout(250.001, 0.02, 5, 0.05).wait_mean_s,
               1e-4);
}

TEST(Queueing, PollaczekKhinchine) {
  expect_close(mg1(80, 0.01, 0).wait_mean_s, 0.02);
  expect_close(mg1(70, 0.01, 2.25).wait_mean_s, 0.03791667);
  expect_close(mg1(60, 0.01, 4).wait_mean_s, 0.0375);
  EXPECT_TRUE(
      std::isinf(mg1(60, 0.01, INFINITY).wait_mean_s));  // Pareto with alpha <= 2: stable, endless mean wait
  EXPECT_TRUE(mg1(60, 0.01, INFINITY).stable);
  EXPECT_EQ(mg1(0, 0.01, INFINITY).wait_mean_s, 0);
}

TEST(Queueing, NobodyWaitsForUnlimitedServers) {
  const QueueMeans m = mg_inf(50, 0.2);
  EXPECT_EQ(m.wait_mean_s, 0);
  EXPECT_EQ(m.response_mean_s, 0.2);
  expect_close(m.in_system_mean, 10, 1e-12);  // Little's law
  EXPECT_EQ(m.utilization, 0);
  EXPECT_TRUE(m.stable && m.exact);
}

TEST(Queueing, ConstantServiceWaitLaw) {
  expect_close(md1_wait_quantile(80, 0.01, 0.5), 0.0127594, 3e-6);
  expect_close(md1_wait_quantile(80, 0.01, 0.99), 0.1035589);
  // Erlang's first steps by hand: P(W <= t) = (1 - rho) exp(lambda t) for t < D.
  expect_close(md1_wait_cdf(80, 0.01, 0.005), 0.2 * std::exp(0.4), 1e-12);
  // The mean is the area above the cdf: Pollaczek-Khinchine again.
  double area = 0;
  for (int i = 0; i < 2000; ++i) area += (1 - md1_wait_cdf(50, 0.01, (i + 0.5) * 1e-4)) * 1e-4;
  expect_close(area, mg1(50, 0.01, 0).wait_mean_s, 1e-4);
}

TEST(Queueing, ApproximationsSayThatTheyAre) {
  EXPECT_TRUE(mgc_approx(80, 0.1, 1, 10).exact);
  EXPECT_FALSE(mgc_approx(80, 0.1, 0, 10).exact);
  expect_close(mgc_approx(80, 0.1, 0, 10).wait_mean_s, 0.02045901 / 2);
  EXPECT_TRUE(mgc_approx(80, 0.01, 3, 1).exact);
  EXPECT_FALSE(ggc_approx(80, 0, 0.01, 1, 1).exact);
  EXPECT_FALSE(fork_join(50, 0.01, 3).exact);
}

TEST(Queueing, ProcessorSharing) {
  expect_close(mgc_ps(80, 0.01, 1).response_mean_s, 0.05);
  expect_close(mgc_ps(320, 0.01, 4).response_mean_s, 0.01745541);
}

TEST(Queueing, GeneralArrivals) {
  const GM1 constant = gm1(80, laplace_constant(1.0 / 80), 0.01);
  expect_close(constant.wait_mean_s, 0.01692731);
  expect_close(constant.sigma, 0.6286298);
  expect_close(gm1_response_quantile(constant, 0.99), 0.1240048);
  expect_close(gm1(85, laplace_erlang(2, 1.0 / 85), 0.01).wait_mean_s, 0.04091027);
  expect_close(gm1(80, laplace_erlang(1, 1.0 / 80), 0.01).wait_mean_s, 0.04, 1e-9);  // Poisson: M/M/1
  expect_close(gm1(80, laplace_hyperexponential({1}, {1.0 / 80}), 0.01).wait_mean_s, 0.04, 1e-9);
  expect_close(gg1_wait_upper_bound(80, 2.25, 0.01, 4), 0.1503125);
  expect_close(gg1_wait_lower_bound(80, 0.01, 4), 0.05);
  EXPECT_LE(constant.wait_mean_s, gg1_wait_upper_bound(80, 0, 0.01, 1));
}

TEST(Queueing, Priorities) {
  const auto np = priority_nonpreemptive({{30, 0.01, 1}, {50, 0.01, 1}});
  expect_close(np[0].wait_mean_s, 0.01142857);
  expect_close(np[1].wait_mean_s, 0.05714286);
  // Kleinrock's conservation law: sum rho_i W_i is that of first come, first served.
  expect_close(0.3 * np[0].wait_mean_s + 0.5 * np[1].wait_mean_s, 0.8 * mm1(80, 0.01).wait_mean_s, 1e-12);
  const auto pr = priority_preemptive_resume({{40, 0.01, 1}, {40, 0.01, 1}});
  expect_close(pr[0].response_mean_s, 0.01666667);
  expect_close(pr[1].response_mean_s, 0.08333333);
  const auto starved = priority_preemptive_resume({{40, 0.01, 1}, {70, 0.01, 1}});
  EXPECT_TRUE(starved[0].stable);
  EXPECT_FALSE(starved[1].stable);
}

TEST(Queueing, ShortestJobFirst) {
  const auto exponential = [](double u) { return -0.01 * std::log1p(-u); };
  expect_close(sjf_mg1(80, 0.01, 1, exponential).wait_mean_s, 0.01882219, 1e-5);
  // All jobs alike: nothing to sort, Pollaczek-Khinchine. Two sizes: Cobham with the short ones first.
  expect_close(sjf_mg1(80, 0.01, 0, [](double) { return 0.01; }).wait_mean_s, 0.02, 1e-6);
  const auto two = [](double u) { return u < 0.5 ? 0.005 : 0.015; };
  const auto cobham = priority_nonpreemptive({{40, 0.005, 0}, {40, 0.015, 0}});
  expect_close(sjf_mg1(80, 0.01, 0.25, two).wait_mean_s, (cobham[0].wait_mean_s + cobham[1].wait_mean_s) / 2,
               1e-4);
}

TEST(Queueing, BatchesAndFanOut) {
  const QueueMeans batch = batch_mg1(14, 5, 25, 0.01, 1);
  expect_close(batch.response_mean_s, 0.1);
  expect_close(batch.in_system_mean, 7);
  expect_close(batch_mg1(80, 1, 1, 0.01, 1).response_mean_s, 0.05, 1e-12);
  // Batches of four constants of 4 ms, 40 per second: M/D/1 of 16 ms, and 1.5 others of the batch before one.
  expect_close(batch_mg1(40, 4, 16, 0.004, 0).wait_mean_s, 40 * 0.016 * 0.016 / (2 * 0.36) + 0.006, 1e-12);
  expect_close(fork_join(50, 0.01, 2).response_mean_s, 0.02875);
  expect_close(kth_exponential_mean(10, 10, 0.01), 0.02928968);
  expect_close(kth_exponential_mean(2, 3, 0.01), 0.008333333);
  expect_close(max_exponential_quantile(10, 0.01, 0.99), 0.06903237);
  expect_close(harmonic(10), 7381.0 / 2520);
}

TEST(Queueing, OverloadIsInfiniteAndNonsenseIsNan) {
  EXPECT_FALSE(mm1(100, 0.01).stable);
  EXPECT_TRUE(std::isinf(mm1(100, 0.01).wait_mean_s));
  EXPECT_TRUE(std::isinf(mmc_response_quantile(101, 0.01, 1, 0.5)));
  EXPECT_TRUE(std::isnan(mm1(-1, 0.01).wait_mean_s));
  EXPECT_TRUE(std::isnan(mmc(1, 0.01, 0).response_mean_s));
  EXPECT_TRUE(std::isnan(mmc_wait_quantile(1, 0.01, 1, 1.0)));
  EXPECT_TRUE(std::isnan(erlang_b(NAN, 3)));
  EXPECT_TRUE(std::isnan(mmck(1, 0.01, 1, 0).lost_fraction));
  EXPECT_EQ(mm1(0, 0.01).response_mean_s, 0.01);
}

}  // namespace
}  // namespace tailrace::analysis
