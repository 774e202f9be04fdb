#pragma once
// Kind "cloud_queue": a managed queue with visibility timeouts, as Amazon SQS, and its one consumer group.
// Names and defaults are SQS's in snake_case. The queue itself takes no time and does not fail but by a fault
// on its one node. How it behaves: models/messaging/cloud_queue/cloud_queue.hpp.
#include <optional>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/messaging/cloud_queue/cloud_queue_model.hpp"
#include "models/messaging/consumer.hpp"
#include "models/messaging/redelivery.hpp"

namespace tailrace::models {

enum class CloudQueueType : std::uint8_t { standard, fifo };
enum class BatchHandling : std::uint8_t { one_by_one, together };
enum class LimitScope : std::uint8_t { queue, message_group };

struct ExtendVisibilitySpec {
  std::optional<sim::Duration> interval;
  sim::Duration until{12 * 3'600'000'000'000};
};
struct DeleteBatchSpec {
  Count size = 10;
  sim::Duration max_wait{200'000'000};
};
struct CloudConsumersSpec {
  ConsumerSpec consumer;
  Count receive_batch = 10;
  bool free_workers_only = false;
  BatchHandling batch_handling = BatchHandling::one_by_one;
  bool skip_expired = false;
  sim::Duration wait_time{20'000'000'000};
  std::optional<sim::Duration> poll_interval;
  Fraction short_poll_miss;
  TimeDistribution receive_latency;
  sim::Duration delete_latency;
  std::optional<DeleteBatchSpec> delete_batch;
  std::optional<ExtendVisibilitySpec> extend_visibility;
  CloudOnFailure on_failure = CloudOnFailure::wait;
  std::optional<PauseSpec> backoff;
};
struct ThroughputLimitSpec {
  Rate transactions{300};
  Count send_batch = 1;
  LimitScope per = LimitScope::queue;
};
struct RedriveSpec {
  Reference to;
  sim::Duration start;
  Rate rate{500};
};
struct CloudQueueSpec {
  CloudQueueType type = CloudQueueType::standard;
  sim::Duration visibility_timeout{30'000'000'000};
  sim::Duration delivery_delay;
  sim::Duration retention{4 * 86'400'000'000'000};
  std::optional<sim::Duration> deduplication_interval;
  std::optional<Count> max_receive_count;
  std::optional<Reference> dead_letter;
  std::optional<RedriveSpec> redrive;
  std::optional<Limit> in_flight_limit;
  std::optional<ThroughputLimitSpec> throughput_limit;
  LateDelete late_delete = LateDelete::latest;
  Fraction duplicate_probability;
  std::optional<TimeDistribution> publish_time;
  std::optional<CloudConsumersSpec> consumers;
};

Kind cloud_queue_kind();

// What the spec means; relations that do not hold are reported. Not yet: where dead letters and redriven
// messages go.
CloudQueueSettings cloud_queue_settings(const CloudQueueSpec& spec, const std::string& name, Mark mark,
                                        const std::string& path, Diagnostics& diagnostics);

}  // namespace tailrace::models
