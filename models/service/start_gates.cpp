#include "models/service/start_gates.hpp"

namespace tailrace::models {

FieldTable secrets_fields() {
  return Fields<SecretsSpec>("secrets", "A secret that an instance fetches before it serves, and renews.")
      .add("from", &SecretsSpec::from, "operation that hands it out, such as vault.read")
      .required()
      .add("lease", &SecretsSpec::lease, "for which it is good; default: for as long as the instance lives",
           at_least(1e6))
      .add("renew_after", &SecretsSpec::renew_after, "of the lease", between(0.01, 0.99))
      .add("retry_every", &SecretsSpec::retry_every, "after a failure", at_least(1e6))
      .add("timeout", &SecretsSpec::timeout, "of a try", more_than(0))
      .table();
}

FieldTable image_scan_fields() {
  return Fields<ImageScanSpec>("image_scan", "A look at its image, without which no instance starts.")
      .add("by", &ImageScanSpec::by, "operation that looks, such as scanner.scan")
      .required()
      .add("retry_every", &ImageScanSpec::retry_every, "after a failure", at_least(1e6))
      .add("timeout", &ImageScanSpec::timeout, "of a try", more_than(0))
      .add("fail_open", &ImageScanSpec::fail_open, "an image that nobody can look at is let through")
      .table();
}

namespace {

// What both have: whom they ask, for how long, and when again.
template <class Spec>
StartGate gate_of(const char* name, const Spec& spec, const Reference& asked, const std::string& path) {
  StartGate g;
  g.name = name;
  g.call.operation_name = asked.text;
  g.call.mark = asked.mark;
  g.call.path = path;
  g.call.timeout = spec.timeout;
  g.retry_every = spec.retry_every;
  return g;
}

}  // namespace

std::vector<StartGate> start_gates(const std::optional<ImageScanSpec>& scan,
                                   const std::optional<SecretsSpec>& secrets, const std::string& path,
                                   Mark mark, Diagnostics& diagnostics) {
  std::vector<StartGate> gates;
  if (scan) {
    StartGate g = gate_of("image_scan", *scan, scan->by, path + ".image_scan.by");
    g.fail_open = scan->fail_open;
    gates.push_back(std::move(g));
  }
  if (secrets) {
    StartGate g = gate_of("secrets", *secrets, secrets->from, path + ".secrets.from");
    g.lease = secrets->lease;
    g.renew_after = secrets->renew_after.value;
    if (secrets->lease && secrets->timeout >= *secrets->lease)
      diagnostics.error(mark, path + ".secrets.timeout", "a try may take longer than the lease",
                        "a shorter timeout, or a longer lease");
    gates.push_back(std::move(g));
  }
  return gates;
}

}  // namespace tailrace::models
