// Looking ahead in large runs: the calendar shows events some time before they happen, and the cache lines
// that they will touch are asked for in stages, each when the one before has had time to arrive: the frames;
// what they point to (their parents, instances, edges, steps); what those point to. Only hints: nothing here
// changes the run.
#include "models/runtime/execution.hpp"

namespace tailrace::models {

namespace {

template <class T>
void ask(const T* where) {
  __builtin_prefetch(where, 1);
}

// Reads the value: a prefetch whose address translation is not at hand may be dropped, a load is not.
void touch(std::uint32_t value) {
  asm volatile("" : : "r"(value));
}

}  // namespace

void Execution::look_ahead(const sim::Event* events, std::size_t n) {
  const auto has_parent = [](const Frame& f) {
    return (f.flags & (kLive | kDirect | kClientFrame)) == kLive && f.parent != kNoId;  // left: nobody's
  };
  // Of a frame that has ended meanwhile, and of a branch, `edge` is something else.
  const auto has_edge = [](const Frame& f) {
    return (f.flags & (kLive | kClientFrame | kBranchFrame)) == kLive;
  };
  const auto second = [&](const Ahead& ahead) {
    for (std::size_t i = 0; i < ahead.count; ++i) {
      const Frame& f = frames_[ahead.frames[i]];
      if (has_parent(f)) ask(&frames_[f.parent]);
      if (f.instance != kNoId) ask(&instances_[f.instance]);
      if (has_edge(f)) {
        ask(&live_edges_[f.edge]);
      }
      __builtin_prefetch(&steps_[f.pc]);
    }
  };
  const auto third = [&](const Ahead& ahead) {
    for (std::size_t i = 0; i < ahead.count; ++i) {
      const Frame& f = frames_[ahead.frames[i]];
      if (has_edge(f) && !live_edges_[f.edge].plain) ask(&operations_[live_edges_[f.edge].operation]);
      if (!has_parent(f)) continue;
      const Frame& parent = frames_[f.parent];
      if (has_parent(parent)) touch(frames_[parent.parent].ticket);
    }
  };
  third(ahead_[1]);
  ahead_[1] = ahead_[0];
  second(ahead_[1]);
  ahead_[0].count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto kind = static_cast<Kind>(events[i].kind());
    if (kind != Kind::resume && kind != Kind::arrive && kind != Kind::reply && kind != Kind::core_done)
      continue;
    ask(&frames_[events[i].target]);
    ahead_[0].frames[ahead_[0].count++] = events[i].target;
  }
  if (n > 0) return;
  third(ahead_[1]);  // the end of a series
  ahead_[1].count = 0;
}

}  // namespace tailrace::models
