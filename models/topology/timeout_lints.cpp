#include "models/topology/timeout_lints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "models/field/field.hpp"

namespace tailrace::models {

namespace {

class LeastTimes {
 public:
  explicit LeastTimes(const Topology& t)
      : t_(t), ns_(t.operations.size(), 0), state_(t.operations.size(), State::unseen) {
    for (std::size_t i = 0; i < t.operations.size(); ++i) visit(i);
  }
  // From the moment that the caller sends to the moment that it has the answer.
  double of_call(const Edge& edge) const {
    return ns_[static_cast<std::size_t>(edge.operation)] + link(edge.out_link) + link(edge.back_link);
  }

 private:
  enum class State : std::uint8_t { unseen, open, done };

  double link(int id) const {
    if (id == kNone) return 0;
    const Link& l = t_.links[static_cast<std::size_t>(id)];
    return (l.latency ? l.latency->minimum() : 0) + (l.jitter ? l.jitter->minimum() : 0);
  }

  // Targets first, with a stack of our own: chains are as deep as scenarios are. On a cycle the call that
  // closes it counts as no time, which keeps the result a lower bound.
  void visit(std::size_t root) {
    std::vector<std::size_t> stack{root};
    while (!stack.empty()) {
      const std::size_t v = stack.back();
      if (state_[v] == State::unseen) {
        state_[v] = State::open;
        push_targets(t_.operations[v].steps, stack);
        continue;
      }
      stack.pop_back();
      if (state_[v] == State::done) continue;
      state_[v] = State::done;
      const Operation& op = t_.operations[v];
      ns_[v] = of_steps(op.steps, fastest(t_.stations[static_cast<std::size_t>(op.station)]));
    }
  }
  void push_targets(const Steps& steps, std::vector<std::size_t>& stack) const {
    for (const Step& step : steps) {
      if (step.kind == Step::Kind::call) {
        const auto to = static_cast<std::size_t>(t_.edges[static_cast<std::size_t>(step.edge)].operation);
        if (state_[to] == State::unseen) stack.push_back(to);
      }
      for (const StepBranch& branch : step.branches) push_targets(branch.steps, stack);
    }
  }
  static double fastest(const Station& station) {
    double speed = 0;
    for (const InstanceGroup& group : station.groups) speed = std::max(speed, group.speed);
    return speed > 0 ? speed : 1;
  }

  double of_steps(const Steps& steps, double speed) const {
    double sum = 0;
    for (const Step& step : steps) sum += of_step(step, speed);
    return sum;
  }
  double of_step(const Step& step, double speed) const {
    switch (step.kind) {
      case Step::Kind::compute:
        return step.distribution->minimum() / speed;
      case Step::Kind::sleep:
        return step.distribution->minimum();
      case Step::Kind::fail:
      case Step::Kind::attempt:  // may fail at once, and so may what replaces it
      case Step::Kind::effect:   // may be recognised as done
      case Step::Kind::background:
      case Step::Kind::deposit:
      case Step::Kind::milestone:
      case Step::Kind::await:
        return 0;
      case Step::Kind::cache:  // a hit, or what always comes before
        return step.use == CacheUse::write || step.use == CacheUse::invalidate || step.use == CacheUse::access
                   ? of_steps(step.branches[0].steps, speed)
                   : 0;
      case Step::Kind::call: {
        const Edge& edge = t_.edges[static_cast<std::size_t>(step.edge)];
        return edge.ignore_failure || edge.fallback ? 0
                                                    : of_call(edge);  // an ignored failure may come at once
      }
      case Step::Kind::loop: {
        const double least = of_steps(step.branches.front().steps, speed);
        return least > 0 ? least * static_cast<double>(static_cast<std::int64_t>(
                                       std::min(step.distribution->minimum() + 0.5, 1e18)))
                         : 0;
      }
      case Step::Kind::branch: {
        double certain = 0;
        double least = std::numeric_limits<double>::infinity();
        for (const StepBranch& branch : step.branches) {
          certain += branch.probability;
          if (branch.probability > 0) least = std::min(least, of_steps(branch.steps, speed));
        }
        return certain > 1 - 1e-9 ? least : 0;
      }
      case Step::Kind::parallel: {
        std::vector<double> times;
        for (const StepBranch& branch : step.branches) times.push_back(of_steps(branch.steps, speed));
        std::sort(times.begin(), times.end());
        return times[static_cast<std::size_t>(step.needed - 1)];
      }
    }
    return 0;
  }

  const Topology& t_;
  std::vector<double> ns_;  // by operation
  std::vector<State> state_;
};

// The longest that the caller waits for one attempt; none: for ever.
std::optional<sim::Duration> patience(const Edge& edge) {
  if (!edge.timeout || !edge.per_try_timeout) return edge.timeout ? edge.timeout : edge.per_try_timeout;
  return std::min(*edge.timeout, *edge.per_try_timeout);
}

struct Callers {
  int count = 0;
  bool patient = false;  // one of them waits for ever
  const Edge* longest = nullptr;
};

void collect_calls(const Steps& steps, std::vector<int>& edges) {
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::call) edges.push_back(step.edge);
    for (const StepBranch& branch : step.branches) collect_calls(branch.steps, edges);
  }
}

// Retries of one layer repeat those of the layers below: attempts multiply along a chain of calls. A budget
// keeps a layer near one attempt, so it counts as one.
struct Repeats {
  double attempts = 1;  // of one request, at worst
  int layers = 0;       // that retry
  bool endless = false;
  bool worse_than(const Repeats& other) const {
    return endless != other.endless ? endless : attempts > other.attempts;
  }
};

void warn_multiplied_retries(const Topology& t, Diagnostics& diagnostics) {
  const std::size_t n = t.operations.size();
  std::vector<std::vector<int>> calls(n);
  std::vector<int> callers(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    collect_calls(t.operations[i].steps, calls[i]);
    for (const int e : calls[i])
      ++callers[static_cast<std::size_t>(t.edges[static_cast<std::size_t>(e)].operation)];
  }
  std::vector<Repeats> repeats(n);
  Repeats worst;
  const Edge* worst_edge = nullptr;
  const auto arrive = [&](const Edge& e, Repeats here) {
    if (e.retries != 0 && !e.retry_budget) {
      ++here.layers;
      here.endless = here.endless || e.retries == kUnlimited;
      if (e.retries != kUnlimited) here.attempts *= 1 + static_cast<double>(e.retries);
    }
    Repeats& there = repeats[static_cast<std::size_t>(e.operation)];
    if (here.worse_than(there)) there = here;
    if (e.retries != 0 && !e.retry_budget && here.layers > 1 && here.worse_than(worst))
      worst = here, worst_edge = &e;
  };
  for (const Edge& e : t.edges) {
    if (e.from_station == kNone) arrive(e, {});
  }
  // Callers first; what lies on a cycle is never reached, and has warnings of its own.
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < n; ++i) {
    if (callers[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const std::size_t op = ready.back();
    ready.pop_back();
    for (const int id : calls[op]) {
      const Edge& e = t.edges[static_cast<std::size_t>(id)];
      arrive(e, repeats[op]);
      if (--callers[static_cast<std::size_t>(e.operation)] == 0)
        ready.push_back(static_cast<std::size_t>(e.operation));
    }
  }
  if (worst_edge == nullptr) return;
  diagnostics.warning(
      worst_edge->mark, worst_edge->path,
      fmt::format("{} layers retry on the way to {}: one request can become {} attempts when it fails",
                  worst.layers, t.operation_name(worst_edge->operation),
                  worst.endless ? std::string("any number of") : fmt::format("{:.0f}", worst.attempts)),
      "retry at one layer only, or write a retry_budget");
}

// How many attempts begin within the call's timeout if each before took its per-try timeout. Of pauses only
// those without jitter count: a warning is of what is certain.
std::int64_t attempts_that_fit(const Edge& edge) {
  double at = 0;
  double pause = static_cast<double>(edge.backoff.base.ns);
  std::int64_t fit = 0;
  while (fit <= edge.retries && at < static_cast<double>(edge.timeout->ns)) {
    ++fit;
    at += static_cast<double>(edge.per_try_timeout->ns);
    if (edge.backoff.jitter == Jitter::none) at += std::min(pause, static_cast<double>(edge.backoff.max.ns));
    pause *= edge.backoff.multiplier;
  }
  return fit;
}

// Retries that find no time: the timeout is for all attempts together, and a slow one takes it all.
void warn_retries_without_time(const Topology& t, Diagnostics& diagnostics) {
  for (const Edge& edge : t.edges) {
    if (!edge.timeout || edge.retries == 0 || (edge.retry_on & outcome_bit(Outcome::timeout)) == 0) continue;
    const std::string target = t.operation_name(edge.operation);
    if (!edge.per_try_timeout) {
      diagnostics.warning(
          edge.mark, edge.path,
          fmt::format("an attempt at {} that is slow takes the whole timeout of {}: what times "
                      "out is never tried again",
                      target, show_value(*edge.timeout)),
          "a per_try_timeout in retries, or retry_on without timeout");
      continue;
    }
    const bool fires = *edge.per_try_timeout <= *edge.timeout;  // otherwise it has a warning of its own
    if (!fires || edge.retries == kUnlimited || edge.retries > 1000) continue;
    const std::int64_t fit = attempts_that_fit(edge);
    if (fit > edge.retries) continue;
    diagnostics.warning(edge.mark, edge.path,
                        fmt::format("of {} attempts at {} that each wait {}, only {} begin within the call's "
                                    "timeout of {}",
                                    edge.retries + 1, target, show_value(*edge.per_try_timeout), fit,
                                    show_value(*edge.timeout)),
                        "a longer timeout, a shorter per_try_timeout, or fewer retries");
  }
}

}  // namespace

void warn_timeouts(const Topology& t, Diagnostics& diagnostics) {
  warn_multiplied_retries(t, diagnostics);
  warn_retries_without_time(t, diagnostics);
  const bool any =
      std::any_of(t.edges.begin(), t.edges.end(), [](const Edge& e) { return patience(e).has_value(); });
  if (!any) return;
  const LeastTimes least(t);
  std::vector<Callers> callers(t.operations.size());
  for (const Edge& edge : t.edges) {
    const auto limit = patience(edge);
    Callers& c = callers[static_cast<std::size_t>(edge.operation)];
    ++c.count;
    c.patient = c.patient || !limit;
    if (limit && (c.longest == nullptr || *limit > *patience(*c.longest))) c.longest = &edge;
    const double needed = least.of_call(edge);
    if (limit && static_cast<double>(limit->ns) < needed) {
      diagnostics.warning(edge.mark, edge.path,
                          fmt::format("the call waits {} for {}, which takes at least {}: it never succeeds",
                                      show_value(*limit), t.operation_name(edge.operation),
                                      show_value(sim::Duration::from_ns(needed))),
                          "a longer timeout, or a faster target");
    }
  }
  for (std::size_t i = 0; i < t.operations.size(); ++i) {
    const Callers& c = callers[i];
    if (c.count == 0 || c.patient) continue;
    std::vector<int> edges;
    collect_calls(t.operations[i].steps, edges);
    for (const int id : edges) {
      const Edge& edge = t.edges[static_cast<std::size_t>(id)];
      if (!edge.timeout || *edge.timeout <= *patience(*c.longest)) continue;
      diagnostics.warning(edge.mark, edge.path,
                          fmt::format("the call waits up to {}, but whoever calls {} gives up after {}",
                                      show_value(*edge.timeout), t.operation_name(static_cast<int>(i)),
                                      show_value(*patience(*c.longest))),
                          "a timeout below the caller's leaves time to react");
    }
  }
}

}  // namespace tailrace::models
