#include "scenarios/rare/split.hpp"

#include <algorithm>
#include <utility>

namespace tailrace::scenarios {

namespace {

constexpr std::uint32_t kShareKilled = 10;  // at least a tenth of the trajectories in each generation

class Follower final : public models::RunWatch {
 public:
  Follower(const SplitQuestion& question, Trajectory& trajectory)
      : q_(question), t_(trajectory), event_(*question.event) {
    if (q_.guide != nullptr) guide_.emplace(*q_.guide);
  }

  std::int64_t look(const models::Peek& peek) override {
    ++looks_;
    key_ = 0;
    if (next_ < t_.path.size() && t_.path[next_].look == looks_) key_ = t_.path[next_++].key;
    const std::int64_t now = peek.now_ns();
    const std::uint32_t own = event_.at(peek);
    const std::uint32_t guided = guide_ ? guide_->at(peek) : own;
    if (q_.from_ns > 0 && now <= q_.from_ns) return now;  // counters start over at that instant
    t_.happened = own == q_.event->goal;
    const std::uint32_t score = t_.happened ? q_.goal() : guided;
    if (score > t_.height()) t_.rises.push_back({score, looks_});
    return t_.happened ? kStop : now;
  }
  void ended(std::uint32_t workload, std::int64_t took_ns) override {
    event_.request_ended(workload, took_ns);
    if (guide_) guide_->request_ended(workload, took_ns);
  }
  std::uint64_t renewal() override { return key_; }

 private:
  const SplitQuestion& q_;
  Trajectory& t_;
  EventScore event_;
  std::optional<EventScore> guide_;
  std::uint64_t looks_ = 0, key_ = 0;
  std::size_t next_ = 0;
};

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return sim::SplitMix64{sim::SplitMix64{a}.next() ^ b}.next();
}

class Splitter {
 public:
  Splitter(const SplitQuestion& question, std::uint32_t number, std::uint32_t n, std::uint64_t max_events)
      : q_(question), n_(n), max_events_(max_events), key_(mixed(mixed(question.seed, 0x72617265), number)) {}

  Repetition run(std::uint32_t first_replication) {
    out_.beyond.assign(q_.goal(), 0);
    out_.fewest_survivors = n_;
    all_.resize(n_);
    for (std::uint32_t i = 0; i < n_; ++i) {
      all_[i].replication = first_replication + i;
      all_[i].ancestor = i;
      if (!go(all_[i])) return std::move(out_);
      if (all_[i].happened) ++out_.happened_at_once;
    }
    double weight = 1;
    std::uint32_t told = 0;  // scores below it have their probability
    const std::uint32_t least = std::max(1u, n_ / kShareKilled);
    for (;;) {
      const std::uint32_t level = kth_lowest(least);
      tell(told, std::min(level, q_.goal()), weight);
      if (level >= q_.goal()) break;
      const std::uint32_t dead = part(level);
      out_.generations++;
      if (n_ - dead < out_.fewest_survivors) {
        out_.fewest_survivors = n_ - dead;
        out_.hardest = level;
      }
      if (dead == n_) {
        out_.died_out = true;
        return std::move(out_);
      }
      weight *= static_cast<double>(n_ - dead) / static_cast<double>(n_);
      if (!replace(level)) return std::move(out_);
    }
    std::uint32_t happened = 0;
    std::vector<bool> seen(n_);
    for (const Trajectory& t : all_) {
      happened += t.happened ? 1 : 0;
      seen[t.ancestor] = true;
    }
    out_.ancestors = static_cast<std::uint32_t>(std::count(seen.begin(), seen.end(), true));
    out_.probability = weight * static_cast<double>(happened) / static_cast<double>(n_);
    return std::move(out_);
  }

 private:
  // False: this repetition ends without an estimate.
  bool go(Trajectory& t) {
    follow(q_, t);
    ++out_.runs;
    out_.events += t.events;
    if (t.broken) {
      ++out_.broken;
      if (out_.limit.empty()) out_.limit = t.limit;
    } else if (!t.limit.empty()) {
      ++out_.limited;
      if (out_.limit.empty()) out_.limit = t.limit;
    }
    out_.interrupted = out_.interrupted || t.interrupted;
    out_.over_budget = max_events_ != 0 && out_.events > max_events_;
    return !out_.interrupted && !out_.over_budget;
  }

  std::uint32_t kth_lowest(std::uint32_t k) {
    heights_.clear();
    for (const Trajectory& t : all_) heights_.push_back(t.height());
    std::nth_element(heights_.begin(), heights_.begin() + (k - 1), heights_.end());
    return heights_[k - 1];
  }

  // Of a height above each score from `told` to below `level`.
  void tell(std::uint32_t& told, std::uint32_t level, double weight) {
    for (; told < level; ++told) {
      const auto above =
          std::count_if(all_.begin(), all_.end(), [&](const Trajectory& t) { return t.height() > told; });
      out_.beyond[told] = weight * static_cast<double>(above) / static_cast<double>(n_);
    }
  }

  // The living to the front, in their order; how many are dead.
  std::uint32_t part(std::uint32_t level) {
    living_.clear();
    dead_.clear();
    for (std::uint32_t i = 0; i < n_; ++i) (all_[i].height() > level ? living_ : dead_).push_back(i);
    return static_cast<std::uint32_t>(dead_.size());
  }

  bool replace(std::uint32_t level) {
    for (const std::uint32_t i : dead_) {
      const std::uint64_t own = mixed(mixed(key_, out_.generations), i);
      const Trajectory& parent = all_[living_[sim::Stream::below(living_.size(), own)]];
      const auto above = std::find_if(parent.rises.begin(), parent.rises.end(),
                                      [&](const Rise& r) { return r.score > level; });
      Trajectory child;
      child.replication = parent.replication;
      child.ancestor = parent.ancestor;
      for (const Renewal& r : parent.path) {
        if (r.look < above->look) child.path.push_back(r);
      }
      child.path.push_back({above->look, mixed(own, 1) | 1});  // 0 would be no key
      if (!go(child)) return false;
      all_[i] = std::move(child);
    }
    return true;
  }

  const SplitQuestion& q_;
  const std::uint32_t n_;
  const std::uint64_t max_events_;
  const std::uint64_t key_;
  std::vector<Trajectory> all_;
  std::vector<std::uint32_t> heights_, living_, dead_;
  Repetition out_;
};

}  // namespace

void follow(const SplitQuestion& question, Trajectory& trajectory) {
  Follower follower(question, trajectory);
  models::RunOptions options;
  options.seed = question.seed;
  options.replication = trajectory.replication;
  options.interrupt = question.interrupt;
  options.warmup_ns = question.from_ns;
  options.watch = &follower;
  const models::RunRecord record = models::Execution(question.model, options).run();
  trajectory.events = record.events;
  if (record.status == models::RunStatus::interrupted) {
    trajectory.interrupted = !trajectory.happened;
  } else if (record.status != models::RunStatus::completed) {
    trajectory.limit = record.message;
    trajectory.broken = record.status == models::RunStatus::invariant_broken;
  }
}

Repetition split(const SplitQuestion& question, std::uint32_t number, std::uint32_t first_replication,
                 std::uint32_t trajectories, std::uint64_t max_events) {
  return Splitter(question, number, trajectories, max_events).run(first_replication);
}

}  // namespace tailrace::scenarios
