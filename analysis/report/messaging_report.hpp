#pragma once
// What became of the messages: per channel what was published, per place (queue, partition) every count of
// its copies, per consumer group how many it handled and how late, and per business effect how often it came
// about exactly, twice, never or out of order. Counts are of all replications; shares, rates and lags have
// intervals with the replication as the independent unit. Empty where the model has no messages, effects or
// milestones.
//
// Left out: the share of each publisher, and more than kMostChannelEvents of a channel's events.
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/report/latency_report.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

inline constexpr std::size_t kMostChannelEvents = 200;

struct PlaceReport {
  std::string name;
  models::PlaceCounts counts;  // sums over the replications; the peak is the highest of them
  Interval depth;              // mean number kept
  bool conserved = true;       // in every replication
};

struct GroupReport {
  std::string name;      // "orders/mailers"
  bool handles = false;  // it has consumers
  std::uint64_t deliveries = 0, redeliveries = 0;
  std::uint64_t ended[models::kFates] = {};
  std::uint64_t handled = 0;   // messages; a batch counts with all of its
  Interval redelivered;        // share of the deliveries
  Interval per_message;        // deliveries of each message that was delivered at all
  Interval dead_lettered;      // share of the copies that left
  Interval throughput;         // messages handled per second
  LatencyReport end_to_end;    // first tried to publish, to handled
  LatencyReport wait;          // accepted to the first delivery
  Interval lag;                // mean number not finished with
  Interval lag_at_end;         // mean over the replications
  std::uint64_t peak_lag = 0;  // of one place, or of all together where the end of a window saw more
};

// Of a group that has one place far fuller than the others: a hot key, a blocked partition.
struct UnevenReport {
  std::string group, fullest;
  double kept = 0, rest = 0;  // mean number at the fullest place; and at the others, in all
  std::uint64_t peak = 0;
  double throughput = 0, throughput_of_rest = 0;  // copies consumed per second; of one other, on average
};

struct ChannelEventReport {
  std::uint32_t replication = 0;
  double at_s = 0;  // from the start of the run
  std::string what;
  std::uint32_t place = models::kNobody;  // place, node or subscription, as the kind of event says
};

struct ChannelReport {
  std::string name, kind;
  models::ChannelCounts counts;
  std::uint64_t unpublished = 0;  // facts whose publication never succeeded
  Interval published;             // per second
  Interval refused;               // share of the publications
  bool batching = false;
  Interval batch_size, batches_per_s;
  LatencyReport batching_time;  // publication to the flush of its batch
  std::vector<PlaceReport> places;
  std::vector<GroupReport> groups;  // by subscription
  std::vector<UnevenReport> uneven;
  std::vector<ChannelEventReport> events;
  bool events_cut = false;
};

struct EffectReport {
  std::string name;
  bool of_group = false;  // a message handled
  models::EffectRecord counts;
  std::uint64_t missed_count = 0;
  Interval duplicates;  // share of what was applied
  Interval missed;      // share of what came about or never will
};

struct MilestoneReport {
  std::string name;
  Interval rate;       // per second
  LatencyReport time;  // from the request's start
};

struct SagaReport {
  std::string name;  // "orders/book"
  bool durable = false;
  // Times that its steps said so; what is 0 for want of the thing (limits of time, a stored state) is 0.
  std::uint64_t started = 0, completed = 0, compensated = 0, stuck = 0, resumed = 0;
  std::uint64_t timed_out = 0, step_timed_out = 0, late = 0;
  std::uint64_t open = 0;      // at the end: somebody leads it, or will
  std::uint64_t hanging = 0;   // began, has not ended, and nobody will ever lead it on
  Interval compensated_share;  // of those that ended
  LatencyReport completing;    // from the (first) start to the end
  LatencyReport compensating;  // likewise, of those that were undone
};

struct MessagingReport {
  bool present = false;
  bool conserved = true;  // at every place of every replication
  std::vector<ChannelReport> channels;
  std::vector<EffectReport> effects;        // by Topology::effects
  std::vector<MilestoneReport> milestones;  // by Topology::milestones
  std::vector<SagaReport> sagas;            // by Topology::sagas
  std::uint64_t journeys_open = 0;          // requests of which something is under way at the end
};

MessagingReport messaging_report(const models::CompiledModel& model,
                                 const std::vector<models::RunRecord>& records, double confidence);

inline std::uint64_t missed_in_all(const models::EffectRecord& e) {
  std::uint64_t sum = 0;
  for (const std::uint64_t n : e.missed) sum += n;
  return sum;
}

}  // namespace tailrace::analysis
