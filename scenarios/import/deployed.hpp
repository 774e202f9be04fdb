#pragma once
// What compose files and Kubernetes manifests have in common: things that run, what image they run, how many,
// with how many cores, and whom their environment names. They say nothing of times and loads, so those are
// assumed, once for services, databases and caches.
#include <optional>
#include <string>
#include <vector>

#include "scenarios/import/draft.hpp"

namespace tailrace::scenarios {

enum class Role { service, database, cache };

struct Deployed {
  std::string name;
  std::vector<std::string> aliases;  // names by which others reach it, its own included
  std::string image;
  std::uint64_t replicas = 1;
  double cpus = 0;
  std::uint64_t min_replicas = 0, max_replicas = 0;
  double cpu_target = 0;
  bool entry = false;                    // reached from outside
  std::vector<std::string> depends;      // names, in order
  std::vector<std::string> environment;  // values
};

// The cores that a part says it has, "" where it says nothing: 0. So is what cannot be read, with a note.
double cores_said(const std::string& text, const std::string& part, std::vector<std::string>& notes);

Role role_of(const std::string& image, const std::string& name);

// Whether a value of the environment names a host: all of it, behind // or @, before a port, or as a host's
// first label (cart.shop.svc).
bool names_host(const std::string& value, const std::string& host);

// Entry points that are databases are none; where there are no others, whoever nobody calls is one.
Draft draft_of(const std::vector<Deployed>& parts, std::optional<double> rate);

}  // namespace tailrace::scenarios
