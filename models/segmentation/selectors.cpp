#include "models/segmentation/selectors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/field/name_pair.hpp"

namespace tailrace::models {

std::vector<int> Selectors::components(const std::string& text, Mark mark, const std::string& path) {
  std::vector<int> ids;
  const std::string name = trimmed(text);
  if (name == "*") {
    for (const auto& [other, id] : b_.component_ids) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  if (name.find('=') != std::string::npos) return labelled(name, mark, path);
  if (const auto it = b_.component_ids.find(name); it != b_.component_ids.end()) return {it->second};
  if (b_.components_unread) return ids;
  std::vector<std::string_view> known;
  for (const auto& [other, id] : b_.component_ids) known.push_back(other);
  const std::string near = nearest_word(name, known);
  b_.diagnostics.error(
      mark, path, fmt::format("there is no component \"{}\"", escaped(name)),
      near.empty() ? "a name, a label such as tier=web, or *" : fmt::format("did you mean {}?", near));
  return ids;
}

std::vector<int> Selectors::labelled(const std::string& text, Mark mark, const std::string& path) {
  struct Term {
    std::string key, value;
    bool equal;
  };
  std::vector<Term> terms;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string term = trimmed(text.substr(at, end - at));
    at = end + 1;
    const auto sign = term.find('=');
    const bool unequal = sign != std::string::npos && sign > 0 && term[sign - 1] == '!';
    const bool twice = sign != std::string::npos && sign + 1 < term.size() && term[sign + 1] == '=';
    const std::string key =
        sign == std::string::npos ? "" : trimmed(term.substr(0, unequal ? sign - 1 : sign));
    const std::string value = sign == std::string::npos ? "" : trimmed(term.substr(sign + (twice ? 2 : 1)));
    if (key.empty() || value.empty() || value.find_first_of("=!") != std::string::npos) {
      b_.diagnostics.error(mark, path, fmt::format("expected labels, found \"{}\"", escaped(text)),
                           "tier=web, or tier=web,team!=search");
      return {};
    }
    terms.push_back({key, value, !unequal});
  }
  for (const Term& term : terms) {
    std::set<std::string> keys;
    for (const auto& [id, labels] : b_.labels) {
      for (const auto& [key, value] : labels) keys.insert(key);
    }
    if (keys.count(term.key) != 0 || b_.components_unread) continue;
    const std::vector<std::string_view> known(keys.begin(), keys.end());
    const std::string near = nearest_word(term.key, known);
    b_.diagnostics.error(
        mark, path, fmt::format("nothing has a label \"{}\"", escaped(term.key)),
        near.empty() ? "labels: {tier: web} at a service" : fmt::format("did you mean {}?", near));
    return {};
  }
  std::vector<int> ids;
  for (const auto& [name, id] : b_.component_ids) {
    const auto own = b_.labels.find(id);
    const bool all = std::all_of(terms.begin(), terms.end(), [&](const Term& term) {
      if (own == b_.labels.end()) return !term.equal;
      const auto it = own->second.find(term.key);
      return (it != own->second.end() && it->second == term.value) == term.equal;
    });
    if (all) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  if (ids.empty() && !b_.components_unread)
    b_.diagnostics.warning(mark, path, fmt::format("\"{}\" selects nothing", escaped(text)));
  return ids;
}

std::optional<Selectors::Ports> Selectors::ports(const std::string& text, Mark mark,
                                                 const std::string& path) {
  const std::string all = trimmed(text);
  const auto slash = all.find('/');
  const std::string protocol = slash == std::string::npos ? "" : all.substr(slash);
  const auto dash = all.substr(0, slash).find('-');
  std::optional<Port> first, last;
  if (dash == std::string::npos) {
    first = last = parse_port(all);
  } else {
    first = parse_port(all.substr(0, dash) + protocol);
    last = parse_port(all.substr(dash + 1));
  }
  if (!first || !last || first->code > last->code) {
    b_.diagnostics.error(mark, path, fmt::format("expected a port, found \"{}\"", escaped(all)),
                         "8443, 53/udp, or 8000-8999");
    return {};
  }
  return Ports{*first, *last};
}

}  // namespace tailrace::models
