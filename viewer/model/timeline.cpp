#include "viewer/model/timeline.hpp"

#include "viewer/model/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/report/tables_csv.hpp"
#include "viewer/model/sampler.hpp"

namespace tailrace::viewer {

namespace {

using sim::Histogram;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

double share(double part, double whole) {
  return whole > 0 ? part / whole : kNothing;
}

// Rates of the ends, and the sums of those that failed and of all.
struct Ends {
  std::array<double, models::kOutcomes> per_s{};
  double good = 0, failed = 0;
};
Ends ends_of(const SmallCounts& from, const SmallCounts& to, double seconds) {
  Ends e;
  for (std::size_t o = 0; o < e.per_s.size(); ++o) {
    const double n = static_cast<double>(to[o] - from[o]);  // 32 bits: holds when they wrap
    e.per_s[o] = seconds > 0 ? n / seconds : 0;
    (o == 0 ? e.good : e.failed) += e.per_s[o];
  }
  return e;
}

template <class Figures>
void fill_ends(Figures& f, const Ends& ends) {
  f.ended = ends.per_s;
  f.goodput = ends.good;
  f.failed = ends.failed;
}

double per_second(std::uint64_t from, std::uint64_t to, double seconds) {
  return seconds > 0 ? static_cast<double>(to - from) / seconds : 0;
}

NodeFigures node_figures(const Slice::Node& a, const Slice::Node& b, double seconds, bool workload) {
  NodeFigures f;
  if (!(seconds > 0)) return f;
  fill_ends(f, ends_of(a.ended, b.ended, seconds));
  f.error_share = share(f.failed, f.goodput + f.failed);
  f.offered = per_second(a.offered, b.offered, seconds);
  f.rejected = per_second(a.rejected, b.rejected, seconds);
  f.busy = (b.busy_s - a.busy_s) / seconds;
  f.queue = (b.queue_s - a.queue_s) / seconds;
  f.in_flight = workload ? b.in_flight : f.busy + f.queue;
  f.replicas = (b.ready_s - a.ready_s) / seconds;
  f.lag = b.lag;
  f.down = b.down;
  const double workers = b.worker_s - a.worker_s;
  f.has_workers = b.worker_s > 0;
  if (workers > 0) f.utilisation = (b.limited_busy_s - a.limited_busy_s) / workers;
  if (!workload && b.served > a.served)
    f.latency = (f.busy + f.queue) * seconds / static_cast<double>(b.served - a.served);
  return f;
}

EdgeFigures edge_figures(const Slice::Edge& a, const Slice::Edge& b, double seconds) {
  EdgeFigures f;
  f.breaker = b.breaker;
  if (!(seconds > 0)) return f;
  fill_ends(f, ends_of(a.ended, b.ended, seconds));
  f.error_share = share(f.failed, f.goodput + f.failed);
  f.calls = per_second(a.calls, b.calls, seconds);
  f.attempts = per_second(a.attempts, b.attempts, seconds);
  f.retries = std::max(0.0, f.attempts - f.calls);
  if (f.calls > 0) f.amplification = f.attempts / f.calls;
  if (b.timed > a.timed) f.latency = (b.time_s - a.time_s) / static_cast<double>(b.timed - a.timed);
  return f;
}

double middle_s(std::uint32_t index) {
  const Histogram::Bucket b{Histogram::lower_of(index), Histogram::upper_of(index), 0};
  return static_cast<double>(b.midpoint()) * 1e-9;
}

// Successes of slices (from, to] by bucket.
class Latencies {
 public:
  void add(const Slice::Load& load) {
    for (const auto& [index, count] : load.buckets) {
      if (index >= counts_.size()) counts_.resize(index + 1, 0);
      counts_[index] += count;
      total_ += count;
    }
    highest_ns_ = std::max(highest_ns_, load.highest_ns);
  }
  std::uint64_t total() const { return total_; }
  double highest_s() const { return total_ > 0 ? static_cast<double>(highest_ns_) * 1e-9 : kNothing; }
  // As sim::Histogram has it: the value of rank ceil(p x count).
  double quantile(double p) const {
    if (total_ == 0) return kNothing;
    const std::uint64_t rank = std::clamp<std::uint64_t>(
        static_cast<std::uint64_t>(std::ceil(p * static_cast<double>(total_))), 1, total_);
    std::uint64_t seen = 0;
    for (std::uint32_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= rank) return std::min(middle_s(i), static_cast<double>(highest_ns_) * 1e-9);
    }
    return kNothing;
  }
  template <class Visit>
  void each(Visit visit) const {
    for (std::uint32_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > 0) visit(i, counts_[i]);
    }
  }

 private:
  std::vector<std::uint64_t> counts_;  // by the histogram's index: at most some 20,000
  std::uint64_t total_ = 0;
  std::int64_t highest_ns_ = 0;
};

// Of one slice: its buckets are in order.
double quantile_of(const Slice::Load& load, double p) {
  std::uint64_t total = 0, seen = 0;
  for (const auto& [index, count] : load.buckets) total += count;
  if (total == 0) return kNothing;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(p * static_cast<double>(total)));
  const std::uint64_t rank = std::clamp<std::uint64_t>(wanted, 1, total);
  for (const auto& [index, count] : load.buckets) {
    seen += count;
    if (seen >= rank) return std::min(middle_s(index), static_cast<double>(load.highest_ns) * 1e-9);
  }
  return kNothing;
}

}  // namespace

double LatencyCurve::quantile(double p) const {
  if (count == 0) return kNothing;
  const std::uint64_t rank = std::clamp<std::uint64_t>(
      static_cast<std::uint64_t>(std::ceil(p * static_cast<double>(count))), 1, count);
  std::uint64_t seen = 0;
  for (const LatencyBucket& b : buckets) {
    seen += b.count;
    if (seen >= rank) return (b.lower_s + b.upper_s) / 2;
  }
  return kNothing;
}

double LatencyCurve::share_below(double s) const {
  std::uint64_t below = 0;
  for (const LatencyBucket& b : buckets) {
    if (b.upper_s <= s) below += b.count;
  }
  return count > 0 ? static_cast<double>(below) / static_cast<double>(count) : 0;
}

const char* series_unit(Series series) {
  switch (series) {
    case Series::offered:
    case Series::goodput:
    case Series::failed:
    case Series::node_offered:
    case Series::node_goodput:
    case Series::edge_attempts:
    case Series::edge_retries:
      return "1/s";
    case Series::mean:
    case Series::p50:
    case Series::p99:
    case Series::p999:
    case Series::node_latency:
    case Series::edge_latency:
      return "s";
    case Series::node_utilisation:
    case Series::node_error_share:
    case Series::edge_error_share:
      return "1";
    case Series::node_queue:
    case Series::node_in_flight:
    case Series::node_replicas:
    case Series::node_lag:
      return "";
  }
  return "";
}

History::History(std::shared_ptr<const Scene> scene, std::vector<std::shared_ptr<const Slice>> slices,
                 double slice_s, std::vector<FaultBar> bars, std::vector<Change> changes, bool complete)
    : scene_(std::move(scene)),
      slices_(std::move(slices)),
      slice_s_(slice_s),
      bars_(std::move(bars)),
      changes_(std::move(changes)),
      complete_(complete) {}

double History::frontier_s() const {
  return slices_.empty() ? 0 : static_cast<double>(slices_.back()->end_ns) * 1e-9;
}

// The range's slices are (first, second]: both are numbers of sums.
std::pair<std::size_t, std::size_t> History::bounds(TimeRange range) const {
  if (slices() == 0) return {0, 0};
  const double last = static_cast<double>(slices());
  constexpr double kAlmost = 1e-9;
  double from = std::clamp(std::floor(range.t0_s / slice_s_ + kAlmost), 0.0, last - 1);
  double to = std::clamp(std::ceil(range.t1_s / slice_s_ - kAlmost), from + 1, last);
  return {static_cast<std::size_t>(from), static_cast<std::size_t>(to)};
}

TimeRange History::slice_at(double t_s) const {
  const auto [from, to] = bounds({t_s, t_s});
  if (to == 0) return {0, 0};
  return {static_cast<double>(slices_[to - 1]->end_ns) * 1e-9,
          static_cast<double>(slices_[to]->end_ns) * 1e-9};
}

Figures History::figures(TimeRange range) const {
  Figures f;
  f.nodes.resize(scene_->nodes.size());
  f.edges.resize(scene_->edges.size());
  f.workloads.resize(scene_->model->workloads.size());
  const auto [from, to] = bounds(range);
  if (to == 0) return f;
  const Slice& a = *slices_[from];
  const Slice& b = *slices_[to];
  f.range = {static_cast<double>(a.end_ns) * 1e-9, static_cast<double>(b.end_ns) * 1e-9};
  const double seconds = f.range.length();
  for (std::size_t i = 0; i < f.nodes.size(); ++i)
    f.nodes[i] = node_figures(a.nodes[i], b.nodes[i], seconds, !scene_->nodes[i].workloads.empty());
  for (std::size_t i = 0; i < f.edges.size(); ++i) f.edges[i] = edge_figures(a.edges[i], b.edges[i], seconds);

  Latencies all;
  double all_s = 0;
  for (std::size_t w = 0; w < f.workloads.size(); ++w) {
    LoadFigures& load = f.workloads[w];
    fill_ends(load, ends_of(a.loads[w].ended, b.loads[w].ended, seconds));
    load.offered = per_second(a.loads[w].arrived, b.loads[w].arrived, seconds);
    load.in_flight = b.loads[w].in_flight;
    Latencies own;
    for (std::size_t i = from + 1; i <= to; ++i) {
      own.add(slices_[i]->loads[w]);
      all.add(slices_[i]->loads[w]);
    }
    const double time_s = b.loads[w].success_s - a.loads[w].success_s;
    all_s += time_s;
    const auto fill = [](LoadFigures& into, const Latencies& from_them, double sum_s) {
      into.successes = from_them.total();
      if (into.successes == 0) return;
      into.mean = sum_s / static_cast<double>(into.successes);
      into.p50 = from_them.quantile(0.5);
      into.p90 = from_them.quantile(0.9);
      into.p99 = from_them.quantile(0.99);
      into.p999 = from_them.quantile(0.999);
      into.highest = from_them.highest_s();
    };
    fill(load, own, time_s);
    const int node = scene_->node_of_component[at(scene_->model->workloads[w].model->component)];
    if (node >= 0) f.nodes[at(node)].latency = load.mean;
    f.load.offered += load.offered;
    f.load.goodput += load.goodput;
    f.load.failed += load.failed;
    f.load.in_flight += load.in_flight;
    for (std::size_t o = 0; o < load.ended.size(); ++o) f.load.ended[o] += load.ended[o];
    if (w + 1 == f.workloads.size()) fill(f.load, all, all_s);
  }
  return f;
}

LatencyCurve History::latency(TimeRange range, int workload) const {
  LatencyCurve curve;
  const auto [from, to] = bounds(range);
  Latencies all;
  double sum_s = 0;
  for (std::size_t i = from + 1; i <= to; ++i) {
    for (std::size_t w = 0; w < slices_[i]->loads.size(); ++w) {
      if (workload >= 0 && at(workload) != w) continue;
      all.add(slices_[i]->loads[w]);
      sum_s += slices_[i]->loads[w].success_s - slices_[i - 1]->loads[w].success_s;
    }
  }
  all.each([&curve](std::uint32_t index, std::uint64_t count) {
    curve.buckets.push_back({static_cast<double>(Histogram::lower_of(index)) * 1e-9,
                             static_cast<double>(Histogram::upper_of(index) + 1) * 1e-9, count});
  });
  curve.count = all.total();
  if (curve.count > 0) curve.mean = sum_s / static_cast<double>(curve.count);
  return curve;
}

double History::value(Series what, int id, std::size_t from, std::size_t to) const {
  const Slice& a = *slices_[from];
  const Slice& b = *slices_[to];
  const double seconds = static_cast<double>(b.end_ns - a.end_ns) * 1e-9;
  const auto count = [&](auto member) {
    double n = 0;
    for (std::size_t w = 0; w < b.loads.size(); ++w) {
      if (id < 0 || at(id) == w) n += member(a.loads[w], b.loads[w]);
    }
    return n;
  };
  const auto quantile = [&](double p) {
    if (to - from == 1 && (id >= 0 || b.loads.size() == 1))
      return quantile_of(b.loads[id < 0 ? 0 : at(id)], p);
    Latencies all;
    for (std::size_t i = from + 1; i <= to; ++i) {
      for (std::size_t w = 0; w < slices_[i]->loads.size(); ++w) {
        if (id < 0 || at(id) == w) all.add(slices_[i]->loads[w]);
      }
    }
    return all.quantile(p);
  };
  const auto node = [&] {
    return node_figures(a.nodes[at(id)], b.nodes[at(id)], seconds, !scene_->nodes[at(id)].workloads.empty());
  };
  const auto edge = [&] { return edge_figures(a.edges[at(id)], b.edges[at(id)], seconds); };
  switch (what) {
    case Series::offered:
      return count([&](const auto& x, const auto& y) { return per_second(x.arrived, y.arrived, seconds); });
    case Series::goodput:
      return count([&](const auto& x, const auto& y) { return ends_of(x.ended, y.ended, seconds).good; });
    case Series::failed:
      return count([&](const auto& x, const auto& y) { return ends_of(x.ended, y.ended, seconds).failed; });
    case Series::mean: {
      const double time = count([](const auto& x, const auto& y) { return y.success_s - x.success_s; });
      const double good =
          count([&](const auto& x, const auto& y) { return ends_of(x.ended, y.ended, 1).good; });
      return share(time, good);
    }
    case Series::p50:
      return quantile(0.5);
    case Series::p99:
      return quantile(0.99);
    case Series::p999:
      return quantile(0.999);
    case Series::node_utilisation:
      return node().utilisation;
    case Series::node_queue:
      return node().queue;
    case Series::node_in_flight:
      return node().in_flight;
    case Series::node_offered:
      return node().offered;
    case Series::node_goodput:
      return node().goodput;
    case Series::node_error_share:
      return node().error_share;
    case Series::node_replicas:
      return node().replicas;
    case Series::node_latency:
      if (!scene_->nodes[at(id)].workloads.empty()) {
        return figures({static_cast<double>(a.end_ns) * 1e-9, static_cast<double>(b.end_ns) * 1e-9})
            .nodes[at(id)]
            .latency;
      }
      return node().latency;
    case Series::node_lag:
      return node().lag;
    case Series::edge_attempts:
      return edge().attempts;
    case Series::edge_retries:
      return edge().retries;
    case Series::edge_error_share:
      return edge().error_share;
    case Series::edge_latency:
      return edge().latency;
  }
  return kNothing;
}

std::vector<SeriesPoint> History::series(Series what, int id, TimeRange range, std::size_t most) const {
  std::vector<SeriesPoint> points;
  const auto [from, to] = bounds(range);
  const std::size_t n = to - from;
  const std::size_t wanted = most == 0 ? n : std::min(n, most);
  for (std::size_t k = 0; k < wanted; ++k) {
    const std::size_t first = from + k * n / wanted, last = from + (k + 1) * n / wanted;
    SeriesPoint p;
    p.t0_s = static_cast<double>(slices_[first]->end_ns) * 1e-9;
    p.t1_s = static_cast<double>(slices_[last]->end_ns) * 1e-9;
    p.mean = value(what, id, first, last);
    p.low = p.high = p.mean;
    for (std::size_t i = first; i < last && last - first > 1; ++i) {
      const double v = value(what, id, i, i + 1);
      if (std::isnan(v)) continue;
      p.low = std::isnan(p.low) ? v : std::min(p.low, v);
      p.high = std::isnan(p.high) ? v : std::max(p.high, v);
    }
    points.push_back(p);
  }
  return points;
}

namespace {

// Of a header.
std::string column(const std::string& name, const char* what) {
  return "," + analysis::csv_cell(name + " " + what);
}

std::string cell(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{:.6g}", value);
}

}  // namespace

std::string selection_csv(const History& history, TimeRange range, const std::vector<int>& nodes) {
  const Scene& scene = history.scene();
  std::vector<int> chosen = nodes;
  for (std::size_t i = 0; nodes.empty() && i < scene.nodes.size(); ++i) chosen.push_back(static_cast<int>(i));
  std::string out = "start_s,end_s,offered_per_s,goodput_per_s,failed_per_s,mean_s,p50_s,p99_s,p999_s";
  for (const int node : chosen) {
    for (const char* what :
         {"utilisation", "queue", "error share", "offered_per_s", "goodput_per_s", "replicas", "latency_s"})
      out += column(scene.nodes[at(node)].name, what);
  }
  out += '\n';
  for (const SeriesPoint& p : history.series(Series::offered, -1, range)) {
    const Figures f = history.figures({p.t0_s, p.t1_s});
    out += fmt::format("{:.9g},{:.9g},{},{},{},{},{},{},{}", p.t0_s, p.t1_s, cell(f.load.offered),
                       cell(f.load.goodput), cell(f.load.failed), cell(f.load.mean), cell(f.load.p50),
                       cell(f.load.p99), cell(f.load.p999));
    for (const int node : chosen) {
      const NodeFigures& n = f.nodes[at(node)];
      out += fmt::format(",{},{},{},{},{},{},{}", cell(n.utilisation), cell(n.queue), cell(n.error_share),
                         cell(n.offered), cell(n.goodput), cell(n.replicas), cell(n.latency));
    }
    out += '\n';
  }
  return out;
}

std::string call_csv(const History& history, TimeRange range, int edge) {
  const Scene& scene = history.scene();
  const SceneEdge& e = scene.edges[at(edge)];
  const std::string name = scene.nodes[at(e.from)].name + " -> " + scene.nodes[at(e.to)].name;
  std::string out = "start_s,end_s";
  for (const char* what : {"calls_per_s", "attempts_per_s", "retries_per_s", "goodput_per_s", "failed_per_s",
                           "error share", "attempts per call", "latency_s", "breaker"})
    out += column(name, what);
  out += '\n';
  for (const SeriesPoint& p : history.series(Series::edge_attempts, edge, range)) {
    const EdgeFigures f = history.figures({p.t0_s, p.t1_s}).edges[at(edge)];
    constexpr const char* kBreaker[] = {"", "closed", "half open", "open"};
    out +=
        fmt::format("{:.9g},{:.9g},{},{},{},{},{},{},{},{},{}\n", p.t0_s, p.t1_s, cell(f.calls),
                    cell(f.attempts), cell(f.retries), cell(f.goodput), cell(f.failed), cell(f.error_share),
                    cell(f.amplification), cell(f.latency), kBreaker[at(f.breaker + 1)]);
  }
  return out;
}

}  // namespace tailrace::viewer
