#pragma once
// Of channels whose messages lie in partitions, each on a few of the broker's nodes, one of which leads it at
// a time: what a fault on a partition asks, and what it does. Small interfaces beside the seam of
// channel.hpp, as in extras.hpp.
#include <cstdint>
#include <vector>

namespace tailrace::models {

// Of a channel.
class Partitions {
 public:
  virtual ~Partitions() = default;
  virtual std::uint32_t leader(std::uint32_t partition) const = 0;  // a node; kNobody: there is none now
};

// Of its model.
class Partitioned {
 public:
  virtual ~Partitioned() = default;
  virtual std::uint32_t partitions() const = 0;
  virtual std::vector<std::uint32_t> nodes_of(std::uint32_t partition) const = 0;  // that have a copy
};

// Of a host: how many times as long the broker's nodes take for what they do now. Hosts without it have nodes
// that nothing slows.
class NodeSpeeds {
 public:
  virtual ~NodeSpeeds() = default;
  virtual bool may_be_slow() const = 0;  // some node, at some time
  virtual double slowness(std::uint32_t node) const = 0;
};

}  // namespace tailrace::models
