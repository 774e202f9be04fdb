#pragma once
// Kind "network": what a message between two components goes through. One link per direction and pair of
// components that call each other; `default` applies to all of them, `links` to named pairs ("orders ->
// payments"). A link sends messages one after another (store and forward): each waits for the ones before it,
// is transmitted at the bandwidth, then travels for the latency. A lost transmission is repeated after the
// retransmit timeout; with packet_size a message is that many packets, lost independently, the lost ones sent
// again in rounds. Acknowledgements are not lost, and take the latency of the way back but no bandwidth.
//
// With initial_window a message of more packets sends that many, and twice as many each time that the first
// of a round is acknowledged, up to max_window; a loss sends it back to the first window. Each message begins
// anew: what a connection has learned of its path is left out. With `sharing: fair` messages are not sent one
// after another but at once, with equal parts of the bandwidth.
#include "models/field/field.hpp"
#include "models/field/name_pair.hpp"
#include "models/kind/kind.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

struct LinkSpec {
  std::optional<TimeDistribution> latency;
  std::optional<TimeDistribution> jitter;
  std::optional<Bandwidth> bandwidth;
  std::optional<Fraction> loss;
  std::optional<SizeDistribution> packet_size;
  std::optional<sim::Duration> retransmit_timeout;
  std::optional<Count> max_retransmissions;
  std::optional<Count> initial_window, max_window;
  std::optional<LinkSharing> sharing;
};

struct NamedLinkSpec {
  NamePair ends;
  Mark mark;
  std::string path;
  LinkSpec link;
};

struct NetworkSpec {
  LinkSpec fallback;
  std::vector<NamedLinkSpec> links;
};

Kind network_kind();

}  // namespace tailrace::models
