#include "models/runtime/messaging.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/caching/key_law.hpp"
#include "models/compile/effect_question.hpp"
#include "models/compile/subscription_ops.hpp"
#include "models/messaging/extras.hpp"
#include "models/messaging/partitions.hpp"
#include "models/runtime/execution.hpp"
#include "models/runtime/identity.hpp"

namespace tailrace::models {

using sim::Phase;

namespace {

// Calls inside an idempotent effect, and calls after it, are counted from the effect on. So they have the
// same identities whatever was skipped before them, or was done this time and will not be next time.
void enter_effect(Cause& x, std::uint32_t effect) {
  x.ordinal = 0x80000000u | (effect & 0x3fffu) << 16;
}
void leave_effect(Cause& x, std::uint32_t effect) {
  x.ordinal = 0xc0000000u | (effect & 0x3fffu) << 16;
}

std::uint64_t count_of(double drawn, double most) {
  return static_cast<std::uint64_t>(std::clamp(drawn, 0.0, most) + 0.5);
}

}  // namespace

// What a channel sees of the run.
class Messaging::Port final : public ChannelHost,
                              public EventClock,
                              public Foresight,
                              public Origin,
                              public NodeSpeeds {
 public:
  Port(Messaging& messaging, std::uint32_t channel) : m_(messaging), channel_(channel) {}

  std::int64_t now() const override { return m_.run_.now_; }
  void wake_at(std::int64_t when, std::uint64_t what) override {
    m_.run_.schedule(std::max(when, m_.run_.now_), Phase::expire, Execution::Kind::channel,
                     m_.new_timer(what, channel_));
  }
  void start(std::uint32_t subscription, std::uint32_t instance, std::span<const Envelope> messages,
             std::uint64_t token) override {
    m_.start_delivery(channel_, subscription, instance, messages, token);
  }
  void answer(std::uint64_t ticket, Outcome outcome) override {
    const auto slot = static_cast<std::uint32_t>(ticket);
    if (ticket == kNoTicket || slot >= m_.run_.frames_.slots()) return;
    Frame& f = m_.run_.frames_[slot];
    if (f.ticket != static_cast<std::uint32_t>(ticket >> 32)) return;  // has left
    ++f.ticket;
    const std::uint32_t next = outcome == Outcome::success ? slot : m_.run_.fail_frame(slot, outcome);
    if (next != kNoId) m_.run_.wake(next);
  }
  bool forward(std::uint32_t channel, const Envelope& message) override {
    Envelope copy = message;
    Channel& to = *m_.channels_[channel];
    if (to.place(copy) == kNobody) return false;
    const Publication end = m_.publish(channel, copy, false, kNoTicket);
    return end == Publication::accepted || end == Publication::pending;
  }
  void copy_made(std::uint32_t subscription, const Envelope& message) override {
    m_.ledger_.hold(message.journey);
    const GroupTable& group = m_.model_.groups[first_group() + subscription];
    if (group.effect != kNoId) m_.ledger_.at(group.effect, message.identity, message.journey).expected = true;
  }
  void copy_gone(std::uint32_t subscription, const Envelope& message, Fate fate) override {
    const GroupTable& group = m_.model_.groups[first_group() + subscription];
    if (group.effect != kNoId)
      m_.ledger_.at(group.effect, message.identity, message.journey).last_fate = fate;
    m_.let_go(message.journey);
  }
  void hold(const Envelope& message) override { m_.ledger_.hold(message.journey); }
  void release(const Envelope& message) override { m_.let_go(message.journey); }
  void comes_next(std::uint32_t subscription, const Envelope& message) const override {
    m_.ledger_.prefetch(message.journey);
    const std::uint32_t effect = m_.model_.groups[first_group() + subscription].effect;
    if (effect != kNoId && message.key != kNoKey) m_.order_[effect].prefetch(message.key);
  }
  std::int64_t event_time(const Envelope& message) const override {
    return m_.ledger_.journey(message.journey).start;
  }
  Envelope originate() override {
    Envelope message;
    message.identity = mix(0, ++m_.requests_);
    message.born = m_.run_.now_;
    message.journey = m_.ledger_.begin(m_.run_.now_, m_.sequence_);
    message.sequence = m_.sequence_++;
    return message;
  }
  bool may_be_slow() const override { return nodes().first_fault != kNoId; }
  double slowness(std::uint32_t node) const override {
    return m_.run_.slowness_by_faults(nodes().first_instance + node);
  }
  std::uint64_t random(std::uint32_t purpose) override {
    return m_.run_.streams_[m_.model_.channels[channel_].first_stream + purpose].next();
  }
  void observe(ChannelTime what, std::uint32_t subscription, std::int64_t ns) override {
    const std::uint32_t series = what == ChannelTime::batching
                                     ? m_.model_.channels[channel_].batching_series
                                     : m_.model_.groups[first_group() + subscription].waiting_series;
    m_.run_.observe(series, ns);
  }

 private:
  std::uint32_t first_group() const { return m_.model_.channels[channel_].first_group; }
  const StationTable& nodes() const {
    return m_.model_.stations[static_cast<std::size_t>(m_.model_.topology->channels[channel_].station)];
  }

  Messaging& m_;
  std::uint32_t channel_;
};

Messaging::Messaging(Execution& run) : run_(run), model_(*run.model_) {
  effects_.resize(model_.effects.size());
  order_.resize(model_.effects.size());
  unpublished_.resize(model_.channels.size());
  find_subscriptions();
  if (!model_.sagas.empty()) start_sagas();
}

Messaging::~Messaging() = default;

void Messaging::start() {
  for (std::uint32_t c = 0; c < model_.channels.size(); ++c) {
    ports_.push_back(std::make_unique<Port>(*this, c));
    channels_.push_back(model_.channels[c].model->start(*ports_.back()));
  }
  // Of a group that scales, some instances are not there yet.
  for (const GroupTable& group : model_.groups) {
    if (group.edge == kNoId) continue;
    const StationTable& station = model_.stations[model_.edges[group.edge].station];
    if (station.scaled == kNoId) continue;
    const auto there = static_cast<std::uint32_t>(run_.scaling_of(station).initial);
    for (std::uint32_t i = there; i < station.instances; ++i)
      channels_[group.channel]->instance_changed(group.subscription, i, false);
  }
  start_pauses();
}

std::size_t Messaging::bytes() const {
  std::size_t bytes = causes_.bytes() + ledger_.bytes() + timers_.size() * sizeof(Timer) +
                      deliveries_.size() * (sizeof(Delivery) + sizeof(Envelope)) +
                      unled_.size() * sizeof(Unled);
  for (const KeyOrder& order : order_) bytes += order.bytes();
  for (const auto& channel : channels_) bytes += channel->bytes();
  return bytes;
}

// --- frames and their causes

void Messaging::begin_request(std::uint32_t slot, bool keyed) {
  Cause& x = causes_[slot];
  x.identity = mix(0, ++requests_);
  x.key = keyed ? run_.calls_[slot].key : kNoKey;
  x.journey = ledger_.begin(run_.now_, sequence_);
  x.ordinal = 0;
  x.delivery = kNoId;
  ledger_.hold(x.journey);
}

void Messaging::begin_branch(std::uint32_t slot, std::uint32_t child, std::uint32_t number) {
  const Cause& x = causes_[slot];
  Cause& y = causes_[child];
  y.identity = mix(x.identity, (std::uint64_t{x.ordinal} << 32) + number + 1);
  y.published = x.published;
  y.published_at = x.published_at;
  y.key = x.key;
  y.journey = x.journey;
  y.ordinal = 0;
  y.delivery = x.delivery;
  y.handling = x.handling;
  ledger_.hold(y.journey);
}

void Messaging::begin_call(std::uint32_t slot, std::uint32_t edge, const GuardTable& g) {
  Cause& x = causes_[slot];
  x.call = mix(x.identity, std::uint64_t{edge} << 32 | ++x.ordinal);
  if (g.publication == kNoId) return;
  const PublicationTable& p = model_.publications[g.publication];
  Envelope& message = x.message;
  message = {};
  message.born = run_.now_;
  if (p.request_key) {
    message.key = x.key;
  } else if (p.key != kNoId) {
    message.key = key_of(run_.sample(p.key));
  }
  message.identity = x.call;
  message.sequence = sequence_++;
  message.journey = x.journey;
  if (p.bytes != kNoId) message.bytes = static_cast<std::uint32_t>(count_of(run_.sample(p.bytes), 4e9));
  if (p.delay != kNoId)
    message.delay_us = static_cast<std::uint32_t>(count_of(run_.sample(p.delay) * 1e-3, 4e9));
  message.poison = p.poison_draw != kNoId && run_.sample(p.poison_draw) < p.poison;
  message.ttl_us = p.ttl_us;
  message.route = p.route;
  message.entry = p.entry;
  message.producer = p.producer;
  message.priority = p.priority;
  message.level = p.level;
  ledger_.at(Ledger::kPublications + p.channel, message.identity, x.journey);
  x.published = message.identity;
  x.published_at = run_.now_;
}

void Messaging::begin_attempt(std::uint32_t slot, std::uint32_t child) {
  const Cause& x = causes_[slot];
  Cause& y = causes_[child];
  y.message = x.message;
  y.identity = x.call;
  y.key = x.key;
  y.journey = x.journey;
  y.ordinal = 0;
  // A publication belongs to the handler's transaction; what other services do does not.
  y.delivery =
      model_.guards[run_.edges_[run_.frames_[child].edge].guard].publication == kNoId ? kNoId : x.delivery;
  y.handling = x.handling;
  ledger_.hold(y.journey);
}

void Messaging::let_go(std::uint32_t journey) {
  ledger_.let_go(journey, [this](const Ledger::Entry& entry) { judge(entry); });
}

// Nothing of its journey is left: what has not come about by now never will.
void Messaging::judge(const Ledger::Entry& entry) {
  if (entry.applied != 0) return;
  if (entry.effect >= Ledger::kPublications) {
    ++unpublished_[entry.effect - Ledger::kPublications];
  } else if (entry.expected) {
    ++effects_[entry.effect].missed[static_cast<std::size_t>(entry.last_fate)];
  }
}

// --- steps

std::uint32_t Messaging::spawn(std::uint32_t slot, const Step16& step) {
  if (step.flags != kSpawnOne) return step_of_subscriptions(slot, step);
  spawn_at(slot, step.first, run_.frames_[slot].instance);
  return slot;
}

void Messaging::spawn_at(std::uint32_t slot, std::uint32_t pc, std::uint32_t instance) {
  const std::uint32_t child = run_.root_frame(instance, pc, run_.calls_[slot].key,
                                              run_.frames_[slot].priority, run_.frames_[slot].depth);
  begin_spawned(slot, child);
  if (run_.caching_) run_.caching_->begin_branch(slot, child);
  run_.wake(child);
}

Publication Messaging::publish(std::uint32_t channel, const Envelope& message, bool confirmed,
                               std::uint64_t ticket) {
  const Publication end = channels_[channel]->publish(message, confirmed, ticket);
  if (end == Publication::accepted || end == Publication::pending)
    ledger_.at(Ledger::kPublications + channel, message.identity, message.journey).applied = 1;
  return end;
}

std::uint32_t Messaging::deposit(std::uint32_t slot, std::uint32_t channel) {
  Frame& f = run_.frames_[slot];
  const Cause& x = causes_[slot];
  const std::uint32_t publication = model_.guards[run_.edges_[f.edge].guard].publication;
  if (publication == kNoId) return slot;  // somebody calls the channel's operation as if it were a service
  if (handles(x) && model_.groups[deliveries_[x.delivery].group].transactional) {
    deliveries_[x.delivery].transaction.emplace_back(channel, x.message);
    return slot;
  }
  const std::uint64_t ticket = std::uint64_t{f.ticket} << 32 | slot;
  const Envelope message = x.message;  // handlers that start at once may move all causes
  switch (publish(channel, message, model_.publications[publication].confirm, ticket)) {
    case Publication::accepted:
      return slot;
    case Publication::pending:
      return kNoId;
    case Publication::refused:
      return run_.fail_frame(slot, Outcome::rejected);
    case Publication::unavailable:
      return run_.fail_frame(slot, Outcome::unavailable);
  }
  return slot;
}

std::uint32_t Messaging::choose_node(std::uint32_t slot, const GuardTable& g) {
  const std::uint32_t node =
      channels_[model_.publications[g.publication].channel]->place(causes_[slot].message);
  return node == kNobody ? kNoInstance : node;
}

std::uint32_t Messaging::leader(std::uint32_t channel, std::uint32_t partition) const {
  const auto* const log = dynamic_cast<const Partitions*>(channels_[channel].get());
  const std::uint32_t node = log == nullptr ? kNobody : log->leader(partition);
  return node == kNobody ? kNoId : model_.stations[model_.channels[channel].station].first_instance + node;
}

bool Messaging::remembered(const EffectTable& table, const Ledger::Entry& entry) const {
  return entry.applied != 0 && (table.ttl_ns < 0 || run_.now_ - entry.applied_at <= table.ttl_ns);
}

// An idempotent receiver asks its store. What has come about, and is still remembered, is not done again.
bool Messaging::recognise(std::uint32_t slot, std::uint32_t asked) {
  const std::uint32_t effect = asked & ~kEffectQuestion;
  const EffectTable& table = model_.effects[effect];
  const auto known = [&](std::uint64_t identity, std::uint32_t journey) {
    const Ledger::Entry* entry = ledger_.find(effect, identity, journey);
    return entry != nullptr && remembered(table, *entry);
  };
  Cause& x = causes_[slot];
  if (asked != effect) {
    const bool has = known(x.identity, x.journey);
    if (has && !unled_.empty()) led_by(effect, x);
    return has;
  }
  bool all = true;
  std::uint64_t messages = 1;
  if (table.group != kNoId && handles(x)) {
    const std::vector<Envelope>& list = deliveries_[x.delivery].messages;
    messages = list.size();
    all = std::all_of(list.begin(), list.end(),
                      [&](const Envelope& e) { return known(e.identity, e.journey); });
  } else {
    all = known(x.identity, x.journey);
  }
  if (all) {
    effects_[effect].skipped += messages;
    leave_effect(x, effect);
  } else {
    enter_effect(x, effect);
  }
  return all;
}

void Messaging::applied(std::uint32_t effect, const Envelope& message) {
  EffectRecord& record = effects_[effect];
  if (!saga_begins_.empty() && saga_begins_[effect] != kNoId) saga_begun(effect, message);
  Ledger::Entry& entry = ledger_.at(effect, message.identity, message.journey);
  // Two that overlap both found nothing when they began. The store's key is unique: who comes second learns
  // it now, and its work was for nothing.
  if (model_.effects[effect].idempotent && remembered(model_.effects[effect], entry)) {
    ++record.skipped;
    return;
  }
  ++record.applied;
  if (!saga_ends_.empty() && saga_ends_[effect] != kNoId) saga_ended(effect, message);
  const bool first = entry.applied++ == 0;
  entry.applied_at = run_.now_;
  ++(first ? record.distinct : record.duplicates);
  if (first && message.key != kNoKey && model_.effects[effect].group != kNoId) {
    KeyOrder& order = order_[effect];
    if (!order.in_order(message.key, message.sequence)) ++record.out_of_order;
    if (order.generation_is_full() && ledger_.earlier_journeys() == 0) forget_keys();
  }
  if (entry.waiter == kNoId) return;
  const std::uint32_t slot = entry.waiter;
  const std::uint32_t ticket = entry.waiter_ticket;
  entry.waiter = kNoId;
  Frame& f = run_.frames_[slot];
  if (f.ticket != ticket) return;
  ++f.ticket;
  run_.timers_.cancel(f, TimerPurpose::await);
  run_.wake(slot);
}

// All at once: there is one count of the journeys from before.
void Messaging::forget_keys() {
  for (KeyOrder& order : order_) order.next_generation();
  ledger_.begin_epoch();
}

bool Messaging::poisoned(std::uint32_t slot, std::uint32_t effect) const {
  const Cause& x = causes_[slot];
  if (model_.effects[effect].group == kNoId || x.delivery == kNoId) return false;
  const std::vector<Envelope>& list = deliveries_[x.delivery].messages;
  return std::any_of(list.begin(), list.end(), [](const Envelope& e) { return e.poison; });
}

void Messaging::effect(std::uint32_t slot, std::uint32_t effect) {
  if (model_.effects[effect].idempotent) leave_effect(causes_[slot], effect);
  const Cause& x = causes_[slot];
  if (model_.effects[effect].group != kNoId && handles(x)) {
    const std::uint32_t delivery = x.delivery;
    for (std::size_t i = 0; i < deliveries_[delivery].messages.size(); ++i)
      applied(effect, deliveries_[delivery].messages[i]);
    return;
  }
  Envelope fact;
  fact.identity = x.identity;
  fact.journey = x.journey;
  applied(effect, fact);
}

void Messaging::milestone(std::uint32_t slot, std::uint32_t milestone) {
  const std::uint32_t since = milestone_since_.empty() ? kNoId : milestone_since_[milestone];
  const std::int64_t began = since == kNoId ? -1 : came_about(slot, since);
  run_.observe(model_.milestone_series[milestone],
               run_.now_ - (began < 0 ? ledger_.journey(causes_[slot].journey).start : began));
}

std::int64_t Messaging::came_about(std::uint32_t slot, std::uint32_t effect) const {
  const Ledger::Entry* entry = ledger_.find(effect, causes_[slot].identity, causes_[slot].journey);
  return entry == nullptr || entry->applied == 0 ? -1 : entry->applied_at;
}

void Messaging::inside(std::uint32_t slot, std::uint32_t effect) {
  enter_effect(causes_[slot], effect);
}

void Messaging::late(std::uint32_t slot, std::uint32_t id) {
  milestone(slot, id);
}

bool Messaging::await(std::uint32_t slot, std::uint32_t effect) {
  const Cause& x = causes_[slot];
  Ledger::Entry& entry = ledger_.at(effect, x.published, x.journey);
  if (entry.applied != 0) return true;
  entry.waiter = slot;
  entry.waiter_ticket = run_.frames_[slot].ticket;
  return false;
}

bool Messaging::handled(std::uint32_t slot, std::uint32_t effect) const {
  const Ledger::Entry* entry = ledger_.find(effect, causes_[slot].published, causes_[slot].journey);
  return entry != nullptr && entry->applied != 0;
}

std::int64_t Messaging::waited(std::uint32_t slot) const {
  return run_.now_ - causes_[slot].published_at;
}

std::uint32_t Messaging::new_timer(std::uint64_t what, std::uint32_t channel) {
  std::uint32_t id = free_timer_;
  if (id != kNoId) {
    free_timer_ = timers_[id].next_free;
  } else {
    id = static_cast<std::uint32_t>(timers_.size());
    timers_.emplace_back();
  }
  timers_[id] = {what, channel, kNoId};
  return id;
}

void Messaging::timer(std::uint32_t id) {
  const Timer fired = timers_[id];
  timers_[id].next_free = free_timer_;
  free_timer_ = id;
  if (fired.channel == kNoId) return pause_event(static_cast<std::uint32_t>(fired.what));
  if (fired.channel == kSagaTimer) return resume_timer(fired.what);
  channels_[fired.channel]->timer(fired.what);
}

void Messaging::instance_changed(std::uint32_t instance, bool up, std::int64_t) {
  if (!up) postponing_ = true;
  const std::uint32_t station = model_.instance_station[instance];
  const std::uint32_t index = instance - model_.stations[station].first_instance;
  for (std::uint32_t c = 0; c < model_.channels.size(); ++c) {
    if (model_.channels[c].station == station) channels_[c]->node_changed(index, up);
  }
  for (const GroupTable& group : model_.groups) {
    if (group.edge == kNoId || model_.edges[group.edge].station != station) continue;
    channels_[group.channel]->instance_changed(group.subscription, index, up);
    const bool paused =
        up && std::any_of(pauses_.begin(), pauses_.end(), [&](const Pause& p) {
          return p.on && p.channel == group.channel && p.settings->subscription == group.subscription;
        });
    if (paused) set_intake(group, index, false);
  }
  if (up && !unled_.empty()) resume_at(instance);
}

// Who has died since had its messages taken back when the channel was told.
void Messaging::start_postponed() {
  postponing_ = false;
  for (const Postponed& p : postponed_) {
    const EdgeTable& edge =
        model_.edges[model_.groups[model_.channels[p.channel].first_group + p.subscription].edge];
    if (!run_.down(edge.first_instance + p.instance))
      start_delivery(p.channel, p.subscription, p.instance, p.messages, p.token);
  }
  postponed_.clear();
}

void Messaging::instance_leaves(std::uint32_t instance, bool leaves) {
  const std::uint32_t station = model_.instance_station[instance];
  const std::uint32_t index = instance - model_.stations[station].first_instance;
  for (const GroupTable& group : model_.groups) {
    if (group.edge != kNoId && model_.edges[group.edge].station == station) set_intake(group, index, leaves);
  }
}

// --- observation

std::uint64_t Messaging::lag_of_station(std::uint32_t station) const {
  std::uint64_t sum = 0;
  for (std::uint32_t g = 0; g < model_.groups.size(); ++g) {
    if (model_.groups[g].edge != kNoId && model_.edges[model_.groups[g].edge].station == station)
      sum += depth(g);
  }
  return sum;
}

void Messaging::reset() {
  for (auto& channel : channels_) channel->reset_counts();
  for (EffectRecord& e : effects_) e = {};
  std::fill(unpublished_.begin(), unpublished_.end(), 0);
}

std::uint64_t Messaging::depth(std::uint32_t group) const {
  const GroupTable& g = model_.groups[group];
  return channels_[g.channel]->depth(g.subscription);
}

void Messaging::record(RunRecord& record) {
  for (const auto& channel : channels_) record.channels.push_back(channel->record());
  record.unpublished = unpublished_;
  record.effects = effects_;
  ledger_.visit([&](const Ledger::Entry& entry) {
    if (entry.effect < Ledger::kPublications && entry.applied == 0 && entry.expected)
      ++record.effects[entry.effect].pending;
  });
  record.journeys_open = ledger_.journeys();
}

std::string Messaging::largest() const {
  std::size_t most = 0;
  std::uint32_t which = 0;
  for (std::uint32_t c = 0; c < channels_.size(); ++c) {
    const std::size_t bytes = channels_[c]->bytes();
    if (bytes > most) most = bytes, which = c;
  }
  if (most == 0) return {};
  return fmt::format("{} keeps {:.1f} MB of messages", model_.topology->channels[which].name,
                     static_cast<double>(most) * 1e-6);
}

}  // namespace tailrace::models
