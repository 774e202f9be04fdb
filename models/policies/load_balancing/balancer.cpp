#include "models/policies/load_balancing/balancer.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "models/policies/load_balancing/candidates.hpp"
#include "models/policies/load_balancing/hash_ring.hpp"
#include "models/policies/load_balancing/load_balancing.hpp"
#include "models/policies/load_balancing/peak_ewma.hpp"
#include "models/policies/load_balancing/subset.hpp"
#include "models/policies/load_balancing/zones.hpp"
#include "models/policies/outlier_detection/outlier_detection.hpp"
#include "models/policy/key_map.hpp"
#include "sim/base/check.hpp"
#include "sim/base/math.hpp"

namespace tailrace::models {

namespace {

constexpr int kMostDraws = 64;                                 // then a slow starter is taken all the same
constexpr double kLeastSlowShare = 0.1;                        // Envoy's min_weight_percent
constexpr std::size_t kMostStickyKeys = std::size_t{1} << 18;  // per caller; further keys go by their hash

bool differ(const std::vector<double>& weights) {
  return std::adjacent_find(weights.begin(), weights.end(), std::not_equal_to<>()) != weights.end();
}

struct Model : BalancerModel, std::enable_shared_from_this<Model> {
  BalancerSettings settings;
  std::vector<double> weights;
  std::vector<std::uint32_t> zones, names;  // of each instance; its number
  std::vector<std::int64_t> callers;        // in each zone
  int zone_count = 0;
  std::uint64_t table_size = 0;
  HashRing ring;  // over all instances, shared by all callers
  MaglevTable table;

  std::unique_ptr<Balancer> start(const Caller& caller, sim::Stream& random) const override;
};

class CallersBalancer final : public Balancer {
 public:
  CallersBalancer(std::shared_ptr<const Model> model, const BalancerModel::Caller& caller,
                  sim::Stream& random);

  std::uint32_t select(const CallFacts& facts, const std::uint32_t* tried, std::size_t tried_count,
                       sim::Stream& random) override;
  void sent(std::uint32_t instance, const CallFacts& facts) override;
  void ended(std::uint32_t instance, const CallFacts& facts) override;
  void set_healthy(std::uint32_t instance, bool healthy, sim::Instant now) override;
  void set_present(std::uint32_t instance, bool present, sim::Instant now) override;
  void advance(sim::Instant now) override;
  const StatusLog* log(std::uint32_t instance) const override;
  StatusLog* log(std::uint32_t instance) override;

 private:
  // Here and below an instance is its place among the members.
  struct Member {
    std::uint32_t place = kNoInstance;       // in all_
    std::uint32_t zone_place = kNoInstance;  // in its zone's list
    std::uint32_t zone = 0;
    bool healthy = true;
    bool present = true;
    bool available = true;
    sim::Instant healthy_since, back_since;
    PeakEwma latency;
  };
  struct Tried {
    const std::uint32_t* instances;
    std::size_t count;
  };

  std::uint32_t locate(std::uint32_t instance) const;
  void look_again();
  void list(Candidates& candidates);
  void start_zones();

  Exceptions exceptions(const Candidates& candidates, Tried tried) const;
  bool slow(sim::Instant now) const { return now < slow_until_; }
  bool refuses(std::uint32_t member, sim::Instant now, sim::Stream& random) const;
  std::uint32_t pick(const CallFacts& facts, Tried tried, sim::Stream& random);
  std::uint32_t pick_from(Candidates& from, const Exceptions& except, sim::Instant now, sim::Stream& random);
  std::uint32_t draw(const Candidates& from, const Exceptions& except, sim::Instant now,
                     sim::Stream& random) const;
  template <class Load>
  std::uint32_t least(const Candidates& from, const Exceptions& except, sim::Instant now, sim::Stream& random,
                      Load load) const;
  double slow_share(std::uint32_t member, sim::Instant now) const;
  double turn_weight(std::uint32_t member, sim::Instant now) const;
  std::uint32_t take_turn(Candidates& from, const Exceptions& except, sim::Instant now,
                          sim::Stream& random) const;
  std::uint32_t stick(const CallFacts& facts, Tried tried, sim::Stream& random);
  std::uint32_t by_key(std::uint64_t key, Tried tried);

  std::shared_ptr<const Model> model_;
  std::vector<std::uint32_t> numbers_;  // the members' numbers among all instances, ascending
  bool everything_;                     // the members are all instances
  int zone_;
  double decay_ns_;
  std::vector<std::uint32_t> outstanding_;
  std::vector<Member> members_;
  Candidates all_;
  std::vector<Candidates> by_zone_;
  std::vector<std::int64_t> in_zone_;
  ZoneShares shares_;
  bool panic_ = false;
  sim::Instant slow_until_{INT64_MIN};
  sim::Instant clock_;
  std::uint64_t first_turn_ = 0;  // least_request by weights: turns let pass, so that callers are not in step
  std::uint64_t outstanding_sum_ = 0;  // of the candidates
  std::optional<OutlierDetector> detector_;
  KeyMap<std::uint32_t> stuck_{kNoInstance};
  HashRing own_ring_;
  MaglevTable own_table_;
  const HashRing* ring_ = nullptr;
  const MaglevTable* table_ = nullptr;
};

std::unique_ptr<Balancer> Model::start(const Caller& caller, sim::Stream& random) const {
  return std::make_unique<CallersBalancer>(shared_from_this(), caller, random);
}

CallersBalancer::CallersBalancer(std::shared_ptr<const Model> model, const BalancerModel::Caller& caller,
                                 sim::Stream& random)
    : model_(std::move(model)), zone_(caller.zone) {
  const Model& m = *model_;
  const BalancerSettings& s = m.settings;
  decay_ns_ = static_cast<double>(s.decay.ns);
  numbers_ = deterministic_subset(static_cast<std::uint32_t>(m.names.size()),
                                  static_cast<std::uint32_t>(s.subset_size), caller.instance);
  everything_ = numbers_.size() == m.names.size();
  outstanding_.resize(numbers_.size());
  members_.resize(numbers_.size());
  for (std::size_t i = 0; i < members_.size(); ++i) members_[i].zone = m.zones[numbers_[i]];
  if (s.outliers) detector_.emplace(*s.outliers, static_cast<std::uint32_t>(members_.size()));
  if (s.policy == Balancing::ring_hash) {
    if (!everything_) {
      std::vector<double> weights;
      for (const std::uint32_t number : numbers_) weights.push_back(m.weights[number]);
      own_ring_ = HashRing(numbers_, weights, static_cast<std::uint64_t>(s.ring_size));
    }
    ring_ = everything_ ? &m.ring : &own_ring_;
  }
  if (s.policy == Balancing::least_request && differ(m.weights)) first_turn_ = random.next() >> 32;
  look_again();
  // Callers that all began with the first instance would go round in step.
  if (s.policy == Balancing::round_robin && all_.size() > 0) {
    all_.position = choose_random(all_.size(), random);
    for (Candidates& zone : by_zone_) {
      if (zone.size() > 0) zone.position = choose_random(zone.size(), random);
    }
  }
}

std::uint32_t CallersBalancer::locate(std::uint32_t instance) const {
  if (everything_) return instance < numbers_.size() ? instance : kNoInstance;
  const auto it = std::lower_bound(numbers_.begin(), numbers_.end(), instance);
  return it != numbers_.end() && *it == instance ? static_cast<std::uint32_t>(it - numbers_.begin())
                                                 : kNoInstance;
}

// --- who is available

void CallersBalancer::advance(sim::Instant now) {
  clock_ = now;
  if (detector_ && detector_->advance(now)) look_again();
}

void CallersBalancer::look_again() {
  const BalancerSettings& s = model_->settings;
  std::size_t available = 0, present = 0;
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    Member& m = members_[i];
    const bool was = m.available;
    m.available = m.present && m.healthy && !(detector_ && detector_->ejected(i));
    available += m.available ? 1 : 0;
    present += m.present ? 1 : 0;
    if (!m.available || was || s.slow_start.ns == 0) continue;
    m.back_since = detector_ ? std::max(m.healthy_since, detector_->returned_at(i)) : m.healthy_since;
    slow_until_ = std::max(slow_until_, m.back_since + s.slow_start);
  }
  const double needed = s.panic_threshold * static_cast<double>(present) - 1e-9;
  panic_ = static_cast<double>(available) < needed;

  all_.members.clear();
  outstanding_sum_ = 0;
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    members_[i].place = members_[i].zone_place = kNoInstance;
    if (panic_ ? !members_[i].present : !members_[i].available) continue;
    members_[i].place = all_.size();
    all_.members.push_back(i);
    outstanding_sum_ += outstanding_[i];
  }
  list(all_);
  start_zones();
  if (s.policy == Balancing::maglev) {
    if (everything_ && all_.size() == members_.size()) {
      table_ = &model_->table;
    } else {
      if (own_table_.entries().empty()) own_table_ = MaglevTable(model_->table_size);
      std::vector<double> weights;
      for (const std::uint32_t number : numbers_) weights.push_back(model_->weights[number]);
      if (!all_.members.empty()) own_table_.build(all_.members, numbers_, weights);
      table_ = &own_table_;
    }
  }
}

// What the picker needs beside the members.
void CallersBalancer::list(Candidates& candidates) {
  if (candidates.position >= candidates.size()) candidates.position = 0;
  const Balancing policy = model_->settings.policy;
  if (policy != Balancing::weighted && policy != Balancing::least_request) return;
  candidates.cumulative.clear();
  candidates.turns.clear();
  bool uneven = policy == Balancing::weighted;
  for (const std::uint32_t i : candidates.members) {
    uneven = uneven || model_->weights[numbers_[i]] != model_->weights[numbers_[candidates.members[0]]];
  }
  if (!uneven) return;
  double sum = 0;
  for (const std::uint32_t i : candidates.members) {
    candidates.cumulative.push_back(sum += model_->weights[numbers_[i]]);
  }
  if (policy == Balancing::weighted) return;
  for (std::uint32_t place = 0; place < candidates.size(); ++place) {
    candidates.turns.add(place, turn_weight(candidates.members[place], clock_));
  }
  for (std::uint64_t i = 0; i < first_turn_ % candidates.size(); ++i) {
    candidates.turns.take(
        [&](std::uint32_t place) { return turn_weight(candidates.members[place], clock_); });
  }
}

void CallersBalancer::start_zones() {
  const BalancerSettings& s = model_->settings;
  shares_.on = false;
  if (!s.zone_aware || zone_ < 0) return;
  by_zone_.resize(static_cast<std::size_t>(model_->zone_count));
  in_zone_.assign(by_zone_.size(), 0);
  for (Candidates& zone : by_zone_) zone.members.clear();
  for (const std::uint32_t i : all_.members) {
    Candidates& zone = by_zone_[members_[i].zone];
    members_[i].zone_place = zone.size();
    zone.members.push_back(i);
    ++in_zone_[members_[i].zone];
  }
  for (Candidates& zone : by_zone_) list(zone);
  if (panic_ || static_cast<std::int64_t>(all_.members.size()) < s.zone_minimum) return;
  shares_.compute(model_->callers, in_zone_, zone_);
}

// --- the choice

std::uint32_t CallersBalancer::select(const CallFacts& facts, const std::uint32_t* tried,
                                      std::size_t tried_count, sim::Stream& random) {
  advance(facts.now);
  if (all_.members.empty()) return kNoInstance;
  const BalancerSettings& s = model_->settings;
  const Tried used{tried, tried_count};
  if (s.sticky) return numbers_[stick(facts, used, random)];
  return numbers_[pick(facts, used, random)];
}

Exceptions CallersBalancer::exceptions(const Candidates& candidates, Tried tried) const {
  Exceptions except;
  for (std::size_t i = 0; i < tried.count; ++i) {
    const std::uint32_t member = locate(tried.instances[i]);
    if (member == kNoInstance) continue;
    const std::uint32_t place = &candidates == &all_ ? members_[member].place : members_[member].zone_place;
    if (place < candidates.size() && candidates.members[place] == member) except.add(place);
  }
  return except;
}

bool CallersBalancer::refuses(std::uint32_t member, sim::Instant now, sim::Stream& random) const {
  const double share = slow_share(member, now);
  return share < 1 && random.uniform() >= share;
}

// What a member that has come back gets of its full share; 1 when it has it all.
double CallersBalancer::slow_share(std::uint32_t member, sim::Instant now) const {
  const std::int64_t window = model_->settings.slow_start.ns;
  const std::int64_t since = (now - members_[member].back_since).ns;
  if (members_[member].back_since.ns == 0 || since >= window) return 1;
  return std::max(kLeastSlowShare, static_cast<double>(since) / static_cast<double>(window));
}

double CallersBalancer::turn_weight(std::uint32_t member, sim::Instant now) const {
  const double weight = model_->weights[numbers_[member]] * slow_share(member, now);
  const double calls = static_cast<double>(outstanding_[member]) + 1;
  const double bias = model_->settings.active_request_bias;
  return weight / (bias == 1 ? calls : sim::math::pow(calls, bias));
}

std::uint32_t CallersBalancer::take_turn(Candidates& from, const Exceptions& except, sim::Instant now,
                                         sim::Stream& random) const {
  for (int k = 0; k < kMostDraws; ++k) {
    const std::uint32_t place =
        from.turns.take([&](std::uint32_t p) { return turn_weight(from.members[p], now); });
    if (!except.has(place)) return from.members[place];
  }
  return from.members[from.draw_weighted(except, random)];  // all that is left has next to no weight
}

std::uint32_t CallersBalancer::pick(const CallFacts& facts, Tried tried, sim::Stream& random) {
  const Balancing policy = model_->settings.policy;
  if (policy == Balancing::ring_hash || policy == Balancing::maglev) return by_key(facts.key, tried);
  Candidates* from = &all_;
  if (shares_.on) from = &by_zone_[static_cast<std::size_t>(shares_.choose(zone_, random))];
  if (tried.count == 0) return pick_from(*from, {}, facts.now, random);
  Exceptions except = exceptions(*from, tried);
  if (except.count == from->size() && from != &all_) {
    from = &all_;
    except = exceptions(all_, tried);
  }
  if (except.count == from->size()) except.count = 0;
  return pick_from(*from, except, facts.now, random);
}

std::uint32_t CallersBalancer::pick_from(Candidates& from, const Exceptions& except, sim::Instant now,
                                         sim::Stream& random) {
  switch (model_->settings.policy) {
    case Balancing::round_robin:
      for (int refused = 0;;) {
        const std::uint32_t place = choose_round_robin(from.size(), from.position);
        if (except.has(place)) continue;
        if (!slow(now) || !refuses(from.members[place], now, random) || ++refused == kMostDraws)
          return from.members[place];
      }
    case Balancing::least_request:
      if (!from.turns.empty()) return take_turn(from, except, now, random);
      return least(from, except, now, random,
                   [&](std::uint32_t place) { return outstanding_[from.members[place]]; });
    case Balancing::peak_ewma:
      return least(from, except, now, random, [&](std::uint32_t place) {
        const std::uint32_t member = from.members[place];
        return members_[member].latency.load(outstanding_[member], now, decay_ns_);
      });
    default:
      return from.members[draw(from, except, now, random)];
  }
}

std::uint32_t CallersBalancer::draw(const Candidates& from, const Exceptions& except, sim::Instant now,
                                    sim::Stream& random) const {
  const bool weighted = model_->settings.policy == Balancing::weighted;
  std::uint32_t place = 0;
  for (int k = 0; k < kMostDraws; ++k) {
    place = weighted ? from.draw_weighted(except, random) : from.draw(except, random);
    if (!slow(now) || !refuses(from.members[place], now, random)) break;
  }
  return place;
}

template <class Load>
std::uint32_t CallersBalancer::least(const Candidates& from, const Exceptions& except, sim::Instant now,
                                     sim::Stream& random, Load load) const {
  const BalancerSettings& s = model_->settings;
  const auto choices = static_cast<std::uint32_t>(s.choice_count);
  if (except.count == 0 && !slow(now)) {
    return from.members[choose_least_request(from.size(), choices, load, random, s.distinct)];
  }
  const bool all = choices == 0;
  const std::uint32_t left = from.size() - except.count;
  std::uint32_t best = kNoInstance, ties = 0;
  decltype(load(0)) best_load{};
  for (std::uint32_t k = 0; k < (all ? from.size() : choices); ++k) {
    std::uint32_t place = k;
    if (all) {
      if (except.has(place) || (slow(now) && refuses(from.members[place], now, random))) continue;
    } else {
      place = draw(from, except, now, random);
      for (int again = 0; again < kMostDraws && s.distinct && choices == 2 && left > 1 && place == best;
           ++again)
        place = draw(from, except, now, random);
    }
    const auto this_load = load(place);
    if (best == kNoInstance || this_load < best_load) {
      best = place, best_load = this_load, ties = 1;
    } else if (all && this_load == best_load) {
      ++ties;
      if (random.below(ties) == 0) best = place;
    }
  }
  if (best == kNoInstance) best = from.draw(except, random);  // every one of them refused
  return from.members[best];
}

std::uint32_t CallersBalancer::stick(const CallFacts& facts, Tried tried, sim::Stream& random) {
  const auto may = [&](std::uint32_t member) {
    const auto* end = tried.instances + tried.count;
    return members_[member].place != kNoInstance && std::find(tried.instances, end, numbers_[member]) == end;
  };
  if (const std::uint32_t* where = stuck_.find(facts.key)) {
    if (may(*where)) return *where;
    const std::uint32_t other = pick(facts, tried, random);
    if (members_[*where].place == kNoInstance) stuck_[facts.key] = other;  // a retry elsewhere moves nobody
    return other;
  }
  if (stuck_.size() < kMostStickyKeys) return stuck_[facts.key] = pick(facts, tried, random);
  // The table is full. By its hash a key stays too, though not where the policy would have sent it.
  auto member = static_cast<std::uint32_t>(sim::Stream::below(members_.size(), mix_bits(facts.key)));
  for (std::size_t looked = 0; looked < members_.size(); ++looked) {
    if (may(member)) return member;
    if (++member == members_.size()) member = 0;
  }
  return pick(facts, tried, random);
}

std::uint32_t CallersBalancer::by_key(std::uint64_t key, Tried tried) {
  const std::uint64_t hash = mix_bits(key);
  const BalancerSettings& s = model_->settings;
  const auto find = [&](auto accept) {
    return ring_ != nullptr ? ring_->find(hash, accept) : table_->find(hash, accept);
  };
  Exceptions except = exceptions(all_, tried);
  if (except.count == all_.size()) except.count = 0;
  const auto there = [&](std::uint32_t member) {
    return member < members_.size() && members_[member].place != kNoInstance &&
           !(except.count > 0 && except.has(members_[member].place));
  };
  std::uint32_t found = kNoInstance;
  if (s.load_bound > 0) {
    // With this call, no instance is to have more than load_bound times the mean, rounded up (Mirrokni,
    // Thorup & Zadimoghaddam 2018).
    const double mean = static_cast<double>(outstanding_sum_ + 1) / static_cast<double>(all_.size());
    const double most = std::ceil(s.load_bound * mean);
    found = find([&](std::uint32_t member) { return there(member) && outstanding_[member] < most; });
  }
  if (found == kNoInstance) found = find(there);
  if (found != kNoInstance) return found;
  // Only instances of weight 0 are left.
  auto place = static_cast<std::uint32_t>(sim::Stream::below(all_.size() - except.count, hash));
  for (std::uint32_t i = 0; i < except.count; ++i) place += place >= except.place[i] ? 1 : 0;
  return all_.members[place];
}

// --- what happened

void CallersBalancer::sent(std::uint32_t instance, const CallFacts&) {
  const std::uint32_t member = locate(instance);
  TAILRACE_CHECK(member != kNoInstance);
  ++outstanding_[member];
  outstanding_sum_ += members_[member].place != kNoInstance ? 1 : 0;
}

void CallersBalancer::ended(std::uint32_t instance, const CallFacts& facts) {
  const std::uint32_t member = locate(instance);
  TAILRACE_CHECK(member != kNoInstance);
  TAILRACE_CHECK(outstanding_[member] > 0);
  advance(facts.now);
  Member& m = members_[member];
  --outstanding_[member];
  outstanding_sum_ -= m.place != kNoInstance ? 1 : 0;
  if (model_->settings.policy == Balancing::peak_ewma) {
    // A call that was called off took at least this long: it can show that an instance is slow, not that it
    // is fast.
    if (facts.outcome != Outcome::cancelled ||
        static_cast<double>(facts.took.ns) > m.latency.cost_at(facts.now, decay_ns_))
      m.latency.observe(facts.took, facts.now, decay_ns_);
  }
  if (detector_ && detector_->ended(member, facts.outcome, facts.now)) look_again();
}

void CallersBalancer::set_healthy(std::uint32_t instance, bool healthy, sim::Instant now) {
  advance(now);
  const std::uint32_t member = locate(instance);
  if (member == kNoInstance || members_[member].healthy == healthy) return;
  members_[member].healthy = healthy;
  if (healthy) members_[member].healthy_since = now;
  look_again();
}

void CallersBalancer::set_present(std::uint32_t instance, bool present, sim::Instant now) {
  advance(now);
  const std::uint32_t member = locate(instance);
  if (member == kNoInstance || members_[member].present == present) return;
  members_[member].present = present;
  if (present) members_[member].healthy_since = now;
  if (detector_) detector_->set_present(member, present, now);
  look_again();
}

const StatusLog* CallersBalancer::log(std::uint32_t instance) const {
  const std::uint32_t member = locate(instance);
  return detector_ && member != kNoInstance ? &detector_->log(member) : nullptr;
}
StatusLog* CallersBalancer::log(std::uint32_t instance) {
  const std::uint32_t member = locate(instance);
  return detector_ && member != kNoInstance ? &detector_->log(member) : nullptr;
}

}  // namespace

bool needs_balancer(const BalancerSettings& s, std::span<const InstanceGroup> groups) {
  switch (s.policy) {
    case Balancing::peak_ewma:
    case Balancing::ring_hash:
    case Balancing::maglev:
      return true;
    case Balancing::least_request:
      if (s.own_view) return true;
      for (const InstanceGroup& group : groups) {
        if (group.weight != groups.front().weight) return true;
      }
      break;
    case Balancing::round_robin:
    case Balancing::random:
    case Balancing::weighted:
      break;
  }
  return s.subset_size > 0 || s.zone_aware || s.sticky || s.outliers || s.health;
}

bool needs_balancer(const Station& s) {
  if (s.shared_queue) return false;
  return s.discovery || s.scaling || (s.instances > 1 && needs_balancer(s.balancer, s.groups));
}

std::shared_ptr<const BalancerModel> make_balancer(const BalancerSettings& settings,
                                                   const std::vector<InstanceGroup>& groups,
                                                   std::span<const std::int64_t> callers) {
  auto model = std::make_shared<Model>();
  model->settings = settings;
  model->zone_count = zone_count(groups);
  for (const InstanceGroup& group : groups) {
    const auto count = static_cast<std::size_t>(group.count);
    model->weights.insert(model->weights.end(), count, group.weight);
    model->zones.insert(model->zones.end(), count,
                        static_cast<std::uint32_t>(zone_number(groups, group.zone)));
  }
  for (std::uint32_t i = 0; i < model->weights.size(); ++i) model->names.push_back(i);
  model->callers.assign(callers.begin(), callers.end());
  if (callers.empty()) model->callers.assign(static_cast<std::size_t>(model->zone_count), 1);
  TAILRACE_CHECK(model->callers.size() >= static_cast<std::size_t>(model->zone_count));
  if (settings.policy == Balancing::ring_hash) {
    model->ring = HashRing(model->names, model->weights, static_cast<std::uint64_t>(settings.ring_size));
  }
  if (settings.policy == Balancing::maglev) {
    // Fewer entries than instances would leave some without any.
    const auto least =
        std::max(static_cast<std::uint64_t>(settings.table_size), std::uint64_t{model->names.size()});
    model->table_size = prime_from(least);
    model->table = MaglevTable(model->table_size);
    model->table.build(model->names, model->names, model->weights);
  }
  return model;
}

}  // namespace tailrace::models
