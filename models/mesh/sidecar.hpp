#pragma once
// The two sides of a sidecar as policies at a door.
//
// InboundSidecar stands before a member's instance: a proxy with a few threads, each message taking one for a
// while. What it adds to a request and to its answer is spent on the request's way in, so that a policy can
// say it; a request waits for a thread as in a queue of c servers, worked out ahead since the work is
// constant.
//
// SidecarConfig is the configuration that one outbound sidecar has: which of the mesh's versions, and since
// when. The control plane pushes each change; while it is out, none, and the sidecar goes on with what it
// has. Cost: O(threads) a request; a comparison for each change that is not there yet.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/policy/seams.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::models {

class InboundSidecar final : public AdmissionPolicy {
 public:
  InboundSidecar(sim::Duration work, sim::Duration latency, std::size_t threads)
      : work_(work), latency_(latency), free_at_(threads) {}
  Admission admit(const CallFacts&, sim::Stream&) override;
  void settle(sim::Instant now) override { now_ = now; }
  double gauge() const override;  // threads busy, on average

 private:
  sim::Duration work_, latency_;
  std::vector<sim::Instant> free_at_;
  sim::Instant now_;
  double busy_ns_ = 0;
};

class InboundSidecarModel final : public AdmissionModel {
 public:
  InboundSidecarModel(sim::Duration work, sim::Duration latency, std::size_t threads)
      : work_(work), latency_(latency), threads_(threads) {}
  std::unique_ptr<AdmissionPolicy> start() const override {
    return std::make_unique<InboundSidecar>(work_, latency_, threads_);
  }
  std::string gauge_name() const override { return "busy_threads"; }

 private:
  sim::Duration work_, latency_;
  std::size_t threads_;
};

// When it was out; the last outage may last still.
struct ControlPlane {
  struct Outage {
    sim::Instant begins, ends{INT64_MAX};
  };
  std::vector<Outage> outages;
  std::uint32_t faults = 0;  // that hold it down now
  void change(bool begins, sim::Instant now);
};

class SidecarConfig final : public AdmissionPolicy {
 public:
  SidecarConfig(const std::vector<sim::Instant>& changes, const sim::Sampler& delay)
      : changes_(changes), delay_(delay) {}
  void bind(const ControlPlane* plane) { plane_ = plane; }
  Admission admit(const CallFacts&, sim::Stream&) override;
  void settle(sim::Instant now) override;
  const StatusLog* log() const override { return &log_; }
  StatusLog* log() override { return &log_; }
  std::uint8_t version() const { return log_.status(); }

 private:
  const std::vector<sim::Instant>& changes_;
  const sim::Sampler& delay_;
  const ControlPlane* plane_ = nullptr;
  std::vector<sim::Duration> delays_;  // of the pushes to this sidecar, drawn with its first request
  std::size_t next_ = 0;               // change
  StatusLog log_;
};

class SidecarConfigModel final : public AdmissionModel {
 public:
  SidecarConfigModel(std::vector<sim::Instant> changes, const sim::Distribution& delay)
      : changes_(std::move(changes)), kept_(delay), delay_(kept_) {}
  std::unique_ptr<AdmissionPolicy> start() const override {
    return std::make_unique<SidecarConfig>(changes_, delay_);
  }
  std::vector<std::string> statuses() const override;

 private:
  std::vector<sim::Instant> changes_;
  sim::Distribution kept_;
  sim::Sampler delay_;
};

}  // namespace tailrace::models
