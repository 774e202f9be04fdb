#pragma once
// What a scenario says of a cloud queue (Amazon SQS, and what behaves like it: an outbox table that is
// polled, a list of webhooks to deliver, a job queue with leases): immutable, shared by replications.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/messaging/channel.hpp"
#include "models/messaging/extras.hpp"
#include "models/topology/topology.hpp"
#include "sim/random/distribution.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::models {

// Whether a delete with a receipt whose visibility timeout is over still counts.
enum class LateDelete : std::uint8_t {
  latest,   // until the message is received again: the receipt received last is good
  ignored,  // never (FIFO queues, always)
  accepted  // always, also with an older receipt
};
enum class CloudOnFailure : std::uint8_t {
  wait,         // nothing is done: it becomes visible when its visibility timeout ends
  make_visible  // its visibility timeout is set to the back-off's pause
};

struct CloudQueueSettings {
  static constexpr std::int64_t kNever = std::int64_t{1} << 62;

  GroupSettings group;  // instances 0: nobody receives (a dead-letter queue)
  std::string place;    // the queue's name
  std::vector<std::string> entries = {"publish"};

  bool fifo = false;
  bool one_group = false;              // FIFO: all messages are one group, whatever their keys
  std::int64_t deduplication_ns = 0;   // FIFO; 0: none
  std::int64_t capacity = kUnlimited;  // messages; more are refused
  std::int64_t delivery_delay_ns = 0;
  std::int64_t retention_ns = 4 * 86'400 * std::int64_t{1'000'000'000};
  std::int64_t in_flight_limit = kUnlimited;

  std::int64_t visibility_timeout_ns = 30'000'000'000;
  std::int64_t extend_interval_ns = 0;  // heartbeats of who has a message; 0: none
  std::int64_t extend_until_ns = 0;     // after its receive
  std::int64_t receive_batch = 10;
  bool free_workers_only = false;              // a receive asks for no more than these
  bool whole_batch = false;                    // one handler for all messages of a receive
  bool skip_expired = false;                   // what has become visible again is not begun
  std::int64_t wait_time_ns = 20'000'000'000;  // long polling; 0: short
  std::int64_t poll_interval_ns = 0;           // short: pause after an empty receive
  double short_poll_miss = 0;
  sim::Distribution receive_latency = sim::Distribution::constant(0);
  std::int64_t delete_latency_ns = 0;
  std::int64_t delete_batch = 1;
  std::int64_t delete_max_wait_ns = 0;  // of a batch that is not full
  LateDelete late_delete = LateDelete::latest;
  double duplicate_probability = 0;  // a delete misses one copy
  double transactions_per_s = 0;     // per API; 0: no limit
  std::int64_t send_batch = 1;       // messages per transaction of a publisher
  bool limit_per_group = false;      // FIFO, high throughput: of sends, per message group

  CloudOnFailure on_failure = CloudOnFailure::wait;
  BackoffModel backoff{{0}, 2, {0}, Jitter::none};
  bool at_its_place = false;      // what comes back is received before what came later
  bool release_on_crash = false;  // what a crashed consumer had is visible at once
  std::int64_t max_receives = kUnlimited;
  bool give_up_at_failure = false;  // at the last failure; otherwise at the receive after it
  int dead_letter = kNone;          // channel and entry
  std::uint16_t dead_letter_entry = 0;

  int redrive_to = kNone;  // moves its messages there, from `redrive_start` on, so many a second
  std::uint16_t redrive_entry = 0;
  std::int64_t redrive_start_ns = 0;
  std::int64_t redrive_spacing_ns = 0;

  std::int64_t pause_after_failures = 0;  // in a row; 0: never
  std::int64_t pause_ns = 0;
};

class CloudQueueModel : public ChannelModel {
 public:
  explicit CloudQueueModel(CloudQueueSettings settings);
  std::unique_ptr<Channel> start(ChannelHost& host) const override;
  const std::vector<GroupSettings>& groups() const override { return groups_; }
  std::vector<std::string> place_names() const override { return {settings_.place}; }
  std::vector<std::uint32_t> place_subscriptions() const override { return {0}; }
  std::vector<std::string> entries() const override { return settings_.entries; }
  std::vector<std::string> event_names() const override;
  std::uint32_t streams() const override { return kStreams; }

  // A handler may always outlast a visibility timeout that nobody extends.
  bool delivers_once(std::uint32_t) const override {
    const bool outlasted =
        settings_.visibility_timeout_ns < CloudQueueSettings::kNever && settings_.extend_interval_ns == 0;
    return !outlasted && settings_.duplicate_probability == 0;
  }

  const CloudQueueSettings& settings() const { return settings_; }
  const sim::Sampler& latency() const { return latency_; }

  // Purposes of random numbers.
  enum Purpose : std::uint32_t { kDuplicate, kMiss, kLatency, kJitter, kStreams };
  enum Event : std::uint32_t { kPaused, kResumed, kRedriveBegan, kRedriveEnded };

 private:
  CloudQueueSettings settings_;
  std::vector<GroupSettings> groups_;
  sim::Sampler latency_;  // points into the settings' distribution
};

}  // namespace tailrace::models
