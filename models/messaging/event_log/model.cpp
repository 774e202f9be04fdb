#include <utility>

#include "models/messaging/event_log/event_log.hpp"

namespace tailrace::models::event_log {

EventLogModel::EventLogModel(LogSettings settings) : settings_(std::move(settings)) {
  for (const LogGroup& g : settings_.groups) groups_.push_back({g.name, g.instances, g.concurrency});
}

std::unique_ptr<Channel> EventLogModel::start(ChannelHost& host) const {
  return std::make_unique<EventLog>(settings_, host);
}

std::vector<std::uint32_t> EventLogModel::nodes_of(std::uint32_t partition) const {
  std::vector<std::uint32_t> nodes;
  for (std::uint32_t r = 0; r < settings_.replication_factor; ++r)
    nodes.push_back(replica_node(settings_, partition, r));
  return nodes;
}

std::vector<std::string> EventLogModel::place_names() const {
  std::vector<std::string> names;
  for (std::uint32_t p = 0; p < settings_.partitions; ++p) {
    const std::string partition = settings_.name + "[" + std::to_string(p) + "]";
    if (settings_.groups.empty()) names.push_back(partition);
    for (const LogGroup& g : settings_.groups) names.push_back(partition + "/" + g.name);
  }
  return names;
}

std::vector<std::uint32_t> EventLogModel::place_subscriptions() const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t p = 0; p < settings_.partitions; ++p) {
    if (settings_.groups.empty()) out.push_back(kNobody);
    for (std::uint32_t g = 0; g < settings_.groups.size(); ++g) out.push_back(g);
  }
  return out;
}

std::vector<std::string> EventLogModel::event_names() const {
  return {"leader lost", "leader elected",    "unclean election", "rebalancing", "rebalanced",
          "member lost", "member thrown out", "member joined",    "member left"};
}

}  // namespace tailrace::models::event_log
