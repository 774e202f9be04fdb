#pragma once
// What the theory does not model, and which of its figures that spoils. Policies that refuse, repeat or
// reorder work have no place in the formulas, nor have messages that a broker routes or users in a loop send:
// rather than predict as if they were not there, every figure that such a policy can move is given up, with
// the policy as the reason; all other figures stand. Plain timeouts and retries are judged elsewhere.
//
// A doubt spreads as far as it can matter: what may be refused is not sent on, its caller may retry it or
// leave out its later steps, and who holds a worker meanwhile holds it for another time. It does not spread
// to what came before it on the way of a request. Cost: a few passes over the steps; nothing without
// policies.
#include <string>
#include <vector>

#include "analysis/prediction/layers.hpp"

namespace tailrace::analysis::detail {

// An empty reason: the figures stand.
struct Unmodelled {
  std::vector<std::string> rate;      // per station: how often it is visited, and so everything there
  std::vector<std::string> wait;      // per station: waits and responses
  std::vector<std::string> link;      // per link
  std::vector<std::string> workload;  // how long requests take, and how many succeed
  std::vector<std::string> notes;     // a sentence that names them all, or none

  bool empty() const { return notes.empty(); }
};

// After the layers are solved: whether calls can fail decides what fallbacks and budgets matter.
Unmodelled find_unmodelled(const Layers& layers);

}  // namespace tailrace::analysis::detail
