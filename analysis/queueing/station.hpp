#pragma once
// What the network solvers know of one station: how many servers, how long a visit takes, in what order
// visits are served. A "visit" is one call that does its work here; holding a server while waiting for a
// downstream call is not expressed (the caller may add the downstream response to the service time and
// iterate).
#include <string>
#include <vector>

namespace tailrace::analysis {

enum class Discipline {
  fcfs,               // product form only with exponential service
  processor_sharing,  // c servers as c cores: rate min(1, c/n) each; any service law
  lifo_preemptive,    // one server only; any service law
};

struct Station {
  std::string name;
  int servers = 1;            // 0: unlimited, a pure delay
  double service_mean_s = 0;  // of one visit; 0 is allowed and costs nothing
  double service_scv = 1;     // variance / mean^2 of the service time
  Discipline discipline = Discipline::fcfs;
  // Of a load-dependent station, in closed networks only: with k visits inside, work is done at speeds[k - 1]
  // times the speed of a lone one, and more than `servers` of them are no faster than `servers`. One entry
  // per server, first 1, none below the one before it. Empty: k servers do k times the work of one.
  std::vector<double> speeds{};
};

// Of all servers together.
inline double top_speed(const Station& s) {
  return s.speeds.empty() ? s.servers : s.speeds.back();
}

// Whether the station keeps a product form whatever its load: Baskett, Chandy, Muntz and Palacios (1975).
inline bool has_product_form(const Station& s) {
  return s.servers == 0 || s.discipline != Discipline::fcfs || s.service_scv == 1;
}

}  // namespace tailrace::analysis
