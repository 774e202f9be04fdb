#include "models/catalog.hpp"

#include <algorithm>
#include <utility>

#include "models/broker/broker.hpp"
#include "models/cache/cache.hpp"
#include "models/cloud_queue/cloud_queue_kind.hpp"
#include "models/database/database.hpp"
#include "models/faults/faults.hpp"
#include "models/gateway/gateway.hpp"
#include "models/job/job.hpp"
#include "models/log/log.hpp"
#include "models/mesh/mesh.hpp"
#include "models/network/network.hpp"
#include "models/outbox/outbox.hpp"
#include "models/policies/adaptive_concurrency/adaptive_concurrency.hpp"
#include "models/policies/adaptive_lifo/adaptive_lifo.hpp"
#include "models/policies/admission_control/admission_control.hpp"
#include "models/policies/allow_list/allow_list.hpp"
#include "models/policies/bulkhead/bulkhead.hpp"
#include "models/policies/cancellation/cancellation.hpp"
#include "models/policies/certificate/certificate.hpp"
#include "models/policies/circuit_breaker/circuit_breaker.hpp"
#include "models/policies/codel/codel.hpp"
#include "models/policies/connection_pool/connection_pool.hpp"
#include "models/policies/deadline/deadline.hpp"
#include "models/policies/cooperative_shedding/cooperative_shedding.hpp"
#include "models/policies/discovery/discovery.hpp"
#include "models/policies/early_drop/early_drop.hpp"
#include "models/policies/fallback/fallback.hpp"
#include "models/policies/health_check/health_check.hpp"
#include "models/policies/hedge/hedge.hpp"
#include "models/policies/load_balancing/load_balancing.hpp"
#include "models/policies/order/order.hpp"
#include "models/policies/outlier_detection/outlier_detection.hpp"
#include "models/policies/priority_shedding/priority_shedding.hpp"
#include "models/policies/quota/quota.hpp"
#include "models/policies/rate_limit/rate_limit.hpp"
#include "models/policies/retry/retry.hpp"
#include "models/policies/retry_budget/retry_budget.hpp"
#include "models/policies/retry_pushback/retry_pushback.hpp"
#include "models/policies/server_connections/server_connections.hpp"
#include "models/policies/timeout/timeout.hpp"
#include "models/policies/tls/tls.hpp"
#include "models/policies/transport/transport.hpp"
#include "models/prices/prices.hpp"
#include "models/proxy/proxy.hpp"
#include "models/segmentation/segmentation.hpp"
#include "models/service/service.hpp"
#include "models/topic/topic_kind.hpp"
#include "models/vpc/vpc.hpp"
#include "models/webhook/webhook.hpp"
#include "models/window/window_kind.hpp"
#include "models/workload/workload.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {

std::vector<Kind>& all_kinds() {
  static std::vector<Kind> list = {
      workload_kind(),    service_kind(), database_kind(),     cache_kind(),   broker_kind(),
      cloud_queue_kind(), log_kind(),     topic_kind(),        outbox_kind(),  webhook_kind(),
      job_kind(),         window_kind(),  proxy_kind(),        gateway_kind(), mesh_kind(),
      network_kind(),     vpc_kind(),     segmentation_kind(), prices_kind(),
  };
  return list;
}

// Admission policies stand in the order in which a call asks them, outermost first.
std::vector<PolicyInfo>& all_policies() {
  static std::vector<PolicyInfo> list = {
      deadline_policy(),
      timeout_policy(),
      cancellation_policy(),
      retry_policy(),
      hedge_policy(),  // looks at the per-try timeout
      retry_budget_policy(),
      fallback_policy(),
      allow_list_policy(),
      rate_limit_policy(),
      quota_policy(),
      admission_control_policy(),
      adaptive_concurrency_policy(),
      priority_shedding_policy(),
      cooperative_shedding_policy(),
      early_drop_policy(),
      circuit_breaker_policy(),
      bulkhead_policy(),
      connection_pool_policy(),
      transport_policy(),
      tls_policy(),  // secures the transport
      server_connections_policy(),
      certificate_policy(),
      codel_policy(),
      adaptive_lifo_policy(),  // wraps codel
      retry_pushback_policy(),
      load_balancer_policy(),
      discovery_policy(),
      outlier_detection_policy(),
      health_check_policy(),
      order_policy(),
  };
  return list;
}

}  // namespace

const std::vector<Kind>& kinds() {
  return all_kinds();
}

const std::vector<PolicyInfo>& policies() {
  return all_policies();
}

void add_kind(Kind kind) {
  TAILRACE_CHECK(find_kind(kind.name) == nullptr && find_kind(kind.section) == nullptr);
  std::vector<Kind>& list = all_kinds();
  const auto network =
      std::find_if(list.begin(), list.end(), [](const Kind& k) { return k.section == "network"; });
  list.insert(network, std::move(kind));
}

void add_policy(PolicyInfo policy) {
  std::vector<PolicyInfo>& list = all_policies();
  TAILRACE_CHECK(
      std::none_of(list.begin(), list.end(), [&](const PolicyInfo& p) { return p.name == policy.name; }));
  list.push_back(std::move(policy));
}

const std::vector<FaultInfo>& fault_types() {
  static const std::vector<FaultInfo> list = {
      pod_kill_fault(),
      pod_failure_fault(),
      zone_outage_fault(),  // pod_failure, under the name that people look for
      pause_fault(),
      cpu_stress_fault(),
      memory_stress_fault(),
      gray_fault(),
      clock_skew_fault(),
      delay_fault(),
      abort_fault(),
      dns_error_fault(),  // abort, of a resolver
      connection_refused_fault(),
      blackhole_fault(),
      latency_fault(),
      loss_fault(),
      corrupt_fault(),
      bandwidth_fault(),
      partition_fault(),
      load_spike_fault(),
      cache_flush_fault(),
      certificate_expired_fault(),
      ca_outage_fault(),
      control_plane_outage_fault(),
  };
  return list;
}

const Kind* find_kind(std::string_view name) {
  for (const Kind& kind : kinds()) {
    if (kind.name == name || kind.section == name) return &kind;
  }
  return nullptr;
}

}  // namespace tailrace::models
