#pragma once
// What tracing leaves behind of one replication: for each sampled request where its time went on the critical
// path, and a few requests with all their spans.
//
// The parts of a request add up to its latency to the nanosecond. The sample is by request number alone (a
// hash of class and number under a limit), so it is the same in every run of a seed, says nothing about the
// latency it is asked for, and a coarser sample is a subset of a finer one.
#include <cstdint>
#include <vector>

#include "models/topology/outcome.hpp"

namespace tailrace::models {

// Which requests are traced. Nothing of the run depends on it.
struct TraceSampling {
  enum class Mode : std::uint8_t {
    off,
    automatic,  // all at first, then fewer and fewer, so that time and memory stay bounded
    fixed       // one in `every`
  };
  Mode mode = Mode::off;
  std::uint64_t every = 1;
};

// Why time passed.
enum class Reason : std::uint8_t {
  service,     // work is done for it
  queue,       // waits for a worker or a core, or shares cores
  network,     // a message is under way
  connection,  // waits for a connection of a pool or a database
  admission,   // another policy makes it wait: a rate limit, a bulkhead, a door
  backoff,     // the pause before a retry
  retry,       // an attempt is waited for whose answer was not the one that counted
  sleep,       // a pause that the scenario wrote down
  messaging,   // a broker's word, or a message's handling, is waited for
  cache,       // somebody else fetches what it needs
  fault        // an injected delay or standstill
};
inline constexpr std::size_t kReasons = 11;
const char* reason_name(Reason reason);

// Where: the index of a station, edge, channel, cache or workload.
struct TracePlace {
  enum class Kind : std::uint8_t { station, edge, channel, cache, workload };
  Kind kind = Kind::station;
  std::uint32_t id = 0;
  bool operator==(const TracePlace&) const = default;
};

struct TracePart {
  TracePlace place;
  Reason reason = Reason::service;
  bool straggler = false;  // a join had half of its branches back, and waited for the rest
  std::int64_t ns = 0;
};

struct TracedRequest {
  std::uint32_t cls = 0;
  Outcome outcome = Outcome::success;
  std::uint64_t number = 0;  // of its class, from 0, since the start of the run
  std::int64_t start_ns = 0, latency_ns = 0;
  std::uint32_t first_part = 0, parts = 0;
};

inline constexpr std::uint32_t kNoSpan = 0xffffffffu;

struct TraceSegment {
  std::int64_t start_ns = 0, end_ns = 0;
  TracePlace place;
  Reason reason = Reason::service;
  bool waits = false;     // for attempts or branches, which have spans of their own; `reason` says nothing
  bool critical = false;  // some of it is on the critical path
};

struct TraceSpan {
  // process: a message is handled; background: a step that nobody waits for.
  enum class Kind : std::uint8_t { request, attempt, branch, process, background };
  Kind kind = Kind::request;
  bool hedge = false, retry = false;
  bool unfinished = false;  // still under way when its request had ended
  bool critical = false;    // the request waited for it
  std::uint32_t parent = kNoSpan;
  std::uint32_t link = kNoSpan;  // process: the attempt that published what is handled
  // request: class; attempt: edge; branch: number among its siblings; process: consumer group
  std::uint32_t id = 0;
  std::uint32_t station = kNoSpan, instance = 0;  // none: at a client; the instance's number in its station
  std::int64_t start_ns = 0, end_ns = 0;
  std::uint32_t first_segment = 0, segments = 0;
};

// A request with all that was done for it. Its first span is the request.
struct TraceExample {
  TracedRequest request;  // first_part and parts: in `own_parts`
  std::vector<TracePart> own_parts;
  std::vector<TraceSpan> spans;
  std::vector<TraceSegment> segments;
};

struct TraceRecord {
  std::uint64_t every = 1;              // one in so many requests was traced
  std::uint64_t too_large = 0;          // sampled, but given up: too many spans
  std::vector<TracedRequest> requests;  // that ended while statistics were taken, in the order of their ends
  std::vector<TracePart> parts;
  std::vector<TraceExample> examples;
};

// Where the request lies in the order that samples are cut from: traced when less than 2^64 / every.
std::uint64_t trace_rank(std::uint32_t cls, std::uint64_t number);

}  // namespace tailrace::models
