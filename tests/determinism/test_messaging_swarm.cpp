// Random systems of messages, with faults on instances, brokers and the network between, some ended early by
// their budget. Whatever happens: every place accounts for every copy, what came about, never did or may
// still is consistent with what became of the copies, order per key holds where it is promised, and a second
// run is the same. A failure prints the seed and the system.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/determinism/random_faults.hpp"
#include "tests/determinism/random_messaging.hpp"
#include "tests/determinism/swarm.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

const std::uint64_t kFirstSeed = first_seed(20'260'000);
constexpr int kShards = 8;
constexpr int kPerShard = 30;

using models::Fate;

std::uint64_t ended(const models::PlaceCounts& p, Fate fate) {
  return p.ended[static_cast<std::size_t>(fate)];
}
std::uint64_t missed(const models::EffectRecord& e) {
  std::uint64_t sum = 0;
  for (const std::uint64_t n : e.missed) sum += n;
  return sum;
}

// Over the places of one subscription.
models::PlaceCounts all_places(const models::RunRecord& r, const models::CompiledModel& model,
                               std::size_t channel, std::uint32_t subscription) {
  models::PlaceCounts sum;
  const std::vector<std::uint32_t> of = model.channels[channel].model->place_subscriptions();
  for (std::size_t p = 0; p < of.size(); ++p) {
    if (of[p] != subscription) continue;
    const models::PlaceCounts& c = r.channels[channel].places.at(p);
    sum.resident_at_start += c.resident_at_start, sum.accepted += c.accepted;
    sum.ready += c.ready, sum.in_flight += c.in_flight;
    sum.deliveries += c.deliveries, sum.redeliveries += c.redeliveries;
    for (std::size_t f = 0; f < models::kFates; ++f) sum.ended[f] += c.ended[f];
  }
  return sum;
}

// Two of three systems have faults.
std::string with_faults(const std::string& system, std::uint64_t seed, bool end) {
  if (seed % 3 == 0) return system;
  const std::string log = "\nlogs:\n  orders:\n    {partitions: ";
  const std::size_t at = system.find(log);
  return system +
         random_faults(seed, end, at == std::string::npos ? 0 : std::stoi(system.substr(at + log.size())));
}

void check_messages(const models::CompiledModel& model, const models::RunRecord& r) {
  const models::Topology& t = *model.topology;
  EXPECT_TRUE(r.status == models::RunStatus::completed || r.status == models::RunStatus::event_budget)
      << models::status_name(r.status) << ": " << r.message;
  const bool whole = r.start_ns == 0;  // otherwise what began in the warm-up may end after it
  for (std::size_t c = 0; c < r.channels.size(); ++c) {
    const std::vector<std::string> places = model.channels[c].model->place_names();
    ASSERT_EQ(places.size(), r.channels[c].places.size());
    for (std::size_t p = 0; p < places.size(); ++p) {
      const models::PlaceCounts& n = r.channels[c].places[p];
      EXPECT_TRUE(n.conserved()) << places[p];
      EXPECT_LE(n.ready + n.in_flight, n.peak) << places[p];
      EXPECT_LE(n.redeliveries, n.deliveries) << places[p];
      EXPECT_GE(n.area, 0) << places[p];
    }
    for (std::uint32_t g = 0; g < model.channels[c].groups; ++g) {
      const models::GroupTable& group = model.groups[model.channels[c].first_group + g];
      const std::string& name = t.channels[c].groups[g].name;
      const models::PlaceCounts n = all_places(r, model, c, g);
      if (group.edge == models::kNoId) {
        EXPECT_EQ(n.deliveries, 0u) << name << " has nobody";
        continue;
      }
      const models::EffectRecord& e = r.effects[group.effect];
      if (!whole) continue;
      EXPECT_LE(n.deliveries - n.redeliveries, n.accepted) << name;
      EXPECT_LE(ended(n, Fate::consumed), e.applied + e.skipped) << name << ": consumed, but by no handler";
      EXPECT_LE(e.distinct + missed(e) + e.pending, n.accepted) << name;
      EXPECT_LE(e.applied, n.deliveries) << name;
      if (r.journeys_open == 0) {
        EXPECT_EQ(e.pending, 0u) << name;
      }
    }
  }
  for (std::size_t e = 0; e < r.effects.size(); ++e)
    EXPECT_EQ(r.effects[e].applied, r.effects[e].distinct + r.effects[e].duplicates) << t.effects[e].name;
}

class MessagingSwarm : public testing::TestWithParam<int> {
 protected:
  std::vector<std::uint64_t> seeds() const {
    std::vector<std::uint64_t> list;
    for (int i = 0; i < kPerShard; ++i)
      list.push_back(kFirstSeed + static_cast<std::uint64_t>(GetParam() * kPerShard + i));
    return list;
  }
};

TEST_P(MessagingSwarm, EveryCopyIsAccountedFor) {
  std::uint64_t deliveries = 0, again = 0, gone[models::kFates] = {};
  for (const std::uint64_t seed : seeds()) {
    const std::string text = with_faults(random_messaging(seed, false), seed, false);
    SCOPED_TRACE(fmt::format("messages, seed {}\n{}", seed, text));
    const Results run = run_text(text);
    for (const models::RunRecord& r : run.records) {
      check_messages(*run.model, r);
      for (const models::ChannelRecord& c : r.channels) {
        for (const models::PlaceCounts& p : c.places) {
          deliveries += p.deliveries, again += p.redeliveries;
          for (std::size_t f = 0; f < models::kFates; ++f) gone[f] += p.ended[f];
        }
      }
    }
    EXPECT_TRUE(run.report.littles_law_holds);
    EXPECT_TRUE(run.report.conservation_holds);
    EXPECT_TRUE(run.report.messaging.conserved);
    if (seed % 4 == 0) {
      const std::string all = figures(run.report);
      EXPECT_EQ(all.find("nan"), std::string::npos) << all;
      EXPECT_TRUE(all == figures(run_text(text, 2).report));
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(deliveries, 5'000u);
  EXPECT_GT(again, 500u);
  for (std::size_t f = 0; f < models::kFates; ++f)
    EXPECT_GT(gone[f], 0u) << "nothing was " << models::fate_name(static_cast<Fate>(f));
}

// When nothing is under way any more, each fact that a copy was made of came about or never will.
TEST_P(MessagingSwarm, NothingIsForgottenWhenTheLoadHasEnded) {
  int quiet = 0;
  for (const std::uint64_t seed : seeds()) {
    if (seed % 2 == 0) continue;
    const std::string text = with_faults(random_messaging(seed, true), seed, true);
    SCOPED_TRACE(fmt::format("messages that end, seed {}\n{}", seed, text));
    const Results run = run_text(text);
    const models::RunRecord& r = run.records[0];
    check_messages(*run.model, r);
    std::uint64_t kept = 0;
    for (const models::ChannelRecord& c : r.channels) {
      for (const models::PlaceCounts& p : c.places) kept += p.ready + p.in_flight;
    }
    std::uint64_t waiting = 0;
    for (const models::ClassRecord& c : r.classes) waiting += c.in_flight;
    for (const models::StationRecord& s : r.stations) {
      for (const models::InstanceRecord& i : s.instances) waiting += i.in_queue + i.in_service;
    }
    const bool retained = text.find("retained: true") != std::string::npos;  // the last message is never over
    if (!retained && kept == 0 && waiting == 0 && r.status == models::RunStatus::completed) {
      ++quiet;
      EXPECT_EQ(r.journeys_open, 0u) << "nothing is under way";
      for (const models::EffectRecord& e : r.effects) EXPECT_EQ(e.pending, 0u);
    }
    if (HasFailure()) return;
  }
  fmt::print("{} ended\n", quiet);
  EXPECT_GT(quiet, 3);
}

TEST_P(MessagingSwarm, OrderPerKeyHoldsWhereItIsPromised) {
  std::uint64_t handled = 0, again = 0;
  for (const std::uint64_t seed : seeds()) {
    if (seed % 3 != 0) continue;
    const std::string text = random_ordered_messaging(seed);
    SCOPED_TRACE(fmt::format("messages in order, seed {}\n{}", seed, text));
    const Results run = run_text(text);
    check_messages(*run.model, run.records[0]);
    for (const char* group : {"orders/readers", "jobs/consumers"}) {
      const analysis::EffectReport& e = effect(run.report, group);
      EXPECT_EQ(e.counts.out_of_order, 0u) << group;
      handled += e.counts.distinct, again += e.counts.duplicates;
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(handled, 1000u);
  EXPECT_GT(again, 50u);
}

INSTANTIATE_TEST_SUITE_P(Shards, MessagingSwarm, testing::Range(0, kShards));

}  // namespace
}  // namespace tailrace::tests
