#include "analysis/report/arrivals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/graph/call_sites.hpp"
#include "analysis/graph/message_ways.hpp"
#include "analysis/report/run_report.hpp"
#include "analysis/report/text_table.hpp"

namespace tailrace::analysis {

namespace {

constexpr int kMostSweeps = 1000;  // calls in a circle; a tree is done after as many as it is deep
constexpr double kSettled = 1e-9;
constexpr std::size_t kMostRows = 30;
constexpr double kDiffers = 0.1;
constexpr std::size_t kMostCells = 1'000'000;  // operations x workloads

std::size_t at(int id) {
  return static_cast<std::size_t>(id);
}

// How requests come to an operation: by a call of a workload or of another operation, or as messages that the
// other one publishes.
struct Way {
  int workload = models::kNone, operation = models::kNone;  // whose call; neither: nobody's request
  int edge = models::kNone;                                 // none: by messages
};

class Ways {
 public:
  explicit Ways(const models::Topology& t) : into_(t.operations.size()) {
    std::vector<int> calls;
    std::vector<bool> owned(t.edges.size());
    const auto add = [&](int workload, int operation) {
      for (const int edge : calls) {
        owned[at(edge)] = true;
        into_[at(t.edges[at(edge)].operation)].push_back({workload, operation, edge});
      }
      calls.clear();
    };
    for (std::size_t w = 0; w < t.workloads.size(); ++w) {
      for (const models::RequestClass& c : t.workloads[w].classes) add_call_sites(c.steps, calls);
      add(static_cast<int>(w), models::kNone);
    }
    for (std::size_t o = 0; o < t.operations.size(); ++o) {
      const int from = static_cast<int>(o);
      add_call_sites(t.operations[o].steps, calls);
      add(models::kNone, from);
      for (const models::ConsumerGroup* group : handlers_of(t, from)) {
        if (share_of(t, from, *group) != Share::none)
          into_[at(group->operation)].push_back({models::kNone, from, models::kNone});
        if (group->edge != models::kNone) owned[at(group->edge)] = true;
      }
    }
    for (std::size_t e = 0; e < t.edges.size(); ++e) {
      if (!owned[e] && !t.edges[e].probe)
        into_[at(t.edges[e].operation)].push_back({models::kNone, models::kNone, static_cast<int>(e)});
    }
  }
  const std::vector<Way>& into(std::size_t operation) const { return into_[operation]; }

  // Each workload's share of the arrivals at each operation, in one replication.
  std::vector<std::vector<double>> shares(const models::RunRecord& r, std::size_t workloads) const {
    const auto weight = [&](const Way& way) {
      return static_cast<double>(way.edge == models::kNone ? r.operations[at(way.operation)].arrived
                                                           : r.edges[at(way.edge)].attempts);
    };
    std::vector<double> all(into_.size());
    for (std::size_t o = 0; o < into_.size(); ++o) {
      for (const Way& way : into_[o]) all[o] += weight(way);
    }
    std::vector<std::vector<double>> share(into_.size(), std::vector<double>(workloads));
    std::vector<double> next(workloads);
    double moved = 1;
    for (int sweep = 0; moved > kSettled && sweep < kMostSweeps; ++sweep) {
      moved = 0;
      for (std::size_t o = 0; o < into_.size(); ++o) {
        if (all[o] <= 0) continue;
        std::fill(next.begin(), next.end(), 0.0);
        for (const Way& way : into_[o]) {
          const double part = weight(way) / all[o];
          if (way.workload != models::kNone) next[at(way.workload)] += part;
          if (way.operation == models::kNone) continue;
          for (std::size_t w = 0; w < workloads; ++w) next[w] += part * share[at(way.operation)][w];
        }
        for (std::size_t w = 0; w < workloads; ++w) moved = std::max(moved, std::abs(next[w] - share[o][w]));
        share[o] = next;
      }
    }
    return share;
  }

 private:
  std::vector<std::vector<Way>> into_;  // by operation
};

double requests_of(const models::CompiledModel& model, const models::RunRecord& r, std::size_t workload) {
  const models::WorkloadTable& table = model.workloads[workload];
  double requests = 0;
  for (std::uint32_t c = 0; c < table.classes; ++c)
    requests += static_cast<double>(r.classes[table.first_class + c].arrived);
  return requests;
}

bool differ(const std::vector<WorkloadArrivals>& list) {
  double least = INFINITY, most = 0;
  for (const WorkloadArrivals& a : list) {
    if (!std::isfinite(a.per_request.estimate)) continue;
    least = std::min(least, a.per_request.estimate);
    most = std::max(most, a.per_request.estimate);
  }
  return list.size() > 1 && most - least > kDiffers * most;
}

}  // namespace

std::vector<std::vector<std::size_t>> workloads_reaching(const models::Topology& t) {
  std::vector<std::vector<int>> calls(t.operations.size());
  for (std::size_t i = 0; i < t.operations.size(); ++i) add_call_sites(t.operations[i].steps, calls[i]);
  std::vector<std::vector<std::size_t>> reaching(t.operations.size());
  for (std::size_t w = 0; w < t.workloads.size(); ++w) {
    std::vector<int> open;
    const auto follow = [&](const std::vector<int>& edges) {
      for (const int edge : edges) open.push_back(t.edges[at(edge)].operation);
    };
    std::vector<int> first;
    for (const models::RequestClass& c : t.workloads[w].classes) add_call_sites(c.steps, first);
    follow(first);
    while (!open.empty()) {
      const std::size_t op = at(open.back());
      open.pop_back();
      if (!reaching[op].empty() && reaching[op].back() == w) continue;
      reaching[op].push_back(w);
      follow(calls[op]);
      for (const models::ConsumerGroup* group : handlers_of(t, static_cast<int>(op))) {
        if (share_of(t, static_cast<int>(op), *group) != Share::none) open.push_back(group->operation);
      }
    }
  }
  return reaching;
}

std::vector<std::vector<WorkloadArrivals>> arrivals_by_workload(const models::CompiledModel& model,
                                                                const std::vector<models::RunRecord>& records,
                                                                double confidence) {
  const models::Topology& t = *model.topology;
  std::vector<std::vector<WorkloadArrivals>> list(t.operations.size());
  if (t.workloads.size() < 2 || t.operations.size() * t.workloads.size() > kMostCells) return list;
  const std::vector<std::vector<std::size_t>> reaching = workloads_reaching(t);
  const Ways ways(t);
  std::vector<std::vector<std::vector<double>>> shares;
  for (const models::RunRecord& r : records) shares.push_back(ways.shares(r, t.workloads.size()));
  for (std::size_t o = 0; o < t.operations.size(); ++o) {
    const bool supposed =
        reaching[o].size() > 1 && std::any_of(ways.into(o).begin(), ways.into(o).end(), [&](const Way& way) {
          return way.operation != models::kNone && reaching[at(way.operation)].size() > 1;
        });
    for (const std::size_t w : reaching[o]) {
      std::vector<RatioSample> samples;
      for (std::size_t k = 0; k < records.size(); ++k) {
        const double arrived = static_cast<double>(records[k].operations[o].arrived);
        samples.push_back({arrived * shares[k][o][w], requests_of(model, records[k], w)});
      }
      list[o].push_back(
          {t.workloads[w].name, ratio_interval(samples, RatioOf::events, confidence), supposed});
    }
  }
  return list;
}

std::string arrivals_text(const std::vector<OperationReport>& operations, TextStyle style) {
  TextTable table(style);
  table.left("arrivals per request").left("of").right("each").right("");
  std::size_t rows = 0;
  bool supposed = false;
  for (const OperationReport& op : operations) {
    if (!differ(op.by_workload)) continue;
    bool first = true;
    for (const WorkloadArrivals& a : op.by_workload) {
      if (++rows > kMostRows) continue;
      const HumanScale scale = number_scale(a.per_request.estimate);
      const char* const about = a.in_proportion ? (style.unicode ? "≈" : "~") : "";
      table.row({first ? shortened(op.name, 30, style) : std::string(), shortened(a.workload, 24, style),
                 about + scale.text(a.per_request.estimate),
                 TextTable::Cell(plus_minus(a.per_request, scale, style), Ink::dim)});
      first = false;
      supposed = supposed || a.in_proportion;
    }
  }
  if (table.empty()) return "";
  std::string out = "\n" + table.text();
  if (supposed)
    out += inked(fmt::format("{}: behind what workloads share, in proportion to their arrivals there\n",
                             style.unicode ? "≈" : "~"),
                 Ink::dim, style);
  if (rows > kMostRows) out += fmt::format("... and {} more; all are in summary.json\n", rows - kMostRows);
  return out;
}

}  // namespace tailrace::analysis
