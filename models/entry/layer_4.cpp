#include "models/entry/layer_4.hpp"

#include <memory>
#include <vector>

namespace tailrace::models {

void leave_messages_unread(Topology& t) {
  std::vector<bool> forwards(t.components.size());
  for (const Edge& e : t.edges) {
    if (e.passes_connections_on) forwards[static_cast<std::size_t>(e.from_component)] = true;
  }
  for (Edge& e : t.edges) {
    const TransportModel* transport = transport_of(e.admissions);
    const Operation& op = t.operations[static_cast<std::size_t>(e.operation)];
    if (transport == nullptr || !forwards[static_cast<std::size_t>(op.component)]) continue;
    TransportSettings unread = transport->settings();
    unread.work_at_target = false;
    for (AdmissionUse& use : e.admissions) {
      if (use.model.get() == transport)
        use.model =
            std::make_shared<const TransportModel>(transport->spec(), unread, transport->secured_by());
    }
  }
}

}  // namespace tailrace::models
