// What one recorded value costs: into one hot histogram, and spread over many services with and without
// prefetching.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/observe/histogram.hpp"
#include "sim/random/stream.hpp"

namespace {

using tailrace::sim::Histogram;
using tailrace::sim::Stream;

constexpr std::size_t kValues = 1u << 16;

// Values spread over 8 octaves from 1 ms: each octave equally likely, which visits more buckets than most
// latency laws.
std::vector<std::int64_t> eight_octaves() {
  Stream stream(1, 0, "bench", "values");
  std::vector<std::int64_t> values(kValues);
  for (std::int64_t& value : values) {
    const std::int64_t low = std::int64_t{1} << (20 + stream.below(8));
    value = low + static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(low)));
  }
  return values;
}

void record_one_histogram(benchmark::State& state) {
  const std::vector<std::int64_t> values = eight_octaves();
  Histogram histogram;
  for (auto _ : state) {
    for (const std::int64_t value : values) histogram.record(value);
    benchmark::DoNotOptimize(histogram);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kValues));
}
BENCHMARK(record_one_histogram);

// range(0) histograms, hit at random, in batches of 256; range(1) says whether each batch is prefetched
// first.
void record_many_histograms(benchmark::State& state) {
  constexpr std::size_t kBatch = 256;
  const std::vector<std::int64_t> values = eight_octaves();
  std::vector<Histogram> histograms(static_cast<std::size_t>(state.range(0)));
  Stream stream(1, 0, "bench", "targets");
  std::vector<std::uint32_t> targets(kValues);
  for (std::uint32_t& target : targets) target = static_cast<std::uint32_t>(stream.below(histograms.size()));
  const bool prefetched = state.range(1) != 0;
  for (auto _ : state) {
    for (std::size_t begin = 0; begin < kValues; begin += kBatch) {
      if (prefetched) {
        for (std::size_t i = begin; i < begin + kBatch; ++i) histograms[targets[i]].fetch_totals();
        for (std::size_t i = begin; i < begin + kBatch; ++i)
          histograms[targets[i]].fetch_ways(std::array{values[i]});
        for (std::size_t i = begin; i < begin + kBatch; ++i)
          histograms[targets[i]].fetch_buckets(std::array{values[i]});
      }
      for (std::size_t i = begin; i < begin + kBatch; ++i) histograms[targets[i]].record(values[i]);
    }
    benchmark::DoNotOptimize(histograms.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kValues));
}
BENCHMARK(record_many_histograms)->ArgsProduct({{100, 10000}, {0, 1}});

void merge_eight_octaves(benchmark::State& state) {
  Histogram total;
  Histogram part;
  for (const std::int64_t value : eight_octaves()) part.record(value);
  for (auto _ : state) {
    total.merge(part);
    benchmark::DoNotOptimize(total);
  }
}
BENCHMARK(merge_eight_octaves);

void quantile_eight_octaves(benchmark::State& state) {
  Histogram histogram;
  for (const std::int64_t value : eight_octaves()) histogram.record(value);
  for (auto _ : state) benchmark::DoNotOptimize(histogram.quantile(0.99));
}
BENCHMARK(quantile_eight_octaves);

}  // namespace
