#pragma once
// A call in flight: one cache line in a slab, addressed by slot. There are three sorts: the client's request,
// the attempt at a server, and a branch (of parallel or loop) inside either. A frame that waits for something
// hands out its ticket; an answer with an old ticket comes from somebody it no longer waits for (timed out,
// already joined, slot reused) and is dropped. That is all the bookkeeping an abandoned call needs.
//
// While a frame ...                  mark is                     aux is
//   travels on a link                rounds so far               bytes to send again
//   waits in a queue                 since when                  its first work, when presampled
//   holds a worker                   since when                  end of its work (preemptive), or what its
//                                                                join still waits for
#include <cstdint>

#include "models/compile/compiled_model.hpp"
#include "models/topology/outcome.hpp"
#include "sim/engine/growing_array.hpp"

namespace tailrace::models {

enum FrameFlag : std::uint8_t {
  kClientFrame = 1,  // a request; `edge` is its class
  kBranchFrame = 2,  // part of its parent
  kDirect = 4,       // a server frame that is a whole request: `parent` is its class
                     // with kClientFrame: a health check; `edge` is the instance
  kQueued = 8,
  kHolding = 16,      // has a worker
  kPresampled = 32,   // aux has the first work
  kInterrupted = 64,  // preempted: aux has the work left
  kLive = 128,
};
// Work that nobody waits for.
inline constexpr std::uint8_t kRootFrame = kClientFrame | kBranchFrame;

// A small number that is no character type: a compiler must assume that storing a character changes anything,
// and reload every pointer of the hot loop.
struct SmallByte {
  operator std::uint8_t() const { return static_cast<std::uint8_t>(value); }
  SmallByte& operator=(std::uint8_t v) {
    value = static_cast<Value>(v);
    return *this;
  }
  SmallByte& operator|=(std::uint8_t v) { return *this = static_cast<std::uint8_t>(*this | v); }
  SmallByte& operator&=(std::uint8_t v) { return *this = static_cast<std::uint8_t>(*this & v); }

 private:
  enum class Value : std::uint8_t {};
  Value value;
};

struct alignas(64) Frame {
  std::int64_t
      start;  // when it was sent; a request: when it was meant to be sent; a loop's branch: rounds left
  std::int64_t mark;
  std::int64_t aux;
  std::uint32_t pc;
  std::uint32_t ticket;  // what it waits for now
  std::uint32_t parent;  // who waits for it; kNoId: nobody
  std::uint32_t parent_ticket;
  std::uint32_t next, prev;  // in a queue; `next` also in the free list
  std::uint32_t instance;    // where it runs; kNoId at a client
  std::uint32_t timer;       // first of its timers
  std::uint32_t edge;        // over which it was called; a request: its class; a branch: its first step
  SmallByte flags;
  Outcome outcome;
  SmallByte priority;
  SmallByte depth;

  // While it waits for a call with policies or network it is in no queue: the links hold the time of the
  // call.
  std::int64_t call_start() const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(prev) << 32 | next);
  }
  void set_call_start(std::int64_t ns) {
    next = static_cast<std::uint32_t>(ns);
    prev = static_cast<std::uint32_t>(static_cast<std::uint64_t>(ns) >> 32);
  }
};
static_assert(sizeof(Frame) == 64);

class FrameSlab {
 public:
  Frame& operator[](std::uint32_t slot) { return frames_[slot]; }
  const Frame& operator[](std::uint32_t slot) const { return frames_[slot]; }
  std::size_t slots() const { return frames_.size(); }
  std::size_t bytes() const { return frames_.bytes(); }
  std::size_t live() const { return live_; }
  void limit_bytes(double bytes) { frames_.limit_bytes(bytes); }

  // A slot in last-out-first-in order, so that it is warm. Only `ticket` survives from its former life.
  std::uint32_t allocate() {
    ++live_;
    const std::uint32_t slot = free_;
    if (slot != kNoId) {
      free_ = frames_[slot].next;
      return slot;
    }
    return frames_.append();
  }
  void release(std::uint32_t slot) {
    Frame& f = frames_[slot];
    ++f.ticket;
    f.flags = 0;
    f.next = free_;
    free_ = slot;
    --live_;
  }

 private:
  sim::GrowingArray<Frame> frames_;
  std::uint32_t free_ = kNoId;
  std::size_t live_ = 0;
};

}  // namespace tailrace::models
