#include "analysis/prediction/program.hpp"

#include <algorithm>

#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

using models::Step;
using models::Steps;

namespace {

double size_of(const Steps& steps) {
  double n = 0;
  for (const Step& s : steps) {
    n += 1;
    for (const models::StepBranch& b : s.branches) n += size_of(b.steps) + 1;
  }
  return n;
}

}  // namespace

void Visits::add(double weight, const Moments& stay) {
  if (!(weight > 0)) return;
  if (count == 0 && same_exponential) exponential_mean = stay.mean;
  same_exponential = same_exponential && stay.is_exponential() &&
                     std::fabs(stay.mean - exponential_mean) <= 1e-9 * exponential_mean;
  exact = exact && stay.exact;
  count += weight;
  first += weight * stay.mean;
  second += weight * stay.second();
}

void Visits::add(double weight, const Visits& other) {
  if (!(weight * other.count > 0)) return;
  if (count == 0 && same_exponential) exponential_mean = other.exponential_mean;
  same_exponential = same_exponential && other.same_exponential &&
                     std::fabs(other.exponential_mean - exponential_mean) <= 1e-9 * exponential_mean;
  exact = exact && other.exact;
  count += weight * other.count;
  first += weight * other.first;
  second += weight * other.second;
}

double Visits::scv() const {
  if (!(first > 0)) return 0;
  if (same_exponential) return 1;
  const double m = mean();
  return std::max(0.0, second / count / (m * m) - 1);
}

Rounds rounds_of(const sim::Distribution& times, double q) {
  if (times.is_constant()) {
    const double n = std::floor(times.mean() + 0.5);
    if (q >= 1 || n <= 0) return {n, n, 0};
    return {(1 - sim::math::pow(q, n)) / (1 - q), n, 0};
  }
  constexpr int kMaxRounds = 10'000;
  Rounds r;
  double at_least = 1, power = 1;  // P(n rounds are drawn, or more), q^n
  double passed = 0, first = 0, second = 0;
  bool settled = false;
  for (int n = 0; n <= kMaxRounds && !settled; ++n) {
    const double more = 1 - times.cdf(n + 0.5), pass = power * (at_least - more);
    passed += pass, first += n * pass, second += n * (n * pass);
    r.begun += power * more;
    at_least = more, power *= q;
    settled = at_least * power < 1e-13;
  }
  if (!settled && q >= 1) {
    const double mean = std::max(r.begun, times.mean());
    return {mean, mean, times.variance()};
  }
  r.mean = passed > 0 ? first / passed : r.begun;
  r.variance = passed > 0 ? std::max(0.0, second / passed - r.mean * r.mean) : 0;
  return r;
}

bool is_written_out(const Step& loop) {
  constexpr double kMost = 64;  // steps
  return loop.distribution->is_constant() &&
         loop.distribution->mean() * size_of(loop.branches.front().steps) <= kMost;
}

double cache_share(const Step& step, const ProgramFacts& facts) {
  if (step.use != models::CacheUse::look) return 1;
  const auto cache = static_cast<std::size_t>(step.ref);
  return cache < facts.cache_hits.size() ? 1 - facts.cache_hits[cache] : 1;
}

namespace {

class Walk {
 public:
  Walk(const models::Topology& t, const ProgramFacts& facts, const WalkPlace& place)
      : t_(t), facts_(facts), place_(place) {}

  WalkResult run(const Steps& steps) {
    // A worker that is there from the start waits before the program: the caller adds that wait of blocking
    // stations.
    Part part = sequence(steps, 1, Open{});
    close(part.open, part.reach);
    result_.time = part.time;
    result_.success = part.reach;
    return std::move(result_);
  }

 private:
  // The stay at a worker that is going on.
  struct Open {
    bool held = false;
    Moments stay;
  };
  struct Part {
    Moments time;      // if it succeeds
    double reach = 1;  // weight with which its end is reached
    Open open;
  };

  void close(Open& open, double weight) {
    if (open.held) result_.segments.add(weight, open.stay);
    open = {};
  }
  void spend(double weight, double seconds) { result_.spent_s += weight * seconds; }

  Part sequence(const Steps& steps, double reach, Open open) {
    Part p{{}, reach, open};
    for (const Step& s : steps) {
      switch (s.kind) {
        case Step::Kind::compute:
          compute(s, p);
          break;
        case Step::Kind::sleep: {
          close(p.open, p.reach);
          const Moments pause = moments_of(*s.distribution, 1e-9);
          spend(p.reach, pause.mean);
          p.time = p.time + pause;
          break;
        }
        case Step::Kind::call:
          call(s, p);
          break;
        case Step::Kind::fail:
          if (p.open.held) result_.segments.add(p.reach * s.probability, p.open.stay);
          result_.fails |= models::outcome_bit(s.ref == models::kNone ? models::Outcome::error
                                                                      : static_cast<models::Outcome>(s.ref));
          p.reach *= 1 - s.probability;
          break;
        case Step::Kind::parallel:
          parallel(s, p);
          break;
        case Step::Kind::branch:
          branch(s, p);
          break;
        case Step::Kind::loop:
          loop(s, p);
          break;
        case Step::Kind::attempt:
          attempt(s, p);
          break;
        case Step::Kind::effect: {
          const Part inside = sequence(s.branches.front().steps, p.reach, p.open);
          p.time = p.time + inside.time;
          p.reach = inside.reach;
          p.open = inside.open;
          break;
        }
        case Step::Kind::background:
          result_.beside.add(1, beside(s.branches.front().steps, p.reach));
          result_.beside.exact = false;  // it comes together with the work of who started it
          break;
        case Step::Kind::cache:
          cache(s, p);
          break;
        case Step::Kind::deposit:  // a channel may take its time to answer
          p.time.exact = false;
          break;
        case Step::Kind::milestone:
        case Step::Kind::await:
          break;
      }
    }
    return p;
  }

  // It calls, but nobody waits for it, and it holds no worker. Returns what it computes.
  Visits beside(const Steps& steps, double reach) {
    const double outside = result_.spent_s;
    const Visits segments = result_.segments;
    const std::uint32_t fails = result_.fails;
    const std::size_t calls = result_.calls.size();
    Visits computes;
    std::swap(computes, result_.computes);
    sequence(steps, reach, {});
    std::swap(computes, result_.computes);
    result_.calls_beside = result_.calls_beside || result_.calls.size() > calls;
    result_.fails = fails;
    result_.spent_s = outside;
    result_.segments = segments;
    return computes;
  }

  void cache(const Step& s, Part& p) {
    const models::CacheUse use = s.use;
    if (use == models::CacheUse::look) result_.look_ups.push_back({s.ref, p.reach});
    const Part first = sequence(s.branches[0].steps, p.reach, p.open);
    p.time = p.time + first.time;
    p.reach = first.reach;
    p.open = first.open;
    if (use == models::CacheUse::behind) {  // less than that where writes are merged
      beside(s.branches[1].steps, p.reach);
      return;
    }
    if (use == models::CacheUse::look && t_.caches[static_cast<std::size_t>(s.ref)].detached())
      p.time.exact = false;  // those who wait for one fetch are not followed
    const double share = cache_share(s, facts_);
    if (share > 0) ways({{share, &s.branches[1].steps}}, p);
  }

  void compute(const Step& s, Part& p) {
    const Moments work = scaled(moments_of(*s.distribution, 1e-9), place_.slowness);
    result_.computes.add(p.reach, work);
    Moments took = work;
    if (place_.stretch != 1) {
      took = scaled(took, place_.stretch);
      took.law = Moments::Law::other;
    }
    if (place_.core_wait_s > 0)
      took = took +
             Moments{place_.core_wait_s, place_.core_wait_s * place_.core_wait_s, Moments::Law::other, true};
    if (place_.async) {
      if (!p.open.held) {
        p.open.held = true;
        p.time = p.time + place_.wait;
        spend(p.reach, place_.wait.mean);
        p.open.stay = took;
      } else {
        p.open.stay = p.open.stay + took;
      }
    }
    spend(p.reach, took.mean);
    p.time = p.time + took;
  }

  void call(const Step& s, Part& p) {
    close(p.open, p.reach);
    const CallFacts& f = facts_[static_cast<std::size_t>(s.edge)];
    result_.calls.push_back({s.edge, p.reach});
    spend(p.reach, f.time.mean);
    p.time = p.time + f.time;
    const bool sure = f.success > kCertain || f.fails_late;
    // The mean over several attempts needs no law of the answer's time.
    if (!sure || (f.attempts == 1 && !f.time.exact)) result_.spent_exact = false;
    if (t_.edges[static_cast<std::size_t>(s.edge)].ignore_failure) {
      p.time.exact = p.time.exact && sure;
    } else {
      p.reach *= f.success;
      if (f.success < kCertain) result_.fails |= f.fails;
    }
  }

  // What runs in place of a failure, after what it took to fail: the rest of the time that was spent.
  void attempt(const Step& s, Part& p) {
    close(p.open, p.reach);
    const double before = result_.spent_s;
    Part inside = sequence(s.branches[0].steps, p.reach, {});
    close(inside.open, inside.reach);
    const double failed = p.reach - inside.reach;
    if (!(failed > 1e-15 * p.reach)) {
      p.time = p.time + inside.time;
      p.reach = inside.reach;
      return;
    }
    const double in_vain =
        std::max(0.0, (result_.spent_s - before - inside.reach * inside.time.mean) / failed);
    Part instead = sequence(s.branches[1].steps, failed, {});
    close(instead.open, instead.reach);
    instead.time.mean += in_vain;
    p.reach = inside.reach + instead.reach;
    if (!(p.reach > 0)) return;
    double first = 0, second = 0;
    for (const Part* part : {&inside, &instead}) {
      if (!(part->reach > 0)) continue;
      first += part->reach * part->time.mean;
      second += part->reach * part->time.second();
    }
    const double mean = first / p.reach;
    p.time =
        p.time + Moments{mean, std::max(0.0, second / p.reach - mean * mean), Moments::Law::other, false};
  }

  void parallel(const Step& s, Part& p) {
    close(p.open, p.reach);
    if (s.branches.size() > 1) result_.forks = true;
    const double outside = result_.spent_s;
    std::vector<Moments> times;
    std::vector<double> ends;
    std::vector<double> at_least(s.branches.size() + 1, 0.0);  // P(k branches succeed)
    at_least[0] = 1;
    std::size_t seen = 0;
    for (const models::StepBranch& b : s.branches) {
      Part part = sequence(b.steps, p.reach, {});
      close(part.open, part.reach);
      times.push_back(part.time);
      const double q = p.reach > 0 ? part.reach / p.reach : 0;
      ends.push_back(q);
      for (std::size_t k = ++seen; k-- > 0;) {
        at_least[k + 1] += at_least[k] * q;
        at_least[k] *= 1 - q;
      }
    }
    const Moments joined = order_statistic(times, ends, s.needed);
    result_.spent_s = outside;
    spend(p.reach, joined.mean);
    p.time = p.time + joined;
    double enough = 0;
    for (std::size_t k = static_cast<std::size_t>(std::max(0, s.needed)); k <= seen; ++k)
      enough += at_least[k];
    if (enough < kCertain) result_.spent_exact = false;  // it fails as soon as too few are left
    p.reach *= std::min(1.0, enough);
  }

  using OneWay = std::pair<double, const Steps*>;
  void branch(const Step& s, Part& p) {
    std::vector<OneWay> all;
    for (const models::StepBranch& b : s.branches) all.emplace_back(b.probability, &b.steps);
    ways(all, p);
  }

  void ways(const std::vector<OneWay>& all, Part& p) {
    double reach = 0, rest = 1, first = 0, second = 0;
    Moments::Law law = Moments::Law::other;
    bool exact = true;
    const Open before = p.open;
    for (const auto& [probability, steps] : all) {
      rest -= probability;
      Part part = sequence(*steps, p.reach * probability, before);
      if (place_.async) close(part.open, part.reach);
      reach += part.reach;
      first += part.reach * part.time.mean;
      second += part.reach * part.time.second();
      exact = exact && part.time.exact;
      if (probability >= 1) law = part.time.law;
    }
    rest = rest > 1e-9 ? rest * p.reach : 0;
    if (place_.async) {
      Open none = before;
      close(none, rest);
      p.open = {};
    }
    reach += rest;
    if (reach > 0) {
      const double mean = first / reach, variance = std::max(0.0, second / reach - mean * mean);
      p.time = p.time + Moments{mean, variance, mean == 0 ? Moments::Law::constant : law, exact};
    }
    p.reach = reach;
  }

  void loop(const Step& s, Part& p) {
    const Steps& body = s.branches.front().steps;
    if (is_written_out(s)) {
      for (int k = 0; k < static_cast<int>(s.distribution->mean() + 0.5); ++k) {
        const Part part = sequence(body, p.reach, p.open);
        p.time = p.time + part.time;
        p.reach = part.reach;
        p.open = part.open;
      }
      return;
    }
    close(p.open, p.reach);
    // One probe round tells the chance that a round succeeds; then all rounds at once, by their expected
    // number.
    Walk probe(t_, facts_, place_);
    const WalkResult once = probe.run(body);
    const Rounds rounds = rounds_of(*s.distribution, once.success);
    const double weight = p.reach * rounds.begun;
    result_.segments.add(weight, once.segments);
    result_.computes.add(weight, once.computes);
    result_.beside.add(weight, once.beside);
    for (const CallCount& c : once.calls) result_.calls.push_back({c.edge, weight * c.times});
    for (const CallCount& c : once.look_ups) result_.look_ups.push_back({c.edge, weight * c.times});
    result_.fails |= once.fails;
    result_.forks = result_.forks || once.forks;
    result_.calls_beside = result_.calls_beside || once.calls_beside;
    spend(weight, once.spent_s);
    result_.spent_exact = result_.spent_exact && once.spent_exact;
    const double mean = rounds.mean * once.time.mean;  // a random sum
    const double variance =
        rounds.mean * once.time.variance + rounds.variance * once.time.mean * once.time.mean;
    const Moments::Law law = variance == 0 ? Moments::Law::constant : Moments::Law::other;
    p.time = p.time + Moments{mean, variance, law, once.time.exact};
    p.reach *= once.success >= 1 ? 1 : std::max(0.0, 1 - (1 - once.success) * rounds.begun);
  }

  const models::Topology& t_;
  const ProgramFacts& facts_;
  const WalkPlace& place_;
  WalkResult result_;
};

}  // namespace

WalkResult walk_program(const Steps& steps, const models::Topology& topology, const ProgramFacts& facts,
                        const WalkPlace& place) {
  return Walk(topology, facts, place).run(steps);
}

}  // namespace tailrace::analysis::detail
