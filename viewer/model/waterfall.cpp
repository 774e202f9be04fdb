#include "viewer/model/waterfall.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace tailrace::viewer {

namespace {

using models::TraceSpan;

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

class Maker {
 public:
  Maker(const Scene& scene, const models::TraceExample& example) : scene_(scene), e_(example) {
    children_.resize(e_.spans.size());
    for (std::uint32_t i = 0; i < e_.spans.size(); ++i)
      if (e_.spans[i].parent != models::kNoSpan) children_[e_.spans[i].parent].push_back(i);
    for (std::vector<std::uint32_t>& list : children_)
      // Of those that begin together first the ones that were waited for, then the longest.
      std::stable_sort(list.begin(), list.end(), [this](std::uint32_t a, std::uint32_t b) {
        const TraceSpan &x = e_.spans[a], &y = e_.spans[b];
        return std::tuple(x.start_ns, !x.critical, -x.end_ns) <
               std::tuple(y.start_ns, !y.critical, -y.end_ns);
      });
  }

  Waterfall make(std::size_t most) {
    out_.name = class_name(scene_, e_.request.cls);
    out_.start_s = static_cast<double>(e_.request.start_ns) * 1e-9;
    out_.latency_s = static_cast<double>(e_.request.latency_ns) * 1e-9;
    out_.outcome = e_.request.outcome;
    for (const models::TracePart& part : e_.own_parts)
      out_.by_kind[static_cast<std::size_t>(time_kind(part.reason))] += static_cast<double>(part.ns) * 1e-9;
    if (!e_.spans.empty()) add(0, 0);
    thin(most);
    return std::move(out_);
  }

 private:
  double since(std::int64_t ns) const { return static_cast<double>(ns - e_.request.start_ns) * 1e-9; }

  void add(std::uint32_t which, int depth) {
    const TraceSpan& span = e_.spans[which];
    if (span.kind == TraceSpan::Kind::branch && children_[which].size() == 1 && only_waits(span)) {
      add(children_[which][0], depth);
      return;
    }
    WaterfallRow row;
    row.depth = depth;
    row.from_s = since(span.start_ns);
    row.to_s = since(span.end_ns);
    row.retry = span.retry;
    row.critical = span.critical || span.kind == TraceSpan::Kind::request;
    if (span.station != models::kNoSpan) row.node = scene_.node_of_station[span.station];
    name(span, row);
    for (std::uint32_t s = 0; s < span.segments; ++s) {
      const models::TraceSegment& segment = e_.segments[span.first_segment + s];
      row.stretches.push_back({since(segment.start_ns), since(segment.end_ns), segment.reason,
                               time_kind(segment.reason), segment.waits, segment.critical,
                               tail_place(scene_, segment.place).name});
    }
    out_.rows.push_back(std::move(row));
    for (const std::uint32_t child : children_[which]) add(child, depth + 1);
  }

  // A branch that does nothing but one call is told by that call's row.
  bool only_waits(const TraceSpan& span) const {
    for (std::uint32_t s = 0; s < span.segments; ++s)
      if (!e_.segments[span.first_segment + s].waits) return false;
    return true;
  }

  void name(const TraceSpan& span, WaterfallRow& row) const {
    const models::Topology& topology = *scene_.model->topology;
    const auto note = [&row](const std::string& text) { row.note += (row.note.empty() ? "" : ", ") + text; };
    if (span.kind == TraceSpan::Kind::request) {
      row.name = class_name(scene_, span.id);
    } else if (span.kind == TraceSpan::Kind::branch) {
      row.name = fmt::format("branch {}", span.id + 1);
    } else if (span.kind == TraceSpan::Kind::background) {
      row.name = "background";
    } else if (span.kind == TraceSpan::Kind::process) {
      const models::GroupTable& group = scene_.model->groups[span.id];
      row.name = topology.channels[group.channel].groups[group.subscription].name + ": message";
    } else {
      row.name = topology.operation_name(topology.edges[span.id].operation);
    }
    if (span.retry) note("retry");
    if (span.hedge) note("hedge");
    if (span.kind == TraceSpan::Kind::request && row.node >= 0)  // its only call is no row of its own
      note("at " + scene_.nodes[at(row.node)].name);
    if (span.unfinished) note("still under way when the request had ended");
    if (row.node >= 0 && scene_.nodes[at(row.node)].replicas > 1)
      note(fmt::format("instance {}", span.instance + 1));
  }

  // Whoever nobody waited for, latest first, until there is room; who waits for others stays with them.
  void thin(std::size_t most) {
    std::vector<WaterfallRow>& rows = out_.rows;
    if (rows.size() <= most) return;
    std::vector<WaterfallRow> kept;
    std::size_t room = most;
    for (const WaterfallRow& row : rows) room -= row.critical && room > 0 ? 1 : 0;
    for (WaterfallRow& row : rows) {
      if (kept.size() >= most) break;
      if (!row.critical) {
        if (room == 0) continue;
        --room;
      }
      kept.push_back(std::move(row));
    }
    out_.left_out = static_cast<int>(rows.size() - kept.size());
    rows = std::move(kept);
  }

  const Scene& scene_;
  const models::TraceExample& e_;
  std::vector<std::vector<std::uint32_t>> children_;
  Waterfall out_;
};

}  // namespace

std::string class_name(const Scene& scene, std::uint32_t cls) {
  const models::CompiledModel& model = *scene.model;
  const std::uint32_t w = model.classes[cls].workload;
  const models::Workload& workload = model.topology->workloads[w];
  const std::string& name = workload.classes[cls - model.workloads[w].first_class].name;
  return name.empty() ? workload.name : workload.name + "/" + name;
}

Waterfall waterfall(const Scene& scene, const models::TraceExample& example, std::size_t most) {
  return Maker(scene, example).make(most);
}

}  // namespace tailrace::viewer
