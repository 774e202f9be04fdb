#pragma once
// From a hash to the slot of somebody else's array: open addressing, linear probing, deletion by shifting
// back, so that no tombstones gather however long a run lasts. Slots keep their keys; the index asks by a
// callback. Allocates only when it grows; never walked, so the order of its places reaches no result.
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tailrace::models {

class SlotIndex {
 public:
  static constexpr std::uint32_t kFree = 0xffffffffu;

  // Room for so many slots without growing.
  void reserve(std::size_t slots) {
    std::size_t size = 16;
    while (size < slots * 2) size *= 2;
    if (size > places_.size()) rehash(size);
  }
  std::size_t bytes() const { return places_.size() * sizeof(Place); }

  template <class Is>  // bool is(slot): the one that is looked for
  std::uint32_t find(std::uint64_t hash, Is is) const {
    if (places_.empty()) return kFree;
    for (std::size_t at = home(hash);; at = next(at)) {
      const Place& p = places_[at];
      if (p.slot == kFree) return kFree;
      if (p.hash == low(hash) && is(p.slot)) return p.slot;
    }
  }
  // A slot that is not there yet.
  void add(std::uint64_t hash, std::uint32_t slot) {
    if ((count_ + 1) * 2 > places_.size()) rehash(places_.empty() ? 16 : places_.size() * 2);
    ++count_;
    place(low(hash), slot);
  }
  // A slot that is there; `moved_to` takes its place where it is not kFree.
  void remove(std::uint64_t hash, std::uint32_t slot, std::uint32_t moved_to = kFree) {
    std::size_t at = home(hash);
    while (places_[at].slot != slot) at = next(at);
    if (moved_to != kFree) {
      places_[at].slot = moved_to;
      return;
    }
    --count_;
    for (std::size_t gap = at;;) {
      at = next(at);
      if (places_[at].slot == kFree) {
        places_[gap].slot = kFree;
        return;
      }
      const std::size_t wanted = places_[at].hash & (places_.size() - 1);
      const std::size_t behind = (at - wanted) & (places_.size() - 1);
      const std::size_t hole = (at - gap) & (places_.size() - 1);
      if (behind < hole) continue;  // already nearer to its home than the gap is
      places_[gap] = places_[at];
      gap = at;
    }
  }
  void clear() {
    for (Place& p : places_) p.slot = kFree;
    count_ = 0;
  }

 private:
  struct Place {
    std::uint32_t hash = 0, slot = kFree;
  };
  static std::uint32_t low(std::uint64_t hash) { return static_cast<std::uint32_t>(hash); }
  std::size_t home(std::uint64_t hash) const { return low(hash) & (places_.size() - 1); }
  std::size_t next(std::size_t at) const { return (at + 1) & (places_.size() - 1); }
  void place(std::uint32_t hash, std::uint32_t slot) {
    std::size_t at = hash & (places_.size() - 1);
    while (places_[at].slot != kFree) at = next(at);
    places_[at] = {hash, slot};
  }
  void rehash(std::size_t size) {
    std::vector<Place> old(size);
    old.swap(places_);
    for (const Place& p : old) {
      if (p.slot != kFree) place(p.hash, p.slot);
    }
  }

  std::vector<Place> places_;  // a power of two, at most half full
  std::size_t count_ = 0;
};

}  // namespace tailrace::models
