#pragma once
// Kind "segmentation": network policies, that is who may open a connection to whom. A call that they forbid
// is refused at once (outcome rejected, counted under the policy "segmentation"), and `check` says so before
// any run; a call that they allow may pay for the check on its way. What the rules leave open is what a
// compromised service can reach (analysis/graph/reach.hpp).
//
//   allow, deny  pairs, one list of the two: "orders -> payments", "tier=web -> tier=api:8443"
//   policies     as Kubernetes' NetworkPolicy: whom one selects for a direction is isolated in it, and only
//                what some rule of some policy allows goes that way; a call needs both its caller's egress
//                and its callee's ingress
//
// Both hold where both are written. Left out: traffic to the outside world, address ranges, namespaces,
// answers (they take the way of their request, as with stateful filters).
#include <optional>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"

namespace tailrace::models {

struct SegmentationRuleSpec {
  Reference pair;  // "web -> orders", "tier=web -> orders:8443"
};
// One rule of a policy: who is at the other end, and at which ports.
struct PeerRuleSpec {
  Reference peer;                // `from` or `to`; empty: anybody
  std::vector<Reference> ports;  // none: any
};
struct NetworkPolicySpec {
  Reference select;
  std::vector<PeerRuleSpec> ingress, egress;
  bool isolates_in = false, isolates_out = false;  // that direction was written, as [] perhaps
};
enum class SegmentationDefault : std::uint8_t { deny, allow };
struct SegmentationSpec {
  std::optional<SegmentationDefault> otherwise;
  std::vector<SegmentationRuleSpec> allow, deny;
  std::vector<Named<NetworkPolicySpec>> policies;
  std::optional<TimeDistribution> cost;
};

Kind segmentation_kind();

}  // namespace tailrace::models
