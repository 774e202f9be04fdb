#include "sim/observe/histogram_bytes.hpp"

namespace tailrace::sim {

void write_histogram(const Histogram& histogram, ByteWriter& out) {
  std::uint64_t buckets = 0;
  histogram.for_each_bucket([&](const Histogram::Bucket&) { ++buckets; });
  out.number(buckets);
  if (buckets == 0) return;
  std::uint32_t before = 0;
  histogram.for_each_bucket([&](const Histogram::Bucket& bucket) {
    const std::uint32_t index = Histogram::index_of(bucket.lower);
    out.number(index - before);
    out.number(bucket.count);
    before = index;
  });
  out.whole(histogram.min());
  out.whole(histogram.max());
  out.wide(histogram.sum());
  out.real(histogram.sum_of_squares());
}

Histogram read_histogram(ByteReader& in) {
  Histogram histogram;
  const std::size_t buckets = in.count();
  std::uint64_t index = 0, all = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    index += in.number();
    const std::uint64_t count = in.number();
    all += count;
    // No count can overflow, and no bucket lies outside, in what write_histogram() wrote.
    if (!in.good() || index >= std::uint64_t{Histogram::kBlocks} << Histogram::kSubBits || count == 0 ||
        all < count) {
      in.fail();
      return {};
    }
    histogram.record_many(Histogram::lower_of(static_cast<std::uint32_t>(index)), count);
  }
  if (buckets == 0) return histogram;
  histogram.min_ = in.whole();
  histogram.max_ = in.whole();
  histogram.sum_ = in.wide();
  histogram.sum_of_squares_ = in.real();
  return in.good() ? std::move(histogram) : Histogram();
}

}  // namespace tailrace::sim
