#pragma once
// Calls with a transport, in motion: how large the messages of each frame's call are, what the handshakes of
// its connections still cost, and what is known of the instances that connections lead to. Models without a
// transport have none of this.
//
// A line beside each frame keeps what its present call sends and gets, and what it was sent itself as an
// attempt; it is empty whenever the frame is free. Cost: 64 bytes a frame, a few additions a message.
#include <cstdint>
#include <utility>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/compile/wires.hpp"
#include "models/mesh/sidecar.hpp"
#include "models/mesh/sidecar_memory.hpp"
#include "models/policies/transport/transport.hpp"
#include "models/runtime/call_state.hpp"
#include "models/runtime/fault_state.hpp"
#include "models/runtime/passing_on.hpp"
#include "models/runtime/stream_windows.hpp"
#include "sim/engine/growing_array.hpp"

namespace tailrace::models {

class Wires final : public InstanceListener {
 public:
  // Payloads in bytes; -1: there is none (yet).
  struct Line {
    double out, in;       // of the call that the frame makes
    double owed_ns;       // work of handshakes, due when its answer is there
    double server_ns;     // ... that its next attempt brings to the server
    double request, due;  // as an attempt: what it brought, and the server's work of its handshake
    double burst;         // ... with flow control: bytes of this round
    std::uint32_t flow;   // ... its connection's windows, there; those for the way back are the next
    std::uint16_t sends;  // ... 0: nothing; 1: the request; 2: the answer
    bool opened;          // of the call that the frame makes: over a new connection
    bool over_new;        // as an attempt: likewise
  };

  // An instance and its sidecar, which has the memory.
  struct Pod {
    std::uint32_t instance = kNoId, sidecar = kNoId;  // no sidecar: it calls no member
    SidecarMemory* memory = nullptr;
  };

  explicit Wires(const CompiledModel& model);
  static bool needed(const Topology& topology);
  // Policies have started: those that are connections learn where they lead.
  void start(PolicyStates& policies, std::uint64_t seed, std::uint32_t replication);

  void append();  // one more frame
  void release(std::uint32_t slot) {
    if (lines_[slot].sends != 0) [[unlikely]]
      stream_sent(slot);
    lines_[slot] = kEmpty;
    passing_on_.release(slot);
  }
  Line& line(std::uint32_t slot) { return lines_[slot]; }
  std::size_t bytes() const { return lines_.bytes(); }

  // The transport of an edge; null where it has none.
  const TransportSettings* of(std::uint32_t edge) const { return transports_[edge]; }
  // An admission state as connections; null for any other policy.
  Connections* connections(std::uint32_t state) const { return connections_[state]; }
  // The call goes to the sidecar of the very instance that makes it.
  bool paired(std::uint32_t edge) const { return paired_[edge]; }
  // Through balancers of layer 4. Where the frame's connection leads to: an instance of the edge's target, or
  // kNowhere, where that is still to be chosen (or to be chosen again).
  PassingOn& passing_on() { return passing_on_; }
  void carry(std::uint32_t slot, std::uint32_t child, std::uint32_t edge) {
    if (!passing_on_.on()) return;
    passing_on_.carry(slot, child, edge, transports_[edge] != nullptr);
    if (passing_on_.passes(edge)) lines_[child].due = std::exchange(lines_[slot].due, 0);
  }
  std::uint32_t end_of_connection(std::uint32_t slot, std::uint32_t edge);
  void connection_leads_to(std::uint32_t slot, std::uint32_t edge, std::uint32_t instance);
  // Which of the mesh's configurations an outbound sidecar has by now.
  std::uint32_t version(std::uint32_t instance, std::int64_t now);
  // Flow control: which question of the edge's is its transport; kNoId: without windows.
  std::uint32_t windows_stage(std::uint32_t edge) const { return windows_stage_[edge]; }
  void govern(std::uint32_t slot, std::uint32_t state) { lines_[slot].flow = windows_of_[state]; }
  const Pod& pod(std::uint32_t number) const { return pods_[number]; }
  bool governs(std::uint32_t slot) const { return lines_[slot].flow != kNoId; }
  // How many of the bytes that are left may go now; 0: look again at `next`.
  double burst(std::uint32_t slot, double left, bool back, std::int64_t now, std::int64_t& next);
  // They are on their way, and count until `heard`.
  void burst_sent(std::uint32_t slot, std::int64_t heard);
  // The call has nothing left to send.
  void stream_sent(std::uint32_t slot);
  // A connection has been opened for the call of this frame.
  void owe(std::uint32_t slot, const ConnectionSetup& setup);

  void instance_changed(std::uint32_t instance, bool up, std::int64_t now_ns) override;
  void fault_changed(const std::string& hook, std::uint32_t fault, std::uint32_t target, bool begins,
                     std::int64_t now_ns) override;
  void clocks(const PeerClocks* clocks) {
    for (std::uint32_t i = 0; i < peers_.size(); ++i) peers_[i].clocks = clocks, peers_[i].instance = i;
  }
  void present(std::uint32_t instance, bool is) { peers_[instance].leaving = !is; }

 private:
  void start_sidecars(PolicyStates& policies);
  void start_connections(PolicyStates& policies);
  void start_servers(PolicyStates& policies, std::uint64_t seed, std::uint32_t replication);
  void start_windows(PolicyStates& policies);
  void start_pods(PolicyStates& policies);
  static constexpr Line kEmpty{-1, -1, 0, 0, 0, 0, -1, kNoId, 0, false, false};

  const CompiledModel& model_;
  std::vector<const TransportSettings*> transports_;  // by edge
  std::vector<Connections*> connections_;             // by admission state
  std::vector<std::uint32_t> windows_stage_;          // by edge
  std::vector<std::uint32_t> windows_of_;             // by admission state
  std::vector<StreamWindows> windows_;                // in pairs: there and back
  std::vector<const Connections*> windows_on_;        // by such a pair
  std::vector<bool> paired_;                          // by edge
  std::vector<SidecarConfig*> configs_;               // by instance
  PassingOn passing_on_;
  ControlPlane plane_;
  std::vector<Pod> pods_;
  std::vector<Peer> peers_;             // by instance of the model
  std::vector<std::uint32_t> expired_;  // by how many faults
  sim::GrowingArray<Line> lines_;
};

}  // namespace tailrace::models
