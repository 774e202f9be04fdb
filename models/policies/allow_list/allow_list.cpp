#include "models/policies/allow_list/allow_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/field/units.hpp"

namespace tailrace::models {

Admission AllowList::admit(const CallFacts& facts, sim::Stream& random) {
  if (clients_.empty())
    return random.uniform() < refused_ ? Admission::no(Outcome::rejected) : Admission::yes();
  const auto after = std::upper_bound(clients_.begin(), clients_.end(), facts.key,
                                      [](std::uint64_t key, const KeyRange& r) { return key < r.first; });
  const bool listed = after != clients_.begin() && facts.key <= std::prev(after)->last;
  return listed ? Admission::yes() : Admission::no(Outcome::rejected);
}

namespace {

constexpr std::size_t kMostRanges = 100'000;

// "7" or "1..900".
bool read_range(const Node& node, KeyRange& out, ReadContext& context) {
  const auto wrong = [&] {
    context.error(node, "expected a client's key, or a range of keys", "17, or 1..900");
    return false;
  };
  if (!node.is_scalar()) return wrong();
  const auto dots = node.text.find("..");
  const Quantity first = parse_count(node.text.substr(0, dots));
  const Quantity last = dots == std::string::npos ? first : parse_count(node.text.substr(dots + 2));
  if (!first.value || !last.value || *first.value < 0 || *last.value < 0) return wrong();
  if (*last.value < *first.value) {
    context.error(node, fmt::format("the range {} ends before it begins", escaped(node.text)));
    return false;
  }
  out = {static_cast<std::uint64_t>(*first.value), static_cast<std::uint64_t>(*last.value)};
  return true;
}

void read_clients(const Node& node, AllowListSpec& spec, ReadContext& context) {
  if (!node.is_list()) {
    KeyRange one;
    if (read_range(node, one, context)) spec.clients.push_back(one);
    return;
  }
  if (node.items.empty() || node.items.size() > kMostRanges)
    return context.error(node, fmt::format("expected 1 to {} keys or ranges of keys", kMostRanges),
                         "clients: [1..900, 950]");
  for (const Node& item : node.items) {
    KeyRange one;
    if (read_range(item, one, context)) spec.clients.push_back(one);
  }
}

// In order, overlaps joined.
std::vector<KeyRange> joined(std::vector<KeyRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const KeyRange& a, const KeyRange& b) { return a.first < b.first; });
  std::vector<KeyRange> out;
  for (const KeyRange& r : ranges) {
    if (!out.empty() && r.first <= out.back().last) {
      out.back().last = std::max(out.back().last, r.last);
    } else {
      out.push_back(r);
    }
  }
  return out;
}

void apply(const void* raw, PolicyTarget& target) {
  const AllowListSpec& spec = *static_cast<const AllowListSpec*>(raw);
  if (spec.clients.empty() == !spec.refused.has_value()) {
    target.diagnostics.error(target.mark, target.path,
                             spec.refused ? "both clients and refused are given" : "who is allowed?",
                             "clients: [1..900], or refused: 5%");
    return;
  }
  const double refused = spec.refused ? spec.refused->value : 0;
  target.admission("allow_list", std::make_shared<const AllowListModel>(joined(spec.clients), refused),
                   Scope::service, false);
}

}  // namespace

PolicyInfo allow_list_policy() {
  PolicyInfo info;
  info.name = "allow_list";
  info.seam = "admission";
  info.places = {PolicyPlace::inbound};
  info.about = "Refuses (rejected) at once whoever is not on a list of clients, or a share of the requests.";
  info.fields =
      Fields<AllowListSpec>("allow_list", info.about)
          .custom("clients", FieldType::text, read_clients,
                  "keys of requests that are let in: a list of keys and ranges such as [1..900, 950]")
          .add("refused", &AllowListSpec::refused,
               "in place of a list: share of the requests that are refused, by chance")
          .shorthand("clients")
          .table();
  info.example = "{refused: 5%}";
  info.make = make_spec<AllowListSpec>;
  info.apply = apply;
  return info;
}

}  // namespace tailrace::models
