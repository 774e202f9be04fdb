// Tracing: the parts of every traced request add up to its latency, and a run that is traced is the same run.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>

#include "tests/determinism/random_faults.hpp"
#include "tests/determinism/random_messaging.hpp"
#include "tests/determinism/random_scenario.hpp"
#include "tests/determinism/sample_scenarios.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

using models::Outcome;
using models::RunRecord;
using models::TracedRequest;
using models::TracePart;
using models::TraceRecord;
using models::TraceSampling;

constexpr TraceSampling kAll{TraceSampling::Mode::fixed, 1};
constexpr TraceSampling kAutomatic{TraceSampling::Mode::automatic, 1};

std::int64_t sum(const std::vector<TracePart>& parts, std::size_t first, std::size_t count) {
  std::int64_t ns = 0;
  for (std::size_t i = 0; i < count; ++i) ns += parts[first + i].ns;
  return ns;
}

std::vector<std::string> library() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(TAILRACE_SOURCE_DIR "/scenarios/library"))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  return files;
}

void expect_exact(const RunRecord& record, const std::string& what) {
  ASSERT_NE(record.traces, nullptr) << what;
  std::uint64_t wrong = 0;
  for (const TracedRequest& r : record.traces->requests) {
    bool good = sum(record.traces->parts, r.first_part, r.parts) == r.latency_ns;
    for (std::uint32_t i = 0; i < r.parts; ++i) good = good && record.traces->parts[r.first_part + i].ns > 0;
    if (!good && ++wrong <= 3) {
      ADD_FAILURE() << what << ": request " << r.number << " of class " << r.cls << " took " << r.latency_ns
                    << " ns, its parts " << sum(record.traces->parts, r.first_part, r.parts);
    }
  }
  EXPECT_EQ(wrong, 0u) << what << " of " << record.traces->requests.size();
}

// Spans lie in their parents' time or outlive them; the segments of each tile its life.
void expect_whole(const RunRecord& record, const std::string& what) {
  for (const models::TraceExample& example : record.traces->examples) {
    const auto& parts = example.own_parts;
    EXPECT_EQ(sum(parts, 0, parts.size()), example.request.latency_ns) << what;
    ASSERT_FALSE(example.spans.empty());
    EXPECT_EQ(example.spans[0].end_ns - example.spans[0].start_ns, example.request.latency_ns) << what;
    for (std::size_t i = 0; i < example.spans.size(); ++i) {
      const models::TraceSpan& span = example.spans[i];
      if (i > 0) {
        ASSERT_LT(span.parent, i) << what;
        EXPECT_GE(span.start_ns, example.spans[span.parent].start_ns) << what;
      }
      std::int64_t at = span.start_ns;
      for (std::uint32_t k = 0; k < span.segments; ++k) {
        const models::TraceSegment& s = example.segments[span.first_segment + k];
        EXPECT_EQ(s.start_ns, at) << what;
        at = s.end_ns;
      }
      EXPECT_EQ(at, span.end_ns) << what;
    }
  }
}

class TracedLibrary : public ::testing::TestWithParam<std::string> {};

TEST_P(TracedLibrary, PartsAddUpToTheNanosecond) {
  const std::string file = "scenarios/library/" + GetParam();
  const Loaded loaded = load_file(file);
  ASSERT_NE(loaded.topology, nullptr) << loaded.shown;
  const RunRecord record = run_traced(models::compile(loaded.topology));
  expect_exact(record, file);
  expect_whole(record, file);
  EXPECT_GT(record.traces->requests.size(), 0u) << file;
}

INSTANTIATE_TEST_SUITE_P(Library, TracedLibrary, ::testing::ValuesIn(library()), [](const auto& file) {
  std::string name;
  for (const char c : file.param.substr(0, file.param.find('.'))) name += c == '-' ? '_' : c;
  return name;
});

TEST(Tracing, ChangesNothingOfTheRun) {
  for (const Sample& sample : sample_scenarios()) {
    const Model model = compile_text(sample.scenario);
    const RunRecord plain = run_traced(model, {});
    EXPECT_EQ(plain.traces, nullptr);
    for (const TraceSampling sampling : {kAll, kAutomatic, TraceSampling{TraceSampling::Mode::fixed, 7}}) {
      const RunRecord record = run_traced(model, sampling);
      EXPECT_EQ(plain.trajectory, record.trajectory) << sample.name;
      EXPECT_EQ(result_fingerprint(plain), result_fingerprint(record)) << sample.name;
    }
  }
}

// Every request that ended while statistics were taken is there, once.
TEST(Tracing, SeesEveryRequestThatTheRecordCounts) {
  for (const Sample& sample : sample_scenarios()) {
    const Model model = compile_text(sample.scenario);
    const RunRecord record = run_traced(model);
    ASSERT_EQ(record.traces->every, 1u) << sample.name;
    ASSERT_EQ(record.traces->too_large, 0u) << sample.name;
    std::vector<models::OutcomeCounts> counts(record.classes.size());
    for (const TracedRequest& r : record.traces->requests)
      ++counts[r.cls][static_cast<std::size_t>(r.outcome)];
    for (std::size_t c = 0; c < counts.size(); ++c)
      EXPECT_EQ(counts[c], record.classes[c].ended) << sample.name;
  }
}

// Whoever is traced is told of alike, whether the tracer hears of all that goes on or only while one of few
// is under way.
TEST(Tracing, ACoarserSampleTellsTheSameOfFewer) {
  constexpr std::uint64_t kEvery = 20;
  std::size_t compared = 0;
  for (const Sample& sample : sample_scenarios()) {
    const Model model = compile_text(sample.scenario);
    const RunRecord all = run_traced(model);
    const RunRecord some = run_traced(model, {TraceSampling::Mode::fixed, kEvery});
    ASSERT_EQ(all.traces->every, 1u) << sample.name;
    ASSERT_EQ(some.traces->every, kEvery) << sample.name;
    const auto told = [](const TraceRecord& traces) {
      std::vector<std::tuple<std::uint32_t, std::uint64_t, std::int64_t, std::int64_t, Outcome>> requests;
      std::vector<TracePart> parts;
      for (const TracedRequest& r : traces.requests) {
        if (models::trace_rank(r.cls, r.number) > ~std::uint64_t{0} / kEvery) continue;
        requests.emplace_back(r.cls, r.number, r.start_ns, r.latency_ns, r.outcome);
        parts.insert(parts.end(), traces.parts.begin() + r.first_part,
                     traces.parts.begin() + r.first_part + r.parts);
      }
      return std::pair(requests, parts);
    };
    const auto [requests, parts] = told(*all.traces);
    const auto [few, their_parts] = told(*some.traces);
    EXPECT_EQ(few.size(), some.traces->requests.size()) << sample.name;
    EXPECT_EQ(few, requests) << sample.name;
    const auto same = [](const TracePart& a, const TracePart& b) {
      return a.place == b.place && a.reason == b.reason && a.straggler == b.straggler && a.ns == b.ns;
    };
    EXPECT_TRUE(std::equal(parts.begin(), parts.end(), their_parts.begin(), their_parts.end(), same))
        << sample.name;
    compared += few.size();
  }
  EXPECT_GT(compared, 100u);
}

TEST(Tracing, PartsAddUpInRandomScenarios) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    const std::string plain = random_scenario(seed), messages = random_messaging(seed, false);
    for (const std::string& text :
         {plain, plain + random_faults(seed, false), messages, messages + random_faults(seed, false)}) {
      const Model model = compile_text(text);
      const RunRecord record = run_traced(model);
      expect_exact(record, text);
      expect_whole(record, text);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace tailrace::tests
