#pragma once
// Random systems of messages: brokers, logs, cloud queues, topics, outboxes, webhooks and jobs with random
// settings, publishers that retry, wait, give up or work in sagas, handlers that fail, call and publish
// again.
#include <cstdint>
#include <string>

namespace tailrace::tests {

// A whole scenario. `end`: the load ends early, and what is left has a long time to be done with.
std::string random_messaging(std::uint64_t seed, bool end);

// One log and one FIFO queue, published to in order, with every setting under which order per key is
// promised: out_of_order must be 0 at "orders/readers" and "jobs/consumers", whatever dies meanwhile.
std::string random_ordered_messaging(std::uint64_t seed);

}  // namespace tailrace::tests
