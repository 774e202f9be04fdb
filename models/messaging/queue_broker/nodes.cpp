#include "models/messaging/queue_broker/state.hpp"

namespace tailrace::models {

bool QueueBroker::majority(std::uint32_t q) const {
  const QueueSettings& its = settings(q);
  std::uint32_t up = 0;
  for (std::uint32_t k = 0; k < its.replicas; ++k) up += node_up_[(its.home + k) % settings_.nodes] ? 1 : 0;
  return up * 2 > its.replicas;
}

void QueueBroker::node_changed(std::uint32_t node, bool up) {
  if (node_up_[node] == up) return;
  node_up_[node] = up;
  ++turns_;
  for (std::uint32_t q = 0; q < queues_.size(); ++q) {
    const QueueSettings& its = settings(q);
    const bool has_it = (node + settings_.nodes - its.home) % settings_.nodes < its.replicas;
    if (!has_it) continue;
    its.type == QueueType::classic ? classic_changed(q) : quorum_changed(q);
  }
  end_turn();
}

// What is with consumers is taken back, from the newest to the oldest; they may go on with it, for nothing.
// Acknowledged on delivery, it is theirs whatever becomes of the node.
void QueueBroker::classic_changed(std::uint32_t q) {
  Queue& queue = queues_[q];
  queue.serving = node_up_[settings(q).home];
  note(queue.serving ? Event::queue_available : Event::queue_unavailable, q);
  mark(q);
  if (queue.serving) {
    for (std::uint32_t i = 0; i < queue.instances.size(); ++i) take_turn(q, i);
    return;
  }
  for (std::uint32_t slot = queue.newest; slot != kNobody;) {
    const std::uint32_t older = messages_[slot].older;
    const Message& m = messages_[slot];
    const bool kept = settings(q).durable && m.envelope.level > 0;
    const bool unacked = m.at == At::unacked;
    if (m.at == At::leaving || (unacked && settings(q).ack == AckMode::automatic)) {
      slot = older;
      continue;
    }
    if (unacked) {
      const std::uint32_t d = m.delivery;
      Delivery& delivery = deliveries_[d];
      if (delivery.started) {
        delivery.message = kNobody;
        messages_[slot].delivery = kNobody;
        --queue.instances[delivery.instance].held;
      } else {
        drop_delivery(d);
      }
      kept ? give_back(slot, 0) : finish(slot, Fate::lost);
    } else if (!kept) {
      finish(slot, Fate::lost);
    }
    slot = older;
  }
}

// Deliveries stay with their consumers, whose acknowledgements the next leader takes.
void QueueBroker::quorum_changed(std::uint32_t q) {
  Queue& queue = queues_[q];
  const bool had_leader = queue.leader != kNobody;
  const bool enough = majority(q);
  if (had_leader && !node_up_[queue.leader]) {
    queue.leader = kNobody;
    note(Event::leader_lost, q);
    lose_uncommitted(q);
  }
  const bool was_serving = queue.serving;
  queue.serving = enough && queue.leader != kNobody;
  if (was_serving && !queue.serving) note(Event::queue_unavailable, q);
  if (!was_serving && queue.serving) {  // the majority is back, and the leader was never gone
    note(Event::queue_available, q);
    for (std::uint32_t slot = queue.oldest; slot != kNobody;) {
      const std::uint32_t newer = messages_[slot].newer;
      if (messages_[slot].at == At::stalled) commit(slot);
      slot = newer;
    }
    mark(q);
  }
  if (queue.leader == kNobody) {
    ++queue.election_generation;  // a change during an election starts another
    if (enough) {
      wake(Timer::election, q, queue.election_generation,
           sim::saturating_add(host_.now(), settings_.election_time_ns));
    }
  }
}

void QueueBroker::elect(std::uint32_t q) {
  Queue& queue = queues_[q];
  const QueueSettings& its = settings(q);
  if (queue.leader != kNobody || !majority(q)) return;
  for (std::uint32_t k = 0; k < its.replicas && queue.leader == kNobody; ++k) {
    const std::uint32_t node = (its.home + k) % settings_.nodes;
    if (node_up_[node]) queue.leader = node;
  }
  queue.serving = true;
  ++counts_.elections;
  note(Event::leader_elected, q);
  mark(q);
}

void QueueBroker::lose_uncommitted(std::uint32_t q) {
  for (std::uint32_t slot = queues_[q].oldest; slot != kNobody;) {
    const std::uint32_t newer = messages_[slot].newer;
    if (messages_[slot].at == At::committing || messages_[slot].at == At::stalled) finish(slot, Fate::lost);
    slot = newer;
  }
}

}  // namespace tailrace::models
