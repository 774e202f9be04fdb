#pragma once
// How a call crosses: its protocol, the connections it uses and what its messages cost at both ends. It is an
// admission policy (connections.hpp) that also tells the run what a message costs (settings.hpp); the work is
// done by the services' own workers and cores, around the call and around the operation. `tls` says how its
// connections are secured.
#include <memory>
#include <vector>

#include "models/policies/transport/connections.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

class TransportModel final : public AdmissionModel {
 public:
  TransportModel(const TransportSpec& spec, const TlsSpec* tls, const void* secured_by = nullptr)
      : spec_(spec), settings_(settings_of(spec, tls)), secured_by_(secured_by) {}
  TransportModel(const TransportSpec& spec, const TransportSettings& settings, const void* secured_by)
      : spec_(spec), settings_(settings), secured_by_(secured_by) {}
  std::unique_ptr<AdmissionPolicy> start() const override { return std::make_unique<Connections>(settings_); }
  std::string gauge_name() const override { return "open_connections"; }
  const TransportSpec& spec() const { return spec_; }
  const TransportSettings& settings() const { return settings_; }
  const void* secured_by() const { return secured_by_; }

 private:
  TransportSpec spec_;
  TransportSettings settings_;
  const void* secured_by_;  // the tls spec: equal where it was written once
};

// The transport among the policies of a call; null where it has none.
const TransportModel* transport_of(const std::vector<AdmissionUse>& admissions);
// Puts a transport on a call, secured or not; `origin` as in AdmissionUse.
void add_transport(std::vector<AdmissionUse>& admissions, std::shared_ptr<const TransportModel> model,
                   const void* origin);
// What does not go with a transport.
void check_transports(const Topology& topology, Diagnostics& diagnostics);

PolicyInfo transport_policy();

}  // namespace tailrace::models
