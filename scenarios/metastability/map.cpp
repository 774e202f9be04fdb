#include "scenarios/metastability/map.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/cascade/signals.hpp"
#include "models/field/diagnostics.hpp"
#include "models/runtime/execution.hpp"
#include "scenarios/format/rounded.hpp"
#include "scenarios/run/replicate.hpp"
#include "scenarios/run/tasks.hpp"

namespace tailrace::scenarios {

namespace {

constexpr double kWorthTelling = 0.1;  // of the requests, between the way up and the way down

// Four digits are finer than the boundary, and a factor is something that people read.
double readable(double factor) {
  return rounded(factor, 4);
}

class Mapper {
 public:
  Mapper(const SweepScenario& scenario, MetastabilityMap& out) : scenario_(scenario), out_(out) {}

  void run() {
    const auto nominal = build();
    if (!nominal) return;
    out_.fault = find_trigger(*nominal, o().fault, out_.trigger);
    if (!out_.fault.empty()) return;
    out_.load_per_s = open_load(*nominal);
    {
      models::Topology scaled = *nominal;
      if (out_.fault = scale_load(scaled, 1); !out_.fault.empty()) return;
    }
    if (!out_.trigger.has_size && (o().sizes.size() != 1 || o().sizes[0] != 1)) {
      out_.fault =
          fmt::format("{} has no size to vary, only a duration", models::with_article(out_.trigger.type));
      return;
    }
    warmup_ns_ = nominal->run.warmup.ns;
    if (nominal->run.warmup_auto) {
      const auto model = models::compile(std::make_shared<const models::Topology>(*nominal));
      ReplicateOptions pilot;
      pilot.interrupt = o().interrupt;
      warmup_ns_ = find_warmup(model, pilot, out_.notes);
    }
    about_ = o().sizes.size() * o().durations.size() * (o().loads.size() + 6);
    for (const double size : o().sizes) {
      for (const double duration : o().durations) {
        if (!column(duration, size)) return;
      }
    }
    if (o().hysteresis) climb();
  }

 private:
  const MapOptions& o() const { return out_.options; }

  std::optional<models::Topology> build() {
    std::string fault;
    auto topology = build_point(scenario_, {}, {}, "metastability", fault);
    if (!topology) out_.fault = fault;
    return topology;
  }

  // False when an interrupt, or a fault of the simulator, ended it.
  bool ask(double load, double duration, double size) {
    if (out_.at(load, duration, size) != nullptr) return true;
    auto topology = build();
    if (!topology) return false;
    scale_load(*topology, load);
    scale_trigger(*topology, out_.trigger, duration, size);
    ProbeOptions options;
    options.jobs = o().jobs;
    options.confidence = o().confidence;
    options.warmup_ns = warmup_ns_;
    options.interrupt = o().interrupt;
    const auto model = models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
    Probe answer = probe(model, options);
    if (answer.interrupted) {
      out_.interrupted = true;
      return false;
    }
    if (answer.broken) {
      out_.broken = answer.note;
      return false;
    }
    out_.points.push_back({load, duration, size, std::move(answer)});
    if (o().progress) o().progress(out_.points.size(), std::max(about_, out_.points.size()));
    return true;
  }

  // Fates of a column, by load.
  std::vector<std::pair<double, Fate>> fates(double duration, double size) const {
    std::vector<std::pair<double, Fate>> list;
    for (const MapPoint& p : out_.points) {
      if (p.duration == duration && p.size == size) list.emplace_back(p.load, p.probe.fate);
    }
    std::sort(list.begin(), list.end());
    return list;
  }

  struct Bracket {
    std::optional<double> low;   // the highest load below which every answer is `good`
    std::optional<double> next;  // the lowest above it that is not, told or untold
    std::optional<double> high;  // the lowest that is told to be not `good`
  };
  template <class Good>
  Bracket bracket(double duration, double size, Good good) const {
    Bracket b;
    for (const auto& [load, fate] : fates(duration, size)) {
      if (good(fate)) {
        if (!b.next) b.low = load;
      } else {
        if (!b.next) b.next = load;
        if (!b.high && fate != Fate::untold) b.high = load;
      }
    }
    return b;
  }

  template <class Good>
  bool narrow(double duration, double size, Good good) {
    for (;;) {
      const Bracket b = bracket(duration, size, good);
      if (!b.low || !b.next || *b.next - *b.low <= o().resolution * *b.next) return true;
      const double middle = readable(*b.low + (*b.next - *b.low) / 2);
      if (!(middle > *b.low && middle < *b.next)) return true;
      if (!ask(middle, duration, size)) return false;
    }
  }

  bool column(double duration, double size) {
    const auto recovers = [](Fate f) { return f == Fate::recovered; };
    const auto not_stuck = [](Fate f) { return f == Fate::recovered || f == Fate::degraded; };
    for (const double load : o().loads) {
      if (!ask(load, duration, size)) return false;
    }
    bool whole = narrow(duration, size, recovers);
    whole = whole && narrow(duration, size, not_stuck);
    MapBoundary b;
    b.duration = duration;
    b.size = size;
    const Bracket safe = bracket(duration, size, recovers);
    b.safe = safe.low;
    b.unsafe = safe.high;
    const Bracket stuck = bracket(duration, size, not_stuck);
    b.not_metastable = stuck.low;
    for (const auto& [load, fate] : fates(duration, size)) {
      if (fate == Fate::metastable && !b.metastable) b.metastable = load;
    }
    if (b.safe) b.recovery = out_.at(*b.safe, duration, size)->probe.recovery;
    out_.boundaries.push_back(b);
    return whole;
  }

  void climb() {
    auto topology = build();
    if (!topology) return;
    std::vector<double> loads;
    const double low = o().loads.front(), high = o().loads.back();
    if (!(high > low)) {
      out_.no_stairs = "there is one load only";
      return;
    }
    for (std::size_t k = 0; k < kStairs; ++k)
      loads.push_back(readable(low + (high - low) * static_cast<double>(k) / (kStairs - 1)));
    std::vector<double> way = loads;
    way.insert(way.end(), loads.rbegin() + 1, loads.rend());
    out_.hold_s = sim::seconds_of(topology->run.duration.ns) / (kStairs - 1);
    topology->run.warmup = sim::Duration{warmup_ns_};
    topology->run.warmup_auto = false;
    out_.no_stairs = make_staircase(*topology, way, out_.hold_s);
    if (!out_.no_stairs.empty()) return;
    const auto model = models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
    // By replication and step.
    std::vector<std::vector<analysis::RatioSample>> served(kStairReplications);
    TaskOptions tasks;
    tasks.jobs = o().jobs;
    tasks.interrupt = o().interrupt;
    std::vector<std::string> broken(served.size());
    run_tasks(served.size(), tasks, [&](std::size_t r) {
      models::RunOptions run;
      run.seed = model->topology->run.seed;
      run.replication = static_cast<std::uint32_t>(r);
      run.warmup_ns = warmup_ns_;
      run.interrupt = o().interrupt;
      const models::RunRecord record = models::Execution(model, run).run();
      if (record.status == models::RunStatus::completed) served[r] = by_step(*model, record, way.size());
      if (record.status == models::RunStatus::invariant_broken) broken[r] = record.message;
      return true;
    });
    for (const std::string& how : broken) {
      if (out_.broken.empty()) out_.broken = how;
    }
    for (const auto& row : served) {
      if (!row.empty()) continue;
      out_.interrupted = o().interrupt != nullptr && o().interrupt->load() != 0;
      out_.no_stairs = out_.interrupted ? "interrupted" : "a run met a limit before its end";
      return;
    }
    out_.stair_replications = kStairReplications;
    for (std::size_t k = 0; k < kStairs; ++k)
      out_.stairs.push_back(stair(loads[k], served, k, way.size() - 1 - k));
  }

  // Successes and requests in the second half of each step. More can succeed than arrive while a queue
  // drains.
  std::vector<analysis::RatioSample> by_step(const models::CompiledModel& model,
                                             const models::RunRecord& record, std::size_t steps) const {
    const analysis::WindowTimes times = analysis::window_times(record);
    const std::vector<double> offered = analysis::offered_load(model, record),
                              good = analysis::open_goodput(model, record);
    std::vector<analysis::RatioSample> sums(steps);
    const double start = sim::seconds_of(warmup_ns_);
    for (std::size_t k = 0; k < offered.size(); ++k) {
      const double from = (times.start_s[k] - start) / out_.hold_s;
      const auto step = static_cast<std::size_t>(std::max(0.0, from + 1e-6));
      if (from < -1e-6 || step >= steps || from - static_cast<double>(step) < 0.5 - 1e-6) continue;
      if ((times.end_s[k] - start) / out_.hold_s > static_cast<double>(step) + 1 + 1e-6) continue;
      const double length = times.end_s[k] - times.start_s[k];
      sums[step].total += good[k] * length;
      sums[step].weight += offered[k] * length;
    }
    return sums;
  }

  Stair stair(double load, const std::vector<std::vector<analysis::RatioSample>>& served, std::size_t up,
              std::size_t down) const {
    std::vector<double> ups, downs, differences;
    for (const auto& row : served) {
      const auto share = [&](std::size_t k) {
        return row[k].weight > 0 ? std::min(1.0, row[k].total / row[k].weight) : 1.0;
      };
      ups.push_back(share(up));
      downs.push_back(share(down));
      differences.push_back(ups.back() - downs.back());
    }
    Stair s;
    s.load = load;
    s.up = analysis::mean_interval(ups, o().confidence);
    s.down = analysis::mean_interval(downs, o().confidence);
    s.difference = analysis::mean_interval(differences, o().confidence);
    s.differs = s.difference.estimate > kWorthTelling && s.difference.low > 0;
    return s;
  }

  const SweepScenario& scenario_;
  MetastabilityMap& out_;
  std::int64_t warmup_ns_ = 0;
  std::size_t about_ = 0;
};

}  // namespace

const MapPoint* MetastabilityMap::at(double load, double duration, double size) const {
  for (const MapPoint& p : points) {
    if (p.load == load && p.duration == duration && p.size == size) return &p;
  }
  return nullptr;
}

std::optional<double> MetastabilityMap::safe_load() const {
  std::optional<double> least;
  for (const MapBoundary& b : boundaries) {
    if (!b.safe) return std::nullopt;
    least = std::min(least.value_or(*b.safe), *b.safe);
  }
  return least;
}

MetastabilityMap map_metastability(const SweepScenario& scenario, MapOptions options) {
  MetastabilityMap out;
  out.options = std::move(options);
  Mapper(scenario, out).run();
  out.options.progress = nullptr;
  return out;
}

}  // namespace tailrace::scenarios
