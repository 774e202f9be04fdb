#pragma once
// Of channels whose messages lie in partitions, each on a few of the broker's nodes, one of which leads it at
// a time: what a fault on a partition asks. Small interfaces beside the seam of channel.hpp, as in
// extras.hpp.
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

}  // namespace tailrace::models
