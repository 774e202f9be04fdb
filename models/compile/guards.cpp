#include "models/compile/guards.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "models/compile/writer.hpp"
#include "models/entry/layer_4.hpp"
#include "models/policies/discovery/discovery.hpp"
#include "models/policies/load_balancing/balancer.hpp"
#include "models/policies/load_balancing/zones.hpp"
#include "models/policies/transport/transport.hpp"
#include "models/topology/keys.hpp"

namespace tailrace::models {

namespace {

// What a queue's policy is called in reports, in the form that these read.
class QueuePolicyNames final : public AdmissionModel {
 public:
  explicit QueuePolicyNames(std::shared_ptr<const QueuePolicyModel> model) : model_(std::move(model)) {}
  std::unique_ptr<AdmissionPolicy> start() const override { return nullptr; }
  std::vector<std::string> statuses() const override { return model_->statuses(); }

 private:
  std::shared_ptr<const QueuePolicyModel> model_;
};

class GuardCompiler final : public ModelWriter {
 public:
  using ModelWriter::ModelWriter;

  void run() {
    for (std::size_t i = 0; i < t_.stations.size(); ++i) {
      door(i);
      queue(i);
    }
    for (std::size_t i = 0; i < t_.edges.size(); ++i) {
      if (!t_.edges[i].stays_at_home) m_.edges[i].door = m_.stations[m_.edges[i].station].door;
      if (m_.edges[i].guarded) guard(i);
    }
  }

 private:
  const Station& station_of(const Edge& e) const {
    return t_
        .stations[static_cast<std::size_t>(t_.operations[static_cast<std::size_t>(e.operation)].station)];
  }
  std::uint32_t callers(const Edge& e) const {
    return e.from_station == kNone ? 1 : m_.stations[static_cast<std::size_t>(e.from_station)].instances;
  }

  void door(std::size_t i) {
    const Station& s = t_.stations[i];
    if (s.doors.empty()) return;
    DoorTable table;
    table.first_admission = static_cast<std::uint32_t>(m_.admissions.size());
    table.count = static_cast<std::uint32_t>(s.doors.size());
    table.stream = stream(s.name, "door");
    for (const AdmissionUse& use : s.doors) {
      AdmissionGroup group;
      group.policy = use.policy;
      group.model = use.model;
      group.component = static_cast<std::uint32_t>(s.component);
      group.station = static_cast<std::uint32_t>(i);
      group.door = true;
      group.callers = use.shared ? 1 : static_cast<std::uint32_t>(s.instances);
      m_.admissions.push_back(use_of(add(std::move(group))));
    }
    m_.stations[i].door = static_cast<std::uint32_t>(m_.doors.size());
    m_.doors.push_back(table);
  }

  void queue(std::size_t i) {
    const Station& s = t_.stations[i];
    if (s.queue_policy == nullptr) return;
    AdmissionGroup group;
    group.policy = s.queue_policy->name();
    group.model = std::make_shared<const QueuePolicyNames>(s.queue_policy);
    group.component = static_cast<std::uint32_t>(s.component);
    group.station = static_cast<std::uint32_t>(i);
    group.door = group.of_queue = true;
    group.callers = static_cast<std::uint32_t>(s.instances);
    m_.stations[i].queue_group = static_cast<std::uint32_t>(m_.admission_groups.size());
    m_.admission_groups.push_back(std::move(group));
  }

  std::uint32_t add(AdmissionGroup group) {
    group.first_state = m_.admission_states;
    m_.admission_states += group.states();
    m_.admission_groups.push_back(std::move(group));
    return static_cast<std::uint32_t>(m_.admission_groups.size() - 1);
  }
  AdmissionTable use_of(std::uint32_t group_id) const {
    const AdmissionGroup& group = m_.admission_groups[group_id];
    return {group_id, group.first_state, group.targets, group.callers > 1, group.per_instance};
  }

  void guard(std::size_t i) {
    const Edge& e = t_.edges[i];
    EdgeTable& edge = m_.edges[i];
    const std::string& from = component_name(e.from_component);
    GuardTable g;
    if (e.from_station != kNone)
      g.first_caller = m_.stations[static_cast<std::size_t>(e.from_station)].first_instance;
    g.cancels = e.cancels;
    g.honors_pushback = e.honors_pushback && station_of(e).pushback;
    if (e.timeout) g.timeout_ns = e.timeout->ns;
    if (e.deadline) g.deadline_ns = e.deadline->ns;
    g.fallback = e.fallback.has_value();
    g.fallback_steps = e.fallback && e.fallback->steps;
    if (e.fallback && e.fallback->stale) g.stale_ns = e.fallback->stale->ns;
    g.first_admission = static_cast<std::uint32_t>(m_.admissions.size());
    const DiscoverySettings* discovery = discovery_of(t_, e);
    std::uint32_t gate = kNoId;
    if (discovery != nullptr && discovery->gate != nullptr) {
      const AdmissionTable table =
          use_of(group_of(i, {"discovery", discovery->gate, Scope::service, false, false, discovery}));
      gate = table.first_state;
      m_.admissions.push_back(table);
      ++g.all, ++g.outer;
    }
    for (const bool per_attempt : {false, true}) {
      for (const AdmissionUse& use : e.admissions) {
        if (use.per_attempt != per_attempt || use.policy == kDiscovery) continue;
        const AdmissionTable table = use_of(group_of(i, use));
        g.per_instance = g.per_instance || table.per_instance;
        m_.admissions.push_back(table);
        ++g.all;
        if (!per_attempt) ++g.outer;
      }
    }
    // A transport whose connections stick says itself which instance it is, and needs a place to say so.
    g.per_instance = g.per_instance || transport_of(e.admissions) != nullptr;
    if (g.all > 0) g.admission_stream = stream(from, "admission " + e.path);
    if (e.retry_budget) g.budget = budget(e, e.retry_budget, e.retry_budget_origin);
    if (e.hedging) {
      g.hedge = hedge(e);
      g.most_hedges = static_cast<std::uint32_t>(std::min<std::int64_t>(e.hedging->most, 1000));
      g.on_try_timeout = e.hedging->on_try_timeout;
      if (e.hedging->budget) g.hedge_budget = budget(e, e.hedging->budget, e.hedging->origin);
    }
    if ((discovery != nullptr || needs_balancer(station_of(e))) && (!e.probe || e.errand))
      g.balancer = balancer(e, gate, own_discovery_of(e) == nullptr ? nullptr : discovery);
    g.tells = g.all != g.outer || g.balancer != kNoId || g.hedge != kNoId || g.budget != kNoId ||
              g.hedge_budget != kNoId;
    g.simple = !m_.context && g.outer == 0 && !g.per_instance && g.budget == kNoId && g.hedge == kNoId &&
               g.balancer == kNoId && !g.fallback && !g.cancels && g.deadline_ns < 0 && !edge.deepens &&
               edge.door == kNoId && edge.out_link == kNoId && edge.back_link == kNoId && !e.probe &&
               !edge.faulted && !(e.passes_connections_on && connections_last_) &&
               (m_.egress.first_cell.empty() || m_.egress.first_cell[i] == kNoId);
    if (e.publication != kNone) g.publication = static_cast<std::uint32_t>(e.publication);
    if (e.cache != kNone) {
      g.cache = static_cast<std::uint32_t>(e.cache);
      if (e.pop != kNone) g.cache_pop = static_cast<std::uint32_t>(e.pop);
    }
    edge.guard = static_cast<std::uint32_t>(m_.guards.size());
    m_.guards.push_back(g);
  }

  std::uint32_t group_of(std::size_t edge_id, const AdmissionUse& use) {
    const Edge& e = t_.edges[edge_id];
    const bool own = use.scope == Scope::call;
    const bool per_instance = use.scope == Scope::instance;
    const auto station = m_.edges[edge_id].station;
    const auto* transport = dynamic_cast<const TransportModel*>(use.model.get());
    const auto key = std::make_tuple(use.origin, transport != nullptr ? transport->secured_by() : nullptr,
                                     use.policy, e.from_component, e.from_station, station, per_instance,
                                     own ? static_cast<std::int64_t>(edge_id) : -1);
    const auto [it, fresh] = groups_.emplace(key, static_cast<std::uint32_t>(m_.admission_groups.size()));
    if (!fresh) return it->second;
    AdmissionGroup group;
    group.policy = use.policy;
    group.model = use.model;
    group.component = static_cast<std::uint32_t>(e.from_component);
    group.station = station;
    if (own) group.edge = static_cast<std::uint32_t>(edge_id);
    group.per_instance = per_instance;
    group.callers = use.shared ? 1 : callers(e);
    group.targets = per_instance ? m_.stations[station].instances : 1;
    return add(std::move(group));
  }

  using OriginKey = std::tuple<const void*, int, int, int>;  // whence, who calls, towards whom

  // First state of what is written once (at `origin`) towards one target: one state per caller.
  template <class Group, class Model>
  std::uint32_t states_of(const Edge& e, const void* origin, const std::shared_ptr<const Model>& model,
                          std::map<OriginKey, std::uint32_t>& known, std::vector<Group>& groups,
                          std::uint32_t& states) {
    const int station = t_.operations[static_cast<std::size_t>(e.operation)].station;
    const auto [it, fresh] =
        known.emplace(OriginKey{origin, e.from_component, e.from_station, station}, states);
    if (fresh) {
      groups.push_back({model, states, callers(e)});
      states += callers(e);
    }
    return it->second;
  }
  std::uint32_t budget(const Edge& e, const std::shared_ptr<const RetryBudgetModel>& model,
                       const void* origin) {
    return states_of(e, origin, model, budgets_, m_.budgets, m_.budget_states);
  }
  std::uint32_t hedge(const Edge& e) {
    return states_of(e, e.hedging->origin, e.hedging->policy, hedges_, m_.hedges, m_.hedge_states);
  }

  // `own`: how this call finds its target, where that is not how others do.
  std::uint32_t balancer(const Edge& e, std::uint32_t gate, const DiscoverySettings* own) {
    const auto station = t_.operations[static_cast<std::size_t>(e.operation)].station;
    const auto key = std::make_tuple(e.from_component, e.from_station, station, own);
    const auto [it, fresh] = balancers_.emplace(key, m_.balancer_states);
    if (fresh) {
      const Station& target = station_of(e);
      BalancerGroup group;
      std::vector<std::int64_t> in_zone;  // instances of the caller
      if (e.from_station != kNone) {
        in_zone.resize(static_cast<std::size_t>(zone_count(target.groups)));
        for (const InstanceGroup& g : t_.stations[static_cast<std::size_t>(e.from_station)].groups) {
          const int zone = zone_number(target.groups, g.zone);
          group.caller_zones.insert(group.caller_zones.end(), static_cast<std::size_t>(g.count), zone);
          if (zone < 0) {
            in_zone.push_back(g.count);
          } else {
            in_zone[static_cast<std::size_t>(zone)] += g.count;
          }
        }
      }
      group.model = make_balancer(target.balancer, target.groups, in_zone);
      group.station = static_cast<std::uint32_t>(station);
      group.first_state = m_.balancer_states;
      group.callers = callers(e);
      group.stream = stream(component_name(e.from_component), "balance " + target.name);
      group.from_component = e.from_component;
      group.from_station = e.from_station;
      group.gate = gate;
      m_.balancer_states += group.callers;
      m_.balancers.push_back(std::move(group));
    }
    return it->second;
  }

  std::map<std::tuple<const void*, const void*, std::string, int, int, std::uint32_t, bool, std::int64_t>,
           std::uint32_t>
      groups_;
  std::map<OriginKey, std::uint32_t> budgets_, hedges_;
  const bool connections_last_ = connections_last(t_);  // some calls have a transport
  std::map<std::tuple<int, int, int, const DiscoverySettings*>, std::uint32_t> balancers_;
};

}  // namespace

bool needs_guard(const Topology& t, const Edge& e) {
  const auto& station =
      t.stations[static_cast<std::size_t>(t.operations[static_cast<std::size_t>(e.operation)].station)];
  return e.timeout || e.per_try_timeout || e.retries != 0 || e.guarded() || needs_balancer(station) ||
         !station.doors.empty();
}

bool needs_context(const Topology& t) {
  const auto hands_on = [](const Edge& e) { return e.deadline || e.cancels || e.fallback; };
  return t.cancels_branches || std::any_of(t.edges.begin(), t.edges.end(), hands_on) || requests_have_keys(t);
}

void compile_guards(const Topology& topology, CompiledModel& model) {
  GuardCompiler(topology, model).run();
}

}  // namespace tailrace::models
