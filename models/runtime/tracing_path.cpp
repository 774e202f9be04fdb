// The critical path of a request that has ended, from its tree of spans.
#include <algorithm>
#include <bit>

#include "models/runtime/execution.hpp"
#include "models/runtime/tracing.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

void Tracer::request_ended(std::uint32_t cls, std::int64_t latency_ns, Outcome outcome) {
  if (ending_ != kNone) {
    const std::uint32_t id = ending_;
    ending_ = kNone;
    finish(id, latency_ns, outcome);
  } else if (ending_at_once_) {
    ending_at_once_ = false;
    const auto at = static_cast<std::uint32_t>(record_.parts.size());
    record_.requests.push_back({cls, outcome, ending_number_, now() - latency_ns, latency_ns, at, 0});
  }
}

std::int64_t Tracer::end_of(const Span& span) const {
  return span.end < 0 ? now() : span.end;
}

void Tracer::finish(std::uint32_t id, std::int64_t latency_ns, Outcome outcome) {
  const Request& request = requests_[id];
  path_.clear();
  to_walk_.clear();
  to_walk_.push_back({request.first_span, now() - latency_ns, now(), false});
  while (!to_walk_.empty()) {
    const Stretch stretch = to_walk_.back();
    to_walk_.pop_back();
    walk(stretch);
  }
  TracedRequest traced{request.cls,
                       outcome,
                       request.number,
                       now() - latency_ns,
                       latency_ns,
                       static_cast<std::uint32_t>(record_.parts.size()),
                       static_cast<std::uint32_t>(path_.size())};
  record_.parts.insert(record_.parts.end(), path_.begin(), path_.end());
  record_.requests.push_back(traced);
  requests_[id].example = keep_example(traced, id);
  if (!run_.messaging_ || !follow_on(id)) forget(id);
}

void Tracer::add(const TracePlace& place, Reason reason, bool straggler, std::int64_t ns) {
  if (ns == 0) return;
  for (TracePart& part : path_) {
    if (part.place == place && part.reason == reason && part.straggler == straggler) {
      part.ns += ns;
      return;
    }
  }
  path_.push_back({place, reason, straggler, ns});
}

// Segments and children are both in the order of time, so one walk over the two pairs them.
void Tracer::walk(const Stretch& cut) {
  Span& span = spans_[cut.span];
  span.critical = true;
  const std::int64_t end = end_of(span);
  std::uint32_t child = span.first_child;
  std::uint32_t next = kNone;
  for (std::uint32_t at = span.first_segment; at != kNone; at = next) {
    Segment& s = segments_[at];
    next = s.next;
    if (at == span.last_segment) next = kNone;
    const std::int64_t to = next == kNone ? end : segments_[next].from;
    const std::int64_t a = std::max(s.from, cut.from), b = std::min(to, cut.to);
    if (a >= b) continue;
    s.critical = true;
    if (s.look.activity == Activity::reason) {
      // Of cores that are shared, the time beyond the work is the others'; it counts as the end.
      const bool shared = s.work >= 0 && s.look.reason == Reason::service;
      const std::int64_t done = shared ? std::clamp(sim::saturating_add(s.from, s.work), a, b) : b;
      add(s.look.place, s.look.reason, cut.straggler, done - a);
      add(s.look.place, Reason::queue, cut.straggler, b - done);
      continue;
    }
    while (child != kNone && spans_[child].parent_group < s.group) child = spans_[child].next_sibling;
    const Stretch part{cut.span, a, b, cut.straggler};
    if (s.look.activity == Activity::join) {
      walk_join(s, to, part, child);
      continue;
    }
    bool last = true;  // of the call: what was waited for is what the call brought
    for (std::uint32_t k = next; k != kNone && last; k = k == span.last_segment ? kNone : segments_[k].next) {
      if (segments_[k].group != s.group) break;
      last = false;
    }
    walk_call(s, to, part, last, child);
  }
}

// The time belongs to the attempt that ended the call, since it was sent; before that, and in calls that went
// on with another attempt, nobody's answer counted.
void Tracer::walk_call(const Segment& s, std::int64_t to, const Stretch& cut, bool last,
                       std::uint32_t first_child) {
  std::uint32_t chosen = kNone;
  for (std::uint32_t c = first_child; last && c != kNone && spans_[c].parent_group == s.group;
       c = spans_[c].next_sibling) {
    const Span& child = spans_[c];
    if (child.start >= to || end_of(child) < to) continue;
    // One that ended at this instant rather than one that goes on, the latest of several.
    if (chosen == kNone || child.end == to || spans_[chosen].end != to) chosen = c;
  }
  const std::int64_t sent = chosen == kNone ? cut.to : std::clamp(spans_[chosen].start, cut.from, cut.to);
  add(s.look.place, Reason::retry, cut.straggler, sent - cut.from);
  if (sent < cut.to) to_walk_.push_back({chosen, sent, cut.to, cut.straggler});
}

// The time belongs to the branch that completed the join. From the moment when half of the branches were back
// it is spent on stragglers.
void Tracer::walk_join(const Segment& s, std::int64_t to, const Stretch& cut, std::uint32_t first_child) {
  std::uint32_t chosen = kNone;
  std::size_t branches = 0, back = 0;
  for (std::uint32_t c = first_child; c != kNone && spans_[c].parent_group == s.group;
       c = spans_[c].next_sibling) {
    const Span& child = spans_[c];
    ++branches;
    if (child.end >= 0 && child.end < to) ++back;
    if (child.start >= to || end_of(child) < to) continue;
    if (chosen == kNone || child.end == to || spans_[chosen].end != to) chosen = c;
  }
  if (chosen == kNone) return add(s.look.place, Reason::service, cut.straggler, cut.to - cut.from);
  std::int64_t half = cut.to;
  if (branches > 1 && 2 * back >= branches) {
    std::vector<std::int64_t> ends;
    for (std::uint32_t c = first_child; c != kNone && spans_[c].parent_group == s.group;
         c = spans_[c].next_sibling)
      ends.push_back(end_of(spans_[c]));
    const std::size_t middle = (branches - 1) / 2;
    std::nth_element(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(middle), ends.end());
    half = std::clamp(ends[middle], cut.from, cut.to);
  }
  if (cut.from < half) to_walk_.push_back({chosen, cut.from, half, cut.straggler});
  if (half < cut.to) to_walk_.push_back({chosen, half, cut.to, true});
}

// --- examples

// Quarters of an octave: 19 % apart at most.
static std::size_t bucket_of(std::int64_t ns) {
  if (ns < 4) return static_cast<std::size_t>(std::max<std::int64_t>(ns, 0));
  const auto value = static_cast<std::uint64_t>(ns);
  const auto octave = static_cast<std::size_t>(std::bit_width(value)) - 1;
  return octave * 4 + (value >> (octave - 2) & 3);
}

std::uint32_t Tracer::keep_example(const TracedRequest& request, std::uint32_t id) {
  const std::size_t size = requests_[id].spans;
  if (size > kMostSpansOfExample) return kNone;
  auto& bucket = kept_[request.cls * kBuckets + bucket_of(request.latency_ns)];
  const std::uint64_t rank = trace_rank(request.cls, request.number);
  Kept* place = nullptr;
  for (Kept& kept : bucket) {
    if (kept.example == kNone) {
      if (example_spans_ + size > kMostExampleSpans) return kNone;
      kept.example = static_cast<std::uint32_t>(record_.examples.size());
      record_.examples.emplace_back();
      place = &kept;
      break;
    }
    if (place == nullptr || kept.rank > place->rank) place = &kept;
  }
  TraceExample& example = record_.examples[place->example];
  if (!example.spans.empty()) {
    if (rank >= place->rank || example_spans_ - example.spans.size() + size > kMostExampleSpans) return kNone;
    example_spans_ -= example.spans.size();
  }
  place->rank = rank;
  example = {};
  example.request = request;
  example.request.first_part = 0;
  example.own_parts = path_;
  example.spans.reserve(size);
  write_spans(example, requests_[id]);
  return place->example;
}

// Those of the request itself, and of late work that is over, with all that it called.
void Tracer::write_spans(TraceExample& example, const Request& request) {
  for (std::uint32_t at = request.first_span; at != kNone; at = spans_[at].next_of_request) {
    Span& span = spans_[at];
    if (span.kept) continue;
    const bool root = span.parent == kNone;
    if (root ? span.late && span.end < 0 : !spans_[span.parent].kept) continue;
    write_span(example, span);
  }
}

void Tracer::write_span(TraceExample& example, Span& span) {
  span.kept = true;
  span.index = static_cast<std::uint32_t>(example.spans.size());
  TraceSpan out;
  out.kind = span.kind;
  out.hedge = span.hedge;
  out.retry = span.retry;
  out.critical = span.critical;
  out.unfinished = span.end < 0 && span.parent != kNone;
  if (span.link != kNone && spans_[span.link].kept) out.link = spans_[span.link].index;
  out.parent = span.parent != kNone  ? spans_[span.parent].index
               : !span.late          ? kNoSpan
               : out.link != kNoSpan ? out.link
                                     : 0;
  out.id = span.id;
  if (span.instance != kNoId) {
    out.station = run_.instances_[span.instance].station;
    out.instance = span.instance - run_.station_tables_[out.station].first_instance;
  }
  out.start_ns = span.start;
  out.end_ns = end_of(span);
  out.first_segment = static_cast<std::uint32_t>(example.segments.size());
  for (std::uint32_t k = span.first_segment; k != kNone; k = segments_[k].next) {
    const Segment& s = segments_[k];
    const bool last = k == span.last_segment;
    const std::int64_t to = last ? out.end_ns : segments_[s.next].from;
    const bool waits = s.look.activity != Activity::reason;
    // As on the critical path: what shared cores take beyond the work is the others'.
    const bool shared = !waits && s.work >= 0 && s.look.reason == Reason::service;
    const std::int64_t done = shared ? std::clamp(sim::saturating_add(s.from, s.work), s.from, to) : to;
    if (done > s.from)
      example.segments.push_back({s.from, done, s.look.place, s.look.reason, waits, s.critical});
    if (to > done) example.segments.push_back({done, to, s.look.place, Reason::queue, false, s.critical});
    if (last) break;
  }
  out.segments = static_cast<std::uint32_t>(example.segments.size()) - out.first_segment;
  example.spans.push_back(out);
  ++example_spans_;
}

}  // namespace tailrace::models
