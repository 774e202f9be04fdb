#include "models/runtime/wires.hpp"

#include <algorithm>

#include "models/entry/layer_4.hpp"
#include "models/policies/certificate/certificate.hpp"
#include "models/policies/server_connections/server_connections.hpp"
#include "models/runtime/execution.hpp"

namespace tailrace::models {

Wires::Wires(const CompiledModel& model)
    : model_(model), peers_(model.instance_station.size()), expired_(model.instance_station.size()) {
  const Topology& t = *model.topology;
  for (std::size_t i = 0; i < t.edges.size(); ++i) {
    const TransportModel* transport = transport_of(t.edges[i].admissions);
    transports_.push_back(transport == nullptr ? nullptr : &transport->settings());
    const std::vector<AdmissionUse>& doors = t.stations[model.edges[i].station].doors;
    paired_.push_back(!doors.empty() &&
                      dynamic_cast<const SidecarConfigModel*>(doors.front().model.get()) != nullptr);
    if (t.edges[i].passes_connections_on) passing_on_.passes(static_cast<std::uint32_t>(i), t.edges.size());
  }
}

bool Wires::needed(const Topology& topology) {
  return std::any_of(topology.edges.begin(), topology.edges.end(),
                     [](const Edge& e) { return transport_of(e.admissions) != nullptr; });
}

void Wires::start(PolicyStates& policies, std::uint64_t seed, std::uint32_t replication) {
  start_sidecars(policies);
  start_connections(policies);
  start_servers(policies, seed, replication);
  start_pods(policies);
  start_windows(policies);
}

void Wires::start_connections(PolicyStates& policies) {
  connections_.assign(policies.admissions.size(), nullptr);
  for (const AdmissionGroup& group : model_.admission_groups) {
    if (dynamic_cast<const TransportModel*>(group.model.get()) == nullptr) continue;
    Peer* peers = &peers_[model_.stations[group.station].first_instance];
    for (std::uint32_t i = 0; i < group.states(); ++i) {
      auto* c = static_cast<Connections*>(policies.admissions[group.first_state + i].policy.get());
      c->bind(peers, model_.stations[group.station].instances, i % group.targets);
      connections_[group.first_state + i] = c;
    }
  }
  // Callers that are instances have a certificate of their own to show.
  for (std::size_t e = 0; e < model_.edges.size(); ++e) {
    if (transports_[e] == nullptr || model_.topology->edges[e].from_station == kNone) continue;
    const GuardTable& g = model_.guards[model_.edges[e].guard];
    for (std::uint32_t k = 0; k < g.all; ++k) {
      const AdmissionTable& a = model_.admissions[g.first_admission + k];
      const AdmissionGroup& group = model_.admission_groups[a.group];
      if (connections_[a.first_state] == nullptr) continue;
      for (std::uint32_t i = 0; i < group.states(); ++i)
        connections_[a.first_state + i]->caller(&peers_[g.first_caller + i / group.targets]);
    }
  }
}

// Doors that say something of connections: what the server allows, and its certificates.
void Wires::start_servers(PolicyStates& policies, std::uint64_t seed, std::uint32_t replication) {
  for (const AdmissionGroup& group : model_.admission_groups) {
    if (!group.door) continue;
    const StationTable& station = model_.stations[group.station];
    if (const auto* server = dynamic_cast<const ServerConnectionsModel*>(group.model.get())) {
      for (std::uint32_t i = 0; i < station.instances; ++i) {
        peers_[station.first_instance + i].limits = &server->limits();
        static_cast<ServerConnections*>(
            policies.admissions[group.first_state + i % group.states()].policy.get())
            ->watch(&peers_[station.first_instance + i]);
      }
    }
    if (dynamic_cast<const CertificateModel*>(group.model.get()) == nullptr) continue;
    const std::string& name = model_.topology->stations[group.station].name;
    for (std::uint32_t i = 0; i < group.states(); ++i) {
      auto* c = static_cast<CertificateState*>(policies.admissions[group.first_state + i].policy.get());
      c->start(sim::Stream(seed, replication, name, "certificate/" + std::to_string(i)));
    }
    for (std::uint32_t i = 0; i < station.instances; ++i) {
      peers_[station.first_instance + i].certificate = static_cast<CertificateState*>(
          policies.admissions[group.first_state + i % group.states()].policy.get());
    }
  }
  for (std::size_t id = 0; id < connections_.size(); ++id) {
    if (connections_[id] != nullptr) connections_[id]->introduce();
  }
}

// Sidecars with a memory: the members' doors have it, the sidecars that stand for them share it.
void Wires::start_pods(PolicyStates& policies) {
  std::vector<std::uint32_t> first_pod(model_.stations.size(), kNoId);
  for (const AdmissionGroup& group : model_.admission_groups) {
    if (!group.door || dynamic_cast<const SidecarMemoryModel*>(group.model.get()) == nullptr) continue;
    const StationTable& station = model_.stations[group.station];
    first_pod[group.station] = static_cast<std::uint32_t>(pods_.size());
    for (std::uint32_t i = 0; i < station.instances; ++i) {
      auto* memory = static_cast<SidecarMemory*>(policies.admissions[group.first_state + i].policy.get());
      peers_[station.first_instance + i].memory = memory;
      peers_[station.first_instance + i].pod = static_cast<std::uint32_t>(pods_.size());
      pods_.push_back({station.first_instance + i, kNoId, memory});
    }
  }
  for (std::size_t e = 0; e < model_.edges.size() && !pods_.empty(); ++e) {
    const int from = model_.topology->edges[e].from_station;
    if (!paired_[e] || from == kNone || first_pod[static_cast<std::size_t>(from)] == kNoId) continue;
    const StationTable& sidecars = model_.stations[model_.edges[e].station];
    for (std::uint32_t i = 0; i < sidecars.instances; ++i) {
      const std::uint32_t pod = first_pod[static_cast<std::size_t>(from)] + i;
      pods_[pod].sidecar = sidecars.first_instance + i;
      peers_[sidecars.first_instance + i].memory = pods_[pod].memory;
      peers_[sidecars.first_instance + i].pod = pod;
    }
  }
}

void Wires::start_windows(PolicyStates& policies) {
  windows_stage_.assign(model_.edges.size(), kNoId);
  windows_of_.assign(policies.admissions.size(), kNoId);
  for (std::size_t e = 0; e < model_.edges.size(); ++e) {
    if (transports_[e] == nullptr || transports_[e]->stream_window <= 0) continue;
    const GuardTable& g = model_.guards[model_.edges[e].guard];
    for (std::uint32_t k = 0; k < g.all; ++k) {
      const AdmissionTable& a = model_.admissions[g.first_admission + k];
      if (connections_[a.first_state] == nullptr) continue;
      windows_stage_[e] = k;
      const std::uint32_t states = model_.admission_groups[a.group].states();
      for (std::uint32_t i = 0; i < states; ++i) {
        if (windows_of_[a.first_state + i] != kNoId) continue;
        windows_of_[a.first_state + i] = static_cast<std::uint32_t>(windows_.size());
        const StreamWindows windows(transports_[e]->stream_window, transports_[e]->connection_window);
        windows_.insert(windows_.end(), 2, windows);
        windows_on_.push_back(connections_[a.first_state + i]);
      }
    }
  }
}

double Wires::burst(std::uint32_t slot, double left, bool back, std::int64_t now, std::int64_t& next) {
  Line& line = lines_[slot];
  StreamWindows& windows = windows_[line.flow + (back ? 1 : 0)];
  if (line.sends == 0) {
    line.sends = back ? 2 : 1;
    windows.begins();
  }
  line.burst = windows.grant(left, windows_on_[line.flow / 2]->count(), now, next);
  return line.burst;
}

void Wires::burst_sent(std::uint32_t slot, std::int64_t heard) {
  const Line& line = lines_[slot];
  windows_[line.flow + line.sends - 1].sent(line.burst, heard);
}

void Wires::stream_sent(std::uint32_t slot) {
  Line& line = lines_[slot];
  windows_[line.flow + line.sends - 1].ends();
  line.sends = 0;
}

// Outbound sidecars learn of the control plane.
void Wires::start_sidecars(PolicyStates& policies) {
  configs_.assign(model_.instance_station.size(), nullptr);
  for (const AdmissionGroup& group : model_.admission_groups) {
    if (dynamic_cast<const SidecarConfigModel*>(group.model.get()) == nullptr) continue;
    for (std::uint32_t i = 0; i < group.states(); ++i) {
      auto* c = static_cast<SidecarConfig*>(policies.admissions[group.first_state + i].policy.get());
      c->bind(&plane_);
      configs_[model_.stations[group.station].first_instance + i] = c;
    }
  }
}

std::uint32_t Wires::version(std::uint32_t instance, std::int64_t now) {
  SidecarConfig* config = configs_[instance];
  if (config == nullptr) return 0;
  config->settle({now});
  return config->version();
}

void Wires::append() {
  lines_.append();
  lines_[static_cast<std::uint32_t>(lines_.size() - 1)] = kEmpty;
  passing_on_.append();
}

std::uint32_t Wires::end_of_connection(std::uint32_t slot, std::uint32_t edge) {
  const PassingOn::End* end = passing_on_.end(slot, model_.edges[edge].station, connections_);
  if (end == nullptr || end->instance == PassingOn::kNowhere) return PassingOn::kNowhere;
  const bool same = peers_[model_.edges[edge].first_instance + end->instance].incarnation == end->incarnation;
  return same ? end->instance : PassingOn::kNowhere;
}

void Wires::connection_leads_to(std::uint32_t slot, std::uint32_t edge, std::uint32_t instance) {
  PassingOn::End* end = passing_on_.end(slot, model_.edges[edge].station, connections_);
  if (end == nullptr) return;
  *end = {instance, peers_[model_.edges[edge].first_instance + instance].incarnation};
}

void Wires::owe(std::uint32_t slot, const ConnectionSetup& setup) {
  lines_[slot].owed_ns += setup.client_ns;
  lines_[slot].server_ns = setup.server_ns;
  lines_[slot].opened = true;
}

void Wires::instance_changed(std::uint32_t instance, bool up, std::int64_t) {
  if (!up) ++peers_[instance].incarnation;
}

void Wires::fault_changed(const std::string& hook, std::uint32_t fault, std::uint32_t target, bool begins,
                          std::int64_t now) {
  if (hook == "control_plane_outage") plane_.change(begins, {now});
  const bool ca = hook == "ca_outage";
  if (!ca && hook != "certificate_expired") return;
  for (const auto& [station, index] : model_.topology->faults[fault].targets[target].instances) {
    const std::uint32_t instance =
        model_.stations[static_cast<std::size_t>(station)].first_instance + static_cast<std::uint32_t>(index);
    if (ca) {
      if (peers_[instance].certificate != nullptr) peers_[instance].certificate->ca_outage(begins, {now});
      continue;
    }
    expired_[instance] += begins ? 1u : ~0u;
    peers_[instance].expired = expired_[instance] > 0;
  }
}

// --- the run's side

// Work that a message or a handshake takes, at whichever end the frame is.
bool Execution::begin_wire_work(std::uint32_t slot, const Step16& step) {
  Frame& f = frames_[slot];
  Wires::Line& line = wires_->line(slot);
  const auto work = static_cast<WireWork>(step.count);
  const bool caller = work == WireWork::send_request || work == WireWork::read_answer;
  const std::uint32_t edge_id = caller ? step.first : f.edge;
  const TransportSettings* t = wires_->of(edge_id);
  if (t == nullptr) {  // an operation that others reach without one, or through a balancer of layer 4
    if (work != WireWork::read_request || line.due <= 0)  // no work, which has begun now all the same
      return (step.flags & ~kWireWork) != 0 && begin_special_work(slot, 0);
    static const TransportSettings kUnread;
    t = &kUnread;
  }
  double ns = 0;
  double handshake = 0;
  if (work == WireWork::read_answer) handshake = line.owed_ns;
  if (work == WireWork::read_request) handshake = !t->hands_on ? line.due : line.over_new ? t->accept_ns : 0;
  switch (work) {
    case WireWork::send_request:
      line.out = payload(edges_[edge_id].request_bytes);
      ns = t->encoding_ns(line.out, t->sent);
      break;
    case WireWork::read_answer:
      ns = handshake + (line.in < 0 ? 0 : t->decoding_ns(line.in, t->received));
      line.out = line.in = -1;
      line.owed_ns = line.server_ns = 0;
      line.opened = false;
      break;
    case WireWork::read_request:
      ns = handshake + t->decoding_ns(line.request, t->sent);
      break;
    case WireWork::send_answer:
      line.in = payload(edges_[edge_id].response_bytes);
      ns = t->encoding_ns(line.in, t->received);
      break;
  }
  // Where a proxy stands, only handshakes are its work; they are the part that does not depend on the
  // message.
  if (!(caller ? t->work_at_caller : t->work_at_target)) ns = handshake;
  if (step.flags & ~kWireWork) return begin_special_work(slot, ns);
  const std::int64_t time = sim::Duration::from_ns(ns).ns;
  if (time == 0) return false;
  schedule(sim::saturating_add(now_, time), sim::Phase::finish, Kind::resume, slot);
  return true;
}

double Execution::payload(std::uint32_t draw) {
  return draw == kNoId ? 0 : sample(draw);
}

// An attempt sets out: what it carries. Returns its bytes on the network.
std::int64_t Execution::send_over_wire(std::uint32_t slot, std::uint32_t child, std::uint32_t edge_id) {
  const TransportSettings& t = *wires_->of(edge_id);
  Wires::Line& mine = wires_->line(slot);
  Wires::Line& its = wires_->line(child);
  if (mine.out < 0) mine.out = payload(edges_[edge_id].request_bytes);
  its.request = mine.out;
  its.due += mine.server_ns;
  mine.server_ns = 0;
  its.over_new = std::exchange(mine.opened, false);
  if (const std::uint32_t stage = wires_->windows_stage(edge_id); stage != kNoId)
    wires_->govern(child,
                   admission_state(slot, model_->guards[edges_[edge_id].guard], stage, calls_[slot].chosen));
  return sim::Duration::from_ns(t.bytes_on_link(mine.out, t.sent)).ns;
}

std::int64_t Execution::answer_over_wire(std::uint32_t slot) {
  const TransportSettings& t = *wires_->of(frames_[slot].edge);
  const double bytes = std::max(wires_->line(slot).in, 0.0);  // a failure says little
  return sim::Duration::from_ns(t.bytes_on_link(bytes, t.received)).ns;
}

// The connection that the next admission is about. False: there is no instance to open one to.
bool Execution::aim(std::uint32_t slot, std::uint32_t edge_id, Connections& connections) {
  if (!connections.sticks()) return true;
  CallState& x = calls_[slot];
  if (connections.would_open({now_})) {
    const EdgeTable& edge = edges_[edge_id];
    x.chosen = choose_instance_late(slot, edge, model_->guards[edge.guard]);
    if (x.chosen == kNoInstance) {
      x.chosen = 0;
      return false;
    }
  }
  connections.aim(x.chosen);
  return true;
}

}  // namespace tailrace::models
