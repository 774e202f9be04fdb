// Looking ahead in large runs: the calendar shows events some time before they happen, and the cache lines
// that they will touch are fetched pass by pass over a block of events, so that what one pass asked for has
// arrived when the next one reads it: the frames and clients; what they point to; who is called, or waits for
// the answer; what belongs to those. Only hints: nothing here changes the run.
#include "models/runtime/execution.hpp"
#include "sim/base/fetch.hpp"

namespace tailrace::models {

namespace {

using sim::fetch;

bool has_parent(const Frame& f) {
  return (f.flags & (kLive | kDirect | kClientFrame)) == kLive && f.parent != kNoId;  // left: nobody's
}

// Of a frame that has ended meanwhile, and of a branch, `edge` is something else.
bool has_edge(const Frame& f) {
  return (f.flags & (kLive | kClientFrame | kBranchFrame)) == kLive;
}

// A worker that is given back takes no time: what comes after it counts.
const Step16& next_step(const Step16* steps, const Frame& f) {
  const Step16& step = steps[f.pc];
  return step.op == Op::release ? steps[f.pc + 1] : step;
}

struct Callee {
  std::uint32_t edge = kNoId, instance = 0, draw = 0;
};

}  // namespace

void Execution::look_ahead(const sim::Event* events, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const auto kind = static_cast<Kind>(events[i].kind());
    if (kind == Kind::client) {
      ahead_.clients[ahead_.client_count++] = events[i].target;
    } else if (kind == Kind::resume || kind == Kind::arrive || kind == Kind::reply ||
               kind == Kind::core_done) {
      ahead_.frames[ahead_.frame_count++] = events[i].target;
    }
  }
  const std::size_t most = Ahead::kMost - sim::Calendar::kPreviewEvents;
  if (n > 0 && ahead_.client_count <= most && ahead_.frame_count <= most) return;
  fetch_for_clients();
  fetch_for_frames();
  ahead_.client_count = ahead_.frame_count = 0;
}

void Execution::fetch_for_clients() {
  const auto each = [this](auto&& visit) {
    for (std::size_t i = 0; i < ahead_.client_count; ++i) visit(ahead_.clients[i]);
  };
  const auto class_of = [this](std::uint32_t w) -> const ClassTable& {
    return class_tables_[workload_tables_[w].first_class];
  };
  each([this](std::uint32_t w) {
    fetch(clients_[w]);
    fetch(clients_[w].upcoming);
    fetch(workload_tables_[w]);
  });
  each([this](std::uint32_t w) {
    const WorkloadTable& workload = workload_tables_[w];
    fetch(draws_[workload.spacing]);
    fetch(class_tables_[workload.first_class]);
    fetch(classes_[workload.first_class].arrived);
  });
  each([&](std::uint32_t w) {
    const ClassTable& cls = class_of(w);
    if (cls.direct_edge != kNoId) {
      fetch(live_edges_[cls.direct_edge]);
    } else {
      fetch(steps_[cls.pc]);
    }
  });
  each([&](std::uint32_t w) {
    if (class_of(w).direct_edge == kNoId) return;
    const LiveEdge& edge = live_edges_[class_of(w).direct_edge];
    fetch(instances_[edge.first_instance]);
    if (edge.first_draw < draws_.size()) fetch(draws_[edge.first_draw]);
    fetch(steps_[edge.pc]);
  });
}

void Execution::fetch_for_frames() {
  std::array<Callee, Ahead::kMost> callees;
  std::array<std::uint32_t, Ahead::kMost> waits;  // who goes on when the answer is there
  const auto each = [this](auto&& visit) {
    for (std::size_t i = 0; i < ahead_.frame_count; ++i) visit(i, frames_[ahead_.frames[i]]);
  };
  each([](std::size_t, const Frame& f) { fetch(f); });
  each([&](std::size_t, const Frame& f) {
    if (f.instance != kNoId) fetch(instances_[f.instance]);
    if (has_edge(f)) fetch(live_edges_[f.edge]);
    fetch(steps_[f.pc]);
  });
  each([&](std::size_t i, const Frame& f) {
    callees[i] = {};
    waits[i] = kNoId;
    if (has_edge(f) && !live_edges_[f.edge].plain) fetch(operations_[live_edges_[f.edge].operation]);
    const Step16& step = next_step(steps_, f);
    if (step.op == Op::call) {
      callees[i] = {step.first, step.needed, step.stream};
    } else if (step.op == Op::branch && step.flags == 0) {
      fetch(streams_[step.stream]);
      fetch(model_->options[step.first]);
    } else if (step.op == Op::end && has_parent(f)) {
      waits[i] = f.parent;
      fetch(frames_[f.parent]);
    }
  });
  each([&](std::size_t i, const Frame& f) {
    const Step16& step = next_step(steps_, f);
    if (step.op == Op::branch && step.flags == 0) {
      // What the branch will draw, unless another frame is there before.
      const double u = sim::Stream(streams_[step.stream]).uniform();
      const BranchOption* const options = &model_->options[step.first];
      const std::uint32_t k = chosen_option(options, step.count, u);
      if (k < step.count) {
        fetch(steps_[options[k].pc]);
        callees[i] = {options[k].edge, options[k].first_instance, options[k].first_draw};
      }
    }
    if (callees[i].edge == kNoId) return;
    fetch(live_edges_[callees[i].edge]);
    fetch(instances_[callees[i].instance]);
    if (callees[i].draw < draws_.size()) fetch(draws_[callees[i].draw]);  // 0 also where there is none
  });
  each([&](std::size_t i, const Frame&) {
    if (callees[i].edge != kNoId) fetch(steps_[live_edges_[callees[i].edge].pc]);
  });
  each([&](std::size_t i, const Frame&) {
    if (waits[i] == kNoId) return;
    const Frame& f = frames_[waits[i]];
    fetch(steps_[f.pc]);
    if (has_edge(f)) fetch(live_edges_[f.edge]);
    if (has_parent(f)) fetch(frames_[f.parent]);
  });
}

}  // namespace tailrace::models
