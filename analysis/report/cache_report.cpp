#include "analysis/report/cache_report.hpp"

#include <fmt/format.h>

#include "analysis/report/tables_csv.hpp"

namespace tailrace::analysis {

namespace {

using models::CacheRecord;
using models::CompiledModel;
using models::RunRecord;
using models::StoreRecord;
using Records = std::vector<RunRecord>;

double real(std::uint64_t n) {
  return static_cast<double>(n);
}

void add(StoreRecord& to, const StoreRecord& s) {
  to.hits += s.hits, to.stale += s.stale, to.misses += s.misses, to.coalesced += s.coalesced;
  to.stale_if_error += s.stale_if_error;
  to.fetches += s.fetches, to.fetch_failures += s.fetch_failures;
  to.writes += s.writes, to.refused += s.refused;
  to.evictions += s.evictions, to.expirations += s.expirations, to.dropped += s.dropped, to.lost += s.lost;
  to.queued += s.queued, to.merged += s.merged, to.flushes += s.flushes;
  to.flush_failures += s.flush_failures, to.lost_writes += s.lost_writes, to.unwritten += s.unwritten;
  to.entries += s.entries, to.bytes += s.bytes, to.entry_seconds += s.entry_seconds;
}

CacheReport report_of(const CompiledModel& model, const Records& records, double confidence, std::size_t id) {
  const models::Cache& cache = model.topology->caches[id];
  CacheReport out;
  out.name = cache.name;
  out.shared = cache.station != models::kNone;
  for (const models::CacheStoreTable& s : model.cache_stores) out.stores += s.cache == id ? 1 : 0;
  std::vector<StoreRecord> sums;
  std::vector<double> entries, bytes;
  double seconds = 0;
  for (const RunRecord& r : records) {
    sums.push_back(sum_of(r.caches[id]));
    add(out.counts, sums.back());
    out.unreached += r.caches[id].unreached;
    entries.push_back(real(sums.back().entries));
    bytes.push_back(static_cast<double>(sums.back().bytes));
    seconds += r.seconds();
  }
  out.look_ups = out.counts.look_ups() + out.unreached;
  out.writes_behind = out.counts.queued + out.counts.unwritten > 0;
  const auto ratio = [&](RatioOf what, auto part, auto whole) {
    std::vector<RatioSample> samples;
    for (std::size_t i = 0; i < records.size(); ++i) samples.push_back({part(i), whole(i)});
    return ratio_interval(samples, what, confidence);
  };
  const auto asked = [&](std::size_t i) {
    return real(sums[i].look_ups() + records[i].caches[id].unreached);
  };
  const auto share = [&](auto part) { return ratio(RatioOf::trials, part, asked); };
  const auto time = [&](std::size_t i) { return records[i].seconds(); };
  const auto per_second = [&](auto count) { return ratio(RatioOf::events, count, time); };
  out.hit_ratio = share([&](std::size_t i) { return real(sums[i].hits + sums[i].stale); });
  out.coalesced = share([&](std::size_t i) { return real(sums[i].coalesced); });
  out.stale = share([&](std::size_t i) { return real(sums[i].stale + sums[i].stale_if_error); });
  out.look_ups_per_s = per_second(asked);
  out.fetches_per_s = per_second([&](std::size_t i) { return real(sums[i].fetches); });
  out.evictions_per_s = per_second([&](std::size_t i) { return real(sums[i].evictions); });
  out.entries = ratio(
      RatioOf::sums, [&](std::size_t i) { return sums[i].entry_seconds; }, time);
  out.entries_at_end = mean_interval(entries, confidence);
  out.bytes_at_end = mean_interval(bytes, confidence);
  if (out.look_ups > 0 && seconds > 0)
    out.theory =
        hit_theory(cache, real(out.look_ups) / seconds / real(std::max<std::uint64_t>(out.stores, 1)));
  // Who waits for a fetch shows that fills are not instant, as theory has them.
  if (out.theory && out.counts.coalesced > 0) out.theory->exact = false;
  return out;
}

}  // namespace

StoreRecord sum_of(const CacheRecord& record) {
  StoreRecord sum;
  for (const StoreRecord& s : record.stores) add(sum, s);
  return sum;
}

std::vector<CacheReport> cache_reports(const CompiledModel& model, const Records& records,
                                       double confidence) {
  std::vector<CacheReport> out;
  for (std::size_t c = 0; c < model.caches.size(); ++c)
    out.push_back(report_of(model, records, confidence, c));
  return out;
}

std::string caches_csv(const CompiledModel& model, const Records& records) {
  const models::Topology& t = *model.topology;
  std::string out =
      "replication,cache,place,instance,look_ups,hits,stale,misses,coalesced,stale_if_error,fetches,"
      "fetch_failures,writes,refused,evictions,expirations,dropped,lost,queued,merged,flushes,lost_writes,"
      "unwritten,entries,bytes\n";
  for (const RunRecord& r : records) {
    std::vector<std::size_t> next(t.caches.size(), 0);
    for (const models::CacheStoreTable& table : model.cache_stores) {
      const StoreRecord& s = r.caches[table.cache].stores[next[table.cache]++];
      const std::string place = table.station == models::kNoId ? "" : t.stations[table.station].name;
      out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                         r.replication, csv_cell(t.caches[table.cache].name), csv_cell(place), table.index,
                         s.look_ups(), s.hits, s.stale, s.misses, s.coalesced, s.stale_if_error, s.fetches,
                         s.fetch_failures, s.writes, s.refused, s.evictions, s.expirations, s.dropped, s.lost,
                         s.queued, s.merged, s.flushes, s.lost_writes, s.unwritten, s.entries, s.bytes);
    }
  }
  return out;
}

}  // namespace tailrace::analysis
