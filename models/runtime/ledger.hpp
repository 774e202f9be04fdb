#pragma once
// What each cause has brought about. A journey is all that follows from one request: its calls, the messages
// that these publish, what their handlers do, and so on. An entry of the ledger says how often an identity
// (one message, one call) has brought about one effect. When nothing of a journey is left (no frame, no
// copy of a message), nothing of it can ever happen again: its entries are judged and forgotten. So the
// ledger is exact, and as large as what is under way.
//
// Cost: a hash step and a list link per effect; 56 bytes per entry, 24 per journey. Nothing is allocated once
// slabs and table have reached their size.
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
    std::uint32_t next_of_journey;
    std::uint32_t next_of_bucket;         // also in the free list
    std::uint32_t applied;                // times
    std::uint32_t waiter, waiter_ticket;  // the frame that waits for it
    Fate last_fate;                       // of the last copy that was gone
    bool expected;                        // a copy was made, so it should come about
    bool lives;
  };
  struct Journey {
    std::int64_t start;
    std::uint32_t refs;   // frames and copies of messages; also in the free list
    std::uint32_t first;  // entry
    std::uint64_t began;  // messages published before it in the run; none of its own is older
    std::uint64_t epoch;
  };

  std::uint32_t begin(std::int64_t start, std::uint64_t published) {
    std::uint32_t id = free_journey_;
    if (id != kNone) {
      free_journey_ = journeys_[id].refs;
    } else {
      id = journeys_.append();
    }
    journeys_[id] = {start, 0, kNone, published, epoch_};
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
    if (--journeys_[id].refs != 0) return;
    for (std::uint32_t e = journeys_[id].first; e != kNone;) {
      const std::uint32_t next = entries_[e].next_of_journey;
      judge(static_cast<const Entry&>(entries_[e]));
      remove(e);
      e = next;
    }
    journeys_[id].refs = free_journey_;
    journeys_[id].began = ~std::uint64_t{0};
    free_journey_ = id;
    --live_journeys_;
    if (journeys_[id].epoch != epoch_) --earlier_journeys_;
  }

  // The entry of an effect for an identity; new where there is none.
  Entry& at(std::uint32_t effect, std::uint64_t identity, std::uint32_t journey) {
    // Four buckets an entry: a step along a chain is a miss of the cache, an empty bucket costs four bytes.
    if (count_ * 4 >= buckets_.size()) grow();
    const std::size_t bucket = bucket_of(identity);
    for (std::uint32_t e = buckets_[bucket]; e != kNone; e = entries_[e].next_of_bucket) {
      if (entries_[e].identity == identity && entries_[e].effect == effect) return entries_[e];
    }
    std::uint32_t e = free_entry_;
    if (e != kNone) {
      free_entry_ = entries_[e].next_of_bucket;
    } else {
      e = entries_.append();
    }
    entries_[e] = {
        identity, -1,         effect, journey, journeys_[journey].first, buckets_[bucket], 0, kNone,
        0,        Fate::lost, false,  true};
    journeys_[journey].first = e;
    buckets_[bucket] = e;
    ++count_;
    return entries_[e];
  }
  // Asks the memory for what will be needed of the identity: its entries, but for the first step to them, are
  // then there by the time that its handler ends.
  void prefetch(std::uint64_t identity, std::uint32_t journey) const {
    if (buckets_.empty()) return;
    const std::uint32_t e = buckets_[bucket_of(identity)];
    if (e != kNone) __builtin_prefetch(&entries_[e], 1);
    const std::uint32_t first = journeys_[journey].first;
    if (first != kNone && first != e) __builtin_prefetch(&entries_[first], 1);
  }
  void prefetch_first_steps(std::uint64_t identity, std::uint32_t journey) const {
    prefetch(identity);
    if (journey < journeys_.size()) __builtin_prefetch(&journeys_[journey], 1);
  }
  void prefetch(std::uint64_t identity) const {
    if (!buckets_.empty()) __builtin_prefetch(&buckets_[bucket_of(identity)]);
  }
  // None: it is kNone.
  const Entry* find(std::uint32_t effect, std::uint64_t identity) const {
    if (buckets_.empty()) return nullptr;
    for (std::uint32_t e = buckets_[bucket_of(identity)]; e != kNone; e = entries_[e].next_of_bucket) {
      if (entries_[e].identity == identity && entries_[e].effect == effect) return &entries_[e];
    }
    return nullptr;
  }
  // Those of journeys that are still under way, in no particular order.
  template <class Visit>
  void visit(Visit visitor) const {
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
  // One bucket for all effects of an identity: a message's publication and its handling are looked up at the
  // same times, and a backlog is far larger than a cache.
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
