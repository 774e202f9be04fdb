#pragma once
// Replications over the ranks of a cluster: the first rank's crew, and what the other ranks do for it.
#include <memory>
#include <string>
#include <vector>

#include "cli/cluster.hpp"
#include "scenarios/run/crew.hpp"
#include "scenarios/sweep/point.hpp"

namespace tailrace::cli {

// What all ranks must agree on: the scenarios with their data files, seed, replications and the version.
std::string identity_of(const std::vector<scenarios::SweepScenario>& scenarios);

class ClusterCrew final : public scenarios::Crew {
 public:
  explicit ClusterCrew(Cluster& cluster) : cluster_(cluster) {}
  void run(const std::vector<scenarios::CrewTask>& tasks, const scenarios::CrewOptions& options,
           const std::function<bool(std::size_t, models::RunRecord)>& done) override;

 private:
  Cluster& cluster_;
};

// A follower's whole work; `jobs` 0 is one, since cores are shared out as ranks. Returns the exit code.
int follow(Cluster& cluster, scenarios::CrewMember::Build build, int jobs);

}  // namespace tailrace::cli
