#include "tests/support/validation.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/recording.hpp"

namespace tailrace::tests {

namespace {

constexpr double kWorstZ = 5;
constexpr double kEdgeEffect = 1e-3;  // relative difference that a finite run's ends explain

std::uint64_t seed_of(const Case& c, unsigned seed) {  // FNV-1a
  std::uint64_t h = 0xcbf29ce484222325ULL + seed;
  for (const char x : c.id) h = (h ^ static_cast<unsigned char>(x)) * 0x100000001b3ULL;
  return h >> 32;
}

std::string whole_scenario(const Case& c, const CaseOptions& options) {
  const double measured = c.requests * (c.fixed_duration ? 1 : options.size) / (c.rate * c.replications);
  return fmt::format("run: {{duration: {:.9f}s, warmup: {:.9f}s, replications: {}, seed: {}{}{}}}\n{}",
                     c.warmup_s + measured, c.warmup_s, c.replications, seed_of(c, options.seed),
                     c.run_extra.empty() ? "" : ", ", c.run_extra, c.scenario);
}

bool holds(const Expectation& e, double estimate) {
  switch (e.kind) {
    case Tolerance::relative:
      return std::abs(estimate - e.expected) <= e.tolerance * std::abs(e.expected);
    case Tolerance::absolute:
      return std::abs(estimate - e.expected) <= e.tolerance;
    case Tolerance::at_most:
      return estimate <= e.expected;
    case Tolerance::at_least:
      return estimate >= e.expected;
  }
  return false;
}

const char* rule_name(Tolerance kind) {
  switch (kind) {
    case Tolerance::relative:
      return "relative";
    case Tolerance::absolute:
      return "absolute";
    case Tolerance::at_most:
      return "at_most";
    case Tolerance::at_least:
      return "at_least";
  }
  return "";
}

}  // namespace

std::vector<Score> run_case(const Case& c, const CaseOptions& options) {
  const Results run = run_text(whole_scenario(c, options), options.jobs);
  EXPECT_EQ(run.report.status, models::RunStatus::completed) << c.id << ": " << run.report.message;
  EXPECT_EQ(run.records.size(), static_cast<std::size_t>(c.replications)) << c.id;
  EXPECT_TRUE(run.report.littles_law_holds) << c.id;
  EXPECT_TRUE(run.report.conservation_holds) << c.id;

  std::vector<analysis::RunReport> each;
  for (const models::RunRecord& r : run.records) {
    // The report of one replication looks for batches; there are none, and only its estimates are used.
    each.push_back(analysis::build_run_report(*run.model, {r}));
  }
  std::vector<Score> scores;
  for (const Expectation& e : c.expectations) {
    Score score{c.id + " " + e.name, e.metric({run.report, run.records}), e.expected, 0, false};
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < each.size(); ++i) {
      const double d = e.metric({each[i], std::span(&run.records[i], 1)}) - e.expected;
      sum += d;
      squares += d * d;
    }
    const double n = static_cast<double>(each.size());
    const double variance = n > 1 ? (squares - sum * sum / n) / (n - 1) : 0;
    const double error = std::sqrt(std::max(variance, 0.0) / n);
    const bool equality = e.kind == Tolerance::relative || e.kind == Tolerance::absolute;
    const bool varies = error > 1e-9 * std::abs(e.expected);  // what is not a number does not
    if (e.truth == Truth::exact && equality && e.tolerance > 0 && varies) {
      score.z = sum / n / error;
      score.has_z = true;
    }
    const double difference = e.expected != 0 ? score.estimate / e.expected - 1 : score.estimate;
    fmt::print("{:<44} expected {:<12.7g} found {:<12.7g} ({:+.3f} %) z {:+.2f}\n", score.name, e.expected,
               score.estimate, 100 * difference, score.z);
    if (options.check_tolerances) {
      record({c.family, c.id, c.source, e.name, rule_name(e.kind), e.expected, e.tolerance, score.estimate,
              half_width_95(error, static_cast<int>(each.size())), score.z, score.has_z,
              e.truth == Truth::exact, holds(e, score.estimate), c.replications});
    }
    if (options.check_tolerances || (e.truth == Truth::exact && equality && !varies)) {
      EXPECT_TRUE(holds(e, score.estimate))
          << score.name << ": expected " << e.expected << ", found " << score.estimate << "\n"
          << c.source;
    }
    EXPECT_FALSE(score.has_z && std::abs(score.z) > kWorstZ && std::abs(difference) > kEdgeEffect)
        << score.name << ": z " << score.z << ", expected " << e.expected << ", found " << score.estimate
        << "\n"
        << c.source;
    scores.push_back(std::move(score));
  }
  return scores;
}

Expectation near(std::string name, Metric metric, double expected, double relative_tolerance) {
  return {std::move(name),    std::move(metric),   expected,
          relative_tolerance, Tolerance::relative, Truth::exact};
}
Expectation within(std::string name, Metric metric, double expected, double absolute_tolerance) {
  return {std::move(name),    std::move(metric),   expected,
          absolute_tolerance, Tolerance::absolute, Truth::exact};
}

}  // namespace tailrace::tests
