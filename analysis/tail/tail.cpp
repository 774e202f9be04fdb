#include "analysis/tail/tail.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

namespace tailrace::analysis {

namespace {

using models::CompiledModel;
using models::RunRecord;
using models::TracedRequest;
using models::TracePart;
using models::TracePlace;
using models::TraceRecord;

struct Cut {
  const char* name;
  double from, to;
};
constexpr std::array<Cut, 4> kCuts{
    {{"p50", 0.45, 0.55}, {"p90", 0.9, 0.99}, {"p99", 0.99, 0.999}, {"p99.9", 0.999, 1}}};

constexpr std::size_t kFewReplications = 5;
constexpr std::size_t kStretches = 20;
constexpr std::size_t kExamplesOfBand = 3;
constexpr double kConfidence = 0.95;

struct Member {
  const TracedRequest* request;
  std::uint32_t record;
  std::uint32_t group;
};

using Key = std::tuple<int, std::uint32_t, int>;  // kind and id of the place, reason
Key key_of(const TracePlace& place, models::Reason reason) {
  return {static_cast<int>(place.kind), place.id, static_cast<int>(reason)};
}

// Sums of one place and reason; by group for the interval.
struct Sums {
  TracePlace place;
  models::Reason reason = models::Reason::service;
  double ns = 0, straggler_ns = 0;
  std::uint64_t requests = 0;
  std::vector<double> by_group;
};

class Builder {
 public:
  Builder(const CompiledModel& model, const std::vector<RunRecord>& records) : model_(model) {
    for (const RunRecord& record : records) {
      if (record.traces == nullptr) continue;
      report_.records.push_back(record.traces);
      report_.replications.push_back(record.replication);
      report_.every = std::max(report_.every, record.traces->every);
      report_.too_large += record.traces->too_large;
    }
    report_.traced = !report_.records.empty();
  }

  TailReport build() {
    if (!report_.traced) return std::move(report_);
    std::vector<std::vector<Member>> by_class(model_.classes.size());
    const bool many = report_.records.size() >= kFewReplications;
    // Replications may have been thinned differently: the coarsest sample is a subset of all.
    const std::uint64_t limit = ~std::uint64_t{0} / report_.every;
    for (std::uint32_t r = 0; r < report_.records.size(); ++r) {
      const std::vector<TracedRequest>& requests = report_.records[r]->requests;
      for (std::size_t i = 0; i < requests.size(); ++i) {
        const TracedRequest& request = requests[i];
        if (models::trace_rank(request.cls, request.number) > limit) continue;
        const std::size_t group = many ? r : r * kStretches + i * kStretches / requests.size();
        by_class[request.cls].push_back({&request, r, static_cast<std::uint32_t>(group)});
      }
    }
    groups_ = many ? report_.records.size() : report_.records.size() * kStretches;
    examples_.resize(by_class.size());
    for (std::size_t r = 0; r < report_.records.size(); ++r) {
      const std::vector<models::TraceExample>& kept = report_.records[r]->examples;
      for (std::size_t i = 0; i < kept.size(); ++i) examples_[kept[i].request.cls].push_back({r, i});
    }
    for (std::uint32_t c = 0; c < by_class.size(); ++c) {
      if (!by_class[c].empty()) add_class(c, by_class[c]);
    }
    return std::move(report_);
  }

 private:
  void add_class(std::uint32_t cls, std::vector<Member>& members) {
    TailClass out;
    out.cls = cls;
    const models::Workload& workload = model_.topology->workloads[model_.classes[cls].workload];
    const std::string& name =
        workload.classes[cls - model_.workloads[model_.classes[cls].workload].first_class].name;
    out.name = name.empty() ? workload.name : workload.name + "/" + name;
    out.traced = members.size();
    std::vector<Member> good, failed;
    for (const Member& m : members)
      (m.request->outcome == models::Outcome::success ? good : failed).push_back(m);
    out.failed = failed.size();
    const auto slower = [](const Member& a, const Member& b) {
      return std::tuple(a.request->latency_ns, a.record, a.request->number) <
             std::tuple(b.request->latency_ns, b.record, b.request->number);
    };
    std::sort(good.begin(), good.end(), slower);
    std::sort(failed.begin(), failed.end(), slower);
    for (const Cut& cut : kCuts) {
      const auto rank = [&](double share) {
        return static_cast<std::size_t>(std::floor(share * static_cast<double>(good.size())));
      };
      const std::size_t from = rank(cut.from), to = rank(cut.to);
      if (from >= to) continue;
      out.bands.push_back(band(cls, good.data() + from, to - from));
      out.bands.back().name = cut.name;
      out.bands.back().from = cut.from;
      out.bands.back().to = cut.to;
    }
    if (!failed.empty()) {
      out.bands.push_back(band(cls, failed.data(), failed.size()));
      out.bands.back().name = "failed";
      out.bands.back().to = 1;
      out.bands.back().failed = true;
    }
    compare(out);
    report_.classes.push_back(std::move(out));
  }

  TailBand band(std::uint32_t cls, const Member* members, std::size_t count) {
    TailBand out;
    out.count = count;
    out.low_s = sim::seconds_of(members[0].request->latency_ns);
    out.high_s = sim::seconds_of(members[count - 1].request->latency_ns);
    std::vector<double> whole(groups_), straggling(groups_);
    std::map<Key, Sums> sums;
    for (std::size_t i = 0; i < count; ++i) {
      const Member& m = members[i];
      whole[m.group] += static_cast<double>(m.request->latency_ns);
      const std::vector<TracePart>& parts = report_.records[m.record]->parts;
      seen_.clear();
      for (std::uint32_t p = 0; p < m.request->parts; ++p) {
        const TracePart& part = parts[m.request->first_part + p];
        const Key key = key_of(part.place, part.reason);
        Sums& s = sums[key];
        if (s.by_group.empty()) {
          s.place = part.place;
          s.reason = part.reason;
          s.by_group.resize(groups_);
        }
        const auto ns = static_cast<double>(part.ns);
        s.ns += ns;
        s.by_group[m.group] += ns;
        if (part.straggler) {
          s.straggler_ns += ns;
          straggling[m.group] += ns;
        }
        if (std::find(seen_.begin(), seen_.end(), key) == seen_.end()) {
          ++s.requests;
          seen_.push_back(key);
        }
      }
    }
    double total = 0;
    for (const double ns : whole) total += ns;
    const double n = static_cast<double>(count);
    out.mean_s = total / n * 1e-9;
    out.straggler = share(straggling, whole, count);
    for (const auto& [key, s] : sums) {
      out.parts.push_back({s.place, s.reason, s.ns / n * 1e-9, s.straggler_ns / n * 1e-9,
                           share(s.by_group, whole, count), s.requests});
    }
    std::stable_sort(out.parts.begin(), out.parts.end(),
                     [](const TailPart& a, const TailPart& b) { return a.mean_s > b.mean_s; });
    find_examples(cls, out);
    return out;
  }

  Interval share(const std::vector<double>& part, const std::vector<double>& whole, std::size_t count) const {
    std::vector<RatioSample> samples;
    samples.reserve(groups_);
    for (std::size_t g = 0; g < groups_; ++g) samples.push_back({part[g], whole[g]});
    Interval interval = ratio_interval(samples, RatioOf::sums, kConfidence);
    interval.count = count;
    if (interval.known) {  // a share is one, however few the groups
      interval.low = std::max(interval.low, 0.0);
      interval.high = std::min(interval.high, 1.0);
    }
    return interval;
  }

  // The slowest of the band first.
  void find_examples(std::uint32_t cls, TailBand& band) const {
    std::vector<std::pair<std::int64_t, TailExample>> found;
    for (const TailExample& example : examples_[cls]) {
      const TracedRequest& request = report_.records[example.record]->examples[example.example].request;
      const bool failed = request.outcome != models::Outcome::success;
      const double latency = sim::seconds_of(request.latency_ns);
      if (failed == band.failed && latency >= band.low_s && latency <= band.high_s)
        found.push_back({request.latency_ns, example});
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (std::size_t i = 0; i < found.size() && i < kExamplesOfBand; ++i)
      band.examples.push_back(found[i].second);
  }

  static void compare(TailClass& cls) {
    if (cls.bands.empty() || cls.bands[0].name != "p50") return;
    for (std::size_t b = 1; b < cls.bands.size(); ++b) {
      if (!cls.bands[b].failed && cls.bands[b].count >= TailReport::kEnough) {
        cls.difference.to = b;
        cls.has_difference = true;
      }
    }
    if (!cls.has_difference) return;
    std::map<Key, TailDifference::Part> parts;
    const auto take = [&](const TailBand& band, double sign) {
      for (const TailPart& p : band.parts) {
        TailDifference::Part& part = parts[key_of(p.place, p.reason)];
        part.place = p.place;
        part.reason = p.reason;
        part.more_s += sign * p.mean_s;
      }
    };
    take(cls.bands[cls.difference.to], 1);
    take(cls.bands[0], -1);
    for (const auto& [key, part] : parts) cls.difference.parts.push_back(part);
    std::stable_sort(cls.difference.parts.begin(), cls.difference.parts.end(),
                     [](const auto& a, const auto& b) { return std::abs(a.more_s) > std::abs(b.more_s); });
  }

  const CompiledModel& model_;
  TailReport report_;
  std::size_t groups_ = 0;
  std::vector<std::vector<TailExample>> examples_;  // by class
  std::vector<Key> seen_;
};

}  // namespace

TailReport build_tail_report(const CompiledModel& model, const std::vector<RunRecord>& records) {
  return Builder(model, records).build();
}

std::string place_name(const CompiledModel& model, const TracePlace& place) {
  const models::Topology& t = *model.topology;
  switch (place.kind) {
    case TracePlace::Kind::station:
      return t.stations[place.id].name;
    case TracePlace::Kind::edge: {
      const models::Edge& edge = t.edges[place.id];
      const models::Operation& to = t.operations[static_cast<std::size_t>(edge.operation)];
      const std::string& target = t.components[static_cast<std::size_t>(to.component)].name;
      if (edge.from_component < 0) return "-> " + target;
      return t.components[static_cast<std::size_t>(edge.from_component)].name + " -> " + target;
    }
    case TracePlace::Kind::channel:
      return t.channels[place.id].name;
    case TracePlace::Kind::cache:
      return t.caches[place.id].name;
    case TracePlace::Kind::workload:
      return t.workloads[place.id].name;
  }
  return "";
}

const char* place_kind(const TracePlace& place) {
  switch (place.kind) {
    case TracePlace::Kind::station:
      return "station";
    case TracePlace::Kind::edge:
      return "call";
    case TracePlace::Kind::channel:
      return "channel";
    case TracePlace::Kind::cache:
      return "cache";
    case TracePlace::Kind::workload:
      return "client";
  }
  return "";
}

}  // namespace tailrace::analysis
