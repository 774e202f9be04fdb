#include "models/policies/order/order.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/catalog.hpp"

namespace tailrace::models {

namespace {

constexpr const char* kRetries = "retries";

void read_names(const Node& node, OrderSpec& spec, ReadContext& context) {
  if (!node.is_list()) {
    return context.error(node, "expected a list of policies, outermost first",
                         "[rate_limit, retries, circuit_breaker]");
  }
  for (const Node& item : node.items) {
    if (!item.is_scalar()) {
      context.error(item, "expected the name of a policy");
      continue;
    }
    spec.names.push_back(item.text);
    spec.marks.push_back(item.mark);
  }
}

// Those that can stand in an order: the admission policies of calls, and the retries.
std::vector<std::string_view> known_names() {
  std::vector<std::string_view> known{kRetries};
  for (const PolicyInfo& info : policies()) {
    if (info.seam == "admission" && info.name != "order" && info.fits(PolicyPlace::call))
      known.push_back(info.name);
  }
  return known;
}

void apply(const void* raw, PolicyTarget& target) {
  const OrderSpec& spec = *static_cast<const OrderSpec*>(raw);
  const std::vector<std::string_view> known = known_names();
  for (std::size_t i = 0; i < spec.names.size(); ++i) {
    const std::string& name = spec.names[i];
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string near = nearest_word(name, known);
      target.diagnostics.error(spec.marks[i], target.path,
                               fmt::format("\"{}\" has no place in the order", escaped(name)),
                               near.empty() ? fmt::format("one of {}", fmt::join(known, ", "))
                                            : fmt::format("did you mean {}?", near));
    }
    if (std::find(spec.names.begin(), spec.names.begin() + static_cast<std::ptrdiff_t>(i), name) !=
        spec.names.begin() + static_cast<std::ptrdiff_t>(i)) {
      target.diagnostics.error(spec.marks[i], target.path, fmt::format("\"{}\" stands twice", escaped(name)));
    }
  }
  const auto place = [&](const std::string& name) {
    return std::find(spec.names.begin(), spec.names.end(), name) - spec.names.begin();
  };
  const auto retries = place(kRetries);
  const auto end = static_cast<std::ptrdiff_t>(spec.names.size());
  std::vector<AdmissionUse>& uses = target.edge->admissions;
  // What the order does not name keeps its side of the retries, and stands innermost there.
  for (AdmissionUse& use : uses) {
    if (retries == end || place(use.policy) == end) continue;
    use.per_attempt = place(use.policy) > retries;
    if (use.per_attempt || use.scope != Scope::instance) continue;
    target.diagnostics.error(
        spec.marks[static_cast<std::size_t>(place(use.policy))], target.path,
        fmt::format("{} has a state for each instance, and before the retries no instance is chosen",
                    use.policy),
        "put it after retries, or give it scope: service");
  }
  std::stable_sort(uses.begin(), uses.end(), [&](const AdmissionUse& a, const AdmissionUse& b) {
    return place(a.policy) < place(b.policy);
  });
}

}  // namespace

PolicyInfo order_policy() {
  PolicyInfo info;
  info.name = "order";
  info.seam = "admission";
  info.places = {PolicyPlace::call};
  info.about = "In which order a call asks its admission policies, outermost first, and where retries stand.";
  info.fields =
      Fields<OrderSpec>("order", info.about)
          .custom("policies", FieldType::text, read_names,
                  "names of admission policies, and retries: what stands before it is asked once per "
                  "call, what stands after it for every attempt")
          .required()
          .shorthand("policies")
          .table();
  info.example = "[rate_limit, retries, circuit_breaker]";
  info.make = make_spec<OrderSpec>;
  info.apply = apply;
  return info;
}

}  // namespace tailrace::models
