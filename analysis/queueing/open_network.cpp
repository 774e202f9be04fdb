#include "analysis/queueing/open_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/queueing/formulas_detail.hpp"
#include "analysis/queueing/traffic.hpp"

namespace tailrace::analysis {
namespace {

using detail::is_rate;
using sim::math::kInfinity;

std::string invalid_reason(const OpenNetwork& n) {
  const int count = static_cast<int>(n.stations.size());
  if (n.external_rates_per_s.size() != n.stations.size()) {
    return fmt::format("{} external rates for {} stations", n.external_rates_per_s.size(), count);
  }
  for (std::size_t i = 0; i < n.stations.size(); ++i) {
    const Station& s = n.stations[i];
    if (s.servers < 0) return fmt::format("{}: {} servers", s.name, s.servers);
    if (!is_rate(s.service_mean_s)) return fmt::format("{}: service mean {} s", s.name, s.service_mean_s);
    if (!detail::is_scv(s.service_scv)) return fmt::format("{}: service scv {}", s.name, s.service_scv);
    if (!is_rate(n.external_rates_per_s[i])) {
      return fmt::format("{}: external rate {}/s", s.name, n.external_rates_per_s[i]);
    }
    if (s.discipline == Discipline::lifo_preemptive && s.servers > 1) {
      return fmt::format("{}: preemptive LIFO is solved for one server, found {}", s.name, s.servers);
    }
  }
  for (const Routing& r : n.routing) {
    if (r.from < 0 || r.from >= count || r.to < 0 || r.to >= count) {
      return fmt::format("routing {} -> {} of {} stations", r.from, r.to, count);
    }
    if (!is_rate(r.calls)) return fmt::format("{} calls per visit", r.calls);
  }
  return {};
}

// What a station may not assume about its arrivals: 0 nothing wrong, else an index into kTaint. Departures of
// a product form station are Poisson again; those of another one, or calls that fan out, disturb all that is
// reachable from there (and the station itself if a loop leads back).
enum Taint : char { kClean = 0, kFedByNonPoisson, kFedByFanOut };
constexpr const char* kTaint[] = {"", "fed by a station whose departures are not Poisson",
                                  "fed by calls that come in groups (more than one per visit)"};

std::vector<char> taints(const OpenNetwork& n, const std::vector<double>& rates) {
  const std::size_t count = n.stations.size();
  std::vector<std::vector<int>> out(count);
  std::vector<double> calls(count, 0.0);
  for (const Routing& r : n.routing) {
    if (!(r.calls > 0) || !(rates[static_cast<std::size_t>(r.from)] > 0)) continue;
    out[static_cast<std::size_t>(r.from)].push_back(r.to);
    calls[static_cast<std::size_t>(r.from)] += r.calls;
  }
  std::vector<char> taint(count, kClean);
  std::vector<int> work;
  const auto spread = [&](std::size_t from, char kind) {
    work.assign(1, static_cast<int>(from));
    while (!work.empty()) {
      const auto v = static_cast<std::size_t>(work.back());
      work.pop_back();
      for (const int w : out[v]) {
        char& t = taint[static_cast<std::size_t>(w)];
        if (t != kClean) continue;
        t = kind;
        work.push_back(w);
      }
    }
  };
  constexpr double kRounding = 1e-9;
  for (std::size_t i = 0; i < count; ++i) {
    if (calls[i] > 1 + kRounding) spread(i, kFedByFanOut);
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (rates[i] > 0 && !has_product_form(n.stations[i])) spread(i, kFedByNonPoisson);
  }
  return taint;
}

OpenStation solve_station(const Station& s, double rate, char taint) {
  OpenStation out;
  out.arrival_rate_per_s = rate;
  out.busy_mean = rate * s.service_mean_s;
  if (s.service_mean_s == 0) {
    out.means.source = "no service time";
    return out;
  }
  if (s.servers == 0) {
    out.means = mg_inf(rate, s.service_mean_s);  // the mean holds for any arrivals
    return out;
  }
  out.means = s.discipline == Discipline::fcfs ? mgc_approx(rate, s.service_mean_s, s.service_scv, s.servers)
                                               : mgc_ps(rate, s.service_mean_s, s.servers);
  if (!out.means.exact) out.reason = "several servers and service that is not exponential";
  if (taint != kClean) {
    out.means.exact = false;
    out.reason = kTaint[static_cast<std::size_t>(taint)];
  }
  return out;
}

}  // namespace

OpenSolution solve_open(const OpenNetwork& network) {
  OpenSolution s;
  s.message = invalid_reason(network);
  if (!s.message.empty()) {
    s.status = OpenSolution::Status::invalid;
    s.exact = false;
    return s;
  }
  const detail::Traffic traffic = detail::solve_traffic(network);
  if (!traffic.ends) {
    constexpr std::size_t kMaxNamed = 5;
    std::string names;
    for (std::size_t i = 0; i < std::min(kMaxNamed, traffic.loop.size()); ++i) {
      names += (i > 0 ? ", " : "") + network.stations[static_cast<std::size_t>(traffic.loop[i])].name;
    }
    if (traffic.loop.size() > kMaxNamed)
      names += fmt::format(" and {} more", traffic.loop.size() - kMaxNamed);
    s.status = OpenSolution::Status::never_ends;
    s.message =
        fmt::format("traffic never ends: each request in the loop {} causes at least one more", names);
    s.exact = false;
    return s;
  }
  const std::vector<char> taint = taints(network, traffic.rates);
  for (const double rate : network.external_rates_per_s) s.external_rate_per_s += rate;
  double largest = 0;
  for (std::size_t i = 0; i < network.stations.size(); ++i) {
    OpenStation station = solve_station(network.stations[i], traffic.rates[i], taint[i]);
    station.visits = s.external_rate_per_s > 0 ? station.arrival_rate_per_s / s.external_rate_per_s : 0;
    s.in_system_mean += station.means.in_system_mean;
    if (station.arrival_rate_per_s > 0) s.exact = s.exact && station.means.exact;
    if (station.means.utilization > largest) {
      largest = station.means.utilization;
      s.bottleneck = static_cast<int>(i);
    }
    s.stations.push_back(std::move(station));
  }
  s.max_load_multiplier = largest > 0 ? 1 / largest : kInfinity;
  if (s.external_rate_per_s > 0) s.response_mean_s = s.in_system_mean / s.external_rate_per_s;
  if (largest >= 1) {
    const std::string& name = network.stations[static_cast<std::size_t>(s.bottleneck)].name;
    s.status = OpenSolution::Status::unstable;
    s.message = fmt::format("{} is offered {:.4g} times what it can serve", name, largest);
  }
  return s;
}

}  // namespace tailrace::analysis
