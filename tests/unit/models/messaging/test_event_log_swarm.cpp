// Random topics under random publications, outcomes, crashes and timers; after every step the books balance,
// no instance has more handlers than workers, and in the end nothing that was published is unaccounted for.
#include <algorithm>
#include <map>
#include <set>

#include "event_log_world.hpp"

namespace tailrace::models::event_log {
namespace {

class Swarm {
 public:
  explicit Swarm(std::uint64_t seed)
      : dice_(seed, 0, "swarm", "dice"), ahead_(seed, 0, "swarm", "ahead"), w_(settings()) {
    for (const LogGroup& g : w_.model.settings().groups) up_.emplace_back(g.instances, true);
    nodes_.assign(w_.model.settings().nodes, true);
  }

  void run() {
    for (int step = 0; step < 1500; ++step) {
      act();
      collect();
      w_.check();
      if (::testing::Test::HasFatalFailure()) return;
    }
    drain();
  }

 private:
  std::uint64_t below(std::uint64_t n) { return dice_.below(n); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  LogSettings settings() {
    LogSettings s = topic(static_cast<std::uint32_t>(1 + below(5)));
    s.nodes = static_cast<std::uint32_t>(1 + below(3));
    s.replication_factor = static_cast<std::uint32_t>(1 + below(s.nodes));
    s.min_insync_replicas = static_cast<std::uint32_t>(1 + below(s.replication_factor));
    s.acks = static_cast<Acks>(below(3));
    s.replication_latency = static_cast<std::int64_t>(below(3)) * kMs;
    s.election_time = static_cast<std::int64_t>(below(3)) * 5 * kMs;
    s.catch_up_time = static_cast<std::int64_t>(below(3)) * 5 * kMs;
    s.unclean_election = one_in(3);
    s.linger = one_in(2) ? 0 : static_cast<std::int64_t>(1 + below(10)) * kMs;
    if (one_in(2)) s.batch_size = 1 + below(5);
    s.idempotence = s.acks == Acks::all && one_in(2);
    if (one_in(3)) s.retention = static_cast<std::int64_t>(20 + below(100)) * kMs;
    if (one_in(4)) s.retention_bytes = 500 + below(2000);
    if (one_in(3)) s.compaction_interval = 20 * kMs;
    const std::uint64_t groups = below(4);
    for (std::uint64_t i = 0; i < groups; ++i) {
      LogGroup g = group(static_cast<std::uint32_t>(1 + below(4)), "g" + std::to_string(i));
      g.concurrency = static_cast<std::uint32_t>(1 + below(3));
      g.type = static_cast<Subscription>(one_in(2) ? 0 : below(5));
      g.assignment = static_cast<Assignment>(below(4));
      g.rebalance_time = static_cast<std::int64_t>(below(3)) * 4 * kMs;
      g.session_timeout = static_cast<std::int64_t>(below(3)) * 10 * kMs;
      g.static_members = one_in(2);
      if (one_in(3)) g.max_poll_interval = 15 * kMs;
      g.max_poll_records = static_cast<std::uint32_t>(1 + below(8));
      g.fetch_latency = static_cast<std::int64_t>(below(2)) * kMs;
      g.batch = one_in(4);
      g.commit = static_cast<Commit>(below(4));
      g.auto_commit_interval = 10 * kMs;
      g.on_failure = static_cast<LogOnFailure>(below(3));
      if (one_in(2)) g.max_deliveries = 1 + below(4);
      if (one_in(2)) g.dead_letter_channel = 1;
      g.retry_backoff = static_cast<std::int64_t>(below(2)) * 2 * kMs;
      g.reset = one_in(2) ? OffsetReset::earliest : OffsetReset::latest;
      if (one_in(2)) g.ack_timeout = 8 * kMs;
      g.receiver_queue_size = static_cast<std::uint32_t>(1 + below(4));
      if (ahead_.below(2) == 0) g.look_ahead = ahead_.below(8);
      s.groups.push_back(g);
    }
    return s;
  }

  void act() {
    const std::uint64_t what = below(100);
    w_.host.accepts_forwarded = !one_in(5);
    if (what < 40) {
      const std::uint64_t key = one_in(3) ? kNoKey : below(6);  // a key has one producer, so it has an order
      w_.publish(key, static_cast<std::uint32_t>(key % 3), static_cast<std::uint32_t>(below(90)));
    } else if (what < 70) {
      if (running_.empty()) return;
      const std::size_t i = below(running_.size());
      end(i, one_in(4) ? (one_in(3) ? Outcome::network : Outcome::error) : Outcome::success);
    } else if (what < 76) {
      if (up_.empty()) return;
      const std::size_t g = below(up_.size()), i = below(up_[g].size());
      change(g, i, !up_[g][i]);
    } else if (what < 79) {
      const std::size_t n = below(nodes_.size());
      nodes_[n] = !nodes_[n];
      w_.channel->node_changed(static_cast<std::uint32_t>(n), nodes_[n]);
    } else if (what < 80) {
      stale();
    } else {
      w_.host.run_until(w_.host.now() +
                        static_cast<std::int64_t>(below(4 * static_cast<std::uint64_t>(kMs))));
    }
  }
  void end(std::size_t i, Outcome outcome) {
    const auto r = running_[i];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    old_.push_back(r.token);
    if (outcome == Outcome::success) {
      for (const Envelope& m : r.messages) handled_.insert({r.subscription, m.identity});
    }
    w_.channel->handled(r.token, outcome);
  }
  void change(std::size_t g, std::size_t i, bool up) {
    up_[g][i] = up;
    if (!up) {  // its handlers end with it; the channel may or may not hear of them, before or after
      for (std::size_t k = running_.size(); k-- > 0;) {
        if (running_[k].subscription != g || running_[k].instance != i) continue;
        const std::uint64_t token = running_[k].token;
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(k));
        old_.push_back(token);
        if (one_in(2)) w_.channel->handled(token, Outcome::network);
      }
    }
    w_.channel->instance_changed(static_cast<std::uint32_t>(g), static_cast<std::uint32_t>(i), up);
  }
  void stale() {
    if (!old_.empty()) w_.channel->handled(old_[below(old_.size())], Outcome::success);
  }
  // What has been started since; nobody may have more than its workers, or work while it is down.
  void collect() {
    for (; seen_ < w_.host.started.size(); ++seen_) {
      const FakeHost::Started& s = w_.host.started[seen_];
      ASSERT_TRUE(up_[s.subscription][s.instance]);
      ASSERT_FALSE(s.messages.empty());
      running_.push_back(s);
      no_gaps(s);
    }
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> at_work;
    for (const FakeHost::Started& s : running_) {
      ASSERT_LE(++at_work[std::pair(s.subscription, s.instance)],
                w_.model.groups()[s.subscription].concurrency);
    }
  }
  // Of a key nobody begins a message while an earlier one was never begun and is still there, whatever
  // rebalances did: repetitions, never gaps.
  void no_gaps(const FakeHost::Started& s) {
    for (; made_ < w_.host.made.size(); ++made_) {
      const auto& [subscription, m] = w_.host.made[made_];
      if (m.key != kNoKey) log_[std::pair(subscription, m.key)].push_back(m.identity);
    }
    for (; gone_ < w_.host.gone.size(); ++gone_)
      begun_.insert({w_.host.gone[gone_].subscription, w_.host.gone[gone_].identity});
    for (const Envelope& m : s.messages) {
      const bool repeated = !begun_.insert({s.subscription, m.identity}).second;
      const LogGroup& g = w_.model.settings().groups[s.subscription];
      if (m.key == kNoKey || repeated || g.type == Subscription::shared) continue;
      if (g.commit == Commit::before) continue;  // what an old owner still has is nobody else's
      const std::vector<std::uint64_t>& log = log_[std::pair(s.subscription, m.key)];
      std::size_t& at = first_[std::pair(s.subscription, m.key)];
      while (at < log.size() && log[at] != m.identity && begun_.count({s.subscription, log[at]}) != 0) ++at;
      ASSERT_LT(at, log.size());
      ASSERT_EQ(log[at], m.identity);
      ++checked_;
    }
  }
  // With everybody up and every handler well, all is finished, and handled at least once unless the books say
  // what else became of it.
  void drain() {
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      if (!nodes_[n]) w_.channel->node_changed(static_cast<std::uint32_t>(n), true);
    }
    for (std::size_t g = 0; g < up_.size(); ++g) {
      for (std::size_t i = 0; i < up_[g].size(); ++i) {
        if (!up_[g][i]) change(g, i, true);
      }
    }
    for (int round = 0; round < 5000; ++round) {
      w_.host.run_until(w_.host.now() + kMs);
      collect();
      while (!running_.empty()) {
        end(0, Outcome::success);
        collect();
      }
    }
    w_.check();
    for (std::uint32_t g = 0; g < up_.size(); ++g) ASSERT_EQ(w_.channel->depth(g), 0u);
    for (const FakeHost::Gone& gone : w_.host.gone) {
      if (gone.fate == Fate::consumed) {
        ASSERT_TRUE(handled_.count({gone.subscription, gone.identity}) != 0) << gone.identity;
      }
    }
    ASSERT_EQ(w_.host.gone.size(), up_.size() * copies());
  }
  std::uint64_t copies() const {
    const ChannelCounts c = w_.channel->record().counts;
    return c.published - c.deduplicated;
  }

  sim::Stream dice_, ahead_;
  LogWorld w_;
  std::vector<std::vector<bool>> up_;
  std::vector<bool> nodes_;
  std::vector<FakeHost::Started> running_;
  std::vector<std::uint64_t> old_;
  std::set<std::pair<std::uint32_t, std::uint64_t>> handled_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::vector<std::uint64_t>> log_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::size_t> first_;
  std::set<std::pair<std::uint32_t, std::uint64_t>> begun_;  // or gone
  std::size_t seen_ = 0, made_ = 0, gone_ = 0;

 public:
  std::uint64_t checked_ = 0;  // first handlings whose order was looked at
};

TEST(EventLogSwarm, BooksBalanceWhateverHappens) {
  std::uint64_t checked = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    SCOPED_TRACE(seed);
    Swarm swarm(seed);
    swarm.run();
    if (HasFatalFailure()) return;
    checked += swarm.checked_;
  }
  EXPECT_GT(checked, 10000u);
}

}  // namespace
}  // namespace tailrace::models::event_log
