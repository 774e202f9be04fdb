#pragma once
// Kind "segmentation": network policies, that is who may open a connection to whom. A call that they forbid
// is refused at once (outcome rejected, counted under the policy "segmentation"), and `check` says so before
// any run; a call that they allow may pay for the check on its way. What the rules leave open is what a
// compromised service can reach (analysis/graph/reach.hpp). Left out: rules by port, by label, and of traffic
// to the outside world.
#include <optional>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"

namespace tailrace::models {

struct SegmentationRuleSpec {
  Reference pair;  // "web -> orders"
};
enum class SegmentationDefault : std::uint8_t { deny, allow };
struct SegmentationSpec {
  SegmentationDefault otherwise = SegmentationDefault::deny;
  std::vector<SegmentationRuleSpec> allow, deny;
  std::optional<TimeDistribution> cost;
};

Kind segmentation_kind();

}  // namespace tailrace::models
