#include <fmt/format.h>

#include <algorithm>

#include "viewer/model/run_watch.hpp"

namespace tailrace::viewer {

namespace {

constexpr auto kPublishEvery = std::chrono::milliseconds(15);

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

const char* breaker_word(std::int16_t state) {
  return state == 2 ? "open" : state == 1 ? "half open" : "closed";
}

}  // namespace

HistoryWatch::HistoryWatch(std::shared_ptr<const Scene> scene, std::int64_t warmup_ns,
                           const std::atomic<int>& stop, Publish publish)
    : scene_(std::move(scene)),
      sampler_(scene_),
      slice_ns_(slice_length_ns(*scene_)),
      duration_ns_(scene_->model->topology->run.duration.ns),
      warmup_ns_(warmup_ns),
      stop_(stop),
      publish_(std::move(publish)),
      slices_{sampler_.start()},
      published_(std::chrono::steady_clock::now()) {}

std::int64_t HistoryWatch::look(const models::Peek& peek) {
  if (stop_.load(std::memory_order_relaxed) != 0) return kStop;
  const std::int64_t now = peek.now_ns();
  const std::int64_t due = std::min(static_cast<std::int64_t>(slices_.size()) * slice_ns_, duration_ns_);
  if (now >= due && now > slices_.back()->end_ns) {
    const std::shared_ptr<const Slice> before = slices_.back();
    slices_.push_back(sampler_.close(peek));
    note_changes(*before, *slices_.back());
    note_faults(peek.fault_activations(), now);
    const auto clock = std::chrono::steady_clock::now();
    if (clock - published_ >= kPublishEvery) {
      published_ = clock;
      publish_(history(false));
    }
  } else if (now == warmup_ns_) {
    sampler_.catch_up(peek);
  }
  std::int64_t next = std::min(static_cast<std::int64_t>(slices_.size()) * slice_ns_, duration_ns_);
  if (warmup_ns_ > now) next = std::min(next, warmup_ns_);
  return next > now ? next : INT64_MAX;
}

std::shared_ptr<const History> HistoryWatch::history(bool complete) const {
  return std::make_shared<const History>(scene_, slices_, seconds(slice_ns_), bars_, changes_, complete);
}

void HistoryWatch::change(std::int64_t at_ns, ChangeKind kind, int node, int edge, int fault,
                          std::string text) {
  constexpr std::size_t kMost = 5000;
  if (changes_.size() >= kMost) return;
  Change c;
  c.t_s = seconds(at_ns);
  c.kind = kind;
  c.node = node, c.edge = edge, c.fault = fault;
  c.text = std::move(text);
  const auto place = std::upper_bound(changes_.begin(), changes_.end(), c.t_s,
                                      [](double t, const Change& other) { return t < other.t_s; });
  changes_.insert(place, std::move(c));
}

void HistoryWatch::note_changes(const Slice& before, const Slice& after) {
  for (std::size_t e = 0; e < after.edges.size(); ++e) {
    if (before.edges[e].breaker == after.edges[e].breaker) continue;
    const SceneEdge& edge = scene_->edges[e];
    change(after.end_ns, ChangeKind::breaker, -1, static_cast<int>(e), -1,
           fmt::format("breaker {} -> {}: {}", scene_->nodes[at(edge.from)].name,
                       scene_->nodes[at(edge.to)].name, breaker_word(after.edges[e].breaker)));
  }
  for (std::size_t n = 0; n < after.nodes.size(); ++n) {
    const SceneNode& node = scene_->nodes[n];
    const int was = before.nodes[n].ready, is = after.nodes[n].ready;
    if (node.scales && was != is && slices_.size() > 2) {
      change(after.end_ns, ChangeKind::scaled, static_cast<int>(n), -1, -1,
             fmt::format("{}: {} -> {} instances", node.name, was, is));
    }
    if (before.nodes[n].down == after.nodes[n].down) continue;
    const bool worse = after.nodes[n].down > before.nodes[n].down;
    change(after.end_ns, worse ? ChangeKind::instances_down : ChangeKind::instances_up, static_cast<int>(n),
           -1, -1,
           worse ? fmt::format("{}: {} of {} instances down", node.name, after.nodes[n].down, node.replicas)
                 : fmt::format("{}: instances back", node.name));
  }
}

void HistoryWatch::note_faults(const std::vector<models::FaultActivation>& activations, std::int64_t now_ns) {
  for (std::size_t i = 0; i < activations.size(); ++i) {
    const models::FaultActivation& a = activations[i];
    const std::string& name = scene_->faults[a.fault].name;
    const int node = scene_->faults[a.fault].nodes.empty() ? -1 : scene_->faults[a.fault].nodes.front();
    if (i == bars_.size()) {
      FaultBar bar;
      bar.fault = static_cast<int>(a.fault);
      bar.start_s = seconds(a.start_ns);
      bar.on = true;
      bars_.push_back(bar);
      change(a.start_ns, ChangeKind::fault_on, node, -1, static_cast<int>(a.fault), name + " begins");
    }
    FaultBar& bar = bars_[i];
    if (!bar.on) continue;
    bar.end_s = seconds(a.end_ns >= 0 ? a.end_ns : now_ns);
    if (a.end_ns < 0) continue;
    bar.on = false;
    change(a.end_ns, ChangeKind::fault_off, node, -1, static_cast<int>(a.fault), name + " is over");
  }
}

void HistoryWatch::finish(const models::RunRecord& record) {
  note_faults(record.fault_activations, record.end_ns);
}

}  // namespace tailrace::viewer
