#pragma once
// What instances do of their own accord, apart from any request: look up where their callees are, tell a
// registry that they live, fetch a secret before they serve, have their image looked at. Each such errand is
// an ordinary call of the topology to an ordinary operation, so whoever answers it queues, fails and is cut
// off like any other; a topology without errands has none of this.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/field/document.hpp"
#include "sim/base/time.hpp"
#include "sim/random/distribution.hpp"

namespace tailrace::models {

class AdmissionModel;

// The call of an errand: what was written, and once names are resolved its edges.
struct ErrandCall {
  std::string operation_name;  // "names.lookup"
  Mark mark;
  std::string path;
  sim::Duration timeout{5'000'000'000};
  int operation = -1;
};

enum class DiscoveryBy : std::uint8_t { dns, registry };

// Who asks for a station's addresses: one set of instances, each with a view of its own.
struct DiscoveryClient {
  int from_component = -1, from_station = -1;  // no station: a workload, whose users share one view
  int edge = -1;                               // of the errand: a lookup, or a read of the registry; -1: none
};

// How the callers of a station learn which instances it has.
struct DiscoverySettings {
  DiscoveryBy by = DiscoveryBy::dns;
  ErrandCall ask;  // a lookup, or a read of the registry
  // dns
  sim::Duration ttl{30'000'000'000};
  sim::Duration negative_ttl{5'000'000'000};  // of the answer that there is no address
  sim::Duration update_delay{0};              // of the records, after an instance has come or gone
  bool serve_stale = false;                   // when a lookup fails the last answer is kept
  // registry
  sim::Duration heartbeat{10'000'000'000};
  sim::Duration lease{30'000'000'000};
  std::optional<sim::Duration> poll;                              // none: changes are pushed
  sim::Distribution push_delay = sim::Distribution::constant(0);  // ns, of a change to one client
  bool stale_reads = true;                                        // a node without a quorum answers reads
  bool keep_last = true;  // a client that cannot ask goes on with what it knows
  int beat_edge = -1;
  std::vector<DiscoveryClient> clients;
  // Asked by each call before it chooses; none where a client always has a view.
  std::shared_ptr<const AdmissionModel> gate;
};

// What must succeed before an instance serves: at its start, and after each crash.
struct StartGate {
  std::string name;  // "secrets", "image_scan"
  ErrandCall call;
  sim::Duration retry_every{5'000'000'000};
  bool fail_open = false;              // a check that cannot be made is taken as passed
  std::optional<sim::Duration> lease;  // what was fetched is good for this long
  double renew_after = 2.0 / 3;        // of the lease
  int edge = -1;
};

// --- rules of the whole topology

// Who may open a connection to whom. `pairs` are components: the exceptions to what holds by default.
struct Segmentation {
  bool on = false;
  bool open = true;  // what no rule names is allowed
  std::vector<std::pair<int, int>> pairs;
  bool allows(int from, int to) const {
    for (const auto& [a, b] : pairs) {
      if (a == from && b == to) return !open;
    }
    return open || from == to;
  }
};

// Price of a GiB between zones; "" is any zone, and instances in no zone are in none.
struct EgressPrice {
  std::string from, to;
  double per_gib = 0;
};

// A version's place in a contract: what it answers to, and what it expects of others. Number 1 is what runs
// at the start, everywhere.
struct ApiVersion {
  std::int64_t oldest = 1, newest = 1;                // that it answers to
  std::vector<std::pair<int, std::int64_t>> expects;  // station, version
  bool gate = false;                                  // not rolled out while some live pair would not fit
};

}  // namespace tailrace::models
