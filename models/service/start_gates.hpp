#pragma once
// What an instance of a service needs before it serves, each a call that is tried until it succeeds: that
// its image is looked at (`image_scan`), then its secret (`secrets`). Both come before startup_time, at every
// start: scaling, deployments, and after a crash. The instances of the start of the run have passed.
//
// A secret has a lease. The instance renews it after a share of that and, while this fails, again and again;
// when the lease runs out it serves nobody until it has a new one. So a vault that is down is felt by what
// starts at once, and by what runs only when its lease is over.
#include <optional>
#include <vector>

#include "models/field/field.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

struct SecretsSpec {
  Reference from;
  std::optional<sim::Duration> lease;
  Fraction renew_after{2.0 / 3};
  sim::Duration retry_every{5'000'000'000};
  sim::Duration timeout{5'000'000'000};
};
struct ImageScanSpec {
  Reference by;
  sim::Duration retry_every{10'000'000'000};
  sim::Duration timeout{10'000'000'000};
  bool fail_open = false;
};

FieldTable secrets_fields();
FieldTable image_scan_fields();
std::vector<StartGate> start_gates(const std::optional<ImageScanSpec>& scan,
                                   const std::optional<SecretsSpec>& secrets, const std::string& path,
                                   Mark mark, Diagnostics& diagnostics);

}  // namespace tailrace::models
