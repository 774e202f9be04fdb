#pragma once
// Labels of a component, and the ports at which its operations listen: what network policies select by
// (models/segmentation). They change nothing else.
//
// A port is written as a number with, perhaps, its protocol: 8443, 53/udp. Without one it is tcp.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/builder.hpp"

namespace tailrace::models {

// Number and protocol in one, so that ports are equal or not.
struct Port {
  std::int64_t code = 0;  // protocol x 65536 + number
  std::int64_t number() const { return code % 65'536; }
  std::int64_t protocol() const { return code / 65'536; }  // tcp, udp, sctp
};
std::optional<Port> parse_port(std::string_view text);  // none: it is no port

struct LabelSpec {
  std::string value;
};
struct LabelsSpec {
  std::vector<Named<LabelSpec>> labels;
  std::optional<Port> port;  // of all operations that do not say their own
};

void read_port(const Node& node, std::optional<Port>& port, ReadContext& context);
// Adds the fields `labels` and, for what others call, `port` to a kind's table.
void add_label_fields(FieldTable& table, bool listens, LabelsSpec& (*of)(void* spec));
// Notes them, when all operations of the component are declared.
void note_labels(const LabelsSpec& spec, int component, TopologyBuilder& builder);

}  // namespace tailrace::models
