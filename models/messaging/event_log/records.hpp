#pragma once
// The records of one partition, by offset: a ring that grows by doubling and keeps only what somebody still
// needs. A record knows for each group whether its copy is alive, so retention, compaction, lost leaders and
// commits are all the same act: a bit is cleared and counted. Offsets are never used twice; what a dead
// leader took with it stays as a hole. 80 bytes a record.
#include <cstdint>
#include <utility>
#include <vector>

#include "models/messaging/channel.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models::event_log {

struct Record {
  Envelope message;
  std::int64_t at = 0;          // when the leader appended it
  std::uint32_t alive = 0;      // by group: the group has not finished with it
  std::uint32_t delivered = 0;  // by group: has been delivered before
};
static_assert(sizeof(Record) == 80);

class RecordRing {
 public:
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }
  bool holds(std::uint64_t offset) const { return offset >= begin_ && offset < end_; }
  Record& operator[](std::uint64_t offset) { return slots_[offset & mask_]; }
  const Record& operator[](std::uint64_t offset) const { return slots_[offset & mask_]; }

  Record& append() {
    if (end_ - begin_ == slots_.size()) [[unlikely]]
      grow();
    // The one after it, for whoever appends next: where the ring is large it is in no cache.
    const char* const after = reinterpret_cast<const char*>(&slots_[(end_ + 1) & mask_]);
    __builtin_prefetch(after, 1);
    __builtin_prefetch(after + sizeof(Record) - 1, 1);
    return slots_[end_++ & mask_];
  }
  void drop_first() { ++begin_; }
  std::size_t bytes() const { return slots_.size() * sizeof(Record); }

 private:
  [[gnu::noinline]] void grow() {
    std::vector<Record> larger(slots_.empty() ? 64 : slots_.size() * 2);
    for (std::uint64_t i = begin_; i != end_; ++i) larger[i & (larger.size() - 1)] = slots_[i & mask_];
    slots_.swap(larger);
    mask_ = slots_.size() - 1;
  }

  std::vector<Record> slots_;
  std::uint64_t mask_ = 0, begin_ = 0, end_ = 0;
};

}  // namespace tailrace::models::event_log
