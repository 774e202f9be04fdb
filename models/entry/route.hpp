#pragma once
// A route: the operation of a balancer, proxy or gateway that hands a request on to one target, or to one of
// several versions of it. Versions are chosen in this order, and each step only sees whom the one before
// left:
//
//   header   a share of the requests names the version (testers, a beta switch); drawn for each request
//   clients  a share of the clients, by the request's key: a client always meets the same version
//   weight   everybody else, by chance
#include <optional>
#include <string>
#include <vector>

#include "models/steps/steps.hpp"

namespace tailrace::models {

struct EntryVersionSpec {
  Reference calls;
  double weight = 0;
  Fraction clients, header;
  PolicySet policies;
};

struct EntryRouteSpec {
  std::optional<Reference> calls;
  std::vector<Named<EntryVersionSpec>> versions;
  std::optional<SizeDistribution> request_size, response_size;
  PolicySet policies;
};

FieldTable entry_route_fields();  // without policies
FieldTable entry_version_fields();
// `route.calls` or one of `route.versions`; false when it is neither or both. The builder's path is the
// route's.
bool check_entry_route(const EntryRouteSpec& route, Mark mark, TopologyBuilder& b);
void expand_entry_route(const EntryRouteSpec& route, TopologyBuilder& b, Steps& out);
// One call under the builder's path, with the route's sizes.
void expand_target(const Reference& target, const PolicySet& policies,
                   const std::optional<SizeDistribution>& request_size,
                   const std::optional<SizeDistribution>& response_size, TopologyBuilder& b, Steps& out);

// Routes by client and allow lists of clients mean something where requests have keys: reports those that ask
// for them where none has.
void check_client_keys(const Topology& topology, Diagnostics& diagnostics);

}  // namespace tailrace::models
