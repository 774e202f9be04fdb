#include "models/entry/layer_4.hpp"

#include <memory>
#include <vector>

namespace tailrace::models {

void leave_messages_unread(Topology& t, Diagnostics& diagnostics) {
  std::vector<const Edge*> forwards(t.components.size());  // one of its calls
  for (const Edge& e : t.edges) {
    if (e.passes_connections_on) forwards[static_cast<std::size_t>(e.from_component)] = &e;
  }
  std::vector<bool> knows_connections(t.components.size());
  for (Edge& e : t.edges) {
    const TransportModel* transport = transport_of(e.admissions);
    const Operation& op = t.operations[static_cast<std::size_t>(e.operation)];
    const auto component = static_cast<std::size_t>(op.component);
    if (transport == nullptr || forwards[component] == nullptr) continue;
    knows_connections[component] = true;
    TransportSettings unread = transport->settings();
    unread.work_at_target = false;
    unread.hands_on = true;
    unread.accept_ns = static_cast<double>(forwards[component]->connection_cost.ns);
    for (AdmissionUse& use : e.admissions) {
      if (use.model.get() == transport)
        use.model =
            std::make_shared<const TransportModel>(transport->spec(), unread, transport->secured_by());
    }
  }
  for (std::size_t c = 0; c < t.components.size(); ++c) {
    if (forwards[c] == nullptr || forwards[c]->connection_cost.ns == 0 || knows_connections[c]) continue;
    diagnostics.warning(t.components[c].mark, "proxies." + t.components[c].name + ".connection_cost",
                        "nobody who calls it has a transport, so no connection is ever set up",
                        "transport: rest at the calls of its routes");
  }
}

}  // namespace tailrace::models
