#include "scenarios/import/traces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "models/field/number_text.hpp"
#include "scenarios/import/fit.hpp"
#include "scenarios/import/patterns_of_calls.hpp"
#include "scenarios/import/visits.hpp"

namespace tailrace::scenarios {

namespace {

constexpr double kLinksAlike =
    0.2;  // links whose latency is within this of the mean are not written one by one

struct OperationSeen {
  std::vector<double> times;  // ns, without what it waits for
  PatternCounts patterns;
  std::uint64_t failed = 0;                                                   // by itself
  std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> failures;  // by target: all, tolerated
};

// What the intervals cover together, inside [start, end].
std::int64_t covered(const std::vector<const Visit*>& calls, const Visit& visit) {
  std::int64_t sum = 0, until = visit.start;
  for (const Visit* call : calls) {  // in the order of their start
    if (call->background) continue;
    const std::int64_t from = std::max(call->called, until), to = std::min(call->answered, visit.end);
    if (to <= from) continue;
    sum += to - from;
    until = to;
  }
  return sum;
}

class Importer {
 public:
  Importer(const SpanSet& set, std::optional<double> rate)
      : set_(set), rate_(rate), visits_(find_visits(set)) {}

  TraceImport import() {
    TraceImport out;
    if (visits_.visits.empty()) {
      out.error = set_.unusable > 0
                      ? fmt::format("no span can be used: {} without an id or a time", grouped(set_.unusable))
                      : "there are no spans in it";
      return out;
    }
    look();
    make_components(out.draft);
    make_requests(out.draft);
    if (out.draft.requests.empty()) {
      out.error = "no span begins a request that calls anything";
      return out;
    }
    make_network(out.draft);
    out.draft.recursion = deepest_ + 1;
    describe(out.draft);
    return out;
  }

 private:
  void look() {
    const std::vector<Visit>& visits = visits_.visits;
    std::vector<std::uint32_t> first(visits.size() + 1, 0);
    for (const Visit& v : visits) {
      if (v.parent != kNoVisit) ++first[static_cast<std::size_t>(v.parent) + 1];
    }
    for (std::size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
    std::vector<std::uint32_t> children(first.back()), next(first.begin(), first.end() - 1);
    std::vector<std::uint64_t> depth(visits.size(), 1);
    for (std::size_t i = 0; i < visits.size(); ++i) {
      if (visits[i].parent == kNoVisit) continue;
      const auto p = static_cast<std::size_t>(visits[i].parent);
      children[next[p]++] = static_cast<std::uint32_t>(i);
      depth[i] = depth[p] + 1;
      deepest_ = std::max(deepest_, depth[i]);
    }
    operations_.resize(visits_.operations.size());
    requests_.resize(visits_.operations.size());
    instances_.resize(visits_.components.size());
    std::vector<const Visit*> calls;
    for (std::size_t i = 0; i < visits.size(); ++i) {
      const Visit& visit = visits[i];
      calls.clear();
      for (std::uint32_t c = first[i]; c < first[i + 1]; ++c) calls.push_back(&visits[children[c]]);
      see(visit, calls);
    }
  }

  void see(const Visit& visit, std::vector<const Visit*>& calls) {
    const CallPattern pattern = pattern_of(calls);
    if (visit.parent == kNoVisit) {
      ++roots_;
      earliest_ = roots_ == 1 ? visit.start : std::min(earliest_, visit.start);
      latest_ = std::max(latest_, visit.start);
    }
    if (visit.parent == kNoVisit && !visit.user) ++entries_[visit.operation];
    OperationSeen& seen = visit.user ? requests_[visit.operation] : operations_[visit.operation];
    PatternCounts& patterns = seen.patterns;
    ++patterns.total;
    if (calls.size() > kLongestPattern) {
      ++patterns.rest;
      for (const Visit* call : calls) ++patterns.rest_calls[call->operation];
    } else {
      ++patterns.counts[pattern];
    }
    const double own = static_cast<double>(visit.end - visit.start - covered(calls, visit)) -
                       static_cast<double>(visit.waited);
    seen.times.push_back(std::max(own, 0.0));
    bool called_failed = false;
    for (const Visit* call : calls) {
      if (!call->error) continue;
      auto& [all, tolerated] = seen.failures[call->operation];
      ++all;
      if (!visit.error) ++tolerated;
      called_failed = called_failed || !call->background;
    }
    if (visit.error && !called_failed) ++seen.failed;
    if (visit.instance != 0 && !visit.user) instances_[visit.component].insert(visit.instance);
    if (visit.gap >= 0 && visit.parent != kNoVisit) {
      const Visit& caller = visits_.visits[static_cast<std::size_t>(visit.parent)];
      auto& [count, sum] = gaps_[{caller.user ? kUser : caller.component, visit.component}];
      ++count;
      sum += static_cast<double>(visit.gap) / 2;
    }
  }

  std::vector<bool> tolerated(const OperationSeen& seen) const {
    std::vector<bool> out(visits_.operations.size(), false);
    for (const auto& [target, counts] : seen.failures) out[target] = 2 * counts.second > counts.first;
    return out;
  }

  void make_components(Draft& draft) {
    // By name, so that the order of the file does not matter.
    std::vector<std::size_t> order(visits_.operations.size());
    for (std::size_t o = 0; o < order.size(); ++o) order[o] = o;
    const auto key = [&](std::size_t o) {
      const VisitOperation& operation = visits_.operations[o];
      const VisitComponent& c = visits_.components[operation.component];
      return std::tie(c.database, c.name, operation.name);
    };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
    targets_.resize(order.size());
    components_.assign(visits_.components.size(), kUser);
    for (const std::size_t o : order) {
      if (operations_[o].times.empty()) continue;
      const std::uint32_t c = visits_.operations[o].component;
      if (components_[c] == kUser) {
        components_[c] = static_cast<std::uint32_t>(draft.components.size());
        DraftComponent& fresh = draft.components.emplace_back();
        fresh.name = visits_.components[c].name;
        fresh.database = visits_.components[c].database;
        fresh.replicas = std::max<std::uint64_t>(1, instances_[c].size());
        if (visits_.components[c].outside)
          fresh.comment = "known only from the spans of those who call it: their network is in its times";
      }
      DraftComponent& component = draft.components[components_[c]];
      targets_[o] = {components_[c], component.operations.size()};
      component.operations.emplace_back().name = visits_.operations[o].name;
    }
    for (const std::size_t o : order) {
      if (operations_[o].times.empty()) continue;
      OperationSeen& seen = operations_[o];
      DraftOperation& operation = draft.components[targets_[o].component].operations[targets_[o].operation];
      const Fit fit = fit_times(std::move(seen.times));
      operation.comment = fit.comment;
      operation.error_rate = static_cast<double>(seen.failed) / static_cast<double>(seen.patterns.total);
      if (seen.failed > 0)
        operation.comment += fmt::format("; {} failed by themselves", grouped(seen.failed));
      DraftStep work;
      work.time = fit.distribution;
      operation.steps.push_back(work);
      CallSteps calls = steps_of(seen.patterns, targets_, tolerated(seen));
      if (draft.components[targets_[o].component].database) continue;
      if (!calls.steps.empty()) calls.steps.front().comment = calls.comment;
      for (DraftStep& step : calls.steps) operation.steps.push_back(std::move(step));
    }
  }

  void make_requests(Draft& draft) {
    for (std::size_t o = 0; o < requests_.size(); ++o) {
      PatternCounts& patterns = requests_[o].patterns;
      if (patterns.total == 0) continue;
      CallSteps calls = steps_of(patterns, targets_, tolerated(requests_[o]));
      if (calls.steps.empty()) {
        roots_ -= std::min(roots_, patterns.total);
        draft.notes.push_back(fmt::format("{} client spans without a parent show no call; they are left out",
                                          grouped(patterns.total)));
        continue;
      }
      DraftRequest request;
      request.name = visits_.operations[o].name;
      request.weight = static_cast<double>(patterns.total);
      request.steps = std::move(calls.steps);
      if (!calls.comment.empty()) request.steps.front().comment = calls.comment;
      draft.requests.push_back(std::move(request));
    }
    for (const auto& [operation, count] : entries_) {
      DraftRequest request;
      request.name = visits_.operations[operation].name;
      request.weight = static_cast<double>(count);
      DraftStep call;
      call.kind = DraftStep::Kind::call;
      call.target = targets_[operation];
      request.steps.push_back(call);
      draft.requests.push_back(std::move(request));
    }
    std::stable_sort(draft.requests.begin(), draft.requests.end(),
                     [](const DraftRequest& a, const DraftRequest& b) {
                       return a.weight != b.weight ? a.weight > b.weight : a.name < b.name;
                     });
    const double seconds = static_cast<double>(latest_ - earliest_) / 1e9;
    if (rate_) {
      draft.rate = *rate_;
      draft.workload_comment =
          fmt::format("the rate was given; {} requests are in the traces", grouped(roots_));
    } else if (roots_ >= 2 && seconds > 0) {
      draft.rate = static_cast<double>(roots_ - 1) / seconds;
      draft.workload_comment = fmt::format("{} requests within {}; sampled traces need --rate",
                                           grouped(roots_), time_text(seconds * 1e9));
      draft.notes.push_back(fmt::format(
          "the rate is that of the traces, {}/s: where they are samples, --rate gives it",
          models::spelled(static_cast<double>(static_cast<std::int64_t>(draft.rate * 1000)) / 1000)));
    } else {
      draft.rate = 1;
      draft.workload_comment = "assumed: so few requests tell no rate";
      draft.notes.push_back("the traces are too few to tell a rate: 1/s is assumed; --rate gives it");
    }
  }

  // One latency for all, and links of their own for those that differ. A link is a pair, both ways.
  void make_network(Draft& draft) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<std::uint64_t, double>> pairs;
    std::uint64_t all = 0;
    double sum = 0;
    for (const auto& [link, seen] : gaps_) {
      all += seen.first;
      sum += seen.second;
      if (link.first == kUser || components_[link.first] == kUser || link.first == link.second) continue;
      const std::uint32_t a = components_[link.first], b = components_[link.second];
      const auto known = pairs.find({b, a});
      auto& pair = known != pairs.end() ? known->second : pairs[{a, b}];
      pair.first += seen.first;
      pair.second += seen.second;
    }
    if (all == 0) return;
    const double mean = sum / static_cast<double>(all);
    draft.latency = time_text(mean);
    draft.latency_comment = fmt::format(
        "one way: half of what client spans are longer than their server spans, over {} calls", grouped(all));
    for (const auto& [link, seen] : pairs) {
      const double own = seen.second / static_cast<double>(seen.first);
      if (std::abs(own - mean) <= kLinksAlike * mean) continue;
      draft.links.push_back({link.first, link.second, time_text(own), grouped(seen.first) + " calls"});
    }
    // A request whose first span is its server's had its way there before.
    std::set<std::uint32_t> first;
    for (const auto& [operation, count] : entries_)
      first.insert(components_[visits_.operations[operation].component]);
    for (const std::uint32_t c : first)
      draft.links.push_back({kClients, c, "0s", "the spans begin where requests arrive"});
    // Peers of which nothing but the client's span is known: its time has the network in it.
    for (const auto& visit : visits_.visits) {
      if (visit.parent == kNoVisit || visit.gap >= 0) continue;
      const Visit& caller = visits_.visits[static_cast<std::size_t>(visit.parent)];
      if (caller.user || components_[caller.component] == kUser) continue;
      unknown_.insert({components_[caller.component], components_[visit.component]});
    }
    for (const auto& [a, b] : unknown_) {
      if (a == b || pairs.count({a, b}) != 0 || pairs.count({b, a}) != 0) continue;
      pairs[{a, b}] = {1, 0};
      draft.links.push_back({a, b, "0s", "in its times already"});
    }
  }

  void describe(Draft& draft) const {
    const auto some = [](std::uint64_t n, const char* what) {
      return fmt::format("{} {}{}", grouped(n), what, n == 1 ? "" : "s");
    };
    draft.header.push_back(fmt::format("{}, {}, {}, {}.", some(set_.spans.size(), "span"),
                                       some(roots_, "request"), some(draft.components.size(), "component"),
                                       some(visits_.operations.size(), "operation")));
    draft.header.push_back(
        "The time of an operation is what its spans last beyond the calls in them, done before the calls.");
    draft.header.push_back(
        "Queueing while the traces were taken is part of it. Traces do not say how many requests a service");
    draft.header.push_back(
        "serves at a time: without `workers` or `cpus` nobody queues, and more load changes nothing.");
    const auto say = [&](std::uint64_t n, const char* what) {
      if (n > 0) draft.notes.push_back(fmt::format("{} {}", grouped(n), what));
    };
    draft.notes.push_back(
        "services have no limit of workers or cores; set `workers` or `cpus` to see queues");
    say(set_.unusable, "spans have no id or no time; they are left out");
    say(set_.backwards, "spans end before they start; they are taken as no time at all");
    say(visits_.duplicates, "spans have an id that was there before; they are left out");
    say(visits_.orphans, "spans have a parent that is not in the file; they begin requests of their own");
    say(visits_.cycles, "spans are their own ancestors; they begin requests of their own");
    say(visits_.skewed, "spans lie outside their callers' (clocks differ); they were moved or cut");
    say(visits_.merged_names, "names of operations were too many; they are one operation, other");
  }

  static constexpr std::uint32_t kUser = 0xffffffff;
  const SpanSet& set_;
  std::optional<double> rate_;
  VisitSet visits_;
  std::vector<OperationSeen> operations_,
      requests_;  // by operation; of those without a parent that are clients
  std::map<std::uint32_t, std::uint64_t> entries_;  // requests that begin at an operation
  std::vector<std::set<std::uint32_t>> instances_;  // by component
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::pair<std::uint64_t, double>>
      gaps_;  // calls, sum of ns
  std::set<std::pair<std::uint32_t, std::uint32_t>> unknown_;
  std::vector<Target> targets_;
  std::vector<std::uint32_t> components_;  // in the draft, kUser: not there
  std::uint64_t roots_ = 0, deepest_ = 1;
  std::int64_t earliest_ = 0, latest_ = 0;
};

}  // namespace

TraceImport import_traces(const SpanSet& set, std::optional<double> rate) {
  return Importer(set, rate).import();
}

}  // namespace tailrace::scenarios
