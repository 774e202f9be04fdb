#include "models/topology/key_lints.hpp"

#include <fmt/format.h>

#include <cmath>

#include "sim/random/distribution_impl.hpp"

namespace tailrace::models {

namespace {

constexpr double kFew = 100;  // keys; of more, nobody sees half of one

// What is drawn is rounded: from uniform(1, 10) a 1 comes of 1 to 1.5 only, a 2 of 1.5 to 2.5.
void warn_of_rare_ends(const sim::Distribution& law, Mark mark, const std::string& path,
                       Diagnostics& diagnostics) {
  if (law.kind() != sim::Distribution::Kind::uniform) return;
  const double a = law.impl().a, b = law.impl().b;
  if (a != std::floor(a) || b != std::floor(b) || b - a >= kFew) return;
  const double first = std::fmax(a, 1), last = first + b - a;  // no number below 0 is drawn
  diagnostics.warning(
      mark, path,
      fmt::format("uniform({:g}, {:g}) is rounded: its two ends come half as often as the keys between", a,
                  b),
      fmt::format("uniform({:g}, {:g}) draws each of {:g} to {:g} alike", first - 0.5, last + 0.5, first,
                  last));
}

}  // namespace

void lint_keys(const Topology& t, Diagnostics& diagnostics) {
  const auto mark = [&](int component) { return t.components[static_cast<std::size_t>(component)].mark; };
  for (const Workload& w : t.workloads) {
    for (const RequestClass& c : w.classes) {
      if (!c.key) continue;
      const std::string of = c.name.empty() ? "" : ".requests." + c.name;
      warn_of_rare_ends(*c.key, mark(w.component), "workloads." + w.name + of + ".key", diagnostics);
    }
  }
  for (const Cache& c : t.caches) {
    if (c.keys) warn_of_rare_ends(*c.keys, mark(c.component), "caches." + c.name + ".keys", diagnostics);
  }
  for (const Edge& e : t.edges) {
    if (e.publication == kNone) continue;
    const PublishSettings& p = t.publications[static_cast<std::size_t>(e.publication)];
    if (p.key) warn_of_rare_ends(*p.key, e.mark, e.path + ".key", diagnostics);
  }
}

}  // namespace tailrace::models
