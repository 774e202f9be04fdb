#pragma once
// Caches in motion. Contents (models/caching) lie in stores: one for each local cache in each instance that
// uses it, one for each node of a shared cache. A frame that asks keeps the key in a line beside it, at the
// depth of its step, so that steps inside on_miss can ask a second cache for the same key.
//
// Where fetches are shared, or served stale meanwhile, they are frames of their own that nobody is the caller
// of; whoever waits for one hangs on it as a list. When a fetch's frame dies with its instance, those who
// wait ask again. A node that goes down is empty when it comes back, and what waits in it to be written
// behind is lost.
//
// A look-up allocates nothing once the tables have reached their size. Left out: the time by which those who
// wait for a fetch at a shared cache hear of its end later than at once.
#include <cstdint>
#include <memory>
#include <vector>

#include "models/caching/store.hpp"
#include "models/runtime/cache_record.hpp"
#include "models/runtime/fault_state.hpp"
#include "models/topology/cache.hpp"
#include "models/topology/outcome.hpp"
#include "sim/engine/growing_array.hpp"

namespace tailrace::models {

class Execution;
struct CompiledModel;
struct CacheSiteTable;
struct GuardTable;
struct RunRecord;

struct alignas(64) CacheLine {
  std::uint64_t keys[kMostCacheDepth];
  std::uint32_t fetch;       // that the frame waits for
  std::uint32_t next, prev;  // who else waits for it
  std::uint32_t site;        // where it waits
  std::uint32_t leads;       // the fetch that the frame is
  std::uint32_t store;       // the node that it asked last; kNoId: it reached none
  Found found;               // there
};
static_assert(sizeof(CacheLine) == 64);

class Caching final : public InstanceListener {
 public:
  explicit Caching(Execution& run);
  void start();

  // --- frames
  void append();
  void begin_root(std::uint32_t slot, std::uint64_t key) { lines_[slot].keys[0] = key; }
  void begin_branch(std::uint32_t slot, std::uint32_t child);
  void begin_attempt(std::uint32_t slot, std::uint32_t child, const GuardTable& g);
  void stand_in(std::uint32_t slot, std::uint32_t fresh);
  void release(std::uint32_t slot);
  void leave(std::uint32_t slot);  // it waits no longer
  void died(std::uint32_t slot);   // it is no fetch any more
  // A frame that nobody waits for has failed: a fetch perhaps.
  void failed(std::uint32_t slot, Outcome outcome);
  std::size_t bytes() const;

  // --- steps
  void key(std::uint32_t slot, std::uint32_t site);
  bool look(std::uint32_t slot, std::uint32_t site);  // false: the frame waits
  void probe(std::uint32_t slot, std::uint32_t site);
  void fill(std::uint32_t slot, std::uint32_t site);
  void drop(std::uint32_t slot, std::uint32_t site);
  void behind(std::uint32_t slot, std::uint32_t site);
  std::uint32_t choose_node(std::uint32_t slot, const GuardTable& g);

  void event(std::uint32_t what);  // a store's flush, or a fetch that has died
  void instance_changed(std::uint32_t instance, bool up, std::int64_t now_ns) override;
  std::int64_t clock_of(std::uint32_t store) const;  // ns
  void fault_changed(const std::string& hook, std::uint32_t fault, std::uint32_t target, bool begins,
                     std::int64_t now_ns) override;

  void reset();  // end of the warm-up
  void record(RunRecord& record);

 private:
  struct Dirty {
    std::uint64_t key;
    std::uint32_t site;
  };
  struct Store {
    Store(const Cache& c, std::uint32_t id) : contents(c.settings), cache(id) {}
    CacheStore contents;
    std::uint32_t cache;
    StoreRecord counts;
    StoreCounts before;  // of `contents` at the end of the warm-up
    std::int64_t area_from = 0;
    std::vector<Dirty> dirty;
    bool flush_scheduled = false;
  };
  struct Fetch {
    std::uint64_t key = 0;
    std::uint32_t store = 0, frame = 0;
    std::uint32_t head = 0, tail = 0;  // who waits
    std::uint32_t next_free = 0;
    bool shared = false;  // others find it, and wait too
  };
  static constexpr std::uint32_t kRetry = 0x80000000u;  // of event()

  const Cache& cache_of(const CacheSiteTable& site) const;
  std::uint32_t store_of(std::uint32_t slot, const CacheSiteTable& site) const;
  Found find(std::uint32_t store, std::uint64_t key);
  void write(std::uint32_t store, std::uint64_t key);
  void changed(Store& store, std::size_t before);
  void empty(std::uint32_t store);
  void warm_up(std::uint32_t cache);
  std::uint32_t find_fetch(std::uint32_t store, std::uint64_t key) const;
  std::uint32_t begin_fetch(std::uint32_t slot, std::uint32_t site, std::uint32_t store, bool shared);
  void wait(std::uint32_t slot, std::uint32_t fetch);
  void end_fetch(std::uint32_t fetch, Outcome outcome);
  void hide(std::uint32_t fetch);
  void flush(std::uint32_t store);

  Execution& run_;
  const CompiledModel& model_;
  sim::GrowingArray<CacheLine> lines_;
  std::vector<Store> stores_;
  std::vector<std::uint64_t> unreached_;  // by cache: look-ups that found no node
  std::vector<Fetch> fetches_;
  std::uint32_t free_fetch_ = 0xffffffffu;
  SlotIndex shared_fetches_;
};

}  // namespace tailrace::models
