#pragma once
// The messages of one cloud queue: which are visible, which are hidden and until when, and in FIFO queues
// which groups may be received from. It knows no consumers; CloudQueue decides who receives.
//
//   delayed ──► visible ──► hidden (received) ──► removed
//                  ▲            │ its visibility timeout ends, or is set to 0
//                  └────────────┘
//
// Standard queue: visible messages in one line, those that become visible again at its end (or, on request,
// where they were). FIFO queue: a line per group, in order of acceptance, hidden ones included; a group may
// be received from when none of its messages is hidden.
//
// Invariant: ready + in_flight of the counts are the messages here; the due heap holds exactly the delayed
// and the hidden ones. Cost: O(1) for visible messages, O(log n) where the n hidden and delayed ones change.
#include <cstdint>
#include <vector>

#include "models/messaging/channel.hpp"
#include "models/messaging/cloud_queue/identity_table.hpp"

namespace tailrace::models {

struct StoredMessage {
  enum class State : std::uint8_t { free, delayed, visible, hidden };
  Envelope envelope;
  std::int64_t accepted_ns = 0;
  std::int64_t due_ns = 0;         // delayed, hidden: when it becomes visible
  std::uint64_t serial = 0;        // of acceptance; tells a reused slot from the message that was there
  std::uint32_t receives = 0;      // the receipt that is valid, or was last
  std::uint32_t holder = kNobody;  // the delivery with that receipt, while its consumer has it
  std::uint32_t next = kNobody, previous = kNobody;                // in its line
  std::uint32_t next_in_age = kNobody, previous_in_age = kNobody;  // by acceptance, all messages
  std::uint32_t heap_at = kNobody;
  std::uint32_t group = kNobody;
  State state = State::free;
};

class MessageStore {
 public:
  MessageStore(bool fifo, bool one_group) : fifo_(fifo), one_group_(one_group) {}

  std::uint32_t add(const Envelope& envelope, std::int64_t now, std::int64_t visible_at);
  // The message that a receive would give next; kNobody. The second: as above, from this group only, and of
  // those behind it that the same receive has already hidden.
  std::uint32_t next_visible() const;
  std::uint32_t next_of_group(std::uint32_t group) const;
  // What follows a visible message in a standard queue's line.
  std::uint32_t after(std::uint32_t id) const { return messages_[id].next; }

  void hide(std::uint32_t id, std::int64_t now, std::int64_t until);
  void hide_until(std::uint32_t id, std::int64_t until);  // one that is hidden already
  void show(std::uint32_t id, std::int64_t now, bool where_it_was);
  void remove(std::uint32_t id, std::int64_t now, Fate fate);

  // The delayed or hidden message that becomes visible first; kNobody.
  std::uint32_t first_due() const { return heap_.empty() ? kNobody : heap_.front(); }
  std::uint32_t oldest() const { return oldest_; }

  StoredMessage& operator[](std::uint32_t id) { return messages_[id]; }
  const StoredMessage& operator[](std::uint32_t id) const { return messages_[id]; }
  // Whether the slot still holds the message of that serial number.
  bool is(std::uint32_t id, std::uint64_t serial) const { return messages_[id].serial == serial; }

  PlaceCounts counts(std::int64_t now) const;
  PlaceCounts& raw_counts() { return counts_; }
  std::uint64_t size() const { return counts_.ready + counts_.in_flight; }
  std::uint64_t hidden() const { return counts_.in_flight; }
  bool any_visible() const { return next_visible() != kNobody; }
  void reset_counts(std::int64_t now);
  std::size_t bytes() const { return size() * sizeof(StoredMessage); }

 private:
  struct Group {
    std::uint64_t key = 0;
    std::uint32_t first = kNobody, last = kNobody;
    std::uint32_t hidden = 0;
    std::uint32_t next = kNobody, previous = kNobody;  // in the line of groups that may be received from
    bool in_line = false;
  };

  std::uint32_t group_of(std::uint64_t key);
  void settle_group(std::uint32_t group);  // into or out of the line of groups
  void link_visible(std::uint32_t id, bool where_it_was);
  void unlink_visible(std::uint32_t id);
  void heap_push(std::uint32_t id);
  void heap_remove(std::uint32_t id);
  void heap_place(std::uint32_t at, std::uint32_t id);
  void heap_up(std::uint32_t at);
  void heap_down(std::uint32_t at);
  bool sooner(std::uint32_t a, std::uint32_t b) const;
  void count(std::int64_t now);  // the area up to now

  bool fifo_, one_group_;
  std::vector<StoredMessage> messages_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> heap_;
  std::uint32_t first_ = kNobody, last_ = kNobody;  // standard: visible messages; FIFO: groups
  std::uint32_t oldest_ = kNobody, youngest_ = kNobody;
  std::vector<Group> groups_;
  std::vector<std::uint32_t> free_groups_;
  IdentityTable group_ids_;
  std::uint64_t serial_ = 0;
  PlaceCounts counts_;
  std::int64_t counted_ns_ = 0;
};

}  // namespace tailrace::models
