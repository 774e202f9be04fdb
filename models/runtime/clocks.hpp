#pragma once
// Clocks of instances, as far as they differ from the true time: what clock_skew faults have put them ahead,
// or behind (negative). Timers, pauses and leases run by monotonic clocks and are not touched by it; what is
// compared with a time of day is: deadlines, certificates, tokens, expiry times in a shared cache. Models
// without such a fault have none of this; while no clock is wrong each question costs one comparison.
#include <cstdint>
#include <vector>

#include "models/faults/clocks.hpp"
#include "models/policies/transport/peer.hpp"
#include "models/runtime/fault_state.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

struct CompiledModel;

class Clocks final : public InstanceListener, public PeerClocks {
 public:
  Clocks(const CompiledModel& model, std::uint64_t seed, std::uint32_t replication);
  static bool needed(const Topology& topology);

  // ns by which it is ahead; `deadlines`: only as far as deadlines feel it.
  std::int64_t ahead(std::uint32_t instance, std::int64_t now, bool deadlines) const;
  std::int64_t ahead(std::uint32_t instance, std::int64_t now) const override {
    return ahead(instance, now, false);
  }
  // The fault because of which a token that comes to the instance is not taken; kNoFault: it is good.
  static constexpr std::uint32_t kNoFault = 0xffffffffu;
  std::uint32_t refuses_token(std::uint32_t instance, std::int64_t now);

  void instance_changed(std::uint32_t, bool, std::int64_t) override {}
  void fault_changed(const std::string& hook, std::uint32_t fault, std::uint32_t target, bool begins,
                     std::int64_t now_ns) override;

 private:
  struct Shift {
    std::uint32_t instance, fault, times;  // times: by how many of the fault's targets
    std::int64_t start;
  };
  std::int64_t offset(const Shift& shift, std::int64_t now) const;

  const CompiledModel& model_;
  std::vector<Shift> shifts_;         // that are on
  std::vector<sim::Stream> streams_;  // by fault: which tokens
};

}  // namespace tailrace::models
