#include "analysis/report/upkeep_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "models/policies/discovery/discovery.hpp"
#include "models/vpc/vpc.hpp"

namespace tailrace::analysis {

namespace {

using models::RunRecord;

void merge(models::DirectoryRecord& sum, const models::DirectoryRecord& d) {
  sum.asks += d.asks, sum.failed_asks += d.failed_asks, sum.empty_answers += d.empty_answers;
  sum.beats += d.beats, sum.lost_beats += d.lost_beats;
  sum.joined += d.joined, sum.left += d.left, sum.expired += d.expired;
  sum.calls += d.calls, sum.to_the_dead += d.to_the_dead;
  sum.lookups_awaited += d.lookups_awaited, sum.refused += d.refused;
  sum.detected.merge(d.detected);
  sum.learned.merge(d.learned);
}

void merge(models::GatedRecord& sum, const models::GatedRecord& g) {
  sum.starts += g.starts, sum.asks += g.asks, sum.failed_asks += g.failed_asks;
  sum.passed_open += g.passed_open, sum.renewals += g.renewals, sum.failed_renewals += g.failed_renewals;
  sum.expiries += g.expiries, sum.waiting += g.waiting;
  sum.waited.merge(g.waited);
}

std::uint64_t requests_of(const RunRecord& r) {
  std::uint64_t sum = 0;
  for (const models::ClassRecord& c : r.classes) sum += c.arrived;
  return sum;
}

// The first price that fits: a pair's own stands before the one for all.
const models::EgressPrice* price_of(const models::Topology& t, const std::string& from,
                                    const std::string& to) {
  for (const models::EgressPrice& p : t.egress) {
    if ((p.from.empty() && from != to) || (p.from == from && p.to == to)) return &p;
  }
  return nullptr;
}

constexpr double kDefaultBytes = 1024, kGib = 1024.0 * 1024 * 1024;

// What left its VPC, by the routes that it took.
void add_vpcs(const models::CompiledModel& model, const std::vector<RunRecord>& records, UpkeepReport& out) {
  const models::Topology& t = *model.topology;
  std::map<std::array<std::string, 3>, EgressReport> ways;
  for (std::size_t i = 0; i < t.edges.size(); ++i) {
    const models::Edge& edge = t.edges[i];
    const models::VpcPassage* passage = models::vpc_passage_of(edge.admissions);
    if (passage == nullptr || passage->refused) continue;
    std::uint64_t calls = 0;
    for (const RunRecord& r : records) calls += r.edges[i].attempts;
    if (calls == 0) continue;
    const auto pay = [&](const std::string& from, const std::string& to,
                         const std::optional<sim::Distribution>& bytes, bool counts) {
      EgressReport& e = ways[{from, to, passage->by}];
      e.from = "vpc " + from, e.to = "vpc " + to, e.per_gib = passage->per_gib;
      if (counts) e.calls += calls;
      e.gib += static_cast<double>(calls) * (bytes ? bytes->mean() : kDefaultBytes) / kGib;
    };
    pay(passage->from, passage->to, edge.request_bytes, true);
    pay(passage->to, passage->from, edge.response_bytes, false);
  }
  for (const auto& [way, e] : ways) out.egress.push_back(e);
}

void add_egress(const models::CompiledModel& model, const std::vector<RunRecord>& records,
                UpkeepReport& out) {
  const models::EgressTable& table = model.egress;
  const models::Topology& t = *model.topology;
  const std::size_t zones = table.zones.size();
  double seconds = 0, requests = 0;
  for (const RunRecord& r : records) {
    seconds += r.seconds();
    requests += static_cast<double>(requests_of(r));
  }
  // Requests go one way, answers the other.
  std::map<std::pair<std::size_t, std::size_t>, EgressReport> pairs;
  const auto pay = [&](std::size_t from, std::size_t to, std::uint64_t calls, double bytes, bool counts) {
    const models::EgressPrice* price = price_of(t, table.zones[from], table.zones[to]);
    if (price == nullptr) return;
    EgressReport& e = pairs[{from, to}];
    e.from = table.zones[from], e.to = table.zones[to], e.per_gib = price->per_gib;
    if (counts) e.calls += calls;
    e.gib += static_cast<double>(calls) * bytes / kGib;
  };
  for (std::size_t i = 0; i < table.first_cell.size(); ++i) {
    if (table.first_cell[i] == models::kNoId) continue;
    const models::Edge& edge = t.edges[i];
    const double sent = edge.request_bytes ? edge.request_bytes->mean() : kDefaultBytes;
    const double back = edge.response_bytes ? edge.response_bytes->mean() : kDefaultBytes;
    for (std::size_t from = 0; from < zones; ++from) {
      for (std::size_t to = 0; to < zones; ++to) {
        std::uint64_t calls = 0;
        for (const RunRecord& r : records) calls += r.egress[table.first_cell[i] + from * zones + to];
        if (calls == 0 || from == to) continue;
        pay(from, to, calls, sent, true);
        pay(to, from, calls, back, false);
      }
    }
  }
  for (const auto& [pair, e] : pairs) out.egress.push_back(e);
  add_vpcs(model, records, out);
  double cost = 0;
  for (EgressReport& e : out.egress) {
    e.cost = e.gib * e.per_gib;
    cost += e.cost;
  }
  if (seconds > 0) out.egress_cost_per_hour = cost / seconds * 3600;
  if (requests > 0) out.egress_cost_per_million = cost / requests * 1e6;
}

void add_coupling(const models::CompiledModel& model, const std::vector<RunRecord>& records,
                  double confidence, CouplingReport& out) {
  constexpr std::size_t kMostPairs = 10;
  const models::Topology& t = *model.topology;
  out.on = std::any_of(t.components.begin(), t.components.end(),
                       [](const models::Component& c) { return !c.context.empty(); });
  if (!out.on) return;
  std::vector<RatioSample> crossing, all;
  std::map<std::pair<std::string, std::string>, double> pairs;
  double requests_in_all = 0;
  for (const RunRecord& r : records) {
    const auto requests = static_cast<double>(requests_of(r));
    double crossed = 0, calls = 0;
    for (std::size_t i = 0; i < t.edges.size(); ++i) {
      if (t.edges[i].probe || t.edges[i].from_station == models::kNone) continue;
      const auto n = static_cast<double>(r.edges[i].calls);
      calls += n;
      const auto to =
          static_cast<std::size_t>(t.operations[static_cast<std::size_t>(t.edges[i].operation)].component);
      const std::string& a = t.components[static_cast<std::size_t>(t.edges[i].from_component)].context;
      const std::string& b = t.components[to].context;
      if (a.empty() || b.empty() || a == b) continue;
      crossed += n;
      pairs[{a, b}] += n;
    }
    crossing.push_back({crossed, requests});
    all.push_back({calls, requests});
    requests_in_all += requests;
  }
  out.crossing = ratio_interval(crossing, RatioOf::events, confidence);
  out.calls = ratio_interval(all, RatioOf::events, confidence);
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto& [pair, n] : pairs)
    sorted.emplace_back(-n, fmt::format("{} -> {}", pair.first, pair.second));
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size() && i < kMostPairs; ++i) {
    out.busiest.push_back(sorted[i].second);
    out.per_request.push_back(requests_in_all > 0 ? -sorted[i].first / requests_in_all : 0);
  }
}

}  // namespace

UpkeepReport upkeep_report(const models::CompiledModel& model, const std::vector<RunRecord>& records,
                           double confidence) {
  UpkeepReport report;
  const models::Topology& t = *model.topology;
  std::vector<const models::DiscoverySettings*> found_by;
  for (const auto& ways : models::discoveries_of(t))
    found_by.insert(found_by.end(), ways.begin(), ways.end());
  for (std::size_t id = 0; id < model.directories.size(); ++id) {
    DiscoveryReport d;
    const models::Station& station = t.stations[model.directories[id].station];
    const models::DiscoverySettings& way = *found_by[id];
    d.station = station.name;
    if (&way != station.discovery.get() && !way.clients.empty()) {  // some callers' own
      d.station =
          t.components[static_cast<std::size_t>(way.clients[0].from_component)].name + " -> " + d.station;
      if (way.clients.size() > 1) d.station += fmt::format(" and {} more", way.clients.size() - 1);
    }
    d.by = way.by == models::DiscoveryBy::dns ? "dns" : "registry";
    std::vector<RatioSample> dead;
    for (const RunRecord& r : records) {
      const models::DirectoryRecord& one = r.directories[id];
      dead.push_back({static_cast<double>(one.to_the_dead), static_cast<double>(one.calls)});
      merge(d.counts, one);
    }
    d.to_the_dead = ratio_interval(dead, RatioOf::trials, confidence);
    report.discovery.push_back(std::move(d));
  }
  for (std::size_t id = 0; id < model.gated.size(); ++id) {
    GateReport g;
    const models::Station& station = t.stations[model.gated[id].station];
    g.station = station.name;
    for (const models::StartGate& gate : station.gates) g.gates += (g.gates.empty() ? "" : ", ") + gate.name;
    for (const RunRecord& r : records) merge(g.counts, r.gated[id]);
    report.gates.push_back(std::move(g));
  }
  const bool vpcs = std::any_of(t.edges.begin(), t.edges.end(), [](const models::Edge& e) {
    return models::vpc_passage_of(e.admissions) != nullptr;
  });
  if (model.egress.cells > 0 || vpcs) add_egress(model, records, report);
  add_coupling(model, records, confidence, report.coupling);
  return report;
}

}  // namespace tailrace::analysis
