#include "scenarios/rare/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "analysis/stats/student.hpp"
#include "models/topology/topology.hpp"
#include "scenarios/run/tasks.hpp"
#include "sim/base/math.hpp"

namespace tailrace::scenarios {

namespace {

using analysis::Interval;

constexpr std::uint32_t kPilotRuns = 200;
constexpr std::uint32_t kEnoughToCount = 10;  // events in the pilot
constexpr std::uint32_t kFirstTrajectories = 200, kMostTrajectories = 12'800;
constexpr std::uint32_t kFewestSurvivors = 20;
constexpr std::uint32_t kFirstRound = 2, kFirstRepetitions = 10, kMostRepetitions = 10'000;
constexpr std::uint64_t kMostPlainRuns = 10'000'000;
// Replications from here on belong to trials and repetitions, below to plain runs.
constexpr std::uint32_t kOwnReplications = 1u << 28;
constexpr std::uint32_t kTrial = 1u << 30;  // numbers of repetitions whose estimates are thrown away

Interval wilson(std::uint64_t happened, std::uint64_t runs, double confidence) {
  const double n = static_cast<double>(runs), p = static_cast<double>(happened) / n;
  const double z = analysis::t_critical(confidence, 1e9);
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  Interval i;
  i.estimate = p;
  i.low = happened == 0 ? 0 : std::max(0.0, middle - half);
  i.high = std::min(1.0, middle + half);
  i.confidence = confidence;
  i.count = happened;
  i.groups = static_cast<int>(std::min<std::uint64_t>(runs, INT32_MAX));
  i.known = true;
  return i;
}

struct Spread {
  double mean = 0, sd = 0;
};
Spread spread_of(const std::vector<double>& values) {
  Spread s;
  const double n = static_cast<double>(values.size());
  for (const double v : values) s.mean += v / n;
  double sum = 0;
  for (const double v : values) sum += (v - s.mean) * (v - s.mean);
  if (values.size() > 1) s.sd = std::sqrt(sum / (n - 1));
  return s;
}

// Of independent estimates that are never negative and skewed to the right.
Interval log_interval(const std::vector<double>& values, double confidence) {
  Interval i;
  i.confidence = confidence;
  i.groups = static_cast<int>(values.size());
  const Spread s = spread_of(values);
  i.estimate = s.mean;
  if (values.size() < 2 || s.mean <= 0) {
    i.reason = s.mean <= 0 ? "no repetition reached it" : "one repetition has no spread";
    return i;
  }
  const double n = static_cast<double>(values.size());
  const double half = analysis::t_critical(confidence, n - 1) * s.sd / (s.mean * std::sqrt(n));
  i.low = s.mean * sim::math::exp(-half);
  i.high = std::min(1.0, s.mean * sim::math::exp(half));
  i.known = true;
  return i;
}

class Estimator {
 public:
  Estimator(const SplitQuestion& question, const RareOptions& options)
      : q_(question), o_(options), start_(Clock::now()) {}

  RareEstimate run() {
    if (!plain(kPilotRuns)) return finish();
    out_.plain_runs = runs_;
    out_.plain_happened = happened_;
    if (happened_ >= kEnoughToCount && !o_.always_split) {
      count();
      return finish();
    }
    out_.split = true;
    out_.trajectories = o_.trajectories;
    if (o_.trajectories != 0 || find_trajectories()) repeat();
    judge();
    return finish();
  }

 private:
  using Clock = std::chrono::steady_clock;

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  bool time_is_up() const { return o_.max_seconds > 0 && seconds() > o_.max_seconds; }
  std::uint64_t events_left() const { return o_.max_events - std::min(o_.max_events, out_.events); }

  // Plain runs up to this many in all; false: it was interrupted.
  bool plain(std::uint64_t wanted) {
    std::vector<Trajectory> list(wanted - runs_);
    TaskOptions tasks;
    tasks.jobs = o_.jobs;
    tasks.interrupt = o_.interrupt;
    std::atomic<std::size_t> done{0};
    tasks.tick = [&] { tell(runs_ + done.load(), wanted, "plain runs"); };
    std::vector<char> ran(list.size(), 0);
    run_tasks(list.size(), tasks, [&](std::size_t i) {
      if (time_is_up() && i > 0) return false;
      list[i].replication = static_cast<std::uint32_t>(runs_ + i);
      follow(q_, list[i]);
      ran[i] = list[i].interrupted ? 0 : 1;
      ++done;
      return true;
    });
    bool whole = true;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!ran[i]) {
        whole = false;
        break;  // those after it are left out: which of them ran depends on the threads
      }
      const Trajectory& t = list[i];
      ++runs_;
      ++out_.runs;
      out_.events += t.events;
      happened_ += t.happened ? 1 : 0;
      if (!t.happened) {
        full_events_ += static_cast<double>(t.events);
        ++full_runs_;
      }
      note_limit(t.limit.empty() || t.broken ? 0 : 1, t.broken ? 1 : 0, t.limit);
    }
    if (full_runs_ > 0) out_.events_per_run = full_events_ / static_cast<double>(full_runs_);
    if (o_.interrupt != nullptr && o_.interrupt->load() != 0) out_.complete = false;
    if (!whole && out_.complete) out_.notes.push_back("the time budget ended it");
    return whole && out_.complete;
  }

  // The event is no rare one.
  void count() {
    for (;;) {
      const double p = static_cast<double>(happened_) / static_cast<double>(runs_);
      const double z = analysis::t_critical(o_.confidence, 1e9);
      out_.precise = z * std::sqrt((1 - p) / (p * static_cast<double>(runs_))) <= o_.precision;
      if (o_.repetitions != 0 ? runs_ >= o_.repetitions : out_.precise) return;
      std::uint64_t wanted = std::min(2 * runs_, kMostPlainRuns);
      if (o_.repetitions != 0) wanted = std::min<std::uint64_t>(wanted, o_.repetitions);
      if (wanted <= runs_ || out_.events * 2 > o_.max_events) {
        out_.notes.push_back("the budget ended before the precision was reached");
        return;
      }
      if (!plain(wanted)) return;
    }
  }

  // As many as it takes for some to survive every level.
  bool find_trajectories() {
    std::uint32_t n = kFirstTrajectories, trial = 0;
    for (;; n *= 4) {
      tell(trial, 4, "trials");
      const Repetition r = split(q_, kTrial + trial, kOwnReplications * 2 + trial * kMostTrajectories, n,
                                 std::max<std::uint64_t>(1, events_left() / 2));
      ++trial;
      take(r);
      out_.trajectories = n;
      if (r.interrupted) {
        out_.complete = false;
        return false;
      }
      if (r.over_budget) {
        if (n > kFirstTrajectories) {
          out_.trajectories = n / 4;
          return true;
        }
        out_.notes.push_back(
            fmt::format("{} trajectories are more than the budget of events allows; give --max-events more "
                        "or --trajectories less",
                        n));
        return false;
      }
      const double needed = kFewestSurvivors;
      if (!r.died_out && r.fewest_survivors >= std::min<double>(needed, n)) return true;
      if (n == kMostTrajectories) return true;
    }
  }

  void take(const Repetition& r) {
    out_.runs += r.runs;
    out_.events += r.events;
    note_limit(r.limited, r.broken, r.limit);
  }

  void repeat() {
    std::uint32_t wanted = o_.repetitions != 0 ? o_.repetitions : kFirstRepetitions;
    for (;;) {
      const auto before = static_cast<std::uint32_t>(out_.repetitions.size());
      std::uint32_t target = std::min(wanted, kFirstRound);  // what one costs is not known yet
      if (before > 0) {
        const double affordable = static_cast<double>(events_left()) * before / split_events_;
        target = wanted;
        if (static_cast<double>(wanted - before) > affordable) {
          target = before + static_cast<std::uint32_t>(affordable);
          budget_ended_ = true;
        }
      }
      if (target <= before || !round(before, target)) return;
      if (target < wanted && !budget_ended_) continue;
      const double half = relative_half_width();
      out_.precise = half <= o_.precision;
      if (o_.repetitions != 0 || out_.precise || budget_ended_ || wanted >= kMostRepetitions) return;
      const double n = static_cast<double>(out_.repetitions.size());
      const double needed = std::ceil(1.1 * n * (half / o_.precision) * (half / o_.precision));
      wanted =
          static_cast<std::uint32_t>(std::min({std::max(needed, n + 2), 4 * n, double{kMostRepetitions}}));
    }
  }

  // Of the interval, in the logarithm; a large number where there is none.
  double relative_half_width() const {
    const Spread s = spread_of(out_.repetitions);
    const double n = static_cast<double>(out_.repetitions.size());
    if (n < 2 || s.mean <= 0) return 1e3;
    return analysis::t_critical(o_.confidence, n - 1) * s.sd / (s.mean * std::sqrt(n));
  }

  // Repetitions first..last-1; false: no more of them.
  bool round(std::uint32_t first, std::uint32_t last) {
    std::vector<Repetition> list(last - first);
    std::vector<char> ran(list.size(), 0);
    const std::uint64_t each = std::max<std::uint64_t>(1, events_left());
    std::atomic<std::size_t> done{0};
    TaskOptions tasks;
    tasks.jobs = o_.jobs;
    tasks.interrupt = o_.interrupt;
    tasks.tick = [&] { tell(first + done.load(), last, "repetitions"); };
    run_tasks(list.size(), tasks, [&](std::size_t i) {
      if (time_is_up() && first + i > 1) return false;
      const auto number = first + static_cast<std::uint32_t>(i);
      list[i] = split(q_, number, kOwnReplications * 4 + number * out_.trajectories, out_.trajectories, each);
      ran[i] = 1;
      ++done;
      return true;
    });
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Repetition& r = list[i];
      if (!ran[i] || r.interrupted || r.over_budget) {
        if (r.over_budget) budget_ended_ = true;
        const bool stopped = o_.interrupt != nullptr && o_.interrupt->load() != 0;
        out_.complete = !stopped;
        if (!stopped && !r.over_budget) out_.notes.push_back("the time budget ended it");
        return false;
      }
      take(r);
      split_events_ += static_cast<double>(r.events);
      out_.repetitions.push_back(r.probability);
      for (std::size_t s = 0; s < r.beyond.size(); ++s) {
        if (beyond_.size() <= s) beyond_.emplace_back();
        beyond_[s].push_back(r.beyond[s]);
      }
      if (r.died_out)
        ++out_.died_out;
      else
        ancestors_ += r.ancestors;
      const double share = static_cast<double>(r.fewest_survivors) / out_.trajectories;
      if (share < out_.hardest_share) {
        out_.hardest_share = share;
        out_.hardest = r.hardest;
      }
    }
    return true;
  }

  // What is not as good as it looks.
  void judge() {
    const std::vector<double>& r = out_.repetitions;
    if (budget_ended_) out_.notes.push_back("the budget of events ended before the precision was reached");
    if (r.empty()) return;
    const Spread s = spread_of(r);
    const double n = static_cast<double>(r.size());
    if (out_.died_out < r.size()) out_.ancestors = ancestors_ / static_cast<double>(r.size() - out_.died_out);
    if (out_.died_out > 0) {
      out_.notes.push_back(fmt::format(
          "{} of {} repetitions died out and count as 0: the score stands still, or few get past a level; "
          "more --trajectories, or another --guide, would help",
          out_.died_out, r.size()));
    }
    if (s.mean > 0 && s.sd > s.mean) {
      out_.notes.push_back(fmt::format(
          "the repetitions differ by more than their mean (standard deviation {:.2g} of it): do not "
          "trust the interval's ends; the score says little about how near the event is",
          s.sd / s.mean));
    }
    if (const double most = *std::max_element(r.begin(), r.end());
        s.mean > 0 && r.size() >= 8 && most > 0.5 * s.mean * n) {
      out_.notes.push_back(
          fmt::format("one repetition makes {:.0f} % of the estimate", 100 * most / (s.mean * n)));
    }
    if (!out_.precise && o_.repetitions == 0 && out_.complete && out_.notes.empty())
      out_.notes.push_back("the precision was not reached");
  }

  RareEstimate finish() {
    if (out_.split) {
      out_.probability = log_interval(out_.repetitions, o_.confidence);
      if (out_.probability.estimate <= 0) never();
      const Spread s = spread_of(out_.repetitions);
      if (s.mean > 0)
        out_.relative_error = s.sd / (s.mean * std::sqrt(static_cast<double>(out_.repetitions.size())));
      for (std::uint32_t score = 0; score < beyond_.size(); ++score)
        out_.levels.push_back({score, log_interval(beyond_[score], o_.confidence)});
    } else if (runs_ > 0) {
      out_.plain_runs = runs_;
      out_.plain_happened = happened_;
      out_.probability = wilson(happened_, runs_, o_.confidence);
      const double p = out_.probability.estimate;
      if (p > 0) out_.relative_error = std::sqrt((1 - p) / (p * static_cast<double>(runs_)));
    }
    const double p = out_.probability.estimate;
    if (p > 0 && out_.relative_error > 0) {
      out_.plain_runs_needed = std::ceil((1 - p) / (p * out_.relative_error * out_.relative_error));
      out_.saving = out_.plain_runs_needed * out_.events_per_run / static_cast<double>(out_.events);
    }
    if (out_.broken > 0) {
      out_.notes.push_back(
          fmt::format("an invariant broke in {} of {} runs ({}): no figure here can be trusted", out_.broken,
                      out_.runs, out_.broken_how));
    }
    if (out_.limited > 0) {
      out_.notes.push_back(fmt::format(
          "{} of {} runs ended before their time ({}): what would have come later is not counted, so "
          "this is a lower bound",
          out_.limited, out_.runs, limit_));
    }
    return std::move(out_);
  }

  // Nothing was met: what plain runs say is all that is certain.
  void never() {
    const double n =
        static_cast<double>(runs_) + static_cast<double>(out_.repetitions.size()) * out_.trajectories;
    Interval& i = out_.probability;
    i.estimate = 0;
    i.low = 0;
    i.high = n > 0 ? 1 - sim::math::exp(sim::math::log(1 - o_.confidence) / n) : 1;
    i.known = n > 0;
    i.reason = "never met; the bound is that of the independent runs alone";
  }

  void note_limit(std::uint64_t limited, std::uint64_t broken, const std::string& why) {
    out_.limited += limited;
    out_.broken += broken;
    if (broken > 0 && out_.broken_how.empty()) out_.broken_how = why;
    if (limited > 0 && limit_.empty()) limit_ = why;
  }
  void tell(std::uint64_t done, std::uint64_t about, const char* what) const {
    if (o_.progress) o_.progress(done, about, what);
  }

  const SplitQuestion& q_;
  const RareOptions& o_;
  const Clock::time_point start_;
  std::uint64_t runs_ = 0, happened_ = 0, full_runs_ = 0;
  double full_events_ = 0, split_events_ = 0, ancestors_ = 0;
  std::vector<std::vector<double>> beyond_;  // by score, then by repetition
  bool budget_ended_ = false;
  std::string limit_;
  RareEstimate out_;
};

}  // namespace

RareEstimate estimate_rare(const SplitQuestion& question, const RareOptions& options) {
  return Estimator(question, options).run();
}

}  // namespace tailrace::scenarios
