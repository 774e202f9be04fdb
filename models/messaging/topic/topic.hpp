#pragma once
// A topic with delivery levels, after MQTT 3.1.1 and 5 (AMQP's settlement modes are the same three): each
// subscription gets its own copy of what matches its filter; its instances share one session.
//
//   publish ─► for each subscription: waiting ─► [handshake] ─► with an instance ─► acknowledged: consumed
//                                       ▲                            │ crash
//                                       └────── levels 1 and 2 ──────┘──────► level 0: lost
//
// The level of a copy is the lower one of its publication's and its subscription's:
// - 0, at most once: handed over at once or never. Lost when nobody is there, in a crash and with its
//   handler's failure; dropped when the instance's buffer is full.
// - 1, at least once: kept until acknowledged, which is after its handler. Sent again when no acknowledgement
//   has come within retransmit_interval, to a subscriber that may be at it still: duplicates. A crash sends
//   it again, too.
// - 2, exactly once: handed to a handler after one more round trip (`handshake`), and to one handler at a
//   time. What a crash interrupts is handled again; what was handled never is.
//
// A persistent session (clean_session: false) keeps messages of level 1 and 2 for an absent subscriber; a
// clean one loses what it has when its last instance goes, and gets the retained message when it comes back.
// Level 2 costs the publisher a round trip more. Broker: one node; its death loses level 0 and clean
// sessions' messages.
//
// A subscription's instances may have a will: an instance that goes without a farewell has its message
// published, to subscriptions whose filter matches and as the retained one where messages are. Who is told to
// leave, and is done with what it handled, has said farewell: what it has not acknowledged goes to the
// others.
//
// An instance that is paused, or that leaves, takes nothing more: its link has no credit (AMQP), its window
// is closed (MQTT). Copies of levels 1 and 2 wait in the session, a clean one too, for the connection is
// there; those of level 0 nobody keeps, and they are dropped. It handles what it has. No copy is sent again
// to who is paused before it goes on.
//
// Left out: keep-alive (an instance's absence is known at once, as when its connection is closed), topic
// aliases, the order that MQTT promises within one client when retransmissions overtake.
//
// Cost: O(instances of a subscription) per delivery, O(1) otherwise; nothing is allocated once there have
// been as many messages before.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/messaging/extras.hpp"

namespace tailrace::models {

// What the broker publishes on behalf of a client that has gone without saying so.
struct WillSettings {
  std::uint16_t route = 0;
  std::uint8_t level = 1;
  std::int64_t delay_ns = 0;  // and only if the client has not come back by then
};

struct SubscriptionSettings {
  std::string filter = "#";  // over the routing key, as in a topic exchange
  std::uint8_t level = 1;
  bool clean_session = false;
  std::int64_t receive_maximum = -1;  // unacknowledged messages per instance (levels 1, 2); -1: no limit
  std::int64_t max_queued = -1;       // waiting in the session; what comes then is dropped; -1: no limit
  std::int64_t buffer = -1;           // level 0: messages that wait in an instance; -1: no limit
  std::int64_t retransmit_interval_ns = -1;  // -1: only after a crash
  std::uint64_t ack_failure = 0;     // probability in units of 2^-64 that an acknowledgement gets lost
  std::optional<WillSettings> will;  // of each instance
  std::int64_t present = -1;         // of the instances, so many are there at the start; -1: all
  GroupSettings consumers;
};

struct TopicSettings {
  std::uint8_t level = 2;  // the most that the topic grants
  std::int64_t handshake_ns = 0;
  bool retained = false;
  std::vector<SubscriptionSettings> subscriptions;
};

class TopicModel : public ChannelModel {
 public:
  explicit TopicModel(TopicSettings settings);

  void routing_keys(const std::vector<std::string>& keys) override;

  std::unique_ptr<Channel> start(ChannelHost& host) const override;
  const std::vector<GroupSettings>& groups() const override { return groups_; }
  std::vector<std::string> place_names() const override;
  std::vector<std::uint32_t> place_subscriptions() const override;
  std::vector<std::string> event_names() const override { return {"broker down", "broker up", "last will"}; }
  std::uint32_t streams() const override { return static_cast<std::uint32_t>(groups_.size()); }

  bool delivers_once(std::uint32_t subscription) const override {
    const SubscriptionSettings& s = settings_.subscriptions[subscription];
    return s.ack_failure == 0 && s.max_queued < 0 && s.buffer < 0 && (s.level > 0 || pauses.empty());
  }

  const TopicSettings& settings() const { return settings_; }
  bool matches(std::uint32_t subscription, std::uint16_t route) const;

 private:
  TopicSettings settings_;
  std::vector<GroupSettings> groups_;
  std::size_t routes_ = 1;
  std::vector<bool> matches_;  // by subscription * routes + route
};

}  // namespace tailrace::models
