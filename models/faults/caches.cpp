// Faults of caches.
#include "models/faults/faults.hpp"
#include "models/faults/telling.hpp"

namespace tailrace::models {

FaultInfo cache_flush_fault() {
  FaultInfo f = telling_fault(
      "cache_flush",
      "All entries of a cache are gone, at its start. The cache works on; writes that wait to be written "
      "behind are kept. A local cache is flushed in all instances that use it, a shared one by nodes "
      "(sessions#0).",
      "{type: cache_flush, target: sessions, start: 30s}", kTakesCaches);
  f.apply = [](const void*, FaultParts& parts) {
    tell(parts, "cache_flush");
    parts.duration = sim::Duration{1};  // it is over at once; what follows is not part of it
  };
  return f;
}

}  // namespace tailrace::models
