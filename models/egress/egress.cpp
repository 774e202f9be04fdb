#include "models/egress/egress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tailrace::models {

namespace {

std::string trimmed(const std::string& s) {
  const auto first = s.find_first_not_of(" \t");
  const auto last = s.find_last_not_of(" \t");
  return first == std::string::npos ? std::string() : s.substr(first, last - first + 1);
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const EgressSpec& spec = *static_cast<const EgressSpec*>(raw);
  std::set<std::string, std::less<>> zones;
  for (const Station& s : b.topology.stations) {
    for (const InstanceGroup& g : s.groups) {
      if (!g.zone.empty()) zones.insert(g.zone);
    }
  }
  if (spec.prices.empty() && spec.between_zones == 0)
    b.diagnostics.error(b.topology.components[static_cast<std::size_t>(component)].mark, "egress",
                        "nothing has a price", "between_zones: 0.01");
  for (std::size_t i = 0; i < spec.prices.size(); ++i) {
    const EgressPriceSpec& price = spec.prices[i];
    const std::string path = fmt::format("egress.prices[{}].zones", i);
    const std::string& text = price.zones.text;
    const auto arrow = text.find("->");
    EgressPrice out;
    out.per_gib = price.per_gib;
    if (arrow != std::string::npos) {
      out.from = trimmed(text.substr(0, arrow));
      out.to = trimmed(text.substr(arrow + 2));
    }
    if (out.from.empty() || out.to.empty()) {
      b.diagnostics.error(price.zones.mark, path,
                          fmt::format("expected a pair of zones, found \"{}\"", escaped(text)),
                          "zones: \"west -> east\"");
      continue;
    }
    for (const std::string* zone : {&out.from, &out.to}) {
      if (zones.contains(*zone) || b.components_unread) continue;
      const std::vector<std::string_view> known(zones.begin(), zones.end());
      const std::string near = nearest_word(*zone, known);
      b.diagnostics.error(
          price.zones.mark, path, fmt::format("no instance is in a zone \"{}\"", escaped(*zone)),
          near.empty() ? "instances: [{count: 2, zone: west}]" : fmt::format("did you mean {}?", near));
    }
    b.topology.egress.push_back(std::move(out));
  }
  if (spec.between_zones > 0) b.topology.egress.push_back({"", "", spec.between_zones});
}

FieldTable price_fields() {
  return Fields<EgressPriceSpec>("price", "Of traffic in one direction.")
      .add("zones", &EgressPriceSpec::zones, "from -> to, such as west -> east")
      .required()
      .add("per_gib", &EgressPriceSpec::per_gib, "in any currency", between(0, 1e6))
      .table();
}

}  // namespace

Kind egress_kind() {
  Kind kind;
  kind.name = "egress";
  kind.section = "egress";
  kind.named = false;
  kind.about = "What a GiB between zones costs; the summary has the sum.";
  kind.example = "{between_zones: 0.01}";
  kind.fields = Fields<EgressSpec>("egress", kind.about)
                    .add("between_zones", &EgressSpec::between_zones,
                         "price of a GiB between any two zones that prices does not name", between(0, 1e6))
                    .list_of("prices", &EgressSpec::prices, price_fields(), "of pairs of zones")
                    .table();
  kind.make = [] { return std::static_pointer_cast<void>(std::make_shared<EgressSpec>()); };
  kind.declare = [](const void*, int, TopologyBuilder&) {};
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
