#include "viewer/model/sampler.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace tailrace::viewer {

namespace {

constexpr std::int64_t kFewestSlices = 50;
constexpr std::size_t kBucketsOfALoad =
    150;  // that a slice of a busy workload has, for the estimate of memory

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

void add_counts(SmallCounts& to, const models::OutcomeCounts& now, const models::OutcomeCounts& before,
                bool reset) {
  for (std::size_t o = 0; o < to.size(); ++o)
    to[o] += static_cast<std::uint32_t>(reset ? now[o] : now[o] - before[o]);
}

// Some calls fail without an attempt: an open breaker, no instance to go to.
models::OutcomeCounts ends_of(const models::EdgeRecord& r) {
  models::OutcomeCounts counts = r.attempt_ended;
  for (std::size_t o = 1; o < counts.size(); ++o) counts[o] = std::max(counts[o], r.ended[o]);
  return counts;
}

// Of a circuit breaker's statuses: worse is more.
std::int16_t badness(const std::string& status) {
  if (status == "open" || status == "forced_open") return 2;
  return status == "half_open" ? 1 : 0;
}

}  // namespace

std::int64_t slice_length_ns(const Scene& scene) {
  const std::size_t bytes = sizeof(Slice) + scene.nodes.size() * sizeof(Slice::Node) +
                            scene.edges.size() * sizeof(Slice::Edge) +
                            scene.model->workloads.size() * (sizeof(Slice::Load) + 8 * kBucketsOfALoad);
  const std::int64_t room = static_cast<std::int64_t>(kHistoryBytes / bytes);
  const std::int64_t count = std::clamp<std::int64_t>(room, kFewestSlices, kSlices);
  const std::int64_t duration = scene.model->topology->run.duration.ns;
  return std::max<std::int64_t>(1, (duration + count - 1) / count);
}

Sampler::Sampler(std::shared_ptr<const Scene> scene) : scene_(std::move(scene)), model_(*scene_->model) {
  now_.nodes.resize(scene_->nodes.size());
  now_.edges.resize(scene_->edges.size());
  now_.loads.resize(model_.workloads.size());
  for (std::size_t i = 0; i < now_.nodes.size(); ++i) {
    now_.nodes[i].ready =
        static_cast<std::uint16_t>(std::min<std::int64_t>(scene_->nodes[i].replicas, 65535));
  }
  stations_.resize(model_.stations.size());
  for (models::StationPeek& s : stations_) s.ready_s = 0;
  edges_.resize(model_.edges.size());
  classes_.resize(model_.classes.size());
  successes_.resize(model_.workloads.size());
  sums_.resize(model_.series.size());
  series_of_edge_.assign(model_.edges.size(), models::kNoId);
  std::map<std::uint32_t, std::uint32_t> originals(model_.series_copies.begin(), model_.series_copies.end());
  for (std::uint32_t s = 0; s < model_.series.size(); ++s) {
    if (model_.series[s].kind != models::SeriesKind::call) continue;
    const auto it = originals.find(s);
    series_of_edge_[model_.series[s].id] = it == originals.end() ? s : it->second;
  }
  breakers_.resize(scene_->edges.size());
  badness_.resize(model_.admission_groups.size());
  for (std::uint32_t g = 0; g < model_.admission_groups.size(); ++g) {
    const models::AdmissionGroup& group = model_.admission_groups[g];
    if (group.policy != "circuit_breaker" || group.door || group.of_queue) continue;
    for (const std::string& status : group.model->statuses()) badness_[g].push_back(badness(status));
    const int from = scene_->node_of_component[group.component];
    const int edge = group.edge != models::kNoId
                         ? scene_->edge_of_call[group.edge]
                         : scene_->find_edge(from, scene_->node_of_station[group.station]);
    if (edge < 0) continue;
    for (std::uint32_t i = 0; i < group.states(); ++i)
      breakers_[at(edge)].push_back({group.first_state + i, g});
    now_.edges[at(edge)].breaker = 0;
  }
}

std::shared_ptr<const Slice> Sampler::start() const {
  return std::make_shared<const Slice>(now_);
}

void Sampler::catch_up(const models::Peek& peek) {
  reset_ = peek.statistics_since_ns() != since_ns_;
  since_ns_ = peek.statistics_since_ns();
  nodes(peek);
  edges(peek);
  loads(peek);
  last_ns_ = peek.now_ns();
}

std::shared_ptr<const Slice> Sampler::close(const models::Peek& peek) {
  catch_up(peek);
  now_.end_ns = peek.now_ns();
  for (std::size_t w = 0; w < now_.loads.size(); ++w) {
    Slice::Load& load = now_.loads[w];
    Successes& s = successes_[w];
    std::sort(s.touched.begin(), s.touched.end());
    load.buckets.clear();
    for (const std::uint32_t bucket : s.touched)
      load.buckets.emplace_back(bucket, std::exchange(s.counts[bucket], 0));
    s.touched.clear();
    load.highest_ns = std::exchange(s.highest_ns, 0);
    load.success_s += std::exchange(s.sum_s, 0);
  }
  return std::make_shared<const Slice>(now_);
}

void Sampler::nodes(const models::Peek& peek) {
  const double passed_s = static_cast<double>(peek.now_ns() - last_ns_) * 1e-9;
  for (std::size_t n = 0; n < now_.nodes.size(); ++n) {
    Slice::Node& node = now_.nodes[n];
    node.down = 0;
    node.in_flight = 0;
    bool first = true;
    for (const int station : scene_->nodes[n].stations) {
      const models::StationPeek now = peek.station(static_cast<std::uint32_t>(station));
      models::StationPeek& before = stations_[at(station)];
      const double busy = grown(now.busy_s, before.busy_s);
      node.busy_s += busy;
      node.queue_s += grown(now.queue_s, before.queue_s);
      node.served += grown(now.served, before.served);
      node.rejected += grown(now.rejected, before.rejected);
      double ready_s = passed_s * static_cast<double>(now.ready);
      if (now.ready_s >= 0) {  // of the whole run, whatever statistics do
        ready_s = now.ready_s - before.ready_s;
        before.ready_s = now.ready_s;
      }
      const std::int64_t workers = model_.topology->stations[at(station)].workers;
      if (workers != models::kUnlimited) {
        node.worker_s += ready_s * static_cast<double>(workers);
        node.limited_busy_s += busy;
      }
      node.down = static_cast<std::uint16_t>(std::min<std::uint32_t>(65535, node.down + now.stopped));
      node.in_flight += static_cast<std::uint32_t>(now.in_queue + now.in_service);
      if (first) {
        node.ready_s += ready_s;
        node.ready = static_cast<std::uint16_t>(std::min<std::uint32_t>(65535, now.ready));
      }
      first = false;
    }
    std::uint64_t lag = 0;
    for (const int group : scene_->nodes[n].groups) lag += peek.depth(static_cast<std::uint32_t>(group));
    node.lag = static_cast<std::uint32_t>(std::min<std::uint64_t>(lag, 0xffffffffu));
  }
}

void Sampler::edges(const models::Peek& peek) {
  peek.sums(sums_now_);
  for (std::size_t e = 0; e < now_.edges.size(); ++e) {
    Slice::Edge& edge = now_.edges[e];
    Slice::Node& target = now_.nodes[at(scene_->edges[e].to)];
    for (const int call : scene_->edges[e].edges) {
      const models::EdgeRecord now = peek.edge(at(call));
      models::EdgeRecord& before = edges_[at(call)];
      const models::OutcomeCounts ends = ends_of(now), ends_before = ends_of(before);
      add_counts(edge.ended, ends, ends_before, reset_);
      add_counts(target.ended, ends, ends_before, reset_);
      edge.calls += reset_ ? now.calls : now.calls - before.calls;
      const std::uint64_t attempts = reset_ ? now.attempts : now.attempts - before.attempts;
      edge.attempts += attempts;
      target.offered += attempts;
      before = now;
      const std::uint32_t series = series_of_edge_[at(call)];
      if (series == models::kNoId) continue;
      edge.time_s += reset_ ? sums_now_[series].sum_s : sums_now_[series].sum_s - sums_[series].sum_s;
      edge.timed += reset_ ? sums_now_[series].count : sums_now_[series].count - sums_[series].count;
    }
    if (breakers_[e].empty()) continue;
    edge.breaker = 0;
    for (const Breaker& breaker : breakers_[e]) {
      const std::uint8_t status = peek.admission_status(breaker.state);
      edge.breaker = std::max(edge.breaker, badness_[breaker.group][status]);
    }
  }
  std::swap(sums_, sums_now_);
}

void Sampler::loads(const models::Peek& peek) {
  for (std::size_t w = 0; w < now_.loads.size(); ++w) {
    Slice::Load& load = now_.loads[w];
    const models::WorkloadTable& table = model_.workloads[w];
    const int node = scene_->node_of_component[at(table.model->component)];
    load.in_flight = 0;
    for (std::uint32_t c = table.first_class; c < table.first_class + table.classes; ++c) {
      const models::ClassRecord now = peek.request_class(c);
      models::ClassRecord& before = classes_[c];
      const std::uint64_t arrived = reset_ ? now.arrived : now.arrived - before.arrived;
      load.arrived += arrived;
      add_counts(load.ended, now.ended, before.ended, reset_);
      load.in_flight +=
          static_cast<std::uint32_t>(now.started_in_flight + now.arrived - models::total(now.ended));
      if (node >= 0) {
        now_.nodes[at(node)].offered += arrived;
        add_counts(now_.nodes[at(node)].ended, now.ended, before.ended, reset_);
      }
      before = now;
    }
    if (node >= 0) now_.nodes[at(node)].in_flight = load.in_flight;
  }
}

}  // namespace tailrace::viewer
