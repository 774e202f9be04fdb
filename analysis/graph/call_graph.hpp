#pragma once
// The shape of a topology, without running it: loops, services that no request reaches, single points of
// failure, who matters to how many others, how deep synchronous calls go. Everything is exact except the
// betweenness of large graphs and the list of loops, which are bounded by named limits; results come in a
// fixed order (node index, or the stated key). Nothing recurses: a chain of 10^5 calls is fine. Cost: near
// linear in edges, except the two rankings: 10^4 nodes with 10^5 edges take under a second. Left out: what
// happens in time; a loop may still end (every round has a probability, see the open network's solution).
#include <string>
#include <vector>

namespace tailrace::analysis {

struct CallGraph {
  struct Edge {
    int from = 0, to = 0;
    double calls_per_request = 1;
    double probability = 1;
    bool synchronous = true;  // the caller waits for it
    double latency_s = 0;     // of the network, both ways
  };
  std::vector<std::string> nodes;
  std::vector<Edge> edges;          // an edge with no calls or probability 0 is ignored
  std::vector<int> roots;           // where requests enter
  std::vector<double> node_time_s;  // one per node, or empty
  std::vector<int> replicas;        // one per node, or empty: then nothing is a single point of failure
};

inline constexpr int kMaxCycles = 20;            // elementary loops listed in all
inline constexpr int kMaxListedDependents = 20;  // nodes listed per single point of failure

struct Cycle {
  std::vector<int> nodes;   // in call order, smallest index first; the last calls the first
  bool synchronous = true;  // every step waits for the next: a request can wait for itself
};

// A strongly connected set of nodes: more than one, or one that calls itself.
struct Loop {
  std::vector<int> members;  // ascending
  Cycle shortest;
};

struct SinglePoint {
  int node = 0;
  int dependents = 0;             // nodes that requests reach only through it
  std::vector<int> some_of_them;  // the nearest, at most kMaxListedDependents
};

struct NodeRank {
  int node = 0;
  double betweenness =
      0;               // share of shortest call paths between other nodes that pass here, summed over pairs
  int dependents = 0;  // nodes that call it directly or indirectly: who notices when it fails
};

struct CallGraphReport {
  bool ok = true;
  std::string message;  // why not ok

  std::vector<Loop> loops;      // by smallest member
  std::vector<Cycle> cycles;    // up to kMaxCycles elementary cycles, shortest first
  bool cycles_complete = true;  // false: there are, or may be, more

  std::vector<int> unreachable;  // from any root, ascending
  std::vector<int>
      immediate_dominator;  // per node; -1: none (a root, unreachable, or reached on separate ways)
  std::vector<SinglePoint> single_points;  // one replica and somebody behind it; most dependents first

  std::vector<NodeRank> ranking;  // most dependents first, then betweenness, then index
  bool betweenness_exact = true;  // false: estimated from evenly spaced sources (Brandes and Pich 2007)

  // Over synchronous calls from the roots; a loop counts as one node, its slowest.
  std::vector<int> longest_path;  // by node time + latency
  double longest_path_s = 0;
  std::vector<int> deepest_chain;  // by number of nodes
  bool depth_bounded = true;       // false: a synchronous loop is reachable, the chain has no end of its own
  int max_fan_out = 0;             // distinct callees of one node
  int max_fan_out_node = -1;
};

CallGraphReport analyze_call_graph(const CallGraph& graph);

// "cart -> stock -> cart"
std::string describe(const CallGraph& graph, const Cycle& cycle);

}  // namespace tailrace::analysis
