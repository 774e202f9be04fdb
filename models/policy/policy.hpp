#pragma once
// A policy as the catalog lists it, and sets of policies as scenarios write them. Adding a policy is one
// folder with one of these and one line in models/catalog.cpp: every place that carries policies of its sort
// (a call, outbound, inbound, a service, defaults) reads, checks, shows and documents it from here.
//
// Sets are merged by name, the narrowest first: what a call says, then its service's `outbound`, then
// `defaults`. `none` takes an inherited policy away.
#include <memory>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

// Where a policy can be written.
enum class PolicyPlace : std::uint8_t {
  call,     // a call, `outbound` of a service, defaults.outbound
  inbound,  // `inbound` of a service or database, defaults.inbound
  target,   // a service itself, about how its callers reach its instances; defaults
};

// What a policy may shape: exactly one of the pointers is set, by its place.
struct PolicyTarget {
  Edge* edge = nullptr;        // call
  Station* station = nullptr;  // inbound, target
  Mark mark;                   // of the policy
  std::string path;            // "services.orders.outbound.retries"
  const void* origin = nullptr;
  Diagnostics& diagnostics;

  // Puts an admission policy on the call, or at the door.
  void admission(std::string policy, std::shared_ptr<const AdmissionModel> model, Scope scope, bool shared);
};

struct PolicyInfo {
  std::string name;  // its key: "circuit_breaker"
  std::string seam;  // admission, selection, reaction, timing, queueing
  std::vector<PolicyPlace> places;
  std::string about;    // one sentence
  FieldTable fields;    // of its value
  std::string example;  // a minimal legal value, as YAML
  std::shared_ptr<void> (*make)() = nullptr;
  // Writes what the spec means into the edge or the station; reports what does not go together.
  void (*apply)(const void* spec, PolicyTarget&) = nullptr;
  // An admission policy is asked once per call, outside the retries, unless `order` says otherwise.
  bool outside_retries = false;

  bool fits(PolicyPlace place) const;
  std::string written_on() const;  // "a call, outbound or defaults.outbound"
};

// One policy as written somewhere.
struct WrittenPolicy {
  const PolicyInfo* info = nullptr;
  std::shared_ptr<const void> spec;  // null: `none`
  Mark mark;
  std::string path;
};
using PolicySet = std::vector<WrittenPolicy>;

// Fields of a table for all policies of a place: each is optional, and `none` takes it away.
void add_policy_fields(FieldTable& table, PolicyPlace place, PolicySet& (*set_of)(void* spec));
// A table that holds nothing but those (outbound, inbound).
FieldTable policy_set_fields(PolicyPlace place, std::string name, std::string about);
// What `inner` says, and what it leaves open from `outer`.
PolicySet merge_policies(const PolicySet& inner, const PolicySet& outer);
// Applies the set in the order of the catalog.
void apply_policies(const PolicySet& set, PolicyTarget target);

}  // namespace tailrace::models
