#pragma once
// The event calendar: a monotone radix heap in base 64 behind a short sorted front.
//
//   front    sorted, popped from its end: every event with time <= front_last_
//   instant  one queue per phase: events at exactly base_, where too many are tied for the front
//   slots    levels_[level].slot[digit]: the rest, unsorted. An event's level is the highest digit in which
//            its time differs from base_, its slot is that digit. With decimal digits for the eye:
//
//              level   5 4 3 2 1 0
//              base_   3 1 7 2 0 8
//              time    3 1 9 1 5 0     differs first at level 3, lies in slot 9 of level 3
//
// Invariant: base_ <= last popped time; front <= front_last_ < all else; so the lowest slot of the lowest
// occupied level holds what comes after the front. When the front runs out, base_ moves to that slot. A short
// slot becomes the front; a long one is spread over the finest level that tells its events apart, and the
// search goes on there.
//
// Cost: an event moves two or three times in its life, in sequential runs of memory, so that push and pop
// hardly get dearer with the number pending, nor do they depend on how times are distributed.
//
// First in, first out: slots are queues and are emptied whole, in order, into empty slots; the front inserts
// behind equals. No sequence number is stored.
//
// Memory: chunks of 15 events from one pool that grows by half and is kept until destruction: 17 to 26 bytes
// per event at the peak, and a part-filled chunk per occupied slot. A steady load allocates nothing.
//
// Declined by measurement: smaller digits (more moves), fronts over 16 (insertion), branch-free insertion
// (dearer than its mispredictions), several sparse slots or slots of up to 30 events taken into one front.
// Left out: removal; owners know stale events by generation.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "sim/base/check.hpp"
#include "sim/engine/event.hpp"

namespace tailrace::sim {

class Calendar {
 public:
  Calendar() { front_time_[0] = ~std::uint64_t{0}; }  // later than everything: insertion stops here
  Calendar(const Calendar&) = delete;
  Calendar& operator=(const Calendar&) = delete;

  // Precondition: not before the last popped event. An earlier time down to base_ would come out next, late;
  // the structure stays sound. Below base_, negative times included, is an InvariantBroken.
  void push(const Event& event) {
    TAILRACE_CHECK(event.time_ns >= base_);
    if (event.time_ns > front_last_) {
      push_slot(event);
    } else if (front_size_ < kFront) {
      insert(event);
    } else {
      spill(event);
    }
  }

  bool empty() const { return (front_size_ | rest_) == 0; }
  std::size_t size() const { return front_size_ + rest_; }

  // The first event by (time, phase, order of pushing). Precondition: !empty().
  Event pop() {
    if (front_size_ == 0) [[unlikely]]
      return refill();
    return pop_front();
  }

  // Time of the next event. Scans one slot where the front has run out.
  [[gnu::noinline]] std::int64_t next_time() const {
    TAILRACE_CHECK(!empty());
    if (front_size_ > 0) return time(front_time_[front_size_]);
    if (instant_size_ > 0) return base_;
    const Level& level = levels_[std::countr_zero(occupied_levels_)];
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for_each(level.slot[std::countr_zero(level.occupied)], [&least](const Event& event) {
      least = std::min(least, event.time_ns);
      return true;
    });
    return least;
  }

  // A hint for large runs: shortly before the events of a long slot come out, `preview(owner, events, n)`
  // sees them, in batches of up to kPreviewEvents and in no useful order, so that their owner can fetch the
  // cache lines they will need. A batch of 0 ends a series. Slots of more than about kPreviewMost are not
  // shown: caches would not keep so much; their parts are, when they come. nullptr: none. The order of events
  // does not depend on it.
  using Preview = void (*)(void* owner, const Event* events, std::size_t n);
  static constexpr std::size_t kPreviewEvents = 15, kPreviewMost = 64 * kPreviewEvents;
  void set_preview(Preview preview, void* owner) {
    preview_ = preview;
    preview_owner_ = owner;
  }

  // Sets memory aside for this many pending events, spread over up to three levels.
  void reserve(std::size_t events) {
    const std::size_t wanted = events / kChunkEvents + 3 * kDigits;
    if (wanted > chunks_) add_block(wanted - chunks_);
  }

  // Forgets events and clock, keeps the memory.
  void clear() {
    std::fill(std::begin(levels_), std::end(levels_), Level{});
    std::fill(std::begin(instant_), std::end(instant_), Slot{});
    std::fill(std::begin(instant_read_), std::end(instant_read_), std::size_t{0});
    occupied_levels_ = 0;
    front_size_ = rest_ = instant_size_ = 0;
    base_ = 0;
    front_last_ = kForever;
    free_ = unused_ = unused_end_ = nullptr;
    opened_blocks_ = 0;
  }

  std::size_t bytes() const {
    return sizeof *this + chunks_ * sizeof(Chunk) + blocks_.capacity() * sizeof(Block);
  }

 private:
  static constexpr unsigned kDigitBits = 6;
  static constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;
  static constexpr unsigned kLevels = (63 + kDigitBits - 1) / kDigitBits;  // of a non-negative 64-bit time
  static constexpr std::size_t kFront = 16;
  static constexpr std::size_t kFew = 12;  // no more pending than this: all in the front, no slot is used
  static constexpr std::size_t kChunkEvents = kPreviewEvents;
  static constexpr std::size_t kChunkBytes = 256;
  static constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();
  static_assert(kChunkEvents < kFront && kFew < kFront);

  struct alignas(kChunkBytes) Chunk {
    Chunk* next;  // beside the first event, so that a short queue touches one cache line
    std::uint64_t unused;
    Event events[kChunkEvents];
  };
  static_assert(sizeof(Chunk) == kChunkBytes);

  // A queue of events. `tail` is the address for the next one; a multiple of kChunkBytes is the end of a full
  // chunk or the 0 of an empty queue: either way the next event needs a chunk, and an append has one test.
  struct Slot {
    Chunk* head = nullptr;
    std::uintptr_t tail = 0;
  };
  struct Level {
    std::uint64_t occupied = 0;  // bit d: slot[d] is not empty
    Slot slot[kDigits];
  };
  struct FreeBlock {
    void operator()(Chunk* chunks) const { ::operator delete (chunks, std::align_val_t{alignof(Chunk)}); }
  };
  struct Block {
    std::unique_ptr<Chunk, FreeBlock> chunks;  // raw memory, not touched before its use
    std::size_t count = 0;
  };

  static std::uint64_t bits(std::int64_t time_ns) { return static_cast<std::uint64_t>(time_ns); }
  static std::int64_t time(std::uint64_t time_bits) { return static_cast<std::int64_t>(time_bits); }
  static unsigned top_digit(std::uint64_t difference) {
    return static_cast<unsigned>(63 - std::countl_zero(difference)) / kDigitBits;
  }
  static std::size_t digit_of(std::int64_t time_ns, unsigned level) {
    return static_cast<std::size_t>(bits(time_ns) >> (level * kDigitBits)) & (kDigits - 1);
  }

  // The front: entry 1 is the latest event, entry front_size_ the next; entry 0 is a sentinel. Times and the
  // other halves (tag, target) are arrays of their own: an event that is pushed and popped at once passes
  // through two plain 8-byte words, where a 16-byte copy of fields just written would wait for the store.
  static std::uint64_t rest_of(const Event& event) { return std::uint64_t{event.tag} << 32 | event.target; }
  Event front_event(std::size_t i) const {
    return {time(front_time_[i]), static_cast<std::uint32_t>(front_rest_[i]),
            static_cast<std::uint32_t>(front_rest_[i] >> 32)};
  }
  Event pop_front() { return front_event(front_size_--); }
  void insert(const Event& event) {
    const std::uint64_t when = bits(event.time_ns);
    const std::uint64_t rest = rest_of(event);
    std::size_t i = ++front_size_;
    while (front_time_[i - 1] < when ||
           (front_time_[i - 1] == when && front_rest_[i - 1] >> 62 <= rest >> 62)) {
      front_time_[i] = front_time_[i - 1];
      front_rest_[i] = front_rest_[i - 1];
      --i;
    }
    front_time_[i] = when;
    front_rest_[i] = rest;
  }

  // The front is full: its later half goes to the slots, groups of equal times whole.
  [[gnu::noinline]] void spill(const Event& event) {
    std::size_t out = kFront / 2;
    const std::uint64_t first_out = front_time_[out];
    while (out < kFront && front_time_[out + 1] == first_out) ++out;
    front_last_ = time(first_out) - 1;
    for (std::size_t i = out; i > 0; --i) push_slot(front_event(i));
    front_size_ = kFront - out;
    std::memmove(front_time_ + 1, front_time_ + 1 + out, front_size_ * sizeof(std::uint64_t));
    std::memmove(front_rest_ + 1, front_rest_ + 1 + out, front_size_ * sizeof(std::uint64_t));
    push(event);
  }

  void push_slot(const Event& event) {
    const std::uint64_t difference = bits(event.time_ns) ^ bits(base_);
    ++rest_;
    if (difference == 0) [[unlikely]] {
      push_instant(event);
    } else {
      const unsigned level = top_digit(difference);
      append(level, digit_of(event.time_ns, level), event);
    }
  }
  void append(unsigned level, std::size_t digit, const Event& event) {
    Slot& slot = levels_[level].slot[digit];
    if (slot.tail % kChunkBytes == 0) {
      if (slot.head == nullptr) {
        levels_[level].occupied |= std::uint64_t{1} << digit;
        occupied_levels_ |= std::uint64_t{1} << level;
      }
      add_chunk(slot);
    }
    put(slot, event);
  }
  [[gnu::noinline]] void push_instant(const Event& event) {
    Slot& slot = instant_[event.tag >> 30];
    if (slot.tail % kChunkBytes == 0) add_chunk(slot);
    put(slot, event);
    ++instant_size_;
  }

  [[gnu::noinline]] Event refill() {
    TAILRACE_CHECK(rest_ > 0);
    if (instant_size_ > 0) return pop_instant();
    if (rest_ <= kFew) return gather();
    for (;;) {
      const unsigned level = static_cast<unsigned>(std::countr_zero(occupied_levels_));
      const Slot slot = take(level);
      const Event first = slot.head->events[0];
      if (slot.head->next != nullptr) {
        if (!spread(level, slot)) return pop_instant();
        continue;
      }
      const std::uint64_t below = (std::uint64_t{1} << (level * kDigitBits)) - 1;
      base_ = time(bits(first.time_ns) & ~below);
      front_last_ = time(bits(first.time_ns) | below);
      if (slot.tail == reinterpret_cast<std::uintptr_t>(slot.head->events + 1)) {
        --rest_;
        release(slot.head);
        return first;
      }
      order(slot);
      return pop_front();
    }
  }

  // All that is pending becomes the front, and whatever comes joins it.
  Event gather() {
    while (occupied_levels_ != 0) {
      drain(take(static_cast<unsigned>(std::countr_zero(occupied_levels_))),
            [this](const Event& event) { insert(event); });
    }
    rest_ = 0;
    base_ = time(front_time_[front_size_]);
    front_last_ = kForever;
    return pop_front();
  }

  // The lowest slot of a level, leaving it empty.
  Slot take(unsigned level) {
    Level& row = levels_[level];
    Slot& slot = row.slot[std::countr_zero(row.occupied)];
    const Slot taken = slot;
    slot = Slot{};
    row.occupied &= row.occupied - 1;
    if (row.occupied == 0) occupied_levels_ &= ~(std::uint64_t{1} << level);
    return taken;
  }

  // A slot of one chunk becomes the front. Counting for each event how many come earlier has no branch to
  // mispredict; for very few events insertion is the cheaper. A slot spans at most 2^60 ns, so a key holds
  // it.
  void order(const Slot& slot) {
    const Event* const events = slot.head->events;
    const std::size_t n = static_cast<std::size_t>(reinterpret_cast<const Event*>(slot.tail) - events);
    rest_ -= n;
    if (n <= 4) {
      for (std::size_t i = 0; i < n; ++i) insert(events[i]);
    } else {
      std::uint64_t key[kChunkEvents];
      std::size_t place[kChunkEvents];
      for (std::size_t i = 0; i < n; ++i) {
        key[i] = bits(events[i].time_ns - base_) << 2 | events[i].tag >> 30;
        place[i] = n - i;
      }
      for (std::size_t i = 1; i < n; ++i) {
        std::size_t overtaken = 0;
        for (std::size_t j = 0; j < i; ++j) {
          const std::size_t later = key[j] > key[i] ? 1 : 0;
          overtaken += later;
          place[j] -= later;
        }
        place[i] += overtaken;
      }
      for (std::size_t i = 0; i < n; ++i) {
        front_time_[place[i]] = bits(events[i].time_ns);
        front_rest_[place[i]] = rest_of(events[i]);
      }
      front_size_ = n;
    }
    release(slot.head);
  }

  // Spreads a long slot over the finest level that tells its events apart; the scan for it usually ends at
  // once, in the level below. False: they all have one time, and are in the instant queues.
  bool spread(unsigned level, const Slot& slot) {
    const std::uint64_t first = bits(slot.head->events[0].time_ns);
    std::uint64_t difference = 0;
    if (level > 0) {
      const std::uint64_t enough = std::uint64_t{1} << ((level - 1) * kDigitBits);
      for_each(slot, [&](const Event& event) {
        difference |= bits(event.time_ns) ^ first;
        return difference < enough;
      });
    }
    if (difference == 0) {
      base_ = time(first);  // past front_last_, so that events pushed at this instant join the queues
      drain(slot, [this](const Event& event) { push_instant(event); });
      return false;
    }
    if (preview_ != nullptr) show(slot);
    const unsigned finer = top_digit(difference);
    drain(slot, [this, finer](const Event& event) { append(finer, digit_of(event.time_ns, finer), event); });
    return true;
  }

  [[gnu::noinline]] void show(const Slot& slot) const {
    std::size_t most = kPreviewMost;
    for (const Chunk* chunk = slot.head; chunk != nullptr; chunk = chunk->next) {
      if (most < kChunkEvents) return;
      most -= kChunkEvents;
    }
    for (const Chunk* chunk = slot.head; chunk != nullptr; chunk = chunk->next) {
      preview_(preview_owner_, chunk->events, static_cast<std::size_t>(end_of(slot, chunk) - chunk->events));
    }
    preview_(preview_owner_, nullptr, 0);
  }

  Event pop_instant() {
    std::size_t phase = 0;
    while (instant_[phase].head == nullptr) ++phase;
    Slot& slot = instant_[phase];
    Chunk* const chunk = slot.head;
    const Event event = chunk->events[instant_read_[phase]++];
    if (chunk->events + instant_read_[phase] == end_of(slot, chunk)) {
      instant_read_[phase] = 0;
      slot = chunk->next != nullptr ? Slot{chunk->next, slot.tail} : Slot{};
      release(chunk);
    }
    --instant_size_;
    --rest_;
    return event;
  }

  // Chunks and queues.
  static void put(Slot& slot, const Event& event) {
    *reinterpret_cast<Event*>(slot.tail) = event;
    slot.tail += sizeof(Event);
  }
  static const Event* end_of(const Slot& slot, const Chunk* chunk) {
    return chunk->next != nullptr ? chunk->events + kChunkEvents : reinterpret_cast<const Event*>(slot.tail);
  }
  template <class F>
  static void for_each(const Slot& slot, F visit) {  // in order, until visit says false
    for (const Chunk* chunk = slot.head; chunk != nullptr; chunk = chunk->next) {
      const Event* const end = end_of(slot, chunk);
      for (const Event* event = chunk->events; event != end; ++event) {
        if (!visit(*event)) return;
      }
    }
  }
  template <class F>
  void drain(const Slot& slot, F move) {
    for (Chunk* chunk = slot.head; chunk != nullptr;) {
      Chunk* const next = chunk->next;
      const Event* const end = end_of(slot, chunk);
      for (const Event* event = chunk->events; event != end; ++event) move(*event);
      release(chunk);
      chunk = next;
    }
  }
  void add_chunk(Slot& slot) {
    Chunk* chunk = free_;
    if (chunk != nullptr) {
      free_ = chunk->next;
    } else {
      if (unused_ == unused_end_) [[unlikely]]
        open_block();
      chunk = unused_++;
    }
    chunk->next = nullptr;
    if (slot.head == nullptr) {
      slot.head = chunk;
    } else {
      reinterpret_cast<Chunk*>(slot.tail - kChunkBytes)->next = chunk;
    }
    slot.tail = reinterpret_cast<std::uintptr_t>(chunk->events);
  }
  void release(Chunk* chunk) {
    chunk->next = free_;
    free_ = chunk;
  }
  [[gnu::noinline]] void open_block() {
    if (opened_blocks_ == blocks_.size()) add_block(std::max(kDigits, chunks_ / 2));
    const Block& block = blocks_[opened_blocks_++];
    unused_ = block.chunks.get();
    unused_end_ = unused_ + block.count;
  }
  void add_block(std::size_t count) {
    void* const memory = ::operator new (count * sizeof(Chunk), std::align_val_t{alignof(Chunk)});
    blocks_.push_back({std::unique_ptr<Chunk, FreeBlock>(static_cast<Chunk*>(memory)), count});
    chunks_ += count;
  }

  std::size_t front_size_ = 0;
  std::int64_t front_last_ = kForever;
  std::int64_t base_ = 0;
  std::size_t rest_ = 0;               // events outside the front
  std::uint64_t occupied_levels_ = 0;  // bit l: levels_[l].occupied is not 0
  Chunk* free_ = nullptr;
  Chunk* unused_ = nullptr;  // the rest of the block opened last
  Chunk* unused_end_ = nullptr;
  std::size_t instant_size_ = 0;
  std::uint64_t front_time_[kFront + 1];
  std::uint64_t front_rest_[kFront + 1] = {};
  Level levels_[kLevels];
  Slot instant_[4];
  std::size_t instant_read_[4] = {};  // position in the first chunk
  std::vector<Block> blocks_;
  std::size_t opened_blocks_ = 0;
  Preview preview_ = nullptr;
  void* preview_owner_ = nullptr;
  std::size_t chunks_ = 0;
};

}  // namespace tailrace::sim
