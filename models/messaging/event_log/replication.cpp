#include "models/messaging/event_log/replication.hpp"

#include <algorithm>

namespace tailrace::models::event_log {

Replication::Replication(Core& core)
    : core_(core),
      replicas_(std::size_t{core.settings.partitions} * core.settings.replication_factor),
      in_sync_(core.settings.partitions, core.settings.replication_factor),
      election_(core.settings.partitions),
      generation_(core.settings.nodes),
      up_(core.settings.nodes, 1) {
  for (std::uint32_t p = 0; p < core.settings.partitions; ++p) {
    for (std::uint32_t r = 0; r < core.settings.replication_factor; ++r)
      replicas(p)[r].node = replica_node(core.settings, p, r);
    core.partitions[p].leader = replicas(p)[0].node;
  }
}

Replication::Replica* Replication::on(std::uint32_t partition, std::uint32_t node) {
  Replica* const all = replicas(partition);
  for (std::uint32_t r = 0; r < core_.settings.replication_factor; ++r) {
    if (all[r].node == node) return &all[r];
  }
  return nullptr;
}

const std::vector<std::uint32_t>& Replication::node_down(std::uint32_t node) {
  bereft_.clear();
  if (up_[node] == 0) return bereft_;
  up_[node] = 0;
  ++generation_[node];
  for (std::uint32_t p = 0; p < core_.settings.partitions; ++p) {
    Replica* const replica = on(p, node);
    if (replica == nullptr) continue;
    PartitionLog& log = core_.partitions[p];
    if (replica->in_sync && in_sync_[p] > 1) {
      replica->in_sync = false;
      replica->has = log.visible;
      --in_sync_[p];
    }
    if (log.leader != node) continue;
    log.leader = kNobody;
    core_.note(LogEvent::leader_lost, p);
    call_election(p);
    if (!replica->in_sync) bereft_.push_back(p);
  }
  return bereft_;
}

void Replication::call_election(std::uint32_t partition) {
  core_.host.wake_at(sim::saturating_add(core_.host.now(), core_.settings.election_time),
                     timer_tag(TimerKind::election, 0, partition, ++election_[partition]));
}

void Replication::node_up(std::uint32_t node) {
  if (up_[node] != 0) return;
  up_[node] = 1;
  ++generation_[node];
  for (std::uint32_t p = 0; p < core_.settings.partitions; ++p) {
    if (core_.partitions[p].leader == kNobody && on(p, node) != nullptr) call_election(p);
  }
  core_.host.wake_at(sim::saturating_add(core_.host.now(), core_.settings.catch_up_time),
                     timer_tag(TimerKind::catch_up, 0, node, generation_[node]));
}

void Replication::catch_up_timer(std::uint32_t node, std::uint32_t generation) {
  if (up_[node] == 0 || (generation_[node] & 0xfffffffu) != generation) return;
  for (std::uint32_t p = 0; p < core_.settings.partitions; ++p) {
    Replica* const replica = on(p, node);
    // Where nobody leads there is nobody to copy from; the next leader calls again.
    if (replica == nullptr || replica->in_sync || core_.partitions[p].leader == kNobody) continue;
    replica->in_sync = true;
    ++in_sync_[p];
  }
}

Replication::Elected Replication::election_timer(std::uint32_t partition, std::uint32_t generation) {
  PartitionLog& log = core_.partitions[partition];
  if ((election_[partition] & 0xfffffffu) != generation || log.leader != kNobody) return {};
  Replica* const all = replicas(partition);
  Replica* const end = all + core_.settings.replication_factor;
  Elected result;
  Replica* chosen = std::find_if(all, end, [&](const Replica& r) { return r.in_sync && up_[r.node] != 0; });
  if (chosen == end && core_.settings.unclean_election) {
    for (Replica* r = all; r != end; ++r) {
      if (up_[r->node] != 0 && (chosen == end || r->has > chosen->has)) chosen = r;
    }
    if (chosen != end) {
      result.unclean = true;
      result.has = chosen->has;
      for (Replica* r = all; r != end; ++r) {  // what the others had beyond it is void
        r->in_sync = r == chosen;
        r->has = std::min(r->has, chosen->has);
      }
      in_sync_[partition] = 1;
    }
  }
  if (chosen == end) return result;
  result.leader = true;
  log.leader = chosen->node;
  ++elections_;
  core_.note(result.unclean ? LogEvent::unclean_election : LogEvent::leader_elected, partition);
  for (Replica* r = all; r != end; ++r) {
    if (r->in_sync || up_[r->node] == 0) continue;
    core_.host.wake_at(sim::saturating_add(core_.host.now(), core_.settings.catch_up_time),
                       timer_tag(TimerKind::catch_up, 0, r->node, generation_[r->node]));
  }
  return result;
}

}  // namespace tailrace::models::event_log
