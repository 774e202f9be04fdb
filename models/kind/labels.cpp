#include "models/kind/labels.hpp"

#include <fmt/format.h>

#include <array>

#include "models/field/append_fields.hpp"

namespace tailrace::models {

namespace {

constexpr std::array<std::string_view, 3> kProtocols = {"tcp", "udp", "sctp"};
constexpr std::int64_t kHighestPort = 65'535;

FieldTable label_fields() {
  return Fields<LabelSpec>("label", "A label: name and value.")
      .add("value", &LabelSpec::value, "of the label")
      .required()
      .shorthand("value")
      .table();
}

FieldTable own_fields(bool listens) {
  Fields<LabelsSpec> fields("labels", "What network policies select by.");
  fields.map_of("labels", &LabelsSpec::labels, label_fields(),
                "names and values, such as tier: backend, by which segmentation selects");
  if (listens)
    fields.custom(
        "port", FieldType::text,
        [](const Node& n, LabelsSpec& s, ReadContext& c) { read_port(n, s.port, c); },
        "at which it listens, 8443 or 53/udp, for rules of segmentation that name ports");
  return fields.table();
}

}  // namespace

std::optional<Port> parse_port(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view digits = text.substr(0, slash);
  std::int64_t protocol = 0;
  if (slash != std::string_view::npos) {
    std::string name(text.substr(slash + 1));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    while (protocol < 3 && kProtocols[static_cast<std::size_t>(protocol)] != name) ++protocol;
    if (protocol == 3) return {};
  }
  if (digits.empty() || digits.size() > 5) return {};
  std::int64_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return {};
    number = number * 10 + (c - '0');
  }
  if (number < 1 || number > kHighestPort) return {};
  return Port{protocol * (kHighestPort + 1) + number};
}

void read_port(const Node& node, std::optional<Port>& port, ReadContext& context) {
  if (node.is_scalar()) port = parse_port(node.text);
  if (!port) context.error(node, "expected a port from 1 to 65535", "8443, or 53/udp");
}

void add_label_fields(FieldTable& table, bool listens, LabelsSpec& (*of)(void* spec)) {
  append_fields(table, own_fields(listens), [of](void* spec) { return &of(spec); });
}

void note_labels(const LabelsSpec& spec, int component, TopologyBuilder& b) {
  for (const Named<LabelSpec>& label : spec.labels) b.labels[component][label.name] = label.value.value;
  if (!spec.port) return;
  for (std::size_t i = 0; i < b.topology.operations.size(); ++i) {
    if (b.topology.operations[i].component == component)
      b.ports.emplace(static_cast<int>(i), spec.port->code);
  }
}

}  // namespace tailrace::models
