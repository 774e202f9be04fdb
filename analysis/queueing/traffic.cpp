#include "analysis/queueing/traffic.hpp"

#include <Eigen/SparseLU>
#include <algorithm>
#include <cmath>
#include <utility>

namespace tailrace::analysis::detail {
namespace {

// More visits per request than this is a loop with a gain of 1 behind rounding.
constexpr double kMaxVisits = 1e12;
// Loops of more stations are tried by iteration before they are factorised.
constexpr int kLargeLoop = 300;

struct Arc {
  int to;
  double calls;
};

// Tarjan's strongly connected components with an explicit stack (chains may be 10^5 long). Components come
// out in reverse topological order: callees before callers.
std::vector<std::vector<int>> components(const std::vector<std::vector<Arc>>& out) {
  const std::size_t n = out.size();
  std::vector<int> index(n, -1), low(n, 0), stack;
  std::vector<char> on_stack(n, 0);
  std::vector<std::pair<int, std::size_t>> work;
  std::vector<std::vector<int>> result;
  int next = 0;
  for (std::size_t root = 0; root < n; ++root) {
    if (index[root] >= 0) continue;
    work.emplace_back(static_cast<int>(root), 0);
    while (!work.empty()) {
      const int v = work.back().first;
      const auto vi = static_cast<std::size_t>(v);
      if (work.back().second == 0) {
        index[vi] = low[vi] = next++;
        stack.push_back(v);
        on_stack[vi] = 1;
      }
      if (work.back().second < out[vi].size()) {
        const int w = out[vi][work.back().second++].to;
        const auto wi = static_cast<std::size_t>(w);
        if (index[wi] < 0) {
          work.emplace_back(w, 0);
        } else if (on_stack[wi]) {
          low[vi] = std::min(low[vi], index[wi]);
        }
        continue;
      }
      work.pop_back();
      if (!work.empty()) {
        auto& parent = low[static_cast<std::size_t>(work.back().first)];
        parent = std::min(parent, low[vi]);
      }
      if (low[vi] != index[vi]) continue;
      result.emplace_back();
      for (int w = -1; w != v;) {
        w = stack.back();
        stack.pop_back();
        on_stack[static_cast<std::size_t>(w)] = 0;
        result.back().push_back(w);
      }
      std::sort(result.back().begin(), result.back().end());
    }
  }
  return result;
}

enum class Verdict { solved, endless, undecided };

// The rounds of calls added up, x = b + P^T b + (P^T)^2 b + ..., for loops so large and tangled that a
// factorisation fills in. The rest of the series is bounded by the ratio of successive rounds (Collatz and
// Wielandt: the spectral radius lies between the smallest and the largest ratio once every station takes
// part). Undecided when the loop gains almost 1 or its rounds alternate: then LU has the word.
Verdict add_up_rounds(const Eigen::SparseMatrix<double>& p_transposed, const Eigen::VectorXd& b,
                      Eigen::VectorXd& x) {
  constexpr int kMaxRounds = 2000;
  constexpr double kTolerance = 1e-13;
  x = b;
  Eigen::VectorXd round = b;
  for (int k = 0; k < kMaxRounds; ++k) {
    const Eigen::VectorXd next = p_transposed * round;
    if (round.minCoeff() > 0) {
      const Eigen::ArrayXd ratio = next.array() / round.array();
      const double most = ratio.maxCoeff();
      if (ratio.minCoeff() >= 1 - 1 / kMaxVisits) return Verdict::endless;
      if (most < 1 && (next.array() / (1 - most) <= kTolerance * x.array()).all()) {
        x += next / (1 - most);
        return Verdict::solved;
      }
    }
    x += next;
    round = next;
  }
  return Verdict::undecided;
}

// Solves one loop: rates of `members` from what flows in. False when the loop feeds itself without end. The
// matrix I - P^T restricted to a strongly connected set with some inflow has a positive solution if and only
// if the spectral radius of P is below 1 (Berman and Plemmons 1979, ch. 6), so the sign of the answer is the
// test.
bool solve_loop(const std::vector<int>& members, const std::vector<std::vector<Arc>>& out,
                std::vector<int>& position, std::vector<double>& rates) {
  const int n = static_cast<int>(members.size());
  double inflow = 0;
  Eigen::VectorXd b(n);
  for (int i = 0; i < n; ++i) {
    position[static_cast<std::size_t>(members[static_cast<std::size_t>(i)])] = i;
    b[i] = rates[static_cast<std::size_t>(members[static_cast<std::size_t>(i)])];
    inflow += b[i];
  }
  if (!(inflow > 0)) return true;
  std::vector<Eigen::Triplet<double>> entries;
  for (int i = 0; i < n; ++i) {
    for (const Arc& arc : out[static_cast<std::size_t>(members[static_cast<std::size_t>(i)])]) {
      const int j = position[static_cast<std::size_t>(arc.to)];
      if (j >= 0) entries.emplace_back(j, i, arc.calls);
    }
  }
  for (const int m : members) position[static_cast<std::size_t>(m)] = -1;
  const auto store = [&](const Eigen::VectorXd& x) {
    for (int i = 0; i < n; ++i) {
      rates[static_cast<std::size_t>(members[static_cast<std::size_t>(i)])] = std::max(0.0, x[i]);
    }
  };
  Eigen::SparseMatrix<double> p_transposed(n, n), a(n, n);
  p_transposed.setFromTriplets(entries.begin(), entries.end());
  if (n > kLargeLoop) {
    Eigen::VectorXd x;
    const Verdict verdict = add_up_rounds(p_transposed, b, x);
    if (verdict == Verdict::solved) store(x);
    if (verdict != Verdict::undecided) return verdict == Verdict::solved;
  }
  a.setIdentity();
  a -= p_transposed;
  a.makeCompressed();
  Eigen::SparseLU<Eigen::SparseMatrix<double>> lu;
  lu.compute(a);
  if (lu.info() != Eigen::Success) return false;
  const Eigen::VectorXd x = lu.solve(b);
  for (int i = 0; i < n; ++i) {
    if (!(x[i] > -1e-9 * inflow) || !(x[i] < kMaxVisits * inflow)) return false;
  }
  if (!((a * x - b).cwiseAbs().maxCoeff() <= 1e-6 * std::max(inflow, x.maxCoeff()))) return false;
  store(x);
  return true;
}

}  // namespace

Traffic solve_traffic(const OpenNetwork& network) {
  std::vector<std::vector<Arc>> out(network.stations.size());
  for (const Routing& r : network.routing) {
    if (r.calls > 0) out[static_cast<std::size_t>(r.from)].push_back({r.to, r.calls});
  }
  Traffic traffic;
  traffic.rates = network.external_rates_per_s;
  std::vector<int> position(out.size(), -1);
  const std::vector<std::vector<int>> order = components(out);
  // One block per loop: the triangular rest needs no factorisation and LU sees no fill-in from it.
  for (auto block = order.rbegin(); block != order.rend(); ++block) {
    const int first = block->front();
    const bool self_call =
        std::any_of(out[static_cast<std::size_t>(first)].begin(), out[static_cast<std::size_t>(first)].end(),
                    [&](const Arc& a) { return a.to == first; });
    const bool loop = block->size() > 1 || self_call;
    if (loop && !solve_loop(*block, out, position, traffic.rates)) {
      traffic.ends = false;
      traffic.rates.clear();
      traffic.loop = *block;
      return traffic;
    }
    for (const int m : *block) position[static_cast<std::size_t>(m)] = 0;
    for (const int m : *block) {
      for (const Arc& arc : out[static_cast<std::size_t>(m)]) {
        const auto to = static_cast<std::size_t>(arc.to);
        if (position[to] < 0) traffic.rates[to] += traffic.rates[static_cast<std::size_t>(m)] * arc.calls;
      }
    }
    for (const int m : *block) position[static_cast<std::size_t>(m)] = -1;
  }
  return traffic;
}

}  // namespace tailrace::analysis::detail
