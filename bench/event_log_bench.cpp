// What the event log itself costs a message: published, appended, read, handled, committed. The host does as
// little as a host can: handlers end at once, timers lie in a heap.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <queue>
#include <utility>
#include <vector>

#include "models/messaging/event_log/event_log.hpp"

namespace {

using namespace tailrace::models;
using namespace tailrace::models::event_log;

struct BareHost final : ChannelHost {
  std::int64_t now() const override { return time; }
  void wake_at(std::int64_t when, std::uint64_t what) override { timers.push({when, what}); }
  void start(std::uint32_t, std::uint32_t, std::span<const Envelope> messages, std::uint64_t token) override {
    begun += messages.size();
    tokens.push_back(token);
  }
  void answer(std::uint64_t, Outcome) override { ++answers; }
  bool forward(std::uint32_t, const Envelope&) override { return true; }
  void copy_made(std::uint32_t, const Envelope&) override { ++copies; }
  void copy_gone(std::uint32_t, const Envelope&, Fate) override { --copies; }
  std::uint64_t random(std::uint32_t) override { return 0; }
  void observe(ChannelTime, std::uint32_t, std::int64_t) override {}

  using Timer = std::pair<std::int64_t, std::uint64_t>;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<Timer>> timers;
  std::vector<std::uint64_t> tokens, ending;
  std::int64_t time = 0;
  std::uint64_t begun = 0, answers = 0, copies = 0;
};

LogSettings twelve() {
  LogSettings s;
  s.name = "orders";
  s.partitions = 12;
  LogGroup g;
  g.name = "mailers";
  g.instances = 4;
  s.groups = {g};
  return s;
}

// One message a microsecond with a key; handlers end every `round` microseconds.
void run(benchmark::State& state, const LogSettings& settings, std::uint64_t round) {
  const EventLogModel model(settings);
  BareHost host;
  const auto channel = model.start(host);
  std::uint64_t n = 0;
  for (auto _ : state) {
    host.time += 1000;
    while (!host.timers.empty() && host.timers.top().first <= host.time) {
      const std::uint64_t what = host.timers.top().second;
      host.timers.pop();
      channel->timer(what);
    }
    Envelope m;
    m.born = host.time;
    m.key = n * 0x9e3779b97f4a7c15ULL;
    m.identity = m.sequence = n++;
    channel->place(m);
    benchmark::DoNotOptimize(channel->publish(m, true, n));
    if (n % round != 0) continue;
    host.ending.swap(host.tokens);
    for (const std::uint64_t token : host.ending) channel->handled(token, Outcome::success);
    host.ending.clear();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(host.begun));
  state.counters["lag"] = static_cast<double>(channel->depth(0));
}

const bool registered = [] {
  const auto add = [](const char* name, const LogSettings& s, std::uint64_t round = 1) {
    benchmark::RegisterBenchmark(name, [s, round](benchmark::State& state) { run(state, s, round); });
  };
  LogSettings s = twelve();
  add("event_log/plain", s);
  s.idempotence = true;
  add("event_log/idempotent", s);
  s = twelve();
  s.groups[0].batch = true;
  s.groups[0].commit = Commit::batch;
  add("event_log/handled_in_batches", s, 400);
  s = twelve();
  s.linger = 1'000'000;
  s.batch_size = 100;
  add("event_log/published_in_batches", s);
  s = twelve();
  s.nodes = s.replication_factor = 3;
  s.replication_latency = 1'000'000;
  add("event_log/three_replicas", s);
  s = twelve();
  s.groups.resize(4, s.groups[0]);
  add("event_log/four_groups", s);
  s = twelve();
  s.groups[0].type = Subscription::shared;
  add("event_log/shared", s);
  s.groups[0].type = Subscription::key_shared;
  add("event_log/key_shared", s);
  return true;
}();

}  // namespace
