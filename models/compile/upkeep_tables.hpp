#pragma once
// Tables of what instances do of their own accord (models/topology/upkeep.hpp). Calls read none of them.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tailrace::models {

struct DiscoverySettings;

// Callers of one kind: each of their instances has a view.
struct DirectoryClientTable {
  std::uint32_t first_balancer = 0, callers = 1;
  std::uint32_t gate = 0xffffffffu;            // first admission state
  std::uint32_t first_instance = 0xffffffffu;  // none: a workload
  std::uint32_t ask_pc = 0xffffffffu;
  std::uint32_t first_view = 0;  // among all views of the model
};
struct DirectoryTable {
  std::uint32_t station = 0;
  std::uint32_t keeper = 0xffffffffu;  // station of the registry's nodes
  std::uint32_t beat_pc = 0xffffffffu;
  std::uint32_t first_entry = 0;  // of its instances, among all directories
  std::uint32_t push_draw = 0xffffffffu;
  std::vector<DirectoryClientTable> clients;
};

struct GatedTable {
  std::uint32_t station = 0;
  std::uint32_t first_state = 0;   // of its instances, among all gated ones
  std::vector<std::uint32_t> pcs;  // of its gates' calls
};

// Calls are counted by the zones of the two instances, where traffic between zones has a price.
struct EgressTable {
  std::vector<std::string> zones;
  std::vector<std::uint32_t> zone_of;  // by instance; zones.size(): none
  // A cell per edge and pair of zones that has a price: its count is at first_cell + from x zones + to.
  std::vector<std::uint32_t> first_cell;  // by edge; kNoId: not counted
  std::uint32_t cells = 0;
};

}  // namespace tailrace::models
