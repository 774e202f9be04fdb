#include "viewer/model/tail_view.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "analysis/tail/tail.hpp"

namespace tailrace::viewer {

namespace {

using models::Reason;
using models::TracedRequest;
using models::TracePart;

constexpr std::size_t kStretches = 20;
constexpr double kConfidence = 0.95;

struct Cut {
  const char* name;
  double from, to;
};
constexpr std::array<Cut, 4> kCuts{
    {{"p50", 0.45, 0.55}, {"p90", 0.9, 0.99}, {"p99", 0.99, 0.999}, {"p99.9", 0.999, 1}}};

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

using Key = std::pair<std::string, int>;  // name of the place, reason

struct Sums {
  TailPlace place;
  double ns = 0;
  std::uint64_t requests = 0;
  std::size_t seen = 0;  // the last request that was counted, from 1
  std::array<double, kStretches> by_group{};
};

}  // namespace

TimeKind time_kind(Reason reason) {
  switch (reason) {
    case Reason::service:
      return TimeKind::service;
    case Reason::queue:
    case Reason::connection:
    case Reason::admission:
    case Reason::messaging:
    case Reason::cache:
      return TimeKind::waiting;
    case Reason::network:
      return TimeKind::network;
    case Reason::backoff:
    case Reason::retry:
      return TimeKind::retry;
    case Reason::sleep:
    case Reason::fault:
      break;
  }
  return TimeKind::other;
}

const char* time_kind_name(TimeKind kind) {
  constexpr const char* kNames[kTimeKinds] = {"service", "waiting", "network", "retries", "pause, fault"};
  return kNames[static_cast<std::size_t>(kind)];
}

TailPlace tail_place(const Scene& scene, const models::TracePlace& place) {
  using Kind = models::TracePlace::Kind;
  const models::Topology& topology = *scene.model->topology;
  TailPlace out;
  out.name = analysis::place_name(*scene.model, place);
  const auto component = [&](int c) { return c < 0 ? -1 : scene.node_of_component[at(c)]; };
  switch (place.kind) {
    case Kind::station:
      out.node = scene.node_of_station[place.id];
      break;
    case Kind::edge:
      out.edge = scene.edge_of_call[place.id];
      if (out.edge >= 0) {
        // As the topology panel calls it: a workload's calls have no component to come from.
        const SceneEdge& edge = scene.edges[at(out.edge)];
        out.name = scene.nodes[at(edge.from)].name + " -> " + scene.nodes[at(edge.to)].name;
      }
      break;
    case Kind::channel:
      out.node = component(topology.channels[place.id].component);
      break;
    case Kind::cache:
      out.node = component(topology.caches[place.id].component);
      break;
    case Kind::workload:
      out.node = component(topology.workloads[place.id].component);
      break;
  }
  return out;
}

TailView::TailView(std::shared_ptr<const Scene> scene, std::shared_ptr<const TailTraces> traces,
                   TimeRange range, int workload)
    : scene_(std::move(scene)), traces_(std::move(traces)) {
  from_ns_ = std::llround(range.t0_s * 1e9);
  to_ns_ = std::llround(range.t1_s * 1e9);
  const models::CompiledModel& model = *scene_->model;
  for (const auto& cls : model.classes)
    classes_.push_back(workload < 0 || static_cast<int>(cls.workload) == workload);
  std::vector<const TracedRequest*> mine;
  for (const TracedRequest& request : traces_->record->requests)
    if (belongs(request)) mine.push_back(&request);
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const bool good = mine[i]->outcome == models::Outcome::success;
    (good ? good_ : failed_).push_back({mine[i], i * kStretches / mine.size()});
  }
  const auto slower = [](const Member& a, const Member& b) {
    return std::tuple(a.request->latency_ns, a.request->cls, a.request->number) <
           std::tuple(b.request->latency_ns, b.request->cls, b.request->number);
  };
  std::sort(good_.begin(), good_.end(), slower);
  std::sort(failed_.begin(), failed_.end(), slower);
  for (const Cut& cut : kCuts) {
    const auto rank = [&](double share) {
      return static_cast<std::size_t>(std::floor(share * static_cast<double>(good_.size())));
    };
    const std::size_t from = rank(cut.from), to = rank(cut.to);
    if (from >= to) continue;
    bands_.push_back({cut.name, seconds(good_[from].request->latency_ns),
                      seconds(good_[to - 1].request->latency_ns), false});
  }
  if (!failed_.empty())
    bands_.push_back({"failed", seconds(failed_.front().request->latency_ns),
                      seconds(failed_.back().request->latency_ns), true});
}

bool TailView::belongs(const TracedRequest& request) const {
  const std::int64_t end = request.start_ns + request.latency_ns;
  return end >= from_ns_ && end < to_ns_ && classes_[request.cls];
}

const LatencyBand* TailView::find(const std::string& name) const {
  for (const LatencyBand& band : bands_)
    if (band.name == name) return &band;
  return nullptr;
}

const LatencyBand* TailView::slowest() const {
  const LatencyBand* found = nullptr;
  for (const LatencyBand& b : bands_) {
    if (b.failed) continue;
    std::size_t count = 0;
    for (const Member& m : good_) {
      const double s = seconds(m.request->latency_ns);
      if (s >= b.low_s && s <= b.high_s) ++count;
    }
    if (count >= kEnough) found = &b;
  }
  return found;
}

BandView TailView::band(const LatencyBand& band) const {
  BandView out;
  out.band = band;
  const models::TraceRecord& record = *traces_->record;
  std::map<Key, Sums> sums;
  std::array<double, kStretches> whole{};
  double total = 0;
  const auto inside = [&band](const TracedRequest& r) {
    const double s = seconds(r.latency_ns);
    return s >= band.low_s && s <= band.high_s && (r.outcome != models::Outcome::success) == band.failed;
  };
  std::map<std::tuple<int, std::uint32_t>, TailPlace> places;
  std::vector<const TracedRequest*> members;
  for (const Member& m : band.failed ? failed_ : good_) {
    if (!inside(*m.request)) continue;
    ++out.count;
    members.push_back(m.request);
    const auto latency = static_cast<double>(m.request->latency_ns);
    if (out.count == 1) out.low_s = latency * 1e-9;
    out.high_s = latency * 1e-9;
    total += latency;
    whole[m.group] += latency;
    for (std::uint32_t p = 0; p < m.request->parts; ++p) {
      const TracePart& part = record.parts[m.request->first_part + p];
      const auto which = std::tuple(static_cast<int>(part.place.kind), part.place.id);
      auto place = places.find(which);
      if (place == places.end()) place = places.emplace(which, tail_place(*scene_, part.place)).first;
      Sums& s = sums[{place->second.name, static_cast<int>(part.reason)}];
      s.place = place->second;
      const auto ns = static_cast<double>(part.ns);
      s.ns += ns;
      s.by_group[m.group] += ns;
      if (s.seen != out.count) ++s.requests;
      s.seen = out.count;
    }
  }
  if (out.count == 0) return out;
  const auto n = static_cast<double>(out.count);
  out.mean_s = total / n * 1e-9;
  for (const auto& [key, s] : sums) {
    TailShare part;
    part.place = s.place;
    part.reason = static_cast<Reason>(key.second);
    part.mean_s = s.ns / n * 1e-9;
    part.requests = s.requests;
    std::vector<analysis::RatioSample> samples;
    for (std::size_t g = 0; g < kStretches; ++g) samples.push_back({s.by_group[g], whole[g]});
    part.share = analysis::ratio_interval(samples, analysis::RatioOf::sums, kConfidence);
    part.share.count = out.count;
    if (part.share.known) {
      part.share.low = std::max(part.share.low, 0.0);
      part.share.high = std::min(part.share.high, 1.0);
    }
    out.parts.push_back(std::move(part));
  }
  std::stable_sort(out.parts.begin(), out.parts.end(),
                   [](const TailShare& a, const TailShare& b) { return a.mean_s > b.mean_s; });
  for (std::size_t i = 0; i < std::min<std::size_t>(members.size(), kExamples); ++i) {
    const std::size_t steps = std::min<std::size_t>(members.size(), kExamples) - 1;
    const std::size_t down = steps == 0 ? 0 : i * (members.size() - 1) / steps;
    out.examples.push_back(*members[members.size() - 1 - down]);
  }
  return out;
}

const models::TraceExample* example_of(const models::TraceRecord& record, const TracedRequest& request) {
  for (const models::TraceExample& example : record.examples) {
    const TracedRequest& r = example.request;
    if (r.cls == request.cls && r.number == request.number && r.latency_ns == request.latency_ns)
      return &example;
  }
  return nullptr;
}

std::vector<TailChange> difference(const BandView& a, const BandView& b) {
  std::map<Key, TailChange> changes;
  const auto take = [&changes](const BandView& band, double TailChange::*where) {
    for (const TailShare& part : band.parts) {
      TailChange& change = changes[{part.place.name, static_cast<int>(part.reason)}];
      change.place = part.place;
      change.reason = part.reason;
      change.*where = part.mean_s;
    }
  };
  take(a, &TailChange::a_s);
  take(b, &TailChange::b_s);
  std::vector<TailChange> out;
  for (auto& [key, change] : changes) out.push_back(std::move(change));
  std::stable_sort(out.begin(), out.end(), [](const TailChange& x, const TailChange& y) {
    return std::abs(x.more_s()) > std::abs(y.more_s());
  });
  return out;
}

}  // namespace tailrace::viewer
