#include "cli/cluster_crew.hpp"

#include <algorithm>
#include <utility>

#include "cli/arguments.hpp"
#include "cli/exit_code.hpp"
#include "cli/signals.hpp"
#include "models/runtime/record_bytes.hpp"
#include "scenarios/sweep/sweep.hpp"

namespace tailrace::cli {

std::string identity_of(const std::vector<scenarios::SweepScenario>& scenarios) {
  std::string identity;
  for (const scenarios::SweepScenario& s : scenarios)
    identity += scenarios::PointNames(s, kVersion).name({}, {});
  return identity;
}

void ClusterCrew::run(const std::vector<scenarios::CrewTask>& tasks, const scenarios::CrewOptions& options,
                      const std::function<bool(std::size_t, models::RunRecord)>& done) {
  std::vector<std::string> items;
  for (const scenarios::CrewTask& task : tasks) items.push_back(scenarios::task_bytes(task));
  Cluster::Hand hand;
  hand.accept = [&](std::size_t i, const std::string& bytes) {
    models::RunRecord record;
    if (!models::read_record(bytes, record))
      throw scenarios::CrewLost("a rank could not build what it should simulate");
    return done(i, std::move(record));
  };
  hand.tick = [&] {
    if (options.tick) options.tick();
  };
  hand.stop = [&] { return options.interrupt != nullptr && options.interrupt->load() != 0; };
  if (const std::string fault = cluster_.hand_out(items, hand); !fault.empty())
    throw scenarios::CrewLost(fault);
}

int follow(Cluster& cluster, scenarios::CrewMember::Build build, int jobs) {
  const WatchedRun watched;
  const int width = std::max(1, jobs);
  scenarios::CrewMember member(std::move(build), width);
  Cluster::Service service;
  service.width = static_cast<std::size_t>(width);
  service.interrupted = [] { return interrupted_by() != 0; };
  service.work = [&](const std::vector<std::string>& items, const Cluster::Beat& beat) {
    Cluster::Results results;
    scenarios::CrewOptions options;
    options.interrupt = interrupt_flag();
    options.tick = [&] { beat(std::exchange(results, {})); };
    member.run(items, options,
               [&](std::size_t i, std::string bytes) { results.emplace_back(i, std::move(bytes)); });
  };
  cluster.serve(service);
  return kGood;
}

}  // namespace tailrace::cli
