#include "models/prices/prices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/catalog.hpp"
#include "models/field/name_pair.hpp"
#include "models/field/number_text.hpp"
#include "models/field/path.hpp"
#include "models/field/units.hpp"

namespace tailrace::models {

namespace {

void expand(const void* raw, int component, TopologyBuilder& b) {
  const PricesSpec& spec = *static_cast<const PricesSpec*>(raw);
  std::set<std::string, std::less<>> zones;
  for (const Station& s : b.topology.stations) {
    for (const InstanceGroup& g : s.groups) {
      if (!g.zone.empty()) zones.insert(g.zone);
    }
  }
  if (spec.units.empty() && spec.traffic.empty() && spec.between_zones == 0)
    b.diagnostics.error(b.topology.components[static_cast<std::size_t>(component)].mark, "prices",
                        "nothing has a price", "units: [{of: services.cart.replicas, price: 0.10}]");
  for (std::size_t i = 0; i < spec.traffic.size(); ++i) {
    const TrafficPriceSpec& price = spec.traffic[i];
    const std::string path = fmt::format("prices.traffic[{}].zones", i);
    const std::optional<NamePair> pair = name_pair(price.zones.text);
    if (!pair) {
      b.diagnostics.error(price.zones.mark, path,
                          fmt::format("expected a pair of zones, found \"{}\"", escaped(price.zones.text)),
                          "zones: \"west -> east\"");
      continue;
    }
    for (const std::string* zone : {&pair->from, &pair->to}) {
      if (zones.contains(*zone) || b.components_unread) continue;
      const std::vector<std::string_view> known(zones.begin(), zones.end());
      const std::string near = nearest_word(*zone, known);
      b.diagnostics.error(
          price.zones.mark, path, fmt::format("no instance is in a zone \"{}\"", escaped(*zone)),
          near.empty() ? "instances: [{count: 2, zone: west}]" : fmt::format("did you mean {}?", near));
    }
    b.topology.egress.push_back({pair->from, pair->to, price.per_gib});
  }
  if (spec.between_zones > 0) b.topology.egress.push_back({"", "", spec.between_zones});
}

FieldTable unit_fields() {
  return Fields<UnitPriceSpec>("unit price", "Of one, for an hour.")
      .add("of", &UnitPriceSpec::of,
           "path of what is counted, such as services.cart.replicas; a star stands for any name: "
           "services.*.replicas")
      .required()
      .add("price", &UnitPriceSpec::price, "of one for an hour, in any currency", between(0, 1e12))
      .required()
      .table();
}

FieldTable traffic_fields() {
  return Fields<TrafficPriceSpec>("price", "Of traffic in one direction.")
      .add("zones", &TrafficPriceSpec::zones, "from -> to, such as west -> east")
      .required()
      .add("per_gib", &TrafficPriceSpec::per_gib, "in any currency", between(0, 1e6))
      .table();
}

// The section as it is written; empty where it is not, or cannot be read (which has been told elsewhere).
std::vector<UnitPriceSpec> read_units(const ScenarioDoc& doc) {
  std::vector<UnitPriceSpec> units;
  const Node* section = doc.root.find("prices");
  const Node* list = section == nullptr ? nullptr : section->find("units");
  if (list == nullptr) return units;
  for (const Node& item : list->items) {
    const Node* of = item.find("of");
    const Node* price = item.find("price");
    if (of == nullptr || price == nullptr) continue;
    units.push_back({of->text, parse_number(price->text).value.value_or(0)});
  }
  return units;
}

std::vector<std::string> steps_of(const std::string& path) {
  std::vector<std::string> steps;
  for (std::size_t at = 0; at < path.size();) {
    steps.push_back(next_step(path, at));
    if (steps.back().empty()) return {};
  }
  return steps;
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return pattern.size() == path.size() &&
         std::equal(pattern.begin(), pattern.end(), path.begin(),
                    [](const std::string& p, const std::string& s) { return p == "*" || p == s; });
}

bool has_star(const std::vector<std::string>& steps) {
  return std::find(steps.begin(), steps.end(), "*") != steps.end();
}

// Where the steps of a pattern lead, one path for each name that a star can stand for. What lies below the
// last node that is written need not be there.
void expand_stars(const Node* node, const std::vector<std::string>& steps, std::size_t k,
                  const std::string& path, std::vector<std::string>& out) {
  if (k == steps.size()) {
    out.push_back(path);
  } else if (steps[k] != "*") {
    const bool item = steps[k][0] == '[';
    const std::string next = item ? path + steps[k] : child_path(path, steps[k]);
    const Node* below = node == nullptr ? nullptr : item ? node_at(*node, steps[k]) : node->find(steps[k]);
    expand_stars(below, steps, k + 1, next, out);
  } else if (node != nullptr) {
    for (const MapEntry& e : node->entries)
      expand_stars(&e.value, steps, k + 1, child_path(path, e.key), out);
  }
}

// How many there are: as written, else a kind's default, else the instances of a service; none: no number.
std::optional<double> amount_of(const ScenarioDoc& doc, const Topology& topology, const std::string& path,
                                int& station) {
  const std::vector<std::string> steps = steps_of(path);
  station = kNone;
  if (steps.size() == 3 && steps[0] == "services" && steps[2] == "replicas") {
    for (std::size_t i = 0; i < topology.stations.size(); ++i) {
      const Station& s = topology.stations[i];
      if (s.name != steps[1]) continue;
      station = static_cast<int>(i);
      if (!s.scaling) return static_cast<double>(s.instances);
    }
  }
  const Node* node = node_at(doc.root, path);
  if (node != nullptr) return node->is_scalar() ? parse_number(node->text).value : std::nullopt;
  if (station != kNone) return 0;  // autoscaled: a run says how many there were
  if (steps.size() != 3) return std::nullopt;
  const Node* owner = node_at(doc.root, child_path(steps[0], steps[1]));
  if (owner == nullptr) return std::nullopt;
  for (const Kind& kind : kinds()) {
    if (kind.section != steps[0]) continue;
    for (const Field& field : kind.fields.fields) {
      if (field.name == steps[2] && !field.fallback.empty()) return parse_number(field.fallback).value;
    }
  }
  return std::nullopt;
}

}  // namespace

Kind prices_kind() {
  Kind kind;
  kind.name = "prices";
  kind.section = "prices";
  kind.named = false;
  kind.about = "What an hour of a replica (a connection, a partition, ...) costs, and a GiB between zones.";
  kind.example = "{units: [{of: services.*.replicas, price: 0.10}], between_zones: 0.01}";
  kind.fields = Fields<PricesSpec>("prices", kind.about)
                    .list_of("units", &PricesSpec::units, unit_fields(),
                             "of what is paid by the hour; plan minimises by them")
                    .add("between_zones", &PricesSpec::between_zones,
                         "price of a GiB between any two zones that traffic does not name", between(0, 1e6))
                    .list_of("traffic", &PricesSpec::traffic, traffic_fields(), "of pairs of zones")
                    .table();
  kind.make = make_spec<PricesSpec>;
  kind.declare = [](const void*, int, TopologyBuilder&) {};
  kind.expand = expand;
  return kind;
}

std::optional<double> unit_price(const ScenarioDoc& doc, const std::string& path) {
  const std::vector<std::string> steps = steps_of(path);
  std::optional<double> starred;
  for (const UnitPriceSpec& unit : read_units(doc)) {
    const std::vector<std::string> pattern = steps_of(unit.of);
    if (!fits(pattern, steps)) continue;
    if (!has_star(pattern)) return unit.price;
    if (!starred) starred = unit.price;
  }
  return starred;
}

std::vector<PricedUnit> priced_units(const ScenarioDoc& doc, const Topology& topology) {
  std::vector<PricedUnit> out;
  std::set<std::string, std::less<>> seen;
  for (const UnitPriceSpec& unit : read_units(doc)) {
    std::vector<std::string> paths;
    expand_stars(&doc.root, steps_of(unit.of), 0, "", paths);
    for (const std::string& path : paths) {
      PricedUnit priced;
      const std::optional<double> amount = amount_of(doc, topology, path, priced.station);
      if (!amount || !seen.insert(path).second) continue;
      priced.path = path;
      priced.price = unit_price(doc, path).value_or(unit.price);
      priced.amount = *amount;
      out.push_back(std::move(priced));
    }
  }
  return out;
}

void check_prices(const ScenarioDoc& doc, const Topology& topology, Diagnostics& diagnostics) {
  const Node* section = doc.root.find("prices");
  const Node* list = section == nullptr ? nullptr : section->find("units");
  if (list == nullptr) return;
  std::set<std::string, std::less<>> written;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const Node* of = list->items[i].find("of");
    if (of == nullptr || !of->is_scalar()) continue;
    const std::string at = item_path("prices.units", i) + ".of";
    const std::vector<std::string> steps = steps_of(of->text);
    std::vector<std::string> paths;
    if (!steps.empty()) expand_stars(&doc.root, steps, 0, "", paths);
    int station = kNone;
    const bool counts = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
      return amount_of(doc, topology, path, station).has_value();
    });
    if (!counts) {
      diagnostics.error(of->mark, at, fmt::format("{} is no number in this scenario", shown(of->text)),
                        "a path such as services.cart.replicas, or services.*.replicas");
    } else if (!written.insert(of->text).second) {
      diagnostics.error(of->mark, at, fmt::format("{} has a price already", shown(of->text)));
    }
  }
}

}  // namespace tailrace::models
