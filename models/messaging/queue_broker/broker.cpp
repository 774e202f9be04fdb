#include <algorithm>

#include "models/messaging/queue_broker/state.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {
constexpr std::uint32_t kGenerationMask = (1u << 28) - 1;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
}  // namespace

std::vector<std::int64_t> redelivery_delays(std::int64_t base_ns, double multiplier, std::int64_t max_ns) {
  constexpr std::size_t kMost = 64;
  std::vector<std::int64_t> delays;
  double delay = static_cast<double>(base_ns);
  while (base_ns > 0 && delays.size() < kMost) {
    delays.push_back(std::min(sim::Duration::from_ns(delay).ns, max_ns));
    if (multiplier <= 1 || delays.back() == max_ns) break;
    delay *= multiplier;
  }
  return delays;
}

std::uint64_t probability_bits(double probability) {
  if (!(probability > 0)) return 0;
  if (probability >= 1) return ~std::uint64_t{0};
  return static_cast<std::uint64_t>(probability * 0x1p64);
}

QueueBrokerModel::QueueBrokerModel(BrokerSettings settings) : settings_(std::move(settings)) {
  TAILRACE_CHECK(settings_.nodes > 0);
  for (const QueueSettings& q : settings_.queues) {
    TAILRACE_CHECK(q.home < settings_.nodes && q.replicas > 0 && q.replicas <= settings_.nodes);
    TAILRACE_CHECK(q.max_priority <= QueueSettings::kMostPriority);
    groups_.push_back(q.consumers);
    groups_.back().name = q.name;
  }
}

std::unique_ptr<Channel> QueueBrokerModel::start(ChannelHost& host) const {
  return std::make_unique<QueueBroker>(*this, host);
}

std::vector<std::string> QueueBrokerModel::place_names() const {
  std::vector<std::string> names;
  for (const QueueSettings& q : settings_.queues) names.push_back(q.name);
  return names;
}

std::vector<std::uint32_t> QueueBrokerModel::place_subscriptions() const {
  std::vector<std::uint32_t> own(settings_.queues.size());
  for (std::uint32_t q = 0; q < own.size(); ++q) own[q] = q;
  return own;
}

std::vector<std::string> QueueBrokerModel::entries() const {
  std::vector<std::string> names;
  for (const ExchangeSettings& e : settings_.exchanges) names.push_back(e.name);
  for (const QueueSettings& q : settings_.queues) names.push_back(q.name);
  return names;
}

std::vector<std::string> QueueBrokerModel::event_names() const {
  return {"memory alarm", "memory alarm over", "queue unavailable", "queue available",
          "leader lost",  "leader elected",    "queue expired"};
}

std::uint32_t QueueBrokerModel::streams() const {
  return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(settings_.queues.size()));
}

QueueBroker::QueueBroker(const QueueBrokerModel& model, ChannelHost& host)
    : model_(model),
      settings_(model.settings()),
      host_(host),
      router_(settings_, model.keys()),
      queues_(settings_.queues.size()),
      node_up_(settings_.nodes, true) {
  for (std::uint32_t q = 0; q < queues_.size(); ++q) {
    Queue& queue = queues_[q];
    queue.bands.resize(std::size_t{settings(q).max_priority} + 1);
    queue.leader = settings(q).home;
    queue.head_timer = kNever;
    queue.area_since = host_.now();
    queue.instances.resize(static_cast<std::size_t>(settings(q).consumers.instances));
    queue.up = static_cast<std::uint32_t>(queue.instances.size());
    for (Instance& instance : queue.instances) instance.seniority = queue.registrations++;
    choose_active(q);
    for (std::uint32_t i = 0; i < queue.instances.size(); ++i) take_turn(q, i);
    if (queue.up == 0 && settings(q).queue_ttl_ns >= 0) {
      wake(Timer::queue_ttl, q, queue.ttl_generation,
           sim::saturating_add(host_.now(), settings(q).queue_ttl_ns));
    }
  }
}

void QueueBroker::wake(Timer kind, std::uint32_t index, std::uint32_t generation, std::int64_t when) {
  if (when == kNever) return;
  host_.wake_at(when, (static_cast<std::uint64_t>(kind) << 60) |
                          (static_cast<std::uint64_t>(generation & kGenerationMask) << 32) | index);
}

// The host delivers timers with what they were set for; whatever has moved on since has another generation.
void QueueBroker::timer(std::uint64_t what) {
  const auto kind = static_cast<Timer>(what >> 60);
  const std::uint32_t generation = static_cast<std::uint32_t>(what >> 32) & kGenerationMask;
  const auto index = static_cast<std::uint32_t>(what);
  const auto current = [generation](std::uint32_t now) { return (now & kGenerationMask) == generation; };
  ++turns_;
  switch (kind) {
    case Timer::message:
      if (current(messages_[index].generation)) message_due(index);
      break;
    case Timer::head:
      if (current(queues_[index].head_generation)) {
        queues_[index].head_timer = kNever;
        mark(index);
      }
      break;
    case Timer::queue_ttl:
      if (current(queues_[index].ttl_generation) && queues_[index].up == 0) expire_queue(index);
      break;
    case Timer::resume:
      resume();
      break;
    case Timer::election:
      if (current(queues_[index].election_generation)) elect(index);
      break;
  }
  end_turn();
}

std::uint32_t QueueBroker::place(Envelope& message) {
  const std::size_t exchanges = settings_.exchanges.size();
  if (message.entry >= exchanges) {
    const auto q = static_cast<std::uint32_t>(message.entry - exchanges);
    message.part = q;
    return queues_[q].serving ? queues_[q].leader : kNobody;
  }
  for (std::uint32_t k = 0; k < settings_.nodes; ++k) {  // any node takes what is for an exchange
    const std::uint32_t node = (message.entry + k) % settings_.nodes;
    if (node_up_[node]) return node;
  }
  return kNobody;
}

Publication QueueBroker::publish(const Envelope& message, bool confirmed, std::uint64_t ticket) {
  ++turns_;
  Publication end = confirmed ? Publication::pending : Publication::accepted;
  if (alarm_) {
    held_.push({message, ticket, host_.now(), confirmed});
    host_.hold(message);
  } else {
    end = accept(message, confirmed, ticket);
  }
  end_turn();
  return end;
}

Publication QueueBroker::accept(const Envelope& message, bool confirmed, std::uint64_t ticket) {
  const QueueRouter::Reach reach = router_.reach(message.entry, message.route);
  std::uint32_t publication = kNobody;
  bool full = false, unavailable = false, in = false;
  for (std::uint32_t k = reach.first; k < reach.last; ++k) {
    const std::uint32_t q = router_.queue(k);
    const bool wait = confirmed && settings(q).type == QueueType::quorum;
    if (wait && publication == kNobody) publication = open_publication(ticket);
    switch (enqueue(q, message, 0, wait ? publication : kNobody)) {
      case Entry::in:
        in = true;
        break;
      case Entry::full:
        full = true;
        break;
      case Entry::unavailable:
        unavailable = true;
        break;
      case Entry::no_queue:
        break;
    }
  }
  const bool refused = full || unavailable;
  bool waiting = false;
  if (publication != kNobody) {
    // The opening counts as a copy, so that the publication is still here.
    pending_[publication].failed = refused;
    waiting = !refused && pending_[publication].waiting > 1;
    if (!waiting) pending_[publication].failed = true;  // answered by the value returned here
    publication_step(publication, true);
  }
  if (refused) {
    ++counts_.refused;
    return full ? Publication::refused : Publication::unavailable;
  }
  ++counts_.published;
  if (!in) ++counts_.unrouted;
  return waiting ? Publication::pending : Publication::accepted;
}

std::uint32_t QueueBroker::open_publication(std::uint64_t ticket) {
  std::uint32_t slot = free_pending_;
  if (slot == kNobody) {
    slot = static_cast<std::uint32_t>(pending_.size());
    pending_.emplace_back();
  } else {
    free_pending_ = pending_[slot].waiting;
  }
  pending_[slot] = {ticket, 1, false};
  return slot;
}

void QueueBroker::publication_step(std::uint32_t publication, bool committed) {
  Pending& p = pending_[publication];
  if (!committed) p.failed = true;
  if (--p.waiting > 0) return;
  const bool answer = !p.failed;
  const std::uint64_t ticket = p.ticket;
  p.waiting = free_pending_;
  free_pending_ = publication;
  if (answer) host_.answer(ticket, Outcome::success);
}

void QueueBroker::end_turn() {
  if (turns_ == 1) settle();
  --turns_;
}

void QueueBroker::settle() {
  for (;;) {
    if (!leaving_.empty()) {
      dead_letter(leaving_.pop());
    } else if (!dirty_.empty()) {
      const std::uint32_t queue = dirty_.pop();
      queues_[queue].dirty = false;
      dispatch(queue);
      trim(queue);
      arm_head(queue);
    } else if (!held_.empty() && !alarm_) {
      let_in_held();
    } else {
      return;
    }
  }
}

// One that the alarm held back, the first.
void QueueBroker::let_in_held() {
  const Held held = held_.pop();
  counts_.blocked_ns += host_.now() - held.since;
  const Publication end = accept(held.envelope, held.confirmed, held.ticket);
  host_.release(held.envelope);
  if (!held.confirmed || end == Publication::pending) return;
  host_.answer(held.ticket, end == Publication::accepted  ? Outcome::success
                            : end == Publication::refused ? Outcome::rejected
                                                          : Outcome::unavailable);
}

void QueueBroker::keep_bytes(std::int64_t change) {
  kept_bytes_ += change;
  const bool alarm = settings_.memory_limit != kNoLimit && kept_bytes_ > settings_.memory_limit;
  if (alarm == alarm_) return;
  alarm_ = alarm;
  note(alarm ? Event::memory_alarm : Event::memory_alarm_over, kNobody);
}

void QueueBroker::note(Event what, std::uint32_t place) {
  if (events_.size() < ChannelRecord::kMostEvents)
    events_.push_back({host_.now(), static_cast<std::uint32_t>(what), place});
}

std::uint64_t QueueBroker::depth(std::uint32_t subscription) const {
  return queues_[subscription].counts.ready + queues_[subscription].counts.in_flight;
}

std::int64_t QueueBroker::oldest_born(std::uint32_t subscription) const {
  const std::uint32_t oldest = queues_[subscription].oldest;
  return oldest == kNobody ? -1 : messages_[oldest].envelope.born;
}

void QueueBroker::reset_counts() {
  counts_ = {};
  events_.clear();
  for (std::size_t i = 0; i < held_.size(); ++i) held_[i].since = host_.now();
  for (Queue& queue : queues_) {
    PlaceCounts fresh;
    fresh.ready = queue.counts.ready;
    fresh.in_flight = queue.counts.in_flight;
    fresh.resident_at_start = fresh.peak = fresh.ready + fresh.in_flight;
    queue.counts = fresh;
    queue.area_since = host_.now();
  }
}

ChannelRecord QueueBroker::record() const {
  ChannelRecord record;
  record.counts = counts_;
  for (std::size_t i = 0; i < held_.size(); ++i) record.counts.blocked_ns += host_.now() - held_[i].since;
  for (const Queue& queue : queues_) {
    record.places.push_back(queue.counts);
    PlaceCounts& place = record.places.back();
    place.area +=
        static_cast<decltype(place.area)>(place.ready + place.in_flight) * (host_.now() - queue.area_since);
  }
  record.events = events_;
  return record;
}

std::size_t QueueBroker::bytes() const {
  return messages_.capacity() * sizeof(Message) + deliveries_.capacity() * sizeof(Delivery) +
         pending_.capacity() * sizeof(Pending) + held_.bytes();
}

}  // namespace tailrace::models
