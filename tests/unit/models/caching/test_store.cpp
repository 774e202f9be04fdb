// A cache's contents: who goes first under each policy, when entries are too old, and the fast lists against
// a naive list that is searched from end to end.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "models/caching/store.hpp"

namespace tailrace::models {
namespace {

constexpr std::int64_t kNever = -1;

struct Contents {
  explicit Contents(CacheSettings s) : settings(s), store(settings) {}
  bool has(std::uint64_t key, std::int64_t now = 0) const { return store.peek(key, now) == Found::fresh; }
  void put(std::uint64_t key, std::int64_t now = 0, std::int64_t ttl = kNever, std::int64_t size = 0) {
    store.put(key, now, ttl, size, random);
  }
  CacheSettings settings;
  CacheStore store;
  sim::Stream random{1, 0, "cache", "evict"};
};

CacheSettings of(Replacement policy, std::int64_t capacity) {
  CacheSettings s;
  s.policy = policy;
  s.capacity = capacity;
  return s;
}

// 1 2 3 are written, 1 is used: 2 was used longest ago; then 3.
TEST(CacheStore, LruEvictsWhatWasUsedLongestAgo) {
  Contents c(of(Replacement::lru, 3));
  for (const std::uint64_t k : {1u, 2u, 3u}) c.put(k);
  EXPECT_EQ(c.store.look(1, 0), Found::fresh);
  c.put(4);
  EXPECT_FALSE(c.has(2));
  c.put(1);  // a new value is a use, too
  c.put(5);
  EXPECT_FALSE(c.has(3));
  EXPECT_TRUE(c.has(1) && c.has(4) && c.has(5));
  EXPECT_EQ(c.store.counts().evictions, 2u);
}

TEST(CacheStore, APeekIsNoUse) {
  Contents c(of(Replacement::lru, 2));
  c.put(1), c.put(2);
  EXPECT_TRUE(c.has(1));
  c.put(3);
  EXPECT_FALSE(c.has(1));
}

TEST(CacheStore, FifoEvictsTheOldestHoweverOftenItIsUsed) {
  Contents c(of(Replacement::fifo, 2));
  c.put(1), c.put(2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(c.store.look(1, 0), Found::fresh);
  c.put(1);  // keeps its place in the line
  c.put(3);
  EXPECT_FALSE(c.has(1));
  EXPECT_TRUE(c.has(2) && c.has(3));
}

// Uses: 1 three times, 2 twice, 3 twice but more lately.
TEST(CacheStore, LfuEvictsTheLeastUsedAndAmongEqualsTheOneUsedLongestAgo) {
  Contents c(of(Replacement::lfu, 3));
  c.put(1), c.put(2), c.put(3);
  for (const std::uint64_t k : {1u, 1u, 2u, 3u}) EXPECT_EQ(c.store.look(k, 0), Found::fresh);
  c.put(4);
  EXPECT_FALSE(c.has(2));
  c.put(5);  // 4 was used once only
  EXPECT_FALSE(c.has(4));
  EXPECT_TRUE(c.has(1) && c.has(3) && c.has(5));
}

TEST(CacheStore, PinnedKeepsItsKeysAndNoOthers) {
  Contents c(of(Replacement::pinned, 2));
  c.store.pin({3, 7});
  for (const std::uint64_t k : {1u, 3u, 5u, 7u}) c.put(k);
  EXPECT_TRUE(c.has(3) && c.has(7));
  EXPECT_EQ(c.store.entries(), 2u);
  EXPECT_EQ(c.store.counts().evictions, 0u);
}

// Written at 10 with a ttl of 5: fresh up to 14, too old at 15.
TEST(CacheStore, EntryIsFreshUpToTheInstantOfItsExpiry) {
  Contents c(of(Replacement::lru, 2));
  c.put(1, 10, 5);
  EXPECT_EQ(c.store.look(1, 14), Found::fresh);
  EXPECT_EQ(c.store.look(1, 15), Found::absent);
  EXPECT_EQ(c.store.counts().expirations, 1u);
  EXPECT_EQ(c.store.entries(), 0u);
}

TEST(CacheStore, HitsBeginASlidingTtlAnew) {
  CacheSettings s = of(Replacement::lru, 2);
  s.sliding = true;
  Contents c(s);
  c.put(1, 0, 5);
  EXPECT_EQ(c.store.look(1, 4), Found::fresh);
  EXPECT_EQ(c.store.look(1, 8), Found::fresh);
  EXPECT_EQ(c.store.look(1, 13), Found::absent);
}

// ttl 5, stale for 3 more, spare for 10 more.
TEST(CacheStore, OldEntriesAreStaleThenSpareThenGone) {
  CacheSettings s = of(Replacement::lru, 2);
  s.stale_while_revalidate = {3};
  s.stale_if_error = {10};
  Contents c(s);
  c.put(1, 0, 5);
  EXPECT_EQ(c.store.look(1, 5), Found::stale);
  EXPECT_EQ(c.store.look(1, 7), Found::stale);
  EXPECT_EQ(c.store.look(1, 8), Found::spare);
  EXPECT_EQ(c.store.look(1, 14), Found::spare);
  EXPECT_EQ(c.store.look(1, 15), Found::absent);
  EXPECT_EQ(c.store.counts().expirations, 1u);  // once, though it was met five times
}

// Who makes room when its time was over has expired, whether it was met before or not; once.
TEST(CacheStore, AVictimThatIsTooOldCountsAsExpired) {
  for (const bool met : {false, true}) {
    CacheSettings s = of(Replacement::lru, 1);
    s.stale_while_revalidate = {100};
    Contents c(s);
    c.put(1, 0, 5);
    if (met) {
      EXPECT_EQ(c.store.look(1, 6), Found::stale);
    }
    c.put(2, 7);
    EXPECT_EQ(c.store.counts().expirations, 1u) << met;
    EXPECT_EQ(c.store.counts().evictions, 0u) << met;
  }
}

// 100 bytes: 60 and 30 fit, 40 more push out the 60; 101 never fit.
TEST(CacheStore, BytesPushOutAsManyAsItTakes) {
  CacheSettings s = of(Replacement::lru, -1);
  s.capacity_bytes = 100;
  Contents c(s);
  c.put(1, 0, kNever, 60), c.put(2, 0, kNever, 30), c.put(3, 0, kNever, 40);
  EXPECT_FALSE(c.has(1));
  EXPECT_EQ(c.store.content_bytes(), 70);
  c.put(4, 0, kNever, 101);
  EXPECT_EQ(c.store.counts().oversized, 1u);
  c.put(2, 0, kNever, 90);  // grown: 3 makes room
  EXPECT_FALSE(c.has(3));
  EXPECT_EQ(c.store.content_bytes(), 90);
  c.put(5, 0, kNever, 10);
  c.put(6, 0, kNever, 95);  // 2 and 5 make room
  EXPECT_FALSE(c.has(2) || c.has(5));
  EXPECT_EQ(c.store.content_bytes(), 95);
  EXPECT_EQ(c.store.counts().evictions, 4u);
  c.put(6, 0, kNever, 101);  // its new value does not fit, and its old one is none any more
  EXPECT_EQ(c.store.look(6, 0), Found::absent);
  EXPECT_EQ(c.store.content_bytes(), 0);
  EXPECT_EQ(c.store.counts().oversized, 2u);
}

TEST(CacheStore, SaysWhetherThereWasSomethingToDo) {
  Contents c(of(Replacement::lru, 3));
  EXPECT_FALSE(c.store.drop(1));
  EXPECT_FALSE(c.store.set_dirty(1, true));
  c.put(1), c.put(2), c.put(3);
  EXPECT_TRUE(c.store.set_dirty(1, true));
  EXPECT_FALSE(c.store.set_dirty(1, true));  // waits already
  EXPECT_TRUE(c.store.set_dirty(1, false));
  EXPECT_TRUE(c.store.drop(1));
  EXPECT_EQ(c.store.clear(), 2u);
  EXPECT_EQ(c.store.entries(), 0u);
}

TEST(CacheStore, NothingFitsIntoNothing) {
  Contents c(of(Replacement::lfu, 0));
  c.put(1);
  EXPECT_EQ(c.store.look(1, 0), Found::absent);
}

// The model: entries in a plain list, everything found by walking it.
class Naive {
 public:
  explicit Naive(const CacheSettings& s) : s_(s) {}
  struct Entry {
    std::uint64_t key;
    std::int64_t expires, ttl, size;
    std::uint64_t uses = 1, used = 0, written = 0;
  };
  bool look(std::uint64_t key, std::int64_t now) {
    const auto e = find(key);
    if (e == list_.end()) return false;
    if (now >= e->expires) {
      list_.erase(e);
      ++expirations;
      return false;
    }
    ++e->uses;
    e->used = ++clock_;
    if (s_.sliding && e->ttl >= 0) e->expires = now + e->ttl;
    return true;
  }
  void put(std::uint64_t key, std::int64_t now, std::int64_t ttl, std::int64_t size) {
    const std::int64_t expires = ttl < 0 ? INT64_MAX : now + ttl;
    if (const auto e = find(key); e != list_.end()) {
      e->expires = expires, e->ttl = ttl, e->size = size;
      if (s_.policy == Replacement::lru) e->used = ++clock_;
      while (s_.capacity_bytes >= 0 && bytes() > s_.capacity_bytes) evict(now);
      return;
    }
    while ((s_.capacity >= 0 && list_.size() >= static_cast<std::size_t>(s_.capacity)) ||
           (s_.capacity_bytes >= 0 && bytes() + size > s_.capacity_bytes))
      evict(now);
    ++clock_;
    list_.push_back({key, expires, ttl, size, 1, clock_, clock_});
  }
  void drop(std::uint64_t key) {
    if (const auto e = find(key); e != list_.end()) list_.erase(e);
  }
  void clear() { list_.clear(); }
  std::size_t size() const { return list_.size(); }
  std::int64_t bytes() const {
    std::int64_t sum = 0;
    for (const Entry& e : list_) sum += e.size;
    return sum;
  }
  const std::vector<Entry>& entries() const { return list_; }
  std::uint64_t evictions = 0, expirations = 0;

 private:
  std::vector<Entry>::iterator find(std::uint64_t key) {
    return std::find_if(list_.begin(), list_.end(), [&](const Entry& e) { return e.key == key; });
  }
  void evict(std::int64_t now) {
    const auto victim = std::min_element(list_.begin(), list_.end(), [&](const Entry& a, const Entry& b) {
      if (s_.policy == Replacement::fifo) return a.written < b.written;
      if (s_.policy == Replacement::lfu && a.uses != b.uses) return a.uses < b.uses;
      return a.used < b.used;
    });
    ++(now < victim->expires ? evictions : expirations);
    list_.erase(victim);
  }
  const CacheSettings& s_;
  std::vector<Entry> list_;
  std::uint64_t clock_ = 0;
};

TEST(CacheStore, DoesWhatANaiveListDoes) {
  for (const Replacement policy : {Replacement::lru, Replacement::lfu, Replacement::fifo}) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      sim::Stream any(seed, 0, "swarm", "store");
      CacheSettings s = of(policy, static_cast<std::int64_t>(1 + any.below(12)));
      s.sliding = any.below(2) == 0;
      if (any.below(3) == 0) s.capacity_bytes = 60;
      const bool expires = any.below(2) == 0;
      Contents c(s);
      Naive naive(c.settings);
      std::int64_t now = 0;
      for (int step = 0; step < 3000; ++step) {
        now += static_cast<std::int64_t>(any.below(3));
        const std::uint64_t key = any.below(30);
        const std::uint64_t what = any.below(100);
        if (what < 60) {
          const bool found = c.store.look(key, now) == Found::fresh;
          ASSERT_EQ(found, naive.look(key, now)) << "seed " << seed << " step " << step;
        } else if (what < 95) {
          const std::int64_t ttl = expires ? static_cast<std::int64_t>(1 + any.below(40)) : kNever;
          const auto size = static_cast<std::int64_t>(any.below(20));
          c.put(key, now, ttl, size);
          naive.put(key, now, ttl, size);
        } else if (what < 99) {
          c.store.drop(key);
          naive.drop(key);
        } else {
          c.store.clear();
          naive.clear();
        }
        ASSERT_EQ(c.store.entries(), naive.size());
        ASSERT_EQ(c.store.content_bytes(), naive.bytes());
      }
      EXPECT_EQ(c.store.counts().evictions, naive.evictions);
      EXPECT_EQ(c.store.counts().expirations, naive.expirations);
      for (const Naive::Entry& e : naive.entries()) EXPECT_NE(c.has(e.key, now), now >= e.expires);
    }
  }
}

// Random replacement has no order to compare: it keeps what it says, as many as fit, and loses nobody else.
TEST(CacheStore, RandomKeepsAsManyAsFitAndFindsThemAll) {
  Contents c(of(Replacement::random, 16));
  sim::Stream any(3, 0, "swarm", "random");
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t key = any.below(40);
    if (any.below(4) == 0) {
      c.store.drop(key);
      ASSERT_FALSE(c.has(key));
    } else {
      c.put(key);
      ASSERT_TRUE(c.has(key));
    }
    std::size_t there = 0;
    for (std::uint64_t k = 0; k < 40; ++k) there += c.has(k) ? 1 : 0;
    ASSERT_EQ(there, c.store.entries());
    ASSERT_LE(there, 16u);
  }
}

}  // namespace
}  // namespace tailrace::models
