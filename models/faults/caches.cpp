// Faults of caches.
#include "models/faults/faults.hpp"

namespace tailrace::models {

namespace {

struct FlushSpec {};

}  // namespace

FaultInfo cache_flush_fault() {
  FaultInfo f;
  f.name = "cache_flush";
  f.about =
      "All entries of a cache are gone, at its start. The cache works on; writes that wait to be written "
      "behind "
      "are kept. A local cache is flushed in all instances that use it, a shared one by nodes (sessions#0).";
  f.example = "{type: cache_flush, target: sessions, start: 30s}";
  f.takes = kTakesCaches;
  f.ramps = false;
  f.fields = Fields<FlushSpec>("cache_flush", f.about).table();
  f.make = [] { return std::static_pointer_cast<void>(std::make_shared<FlushSpec>()); };
  f.apply = [](const void*, FaultParts& parts) {
    FaultEffect e;
    e.action = FaultAction::notify;
    e.hook = "cache_flush";
    parts.effects.push_back(e);
    parts.duration = sim::Duration{1};  // it is over at once; what follows is not part of it
  };
  return f;
}

}  // namespace tailrace::models
