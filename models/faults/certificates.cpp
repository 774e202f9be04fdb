// Faults of certificates.
#include "models/faults/faults.hpp"
#include "models/faults/telling.hpp"

namespace tailrace::models {

FaultInfo certificate_expired_fault() {
  FaultInfo f = telling_fault(
      "certificate_expired",
      "The instance's certificate is out of date until it is replaced, at the end of the duration. New "
      "connections over tls fail at once (outcome network); those that are open go on until they close. "
      "Calls without tls, and health checks, notice nothing.",
      "{type: certificate_expired, target: cart, start: 30s, duration: 20s}", kTakesInstances);
  f.apply = [](const void*, FaultParts& parts) { tell(parts, "certificate_expired"); };
  return f;
}

FaultInfo ca_outage_fault() {
  FaultInfo f = telling_fault(
      "ca_outage",
      "The authority that signs the certificates of these instances answers nobody: what they ask for with "
      "the policy certificate fails, and is asked again. It is felt when certificates end, not at once.",
      "{type: ca_outage, target: cart, start: 30s, duration: 20s}", kTakesInstances);
  f.apply = [](const void*, FaultParts& parts) { tell(parts, "ca_outage"); };
  return f;
}

}  // namespace tailrace::models
