#pragma once
// The thresholds of a scenario as they are written: a condition by itself, or a map that says besides when
// and whether it ends a run, which whoever runs replications reads (early_stop.hpp, lookout.hpp).
#include <string>

#include "models/field/document.hpp"

namespace tailrace::scenarios {

// visit(metric, item)
template <class Visit>
void for_each_threshold(const models::ScenarioDoc& doc, const Visit& visit) {
  const models::Node* thresholds = doc.root.find("thresholds");
  if (thresholds == nullptr) return;
  for (const models::MapEntry& entry : thresholds->entries) {
    if (!entry.value.is_list()) visit(entry.key, entry.value);
    for (const models::Node& item : entry.value.items) visit(entry.key, item);
  }
}

// Of a threshold's map.
inline bool aborts(const models::Node& item) {
  const models::Node* abort = item.find("abort_on_fail");
  return abort != nullptr && abort->text == "true";
}

}  // namespace tailrace::scenarios
