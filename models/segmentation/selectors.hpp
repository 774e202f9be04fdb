#pragma once
// What a network policy selects: components by name or labels, operations by port. Labels are compared as in
// Kubernetes' equality-based selectors: "tier=web", "tier!=db", several with commas, all of which must hold;
// "tier!=db" also selects what has no such label.
#include <optional>
#include <string>
#include <vector>

#include "models/kind/builder.hpp"
#include "models/kind/labels.hpp"

namespace tailrace::models {

class Selectors {
 public:
  explicit Selectors(TopologyBuilder& b) : b_(b) {}

  // Components in ascending order; what selects nothing is reported, as an error where it is a name.
  std::vector<int> components(const std::string& text, Mark mark, const std::string& path);
  // Numbers or ranges, each with a protocol perhaps: 8443, 53/udp, 8000-8999. None: not understood, reported.
  struct Ports {
    Port first, last;
    bool holds(std::int64_t code) const { return code >= first.code && code <= last.code; }
  };
  std::optional<Ports> ports(const std::string& text, Mark mark, const std::string& path);

 private:
  std::vector<int> labelled(const std::string& text, Mark mark, const std::string& path);
  TopologyBuilder& b_;
};

}  // namespace tailrace::models
