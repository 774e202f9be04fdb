// Traces of work that nobody waits for: what handles the messages of a traced request, and its background
// steps.
#include <algorithm>

#include "models/runtime/execution.hpp"
#include "models/runtime/tracing.hpp"

namespace tailrace::models {

Messaging::Journey Messaging::journey_of(std::uint32_t slot) {
  const std::uint32_t id = causes_[slot].journey;
  return {id, ledger_.journey(id).began};
}

std::uint64_t Messaging::published_by(std::uint32_t slot) const {
  return causes_[slot].message.sequence;
}

std::uint64_t Messaging::handled_by(std::uint32_t slot) const {
  return deliveries_[run_.frames_[slot].parent & ~kDeliveryBit].messages.front().sequence;
}

void Tracer::note_journey(std::uint32_t slot, Request& request) {
  const Messaging::Journey journey = run_.messaging_->journey_of(slot);
  request.journey = journey.id;
  request.began = journey.began;
  by_journey_[journey.id] = static_cast<std::uint32_t>(&request - requests_.data());
}

// An attempt: does it publish? `span`: its own; kNone: it took no time, so what published is its caller.
void Tracer::note_publication(std::uint32_t slot, std::uint32_t span) {
  const Frame& f = run_.frames_[slot];
  const std::uint32_t guard = run_.edges_[f.edge].guard;
  if (guard == kNoId || run_.model_->guards[guard].publication == kNoId) return;
  if (span == kNone) {
    if (f.parent >= of_slot_.size()) return;
    if (of_slot_[f.parent] == kFresh) adopt(f.parent);
    span = of_slot_[f.parent];
    if (span >= kFresh) return;
  }
  const std::uint32_t request = spans_[span].request;
  const std::uint64_t message = run_.messaging_->published_by(slot);
  const auto [at, added] = published_.try_emplace(message, Published{request, span});
  if (added) {
    requests_[request].messages.push_back(message);
  } else if (at->second.request == request) {
    at->second.span = span;  // another attempt to publish the same
  }
}

void Tracer::forget_messages(Request& request) {
  for (const std::uint64_t message : request.messages) published_.erase(message);
  request.messages.clear();
  const auto id = static_cast<std::uint32_t>(&request - requests_.data());
  if (const auto at = by_journey_.find(request.journey); at != by_journey_.end() && at->second == id)
    by_journey_.erase(at);
  if (!request.ended) return;
  request.ended = false;
  std::erase(late_, id);
}

void Tracer::adopt_late(std::uint32_t slot) {
  const Frame& f = run_.frames_[slot];
  const bool handles = (f.flags & kFrameSort) == kDirect;
  std::uint32_t request = kNone, link = kNone;
  if (handles) {
    if ((f.parent & kDeliveryBit) == 0) return;
    const auto found = published_.find(run_.messaging_->handled_by(slot));
    if (found == published_.end()) return;
    request = found->second.request;
    link = found->second.span;
  } else {
    if ((f.flags & kFrameSort) != kRootFrame) return;
    const Messaging::Journey journey = run_.messaging_->journey_of(slot);
    const auto found = by_journey_.find(journey.id);
    if (found != by_journey_.end() && requests_[found->second].began == journey.began)
      request = found->second;
    if (request == kNone) return;
  }
  if (requests_[request].spans >= kMostSpansOfOne) return;
  const std::uint32_t id = new_span(slot, request, kNone);
  Span& span = spans_[id];
  span.late = true;
  span.link = link;
  span.kind = handles ? TraceSpan::Kind::process : TraceSpan::Kind::background;
  if (!handles) return;
  const auto& groups = run_.model_->groups;
  const auto group =
      std::find_if(groups.begin(), groups.end(), [&](const GroupTable& g) { return g.edge == f.edge; });
  span.id = static_cast<std::uint32_t>(group - groups.begin());
}

// The request has ended. True: it is followed on, for its example.
bool Tracer::follow_on(std::uint32_t id) {
  Request& request = requests_[id];
  if (request.example == kNone) return false;
  bool any = !request.messages.empty();
  for (std::uint32_t at = request.first_span; at != kNone; at = spans_[at].next_of_request) {
    Span& span = spans_[at];
    std::uint32_t root = at;
    while (spans_[root].parent != kNone) root = spans_[root].parent;
    if (spans_[root].late) {
      any = any || span.end < 0;
    } else if (span.slot != kNone) {  // an attempt that goes on for nobody
      of_slot_[span.slot] = kNone;
      span.slot = kNone;
    }
  }
  if (!any) return false;
  request.ended = true;
  late_.push_back(id);
  if (late_.size() > kMostLate) forget(late_.front());
  return true;
}

void Tracer::late_ended(std::uint32_t id) {
  const Request& request = requests_[spans_[id].request];
  if (!request.ended || request.example == kNone) return;  // or it is written when the request ends
  TraceExample& example = record_.examples[request.example];
  if (example.request.cls != request.cls || example.request.number != request.number) return;
  if (example.spans.size() + request.spans > 2 * kMostSpansOfExample) return;
  write_spans(example, request);
}

}  // namespace tailrace::models
