#include "models/catalog.hpp"

#include "models/database/database.hpp"
#include "models/network/network.hpp"
#include "models/policies/load_balancing/load_balancing.hpp"
#include "models/policies/retry/retry.hpp"
#include "models/policies/timeout/timeout.hpp"
#include "models/service/service.hpp"
#include "models/workload/workload.hpp"

namespace tailrace::models {

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> list = {workload_kind(), service_kind(), database_kind(), network_kind()};
  return list;
}

const std::vector<PolicyInfo>& policies() {
  static const std::vector<PolicyInfo> list = {timeout_policy(), retry_policy(), load_balancing_policy()};
  return list;
}

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : kinds()) {
    if (kind.name == name || kind.section == name) return &kind;
  }
  return nullptr;
}

}  // namespace tailrace::models
