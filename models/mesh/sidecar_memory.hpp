#pragma once
// What a sidecar holds in memory, and what becomes of it at its limit. A proxy of so many bytes keeps a
// configuration for each instance that it may call, and buffers for each connection, whoever opened it. A
// connection over the limit is its end: the kernel kills it, it takes its instance off the network, and it is
// started again, the sooner after the first time, later after each further one (Kubernetes' CrashLoopBackOff:
// 10 s, doubling up to 5 min, forgotten after 10 min of running).
//
// While its sidecar is away the instance is as down: what was in it ends as `network`, nobody reaches it and
// it reaches nobody. A quiet policy at the member's door; the run kills (models/runtime/sidecars.cpp). Left
// out: memory of requests in flight, fragmentation, an application that notices nothing of it.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/field/values.hpp"
#include "models/policies/transport/peer.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

// base: Istio 1.16.2's own benchmark, 40 MB at 1000 requests/s. The other figures are ours.
struct SidecarMemorySpec {
  SizeDistribution base{sim::Distribution::constant(40e6)};
  SizeDistribution per_connection{sim::Distribution::constant(64 * 1024.0)};
  SizeDistribution per_instance{sim::Distribution::constant(8 * 1024.0)};  // in its configuration
  std::optional<SizeDistribution> limit;
  sim::Duration restart{1'000'000'000};
  sim::Duration crash_backoff{10'000'000'000};
};

struct SidecarMemorySettings {
  double idle_bytes = 0;  // without connections
  double per_connection = 0;
  double limit = 0;  // 0: none
  sim::Duration restart, crash_backoff;
};

class SidecarMemory final : public AdmissionPolicy, public PeerMemory {
 public:
  explicit SidecarMemory(const SidecarMemorySettings& settings) : s_(settings) { quiet_ = true; }
  Admission admit(const CallFacts&, sim::Stream&) override { return Admission::yes(); }
  const StatusLog* log() const override { return &log_; }
  StatusLog* log() override { return &log_; }
  double gauge() const override { return most_ / (1024.0 * 1024); }

  void opened() override {
    ++connections_;
    most_ = std::max(most_, bytes());
  }
  void closed() override { --connections_; }
  double bytes() const { return s_.idle_bytes + s_.per_connection * static_cast<double>(connections_); }
  bool must_die() const override { return s_.limit > 0 && log_.status() == kRunning && bytes() > s_.limit; }
  // It is killed; how long until it runs again.
  sim::Duration killed(sim::Instant now);
  void restarted(sim::Instant now);

 private:
  enum Status : std::uint8_t { kRunning, kKilled };
  SidecarMemorySettings s_;
  std::int64_t connections_ = 0;
  double most_ = 0;
  sim::Instant up_since_;
  sim::Duration backoff_{0};
  StatusLog log_;
};

class SidecarMemoryModel final : public AdmissionModel {
 public:
  explicit SidecarMemoryModel(const SidecarMemorySettings& settings) : s_(settings) {}
  std::unique_ptr<AdmissionPolicy> start() const override { return std::make_unique<SidecarMemory>(s_); }
  std::vector<std::string> statuses() const override { return {"running", "killed"}; }
  std::string gauge_name() const override { return "most_memory_mib"; }

 private:
  SidecarMemorySettings s_;
};

}  // namespace tailrace::models
