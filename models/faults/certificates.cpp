// Faults of certificates.
#include "models/faults/faults.hpp"

namespace tailrace::models {

namespace {
struct Nothing {};
}  // namespace

FaultInfo certificate_expired_fault() {
  FaultInfo f;
  f.name = "certificate_expired";
  f.about =
      "The instance's certificate is out of date until it is replaced, at the end of the duration. New "
      "connections over tls fail at once (outcome network); those that are open go on until they close. "
      "Calls "
      "without tls, and health checks, notice nothing.";
  f.example = "{type: certificate_expired, target: cart, start: 30s, duration: 20s}";
  f.takes = kTakesInstances;
  f.ramps = false;
  f.fields = Fields<Nothing>("certificate_expired", f.about).table();
  f.make = [] { return std::static_pointer_cast<void>(std::make_shared<Nothing>()); };
  f.apply = [](const void*, FaultParts& parts) {
    FaultEffect e;
    e.action = FaultAction::notify;
    e.hook = "certificate_expired";
    parts.effects.push_back(e);
  };
  return f;
}

FaultInfo ca_outage_fault() {
  FaultInfo f;
  f.name = "ca_outage";
  f.about =
      "The authority that signs the certificates of these instances answers nobody: what they ask for with "
      "the "
      "policy certificate fails, and is asked again. It is felt when certificates end, not at once.";
  f.example = "{type: ca_outage, target: cart, start: 30s, duration: 20s}";
  f.takes = kTakesInstances;
  f.ramps = false;
  f.fields = Fields<Nothing>("ca_outage", f.about).table();
  f.make = [] { return std::static_pointer_cast<void>(std::make_shared<Nothing>()); };
  f.apply = [](const void*, FaultParts& parts) {
    FaultEffect e;
    e.action = FaultAction::notify;
    e.hook = "ca_outage";
    parts.effects.push_back(e);
  };
  return f;
}

}  // namespace tailrace::models
