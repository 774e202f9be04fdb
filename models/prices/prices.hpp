#pragma once
// Section "prices": what things cost, in any one currency. `units` are prices for an hour of one of what a
// path of the scenario counts (replicas, workers, connections, partitions); traffic between zones has a price
// for each GiB. Every attempt from an instance in one zone to an instance in another pays for its request and
// its answer, at their mean sizes (1 KiB unless the call says otherwise); instances without a zone, and
// workloads, are in none and cost nothing. Prices change nothing of a run. `plan` minimises by them, `run`
// and `compare` report what the scenario costs (analysis/cost).
#include <optional>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"

namespace tailrace::models {

struct UnitPriceSpec {
  std::string of;    // services.cart.replicas, services.*.replicas
  double price = 0;  // of one, for an hour
};
struct TrafficPriceSpec {
  Reference zones;  // "west -> east"
  double per_gib = 0;
};
struct PricesSpec {
  std::vector<UnitPriceSpec> units;
  std::vector<TrafficPriceSpec> traffic;
  double between_zones = 0;
};

Kind prices_kind();

// Something that costs by the hour.
struct PricedUnit {
  std::string path;
  double price = 0;
  double amount = 0;    // as the scenario has it; replicas of autoscaled services: at the start
  int station = kNone;  // whose instances these are; kNone: something else
};
// All that has a price, in the order of the section and then of the file. A path is priced once: a path's own
// price stands before one with a star.
std::vector<PricedUnit> priced_units(const ScenarioDoc& doc, const Topology& topology);
// What the section says of a path, whether the scenario has it or not.
std::optional<double> unit_price(const ScenarioDoc& doc, const std::string& path);

// Paths that name nothing, or nothing that can be counted.
void check_prices(const ScenarioDoc& doc, const Topology& topology, Diagnostics& diagnostics);

}  // namespace tailrace::models
