#pragma once
// Selection seam: how callers learn which instances there are. Without it they know at once. With it each
// instance of a caller has a view of its own, and its balancer chooses among that, right or wrong.
//
//   dns       A call that finds no answer, or one older than its ttl, looks up first; others that come
//             meanwhile wait for that lookup. The answer is kept for its ttl whatever happens, so calls go on
//             to an address that is dead. An answer without addresses (NXDOMAIN) is kept for negative_ttl, a
//             lookup that failed (SERVFAIL, no answer) for failure_ttl: until then nobody asks again, so an
//             outage of the resolver is felt for up to that much longer than it lasts.
//   registry  Instances tell the registry every `heartbeat` that they live; one that has not been heard of
//             for `lease` is taken out. Changes are pushed to callers, or read by them every `poll`.
//
// Asks and heartbeats are ordinary calls to the operations that are named: names.lookup, consul.read. Closed
// forms (tests hold them): an instance that crashes at c is taken out lease after its last heartbeat, in
// lease - heartbeat/2 on average over c; readers every P learn of a change P/2 later on average; of n
// addresses with one dead, round robin sends 1/n of the calls there until the ttl is over.
//
// Written at a service it is how all find that service; written at a call, an outbound or defaults.outbound
// it is how this caller finds whom it calls, and goes before what the callee says: client-side discovery by
// DNS beside others that watch a registry.
//
// Left out: what the client library caches beside addresses, registries that lose what they knew.
#include <memory>

#include "models/field/field.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

struct DiscoverySpec {
  Reference dns, registry;
  std::optional<sim::Duration> ttl, negative_ttl, failure_ttl, update_delay, heartbeat, lease, poll;
  std::optional<TimeDistribution> push_delay;
  std::optional<bool> serve_stale, stale_reads;
  std::optional<bool> keep_last;
  sim::Duration timeout{5'000'000'000};
};

PolicyInfo discovery_policy();

// On the call that finds its target in a way of its own. Not asked itself: the compiler puts a gate in its
// place.
class OwnDiscovery final : public AdmissionModel {
 public:
  OwnDiscovery(std::shared_ptr<DiscoverySettings> settings, int station)
      : settings_(std::move(settings)), station_(station) {}
  std::unique_ptr<AdmissionPolicy> start() const override;
  const std::shared_ptr<DiscoverySettings>& settings() const { return settings_; }
  int station() const { return station_; }  // whom it finds; none before names are resolved

 private:
  std::shared_ptr<DiscoverySettings> settings_;
  int station_;
};
inline constexpr const char* kDiscovery = "discovery";
const OwnDiscovery* own_discovery_of(const Edge& edge);
// How the call finds its target: its own way, or the target's; none: it knows at once.
const DiscoverySettings* discovery_of(const Topology& topology, const Edge& edge);
// By station: how it is found, its own first, then those of its callers in the order of their calls.
std::vector<std::vector<const DiscoverySettings*>> discoveries_of(const Topology& topology);

// What one client knows, for those that must ask before they choose.
class AddressBook {
 public:
  enum class Answer : std::uint8_t { known, wait, none };
  virtual ~AddressBook() = default;
  // A lookup that failed no longer ago than `failed_for` is not repeated.
  virtual Answer ask(std::uint32_t view, sim::Instant now, sim::Duration failed_for) = 0;
};

// Asked once per call, before everything else. The run binds it to its client's view.
class DiscoveryGate final : public AdmissionPolicy {
 public:
  explicit DiscoveryGate(sim::Duration failure_ttl) : failure_ttl_(failure_ttl) {}
  void bind(AddressBook* book, std::uint32_t view) { book_ = book, view_ = view; }
  Admission admit(const CallFacts& facts, sim::Stream&) override;

 private:
  sim::Duration failure_ttl_;
  AddressBook* book_ = nullptr;
  std::uint32_t view_ = 0;
};

}  // namespace tailrace::models
