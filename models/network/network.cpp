#include "models/network/network.hpp"

#include <fmt/format.h>

#include <map>

namespace tailrace::models {

namespace {

FieldTable link_fields() {
  return Fields<LinkSpec>("link", "A stretch of network, the same in both directions unless both are named.")
      .add("latency", &LinkSpec::latency, "one way, from the last bit sent to the last bit there; default 0s")
      .add("jitter", &LinkSpec::jitter, "added to the latency, drawn for each message")
      .add("bandwidth", &LinkSpec::bandwidth,
           "messages are sent one after another at this speed; default unlimited", at_least(1))
      .add("loss", &LinkSpec::loss, "probability that a transmission is lost", between(0, 0.999))
      .add("packet_size", &LinkSpec::packet_size,
           "a larger message is split into packets that are lost one by one; default 1460B with "
           "initial_window, "
           "otherwise a message is one packet",
           more_than(0))
      .add("retransmit_timeout", &LinkSpec::retransmit_timeout,
           "until a lost transmission is repeated; default 200ms", more_than(0))
      .add("max_retransmissions", &LinkSpec::max_retransmissions, "then the call fails; default 15",
           between(0, 1000))
      .add("initial_window", &LinkSpec::initial_window,
           "packets of a message that are sent before the first is acknowledged, twice as many each round "
           "trip; a loss goes back to it; TCP's is 10; default: all at once",
           between(1, 1e6))
      .add("max_window", &LinkSpec::max_window, "packets; the window grows no further; default unlimited",
           between(1, 1e6))
      .choice("sharing", &LinkSpec::sharing, {"store_and_forward", "fair"},
              "store_and_forward: messages take the bandwidth one after another; fair: all at once, in equal "
              "parts; default store_and_forward")
      .table();
}

// Splits "orders -> payments" at the arrow.
void read_links(const Node& node, NetworkSpec& spec, ReadContext& context) {
  if (!node.is_map()) return context.error(node, "expected a mapping from `caller -> callee` to links");
  const FieldTable fields = link_fields();
  for (const MapEntry& entry : node.entries) {
    PathScope scope(context, entry.key);
    std::optional<NamePair> pair = name_pair(entry.key);
    if (!pair) {
      context.diagnostics.error(entry.key_mark, context.path, "expected a pair such as `orders -> payments`");
      continue;
    }
    NamedLinkSpec link{std::move(*pair), entry.key_mark, context.path, {}};
    read_section(fields, entry.value, &link.link, context);
    spec.links.push_back(std::move(link));
  }
}

// `fallback` says what the link's own fields leave out.
void check_link(const LinkSpec& spec, const LinkSpec& fallback, const std::string& path, Mark mark,
                Diagnostics& diagnostics) {
  const auto initial = spec.initial_window ? spec.initial_window : fallback.initial_window;
  const auto most = spec.max_window ? spec.max_window : fallback.max_window;
  if (most && !initial)
    diagnostics.error(mark, path + ".max_window", "there are no windows without initial_window",
                      "add initial_window: 10");
  if (most && initial && *most < *initial)
    diagnostics.error(mark, path + (spec.max_window ? ".max_window" : ".initial_window"),
                      fmt::format("max_window is {}, but the initial window is {} already", *most, *initial));
  if (spec.sharing == LinkSharing::fair && !spec.bandwidth && !fallback.bandwidth)
    diagnostics.error(mark, path + ".sharing", "there is no bandwidth to share",
                      "add bandwidth, such as 1Gbit/s");
  if (!spec.packet_size) return;
  const sim::Distribution& size = spec.packet_size->value;
  if (!size.is_constant())
    diagnostics.error(mark, path + ".packet_size", "expected one size, not a distribution");
  if (size.mean() < 1) diagnostics.error(mark, path + ".packet_size", "a packet is smaller than a byte");
}

void overlay(Link& link, const LinkSpec& spec) {
  if (spec.latency) link.latency = spec.latency->value;
  if (spec.jitter) link.jitter = spec.jitter->value;
  if (spec.bandwidth) link.bandwidth_bit_per_s = spec.bandwidth->bit_per_s;
  if (spec.loss) link.loss = spec.loss->value;
  if (spec.packet_size) {
    link.packet_bytes = spec.packet_size->value.mean();
  }
  if (spec.retransmit_timeout) link.retransmit_timeout = *spec.retransmit_timeout;
  if (spec.max_retransmissions) link.max_retransmissions = *spec.max_retransmissions;
  if (spec.initial_window) link.initial_window = *spec.initial_window;
  if (spec.max_window) link.max_window = *spec.max_window;
  if (spec.sharing) link.sharing = *spec.sharing;
}

constexpr double kSegmentBytes = 1460;  // of TCP in Ethernet's frames

bool takes_time(const Link& link) {
  return link.bandwidth_bit_per_s > 0 || link.loss > 0 || link.jitter.has_value() ||
         (link.latency && !(link.latency->is_constant() && link.latency->mean() == 0));
}

// Each packet of a message is lost or not by a draw of its own: their number is time that the simulator
// takes.
void check_packets(const Edge& edge, int link_id, const std::optional<sim::Distribution>& size,
                   const char* field, TopologyBuilder& b) {
  constexpr double kMostPackets = 1e5;
  if (link_id == kNone || !size) return;
  const Link& link = b.topology.links[static_cast<std::size_t>(link_id)];
  if (!(link.packet_bytes > 0) || size->mean() <= kMostPackets * link.packet_bytes) return;
  b.diagnostics.error(edge.mark, edge.path + "." + field,
                      fmt::format("a message of {:.4g} bytes has more than {:.0f} packets on {}",
                                  size->mean(), kMostPackets, link.name),
                      "make packet_size larger: usual are 1500B or 64KiB");
}

void declare(const void*, int, TopologyBuilder&) {}

// Runs after every component: gives each edge its two links.
void expand(const void* raw, int component, TopologyBuilder& b) {
  const NetworkSpec& spec = *static_cast<const NetworkSpec*>(raw);
  LinkSpec any = spec.fallback;  // a default may share what only some links have
  for (const NamedLinkSpec& link : spec.links) {
    if (!any.bandwidth) any.bandwidth = link.link.bandwidth;
  }
  check_link(spec.fallback, any, "network.default",
             b.topology.components[static_cast<std::size_t>(component)].mark, b.diagnostics);
  for (const NamedLinkSpec& link : spec.links)
    check_link(link.link, spec.fallback, link.path, link.mark, b.diagnostics);
  std::map<std::pair<int, int>, const NamedLinkSpec*> named;
  for (const NamedLinkSpec& link : spec.links) {
    int ends[2] = {kNone, kNone};
    const std::string* names[2] = {&link.ends.from, &link.ends.to};
    for (int i = 0; i < 2; ++i) {
      const auto it = b.component_ids.find(*names[i]);
      if (it != b.component_ids.end()) {
        ends[i] = it->second;
        continue;
      }
      if (b.components_unread) continue;
      std::vector<std::string_view> known;
      for (const Component& c : b.topology.components) known.push_back(c.name);
      const std::string near = nearest_word(*names[i], known);
      b.diagnostics.error(link.mark, link.path,
                          fmt::format("there is no component \"{}\"", escaped(*names[i])),
                          near.empty() ? "" : fmt::format("did you mean {}?", near));
    }
    if (ends[0] == kNone || ends[1] == kNone) continue;
    if (!named.emplace(std::pair(ends[0], ends[1]), &link).second) {
      b.diagnostics.error(link.mark, link.path, "this pair of components has a link already");
    }
  }

  std::map<std::pair<int, int>, int> ids;
  std::map<std::pair<int, int>, bool> used;
  const auto link_between = [&](int from, int to) {
    const auto key = std::pair(from, to);
    const auto there = named.find(key);
    const auto back = named.find(std::pair(to, from));
    if (there != named.end()) used[there->first] = true;
    if (back != named.end()) used[back->first] = true;
    if (const auto it = ids.find(key); it != ids.end()) return it->second;
    Link link;
    const auto& components = b.topology.components;
    link.name = components[static_cast<std::size_t>(from)].name + " -> " +
                components[static_cast<std::size_t>(to)].name;
    overlay(link, spec.fallback);
    const NamedLinkSpec* own = there != named.end()  ? there->second
                               : back != named.end() ? back->second
                                                     : nullptr;
    if (own != nullptr) overlay(link, own->link);
    if (link.initial_window > 0 && link.packet_bytes == 0) link.packet_bytes = kSegmentBytes;
    int id = kNone;
    if (takes_time(link)) {
      id = static_cast<int>(b.topology.links.size());
      b.topology.links.push_back(std::move(link));
    }
    ids.emplace(key, id);
    return id;
  };
  for (Edge& edge : b.topology.edges) {
    const int to = b.topology.operations[static_cast<std::size_t>(edge.operation)].component;
    if (to == edge.from_component) continue;  // a component's calls to itself stay inside it
    edge.out_link = link_between(edge.from_component, to);
    edge.back_link = link_between(to, edge.from_component);
    const auto needs_size = [&](int link) {
      return link != kNone && b.topology.links[static_cast<std::size_t>(link)].bandwidth_bit_per_s > 0;
    };
    if ((needs_size(edge.out_link) && !edge.request_bytes) ||
        (needs_size(edge.back_link) && !edge.response_bytes)) {
      const sim::Distribution kibibyte = sim::Distribution::constant(1024);
      if (!edge.request_bytes) edge.request_bytes = kibibyte;
      if (!edge.response_bytes) edge.response_bytes = kibibyte;
    }
    check_packets(edge, edge.out_link, edge.request_bytes, "request_size", b);
    check_packets(edge, edge.back_link, edge.response_bytes, "response_size", b);
  }
  if (!b.diagnostics.ok()) return;  // calls that were not understood may use the rest
  for (const auto& [pair, link] : named) {
    if (!used.count(pair)) b.diagnostics.warning(link->mark, link->path, "nothing is sent between these two");
  }
}

}  // namespace

Kind network_kind() {
  Kind kind;
  kind.name = "network";
  kind.section = "network";
  kind.named = false;
  kind.about =
      "Latency, bandwidth, jitter and loss between components; payloads default to 1 KiB where bandwidth "
      "needs one.";
  kind.example = "{default: {latency: 250us, bandwidth: 10Gbit/s}}";
  kind.fields =
      Fields<NetworkSpec>("network", kind.about)
          .section("default", &NetworkSpec::fallback, link_fields(),
                   "for every pair of components that call each other")
          .custom("links", FieldType::map_of, read_links,
                  "for one pair, `caller -> callee`, both directions; what it leaves out comes from default")
          .table();
  kind.fields.fields.back().section = std::make_shared<const FieldTable>(link_fields());
  kind.make = make_spec<NetworkSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
