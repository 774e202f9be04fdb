#pragma once
// What each cause has brought about. A journey is all that follows from one request: its calls, the messages
// that these publish, what their handlers do, and so on. An entry of the ledger says how often an identity
// (one message, one call) has brought about one effect. When nothing of a journey is left (no frame, no
// copy of a message), nothing of it can ever happen again: its entries are judged and forgotten. So the
// ledger is exact, and as large as what is under way.
//
// A journey has room for two entries beside itself (a message's publication and its one handling), since a
// backlog is far larger than a cache and each other place would be a miss. Further ones are found by a table.
//
// Cost: two comparisons, and beyond two entries a hash step and a list link; 128 bytes per journey, 48 per
// further entry. Nothing is allocated once slabs and table have reached their size.
#include <cstdint>
#include <vector>

#include "models/messaging/channel.hpp"
#include "sim/engine/growing_array.hpp"

namespace tailrace::models {

class Ledger {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffu;
  static constexpr std::uint32_t kPublications = 0x80000000u;  // effects from here on: published to a channel

  struct Entry {
    std::uint64_t identity;
    std::int64_t applied_at;
    std::uint32_t effect;
    std::uint32_t journey;
    std::uint32_t next_of_journey;        // these two: of further entries only
    std::uint32_t next_of_bucket;         // also in the free list
    std::uint32_t applied;                // times
    std::uint32_t waiter, waiter_ticket;  // the frame that waits for it
    Fate last_fate;                       // of the last copy that was gone
    bool expected;                        // a copy was made, so it should come about
    bool lives;
  };
  static constexpr std::size_t kBeside = 2;
  struct alignas(64) Journey {
    std::int64_t start;
    std::uint32_t refs;   // frames and copies of messages; also in the free list
    std::uint32_t first;  // further entry
    std::uint64_t began;  // messages published before it in the run; none of its own is older
    std::uint64_t epoch;
    Entry beside[kBeside];  // filled in their order; of a free journey none lives
  };
  static_assert(sizeof(Journey) == 128);

  std::uint32_t begin(std::int64_t start, std::uint64_t published) {
    std::uint32_t id = free_journey_;
    if (id != kNone) {
      free_journey_ = journeys_[id].refs;
    } else {
      id = journeys_.append();
    }
    Journey& j = journeys_[id];
    j.start = start;
    j.refs = 0;
    j.first = kNone;
    j.began = published;
    j.epoch = epoch_;
    ++live_journeys_;
    return id;
  }
  Journey& journey(std::uint32_t id) { return journeys_[id]; }
  // The journey of that number is still the one that the message belongs to.
  bool lives(std::uint32_t id, std::uint64_t sequence) const { return journeys_[id].began <= sequence; }
  void hold(std::uint32_t id) { ++journeys_[id].refs; }
  // `judge(entry)` sees the entries of a journey that has ended.
  template <class Judge>
  void let_go(std::uint32_t id, Judge judge) {
    Journey& j = journeys_[id];
    if (--j.refs != 0) return;
    for (Entry& entry : j.beside) {
      if (!entry.lives) break;
      judge(static_cast<const Entry&>(entry));
      entry.lives = false;
    }
    for (std::uint32_t e = j.first; e != kNone;) {
      const std::uint32_t next = entries_[e].next_of_journey;
      judge(static_cast<const Entry&>(entries_[e]));
      remove(e);
      e = next;
    }
    j.refs = free_journey_;
    j.began = ~std::uint64_t{0};
    free_journey_ = id;
    --live_journeys_;
    if (j.epoch != epoch_) --earlier_journeys_;
  }

  // The entry of an effect for an identity; new where there is none. An identity is of one journey only.
  Entry& at(std::uint32_t effect, std::uint64_t identity, std::uint32_t journey) {
    for (Entry& entry : journeys_[journey].beside) {
      if (entry.lives) {
        if (entry.identity == identity && entry.effect == effect) return entry;
        continue;
      }
      entry = fresh(effect, identity, journey);
      return entry;
    }
    return further(effect, identity, journey);
  }
  // None: nullptr.
  const Entry* find(std::uint32_t effect, std::uint64_t identity, std::uint32_t journey) const {
    for (const Entry& entry : journeys_[journey].beside) {
      if (!entry.lives) return nullptr;
      if (entry.identity == identity && entry.effect == effect) return &entry;
    }
    return journeys_[journey].first == kNone ? nullptr : look_up(effect, identity, journey);
  }
  // As if it had not come about; what was counted stays counted.
  void forget(std::uint32_t effect, std::uint64_t identity, std::uint32_t journey) {
    if (const Entry* entry = find(effect, identity, journey)) const_cast<Entry*>(entry)->applied = 0;
  }
  // Asks the memory for what will be needed when a message of the journey is handled.
  void prefetch(std::uint32_t journey) const {
    if (journey >= journeys_.size()) return;
    const char* const lines = reinterpret_cast<const char*>(&journeys_[journey]);
    __builtin_prefetch(lines, 1);
    __builtin_prefetch(lines + 64, 1);
  }
  // Those of journeys that are still under way, in no particular order.
  template <class Visit>
  void visit(Visit visitor) const {
    for (std::uint32_t j = 0; j < journeys_.size(); ++j) {
      for (const Entry& entry : journeys_[j].beside) {
        if (entry.lives) visitor(entry);
      }
    }
    for (std::uint32_t e = 0; e < entries_.size(); ++e) {
      if (entries_[e].lives) visitor(entries_[e]);
    }
  }
  std::uint64_t journeys() const { return live_journeys_; }
  // Epochs divide the journeys by when they began. The next one may begin when those from before the
  // current one have ended.
  void begin_epoch() {
    ++epoch_;
    earlier_journeys_ = live_journeys_;
  }
  std::uint64_t earlier_journeys() const { return earlier_journeys_; }
  std::size_t bytes() const {
    return entries_.bytes() + journeys_.bytes() + buckets_.size() * sizeof(std::uint32_t);
  }

 private:
  static Entry fresh(std::uint32_t effect, std::uint64_t identity, std::uint32_t journey) {
    return {identity, -1, effect, journey, kNone, kNone, 0, kNone, 0, Fate::lost, false, true};
  }
  const Entry* look_up(std::uint32_t effect, std::uint64_t identity, std::uint32_t journey) const {
    for (std::uint32_t e = buckets_[bucket_of(identity)]; e != kNone; e = entries_[e].next_of_bucket) {
      const Entry& entry = entries_[e];
      if (entry.identity == identity && entry.effect == effect && entry.journey == journey) return &entry;
    }
    return nullptr;
  }
  [[gnu::noinline]] Entry& further(std::uint32_t effect, std::uint64_t identity, std::uint32_t journey) {
    // Four buckets an entry: a step along a chain is a miss of the cache, an empty bucket costs four bytes.
    if (count_ * 4 >= buckets_.size()) grow();
    if (const Entry* known = look_up(effect, identity, journey)) return const_cast<Entry&>(*known);
    std::uint32_t e = free_entry_;
    if (e != kNone) {
      free_entry_ = entries_[e].next_of_bucket;
    } else {
      e = entries_.append();
    }
    const std::size_t bucket = bucket_of(identity);
    Entry& entry = entries_[e];
    entry = fresh(effect, identity, journey);
    entry.next_of_journey = journeys_[journey].first;
    entry.next_of_bucket = buckets_[bucket];
    journeys_[journey].first = e;
    buckets_[bucket] = e;
    ++count_;
    return entry;
  }
  // One bucket for all effects of an identity: they are looked up at the same times.
  std::size_t bucket_of(std::uint64_t identity) const {
    return static_cast<std::size_t>((identity * 0xd6e8feb86659fd93ULL) >> shift_);
  }
  void grow() {
    std::vector<std::uint32_t> old = std::move(buckets_);
    const std::size_t size = old.empty() ? 1024 : old.size() * 2;
    shift_ = 64;
    for (std::size_t n = size; n > 1; n /= 2) --shift_;
    buckets_.assign(size, kNone);
    for (std::uint32_t head : old) {
      for (std::uint32_t e = head; e != kNone;) {
        const std::uint32_t next = entries_[e].next_of_bucket;
        std::uint32_t& bucket = buckets_[bucket_of(entries_[e].identity)];
        entries_[e].next_of_bucket = bucket;
        bucket = e;
        e = next;
      }
    }
  }
  void remove(std::uint32_t e) {
    std::uint32_t* link = &buckets_[bucket_of(entries_[e].identity)];
    while (*link != e) link = &entries_[*link].next_of_bucket;
    *link = entries_[e].next_of_bucket;
    entries_[e].lives = false;
    entries_[e].next_of_bucket = free_entry_;
    free_entry_ = e;
    --count_;
  }

  sim::GrowingArray<Entry> entries_;
  sim::GrowingArray<Journey> journeys_;
  std::vector<std::uint32_t> buckets_;
  std::uint32_t free_entry_ = kNone, free_journey_ = kNone;
  std::size_t count_ = 0;
  std::uint64_t live_journeys_ = 0, earlier_journeys_ = 0, epoch_ = 0;
  unsigned shift_ = 64;
};

}  // namespace tailrace::models
