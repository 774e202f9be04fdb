#pragma once
// Follows sampled requests through a run, without being told what happens to them.
//
// A frame says itself what it waits for (its flags, the step behind its program counter, its line of call
// state), and only events change that. So the tracer is told which frames an event touched, and looks at
// those when the event is over: what each waits for from now on is the reason for the time until it is next
// touched. Intervals are exact, and nothing that decides anything in the runtime knows about tracing.
//
// When a request ends its spans are a tree in which each span's segments tile its life. The critical path is
// read from it backwards: a call's time belongs to the attempt whose answer counted, a join's to the branch
// that completed it, so the parts add up to the latency by construction.
//
// A run without tracing has no Tracer and its loop no question about one (loop_as<false>). A traced one pays
// per frame that comes, runs or goes while any traced request is under way (Execution::tracing_), next to
// nothing while none is, and some fifty nanoseconds per segment. Memory: kMostSpans live spans, kMostRequests
// finished requests; when either is reached, or the work exceeds its share of the events, the sample is
// halved.
//
// Work that nobody waits for is no part of a request's latency, but of its trace: the handling of messages
// that it published, found by the messages' numbers, and its background steps, by its journey. Those of the
// examples are followed on after the request has ended (tracing_messages.cpp), for the last kMostLate of
// them. Left out: writes behind a cache.
#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/frame.hpp"
#include "models/runtime/trace_record.hpp"

namespace tailrace::models {

class Execution;

// Of a frame's flags, those that say what sort of frame it is.
inline constexpr std::uint8_t kFrameSort = kClientFrame | kBranchFrame | kDirect;

class Tracer {
 public:
  Tracer(Execution& run, const TraceSampling& sampling);

  void launched(std::uint32_t slot, std::uint32_t cls);  // a request's frame
  // --- an event touches frames, while some request is traced
  void touch(std::uint32_t slot) {
    const std::uint32_t span = slot < of_slot_.size() ? of_slot_[slot] : kNone;
    if (span < kFresh) dirty_.push_back(span);
  }
  // The frame runs: what it does next is no part of the call that it made before.
  void ran(std::uint32_t slot) {
    const std::uint32_t span = slot < of_slot_.size() ? of_slot_[slot] : kNone;
    if (span >= kFresh) return;
    ++spans_[span].group;
    dirty_.push_back(span);
  }
  void allocated(std::uint32_t slot);
  void released(std::uint32_t slot);
  void sent(std::uint32_t slot, bool back);  // onto a link
  void arrived(std::uint32_t slot);
  void shares_core(std::uint32_t slot, std::int64_t work_ns);
  void waits_for_core(std::uint32_t slot, bool waits);
  void anything() { scan_ = true; }  // the event may have touched any frame
  void after() {
    ++events_;
    if (!fresh_.empty() || !dirty_.empty() || scan_) [[unlikely]]
      settle();
  }
  // The request whose frame was released last.
  void request_ended(std::uint32_t cls, std::int64_t latency_ns, Outcome outcome);

  void reset_statistics();
  TraceRecord take();

 private:
  static constexpr std::uint32_t kNone = 0xffffffffu;
  static constexpr std::uint32_t kFresh = 0xfffffffeu;  // allocated in this event
  static constexpr std::size_t kMostSpans = 1 << 18;
  static constexpr std::size_t kMostSpansOfOne = 1 << 16;
  static constexpr std::size_t kMostRequests = 16'384;
  static constexpr std::size_t kMostParts = std::size_t{1} << 20;
  static constexpr std::size_t kMostExampleSpans = 200'000;
  static constexpr std::size_t kMostSpansOfExample = 10'000;
  static constexpr std::uint64_t kWorkAtOnce = 1 << 14;  // segments
  static constexpr std::uint64_t kEventsPerSegment = 48;

  enum class Activity : std::uint8_t { reason, attempts, join };
  struct Look {
    Activity activity = Activity::reason;
    Reason reason = Reason::service;
    TracePlace place;
    bool operator==(const Look&) const = default;
  };
  struct Segment {
    std::int64_t from;
    Look look;
    std::uint32_t group;
    std::uint32_t next;
    std::int64_t work;  // of a share of cores; -1: not known
    bool critical;
  };
  enum class Phase : std::uint8_t { there, out, back };
  struct Span {
    std::int64_t start, end;  // end: -1 while it lives
    std::int64_t work;        // for the next segment
    std::uint32_t slot, request, parent;
    std::uint32_t parent_group;
    std::uint32_t first_child, last_child, next_sibling, next_of_request;
    std::uint32_t first_segment, last_segment;
    std::uint32_t id, instance;
    std::uint32_t group;
    std::uint32_t index;   // in the example that is being written
    std::uint64_t looked;  // when it was last looked at
    Phase phase;
    TraceSpan::Kind kind;
    bool hedge, retry, core_wait, critical;
    bool late;           // nobody waits for it
    bool kept;           // in its example already
    std::uint32_t link;  // of a handler: the span that published
  };
  struct Request {
    std::uint64_t number = 0;
    std::uint32_t cls = 0;
    std::uint32_t first_span = kNone, last_span = kNone, spans = 0;
    bool live = false;
    bool ended = false;             // it is followed on for its example's sake
    std::uint32_t example = kNone;  // ... which it is, if none of a lower rank has taken its place
    std::uint32_t journey = kNone;
    std::uint64_t began = 0;
    std::vector<std::uint64_t> messages;  // that it published: keys of published_
  };
  struct Published {
    std::uint32_t request, span;
  };

  // tracing.cpp: following frames
  void settle();
  void adopt(std::uint32_t slot);
  bool stands_in(std::uint32_t slot, const Frame& f, std::uint32_t parent);
  std::uint32_t new_span(std::uint32_t slot, std::uint32_t request, std::uint32_t parent);
  void look_at(std::uint32_t span);
  Look look(const Frame& f, std::uint32_t slot, const Span& span) const;
  Look look_at_call(const Frame& f, std::uint32_t slot, std::uint32_t edge) const;
  TracePlace here(const Frame& f, const Span& span) const;
  void append_segment(Span& span, const Look& look);
  void forget(std::uint32_t request);
  void make_place(std::uint32_t slot);
  void make_room();
  void halve();
  bool sampled(std::uint32_t cls, std::uint64_t number) const { return trace_rank(cls, number) <= limit_; }
  std::int64_t now() const;

  // tracing_path.cpp: what it comes to
  struct Stretch {
    std::uint32_t span;
    std::int64_t from, to;
    bool straggler;
  };
  void finish(std::uint32_t request, std::int64_t latency_ns, Outcome outcome);
  void walk(const Stretch& stretch);
  void walk_call(const Segment& s, std::int64_t to, const Stretch& cut, bool last, std::uint32_t first_child);
  void walk_join(const Segment& s, std::int64_t to, const Stretch& cut, std::uint32_t first_child);
  void add(const TracePlace& place, Reason reason, bool straggler, std::int64_t ns);
  std::uint32_t keep_example(const TracedRequest& request, std::uint32_t id);  // kNone: it is not kept
  std::int64_t end_of(const Span& span) const;
  void write_spans(TraceExample& example, const Request& request);
  void write_span(TraceExample& example, Span& span);

  // tracing_messages.cpp: work that nobody waits for
  void adopt_late(std::uint32_t slot);
  void note_journey(std::uint32_t slot, Request& request);
  void note_publication(std::uint32_t slot, std::uint32_t span);
  void forget_messages(Request& request);
  void late_ended(std::uint32_t span);
  bool follow_on(std::uint32_t request);
  static constexpr std::size_t kMostLate = 256;

  Execution& run_;
  TraceSampling sampling_;
  std::uint64_t limit_ = ~std::uint64_t{0};
  std::vector<std::uint32_t> of_slot_;
  std::vector<std::uint32_t> fresh_, dirty_;
  bool scan_ = false;
  std::uint64_t look_ = 0;  // number of the event, of those after which anything is looked at
  std::vector<Span> spans_;
  std::uint32_t free_span_ = kNone;
  std::size_t live_spans_ = 0;
  std::vector<Segment> segments_;
  std::uint32_t free_segment_ = kNone;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_requests_;
  std::vector<std::uint64_t> numbers_;                                 // by class
  std::vector<Reason> waits_for_;                                      // by station: what its workers are
  std::uint32_t stop_pc_ = kNone, bury_pc_ = kNone, lost_pc_ = kNone;  // of the model, where it has them
  std::uint32_t ending_ = kNone;  // the request whose frame has just been released
  bool ending_at_once_ = false;   // ... at the moment that brought it
  std::uint64_t ending_number_ = 0;
  std::uint64_t events_ = 0, work_ = 0;                // since the sample was last halved
  std::map<std::uint64_t, Published> published_;       // by a message's place in the order of the run
  std::map<std::uint32_t, std::uint32_t> by_journey_;  // requests
  std::vector<std::uint32_t> late_;                    // requests that have ended, in the order of their ends
  std::vector<Stretch> to_walk_;
  std::vector<TracePart> path_;
  struct Kept {
    std::uint32_t example;
    std::uint64_t rank;
  };
  // By class and quarter of an octave of latency: which examples, the lowest ranks of those that came.
  static constexpr std::size_t kPerBucket = 2;
  static constexpr std::size_t kBuckets = 256;
  std::vector<std::array<Kept, kPerBucket>> kept_;
  std::size_t example_spans_ = 0;
  TraceRecord record_;
};

}  // namespace tailrace::models
